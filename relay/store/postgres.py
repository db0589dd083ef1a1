"""The logs of all rooms in PostgreSQL, each room written by one relay at a time.

What one group appends to a room is one row, a segment, in the same statement that compares the fence and advances the
room. See `postgres_server` for what is known of a write when that server or the connection to it ends.
"""

from __future__ import annotations

import logging
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..protocol import WINDOW
from ..records import (
    ANOTHER_LOG,
    BUSY,
    HELD_ELSEWHERE,
    Batch,
    Checkpoint,
    Claim,
    ClientRow,
    Hold,
    LoadedRoom,
    LogRange,
    LogRow,
    Member,
    NotHeldError,
    RefusalRow,
    ResumeFacts,
    RoomInfo,
    StoreError,
    Trim,
    check_read_size,
    check_room_count,
)
from .fences import FENCE_BITS
from .postgres_holding import ROOM, holder, take
from .postgres_relays import DELETED, NOTE, REVOKED
from .postgres_schema import APPEND, HERE
from .postgres_server import Connection, Server
from .segments import append_parameters, in_order, packed, unpacked

_log = logging.getLogger("relay")


SEGMENT = 500
"""Rows of a segment of a room that is restored."""
CLAIM_WAITS = "50ms"
"""How long a claim of one of several relays waits for a room that another session has locked: it is made again, and
others want theirs."""
POINT = "seq, mark, at, entries, logged, body"
"""The columns of a `Checkpoint`."""


class PostgresStore:
    """The contract of `relay.records.Store`, in the database at `address`, such as ``postgresql://relay@db/ipysketch``.

    Raises `StoreInUse` when another relay has it, `StoreError` when it cannot be used, or has fewer than `copies`
    synchronous copies. Appends have a connection of their own, and wait for no row. As one of several relays it holds
    rooms as `member`, which the directory sets and changes; see `postgres_relays`.
    """

    member: Member | None = None
    appends_beside = True

    def __init__(
        self, address: str, *, copies: int = 1, may_be_moved: bool = False, shared: bool = False
    ) -> None:
        self._server = Server(address, copies, shared=shared)
        self._do = self._server.do
        self.shown = self._server.shown
        """The address without its password."""
        try:
            self._appends = Server(address, copies, shared=shared, appends=True)
        except StoreError:
            self._server.close()
            raise
        if (where := self.moved()) and not may_be_moved:
            self.close()
            raise StoreError(
                f"the rooms of {self.shown} were moved to {where}; use those, or move them back first"
            )

    def close(self) -> None:
        self._server.close()
        self._appends.close()

    def check_files(self) -> None:
        try:
            self._server.check()
        finally:
            self._appends.suspended = self._server.suspended

    # --- rooms --------------------------------------------------------------------------------------------

    def claim(self, room: str, new_epoch: str, most: int) -> Claim:
        fence = secrets.randbits(FENCE_BITS)
        member = self.member
        owner = (member.id, member.incarnation) if member else (None, None)

        def work(connection: Connection) -> Claim:
            if member is not None:
                connection.execute(f"SET LOCAL lock_timeout = '{CLAIM_WAITS}'")
            row = take(connection, room, fence, member)
            if row is None:
                (count,) = connection.execute("SELECT count(*) FROM ipysketch.rooms").fetchone() or (0,)
                check_room_count(count, most)
                add = (
                    "INSERT INTO ipysketch.rooms (name, epoch, first, last, fence, owner, incarnation) "
                    f"VALUES (%s, %s, 1, 0, %s, %s, %s) ON CONFLICT (name) DO NOTHING RETURNING {ROOM}, ''"
                )
                row = connection.execute(add, (room, new_epoch, fence, *owner)).fetchone()
                row = row or take(connection, room, fence, member)
            assert row is not None
            *columns, before = row
            return Claim(Hold(room, fence), self._load(connection, room, columns), before)

        return self._do(work, repeatable=True)

    def holder(self, room: str) -> Member | None:
        """Return the other relay that holds a room; None when none that lives does."""
        member = self.member
        found = self._do(lambda connection: holder(connection, room), writes=False)
        return None if member and found and found.id == member.id else found

    def moved(self) -> str:
        """Return where the rooms were moved; "" when they are here."""
        query = "SELECT value FROM ipysketch.meta WHERE name = 'moved'"
        row = self._do(lambda connection: connection.execute(query).fetchone(), writes=False)
        return str(row[0]) if row else ""

    def release(self, hold: Hold) -> None:
        def work(connection: Connection) -> None:
            connection.execute(
                "UPDATE ipysketch.rooms SET fence = %s, owner = NULL, incarnation = NULL "
                "WHERE name = %s AND fence = %s",
                (secrets.randbits(FENCE_BITS), *hold),
            )

        self._do(work, repeatable=True)

    def load(self, room: str) -> LoadedRoom:
        return self._do(lambda connection: self._load(connection, room, _room(connection, room)), writes=False)

    def _load(self, connection: Connection, name: str, row: Sequence[Any]) -> LoadedRoom:
        id, epoch, first, last, locked, _ = row
        point = self._before(connection, id, name, first, max(last - WINDOW, first - 1))
        rows = tuple(self._rows(connection, id, name, point.seq + 1 if point else 1, last))
        return LoadedRoom(epoch, first, locked, point, rows)

    def _before(self, connection: Connection, id: int, name: str, first: int, seq: int) -> Checkpoint | None:
        """Return the newest sound checkpoint at or before `seq`; None when the log begins with nothing."""
        found = connection.execute(
            f"SELECT {POINT}, crc FROM ipysketch.checkpoints WHERE room = %s AND seq BETWEEN %s AND %s "
            "ORDER BY seq DESC",
            (id, first - 1, seq),
        )
        for *columns, crc in found:
            if zlib.crc32(columns[-1]) == crc:
                return Checkpoint(*columns)
            _log.error("damaged checkpoint room=%r seq=%r; an older one is used", name, columns[0])
        if first > 1:
            raise self._damaged(f"the checkpoint from which room {name!r} begins")
        return None

    def _rows(self, connection: Connection, id: int, name: str, first: int, last: int) -> Iterator[LogRow]:
        """Yield the entries `first` to `last`, a segment at a time."""
        expected = first
        with connection.cursor(f"log{id}") as cursor:
            cursor.itersize = 20
            cursor.execute(
                "SELECT body, crc FROM ipysketch.log WHERE room = %s AND last >= %s AND first <= %s ORDER BY first",
                (id, first, last),
            )
            for body, crc in cursor:
                if zlib.crc32(body) != crc:
                    raise self._damaged(f"entries from {expected} of room {name!r}")
                for row in unpacked(body):
                    if first <= row.seq <= last:
                        if row.seq != expected:
                            raise self._damaged(f"entry {expected} of room {name!r}")
                        expected += 1
                        yield row
        if expected <= last:
            raise StoreError(
                f"the log of room {name!r} lacks entry {expected}; restore {self._server.shown} from a backup"
            )

    def _damaged(self, what: str) -> StoreError:
        return StoreError(f"the database {self._server.shown} is damaged: {what}; restore it from a backup")

    def find(self, room: str, client: str, seq: int) -> ResumeFacts:
        def work(connection: Connection) -> ResumeFacts:
            id, _, first, last, *_ = _room(connection, room)
            mark = 0 if seq == 0 else None
            if first <= seq <= last:
                [row] = self._rows(connection, id, room, seq, seq)
                mark = row.mark
            known = connection.execute(
                "SELECT client, key_hash, author, last FROM ipysketch.clients WHERE room = %s AND client = %s",
                (id, client),
            ).fetchone()
            refusals = connection.execute(
                "SELECT client, op, code, reason FROM ipysketch.refusals WHERE room = %s AND client = %s ORDER BY op",
                (id, client),
            ).fetchall()
            if known is None:
                return ResumeFacts(mark, None, ())
            return ResumeFacts(mark, ClientRow(*known), tuple(RefusalRow(*refusal) for refusal in refusals))

        return self._do(work, writes=False)

    # --- writing ------------------------------------------------------------------------------------------

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        lost: dict[str, str] = {}
        rest = list(writes)
        while rest:
            # A statement advances a room once.
            group: dict[str, tuple[Hold, Batch]] = {}
            later = [write for write in rest if group.setdefault(write[0].room, write) is not write]
            lost.update(self._append(group))
            rest = [write for write in later if write[0].room not in lost]
        return lost

    def _append(self, group: Mapping[str, tuple[Hold, Batch]]) -> Mapping[str, str]:
        known = [write for write in group.values() if in_order(write[1].rows)]
        given = append_parameters(known)
        done = self._appends.do(
            lambda connection: {name for (name,) in connection.execute(APPEND, given)}, single=True
        )
        lost = {room: ANOTHER_LOG for room, (_, batch) in group.items() if not in_order(batch.rows)}
        for hold, batch in known:
            if hold.room not in done and (why := self._missed(hold, batch)):
                lost[hold.room] = why
        return lost

    def _missed(self, hold: Hold, batch: Batch) -> str:
        """Return why a room was not advanced; "" when the batch is there already. It writes, so that what it saw is on
        all disks by then."""

        def work(connection: Connection) -> str:
            row = connection.execute(f"{HERE} RETURNING {ROOM}", (hold.room,)).fetchone()
            if row is None and _is_there(connection, hold.room):
                return BUSY
            if row is None or row[5] != hold.fence:
                return HELD_ELSEWHERE
            id, _, first, last, *_ = row
            if not batch.rows or last == batch.rows[0].seq - 1:
                return BUSY  # It was locked then, and is no more.
            begins, ends = batch.rows[0].seq, batch.rows[-1].seq
            if not first <= begins <= ends <= last:
                return ANOTHER_LOG
            found = [(entry.seq, entry.mark) for entry in self._rows(connection, id, hold.room, begins, ends)]
            return "" if found == [(entry.seq, entry.mark) for entry in batch.rows] else ANOTHER_LOG

        return self._appends.do(work)

    def _held(self, connection: Connection, hold: Hold) -> Sequence[Any]:
        """Return the row of a room, which nobody claims until this transaction has ended; raises `NotHeldError`."""
        row = connection.execute(
            f"SELECT {ROOM} FROM ipysketch.rooms WHERE name = %s AND fence = %s FOR UPDATE", hold
        ).fetchone()
        if row is None:
            raise NotHeldError(hold.room)
        return row

    def checkpoint(self, hold: Hold, checkpoint: Checkpoint) -> None:
        def work(connection: Connection) -> None:
            row = connection.execute(
                "SELECT id FROM ipysketch.rooms WHERE name = %s AND fence = %s", hold
            ).fetchone()
            if row is None:
                raise NotHeldError(hold.room)
            put_checkpoint(connection, row[0], checkpoint)
            # As late as that, for nothing is appended to a room while its row is locked.
            self._held(connection, hold)

        self._do(work, repeatable=True)

    def lock(self, hold: Hold, locked: bool) -> None:
        def work(connection: Connection) -> None:
            id = self._held(connection, hold)[0]
            connection.execute("UPDATE ipysketch.rooms SET locked = %s WHERE id = %s", (locked, id))

        self._do(work, repeatable=True)

    def trim(self, hold: Hold, trim: Trim) -> int:
        def work(connection: Connection) -> int:
            id, _, first, *_ = self._held(connection, hold)
            row = connection.execute(
                "SELECT max(seq) FROM ipysketch.checkpoints WHERE room = %s AND seq <= %s "
                "AND (seq < %s OR logged <= %s)",
                (id, trim.latest, trim.before, trim.logged),
            ).fetchone()
            spare = None if row is None else row[0]
            point = None if spare is None else self._before(connection, id, hold.room, first, spare)
            if point is None or point.seq < first:
                return int(first)
            connection.execute("DELETE FROM ipysketch.log WHERE room = %s AND last <= %s", (id, point.seq))
            connection.execute(
                "DELETE FROM ipysketch.checkpoints WHERE room = %s AND seq < %s", (id, point.seq)
            )
            connection.execute("UPDATE ipysketch.rooms SET first = %s WHERE id = %s", (point.seq + 1, id))
            return point.seq + 1

        return self._do(work, repeatable=True)

    # --- the past, and operators --------------------------------------------------------------------------

    def read(self, room: str, first: int, last: int) -> LogRange:
        def work(connection: Connection) -> LogRange:
            id, _, oldest, newest, *_ = _room(connection, room)
            if not oldest <= first <= last <= newest:
                raise StoreError(f"room {room!r} has entries {oldest} to {newest} to read")
            point = self._before(connection, id, room, oldest, first - 1)
            rows: list[LogRow] = []
            size = 0
            for row in self._rows(connection, id, room, point.seq + 1 if point else 1, last):
                rows.append(row)
                size += len(row.body)
                check_read_size(first, last, size)
            return LogRange(point, rows)

        return self._do(work, writes=False)

    def delete(self, room: str) -> None:
        def work(connection: Connection) -> None:
            id = _room(connection, room, "FOR UPDATE")[0]
            for table in ("log", "clients", "refusals", "checkpoints"):
                connection.execute(f"DELETE FROM ipysketch.{table} WHERE room = %s", (id,))
            connection.execute("DELETE FROM ipysketch.rooms WHERE id = %s", (id,))
            connection.execute(NOTE, (self._own_id, DELETED, room))

        self._do(work)

    @property
    def _own_id(self) -> str:
        return self.member.id if self.member else ""

    def restore(self, room: str, epoch: str, past: LogRange) -> None:
        def work(connection: Connection) -> None:
            first = past.checkpoint.seq + 1 if past.checkpoint else 1
            row = connection.execute(
                "INSERT INTO ipysketch.rooms (name, epoch, first, last, fence) VALUES (%s, %s, %s, %s, %s) "
                "ON CONFLICT (name) DO NOTHING RETURNING id",
                (room, epoch, first, first - 1 + len(past.rows), secrets.randbits(FENCE_BITS)),
            ).fetchone()
            if row is None:
                raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
            if past.checkpoint is not None:
                put_checkpoint(connection, row[0], past.checkpoint)
            for start in range(0, len(past.rows), SEGMENT):
                put_segment(connection, row[0], past.rows[start : start + SEGMENT])

        self._do(work)

    def names(self) -> list[str]:
        query = "SELECT name FROM ipysketch.rooms ORDER BY name"
        return self._do(lambda connection: [name for (name,) in connection.execute(query)], writes=False)

    def rooms(self) -> list[RoomInfo]:
        def work(connection: Connection) -> list[RoomInfo]:
            infos = []
            for id, name, epoch, first, last, locked, size in connection.execute(
                "SELECT id, name, epoch, first, last, locked, "
                "coalesce((SELECT sum(size) FROM ipysketch.log WHERE room = r.id), 0) + coalesce((SELECT "
                "sum(octet_length(body)) FROM ipysketch.checkpoints WHERE room = r.id), 0) "
                "FROM ipysketch.rooms r ORDER BY name"
            ).fetchall():
                at = 0.0
                if last >= first:
                    [row] = self._rows(connection, id, name, last, last)
                    at = row.at
                elif (point := self._before(connection, id, name, first, last)) is not None:
                    at = point.at
                infos.append(RoomInfo(name, epoch, first, last, at, int(size), locked))
            return infos

        return self._do(work, writes=False)

    def revoke(self, token: str, until: float) -> None:
        put = "INSERT INTO ipysketch.revoked VALUES (%s, %s) ON CONFLICT (token) DO UPDATE SET until = excluded.until"

        def work(connection: Connection) -> None:
            connection.execute(put, (token, until))
            connection.execute(NOTE, (self._own_id, REVOKED, token))

        self._do(work, repeatable=True)

    def revoked(self, now: float) -> list[str]:
        query = "SELECT token FROM ipysketch.revoked WHERE until > %s ORDER BY token"
        found = self._do(
            lambda connection: [token for (token,) in connection.execute(query, (now,))], writes=False
        )
        try:
            self._do(
                lambda connection: connection.execute("DELETE FROM ipysketch.revoked WHERE until <= %s", (now,))
            )
        except StoreError as error:
            _log.warning("expired tokens are kept: %s", error)
        return found

    def now(self) -> float:
        def work(connection: Connection) -> float:
            row = connection.execute(
                "SELECT extract(epoch FROM clock_timestamp())::double precision"
            ).fetchone()
            assert row is not None
            return float(row[0])

        return self._do(work, writes=False, single=True)

    def probe(self) -> None:
        put = (
            "INSERT INTO ipysketch.meta VALUES ('probed', clock_timestamp()::text) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        self._do(lambda connection: connection.execute(put), repeatable=True)

    def vacuum(self) -> None:
        self._do(lambda connection: connection.execute("VACUUM"), single=True)

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:  # noqa: ARG002  # as `Store` has it
        raise StoreError("rooms in PostgreSQL are backed up with pg_dump, or by what runs the server")


def _is_there(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT FROM ipysketch.rooms WHERE name = %s", (name,)).fetchone() is not None


def _room(connection: Connection, name: str, how: str = "") -> Sequence[Any]:
    """Return the row of a room, which must be there."""
    row = connection.execute(f"SELECT {ROOM} FROM ipysketch.rooms WHERE name = %s {how}", (name,)).fetchone()
    if row is None:
        raise StoreError(f"there is no room {name!r}; load it first")
    return row


def put_segment(connection: Connection, id: int, rows: Sequence[LogRow]) -> None:
    """Add rows to the log of the room with this `id`."""
    body = packed(rows)
    size = sum(len(row.body) for row in rows)
    connection.execute(
        "INSERT INTO ipysketch.log VALUES (%s, %s, %s, %s, %s, %s)",
        (id, rows[0].seq, rows[-1].seq, size, body, zlib.crc32(body)),
    )


def put_checkpoint(connection: Connection, id: int, point: Checkpoint) -> None:
    """Store a checkpoint of the room with this `id`."""
    connection.execute(
        "INSERT INTO ipysketch.checkpoints VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (room, seq) DO UPDATE SET mark = excluded.mark, at = excluded.at, entries = excluded.entries, "
        "logged = excluded.logged, "
        "body = excluded.body, crc = excluded.crc",
        (id, *point, zlib.crc32(point.body)),
    )
