"""The logs of all rooms in one SQLite file.

What comes back is what was written, or a `StoreError`; see `rows` for how that is known, and `database` for when it
is durable, and `place` for files that are removed or replaced meanwhile. What cannot be found: that the whole file was
replaced by an older one while no relay ran, that a room's or a revoked token's row is gone without a trace, and what
`wal` says of the journal's end.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..protocol import WINDOW
from ..records import (
    ANOTHER_LOG,
    HELD_ELSEWHERE,
    Batch,
    Checkpoint,
    Claim,
    Hold,
    LoadedRoom,
    LogRange,
    RefusalRow,
    ResumeFacts,
    RoomInfo,
    StoreError,
    Trim,
    check_read_size,
    check_room_count,
)
from . import maintenance
from .database import Database
from .fences import Fences
from .rows import RoomRow, Rows
from .schema import crc

_log = logging.getLogger("relay")


class SqliteStore:
    """The contract of `relay.records.Store`, in the file `path`, which is created if it is not there.

    Raises `StoreInUse` when another relay holds the file, `StoreError` when it cannot be used. `connect` is
    `sqlite3.connect`, or something that behaves alike on a disk that fails.
    """

    appends_beside = False

    def __init__(
        self, path: str | Path, *, connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    ) -> None:
        self._db = Database(Path(path), connect)
        self._rows = Rows(self._db)
        self._fences = Fences()
        self._refused = 0  # The bytes of the last append, if it failed.

    def close(self) -> None:
        self._db.close()

    # --- rooms --------------------------------------------------------------------------------------------

    def claim(self, room: str, new_epoch: str, most: int) -> Claim:
        loaded = self._db.transact("read", lambda: self._claim(room, new_epoch, most))
        self._rows.note_added(room)
        return Claim(self._fences.claim(room), loaded)

    def _claim(self, name: str, new_epoch: str, most: int) -> LoadedRoom:
        room = self._rows.find_room(name)
        if room is None:
            check_room_count(self._rows.count(), most)
            self._db.place.check(self._db)
            self._add_room(name, new_epoch, 1, 0)
            return LoadedRoom(new_epoch, 1, False, None, ())
        return self._load(room)

    def release(self, hold: Hold) -> None:
        self._fences.release(hold)

    def load(self, room: str) -> LoadedRoom:
        return self._db.transact("read", lambda: self._load(self._rows.room(room)))

    def _load(self, room: RoomRow) -> LoadedRoom:
        self._rows.check_people(room)
        point = self._rows.before(room, max(room.last - WINDOW, room.first - 1))
        rows = self._rows.log(room, point.seq + 1 if point else 1, room.last)
        return LoadedRoom(room.epoch, room.first, bool(room.locked), point, rows)

    def _add_room(self, name: str, epoch: str, first: int, last: int) -> RoomRow:
        id = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM rooms").fetchone()[0]
        room = RoomRow(id, name, epoch, first, 0, last, 0, 0)
        self._put_room(room)
        return room

    def _put_room(self, room: RoomRow) -> None:
        self._rows.insert("rooms", [room])

    def _count_refusals(self, id: int, clients: Iterable[str]) -> int:
        """How many there are of `clients` of the room `id`."""
        query = "SELECT count(*) FROM refusals WHERE room = ? AND client = ?"
        return sum(self._db.execute(query, (id, client)).fetchone()[0] for client in clients)

    def find(self, room: str, client: str, seq: int) -> ResumeFacts:
        return self._db.transact("read", lambda: self._rows.facts(self._rows.room(room), client, seq))

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        self._refused = sum(len(row.body) for _, batch in writes for row in batch.rows)
        lost = self._db.transact("written", lambda: self._append(writes))
        self._refused = 0
        return lost

    def _append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        lost = {hold.room: HELD_ELSEWHERE for hold, _ in writes if not self._fences.has(hold)}
        held = [batch for hold, batch in writes if hold.room not in lost]
        # All rooms together: at each statement this thread may have to wait for that of the loop.
        rooms = self._rows.rooms_named({batch.room for batch in held})
        batches: list[Batch] = []
        log: list[tuple[Any, ...]] = []
        clients: list[tuple[Any, ...]] = []
        for batch in held:
            room = rooms[batch.room]
            last = room.last + len(batch.rows)
            if [row.seq for row in batch.rows] != list(range(room.last + 1, last + 1)):
                if not self._rows.has(room, batch.rows):
                    lost[batch.room] = ANOTHER_LOG
                continue
            batches.append(batch)
            rooms[batch.room] = room._replace(last=last)
            log += [(room.id, *row) for row in batch.rows]
            clients += [(room.id, *row) for row in batch.clients]
        self._rows.insert("log", log)
        new = self._put_clients(clients)
        for batch in batches:
            room = rooms[batch.room]
            more = self._put_refusals(room.id, batch.refusals) if batch.refusals else 0
            rooms[batch.room] = room._replace(refusals=room.refusals + more)
        counted = [room._replace(clients=room.clients + new[room.id]) for room in rooms.values()]
        self._rows.insert("rooms", counted)
        return lost

    def _put_clients(self, rows: Sequence[tuple[Any, ...]]) -> Counter[int]:
        """Replace or add clients, each with its room's id; returns how many are new, by room."""
        new: Counter[int] = Counter()
        rows = list({row[:2]: row for row in rows}.values())
        changed = self._db.executemany(
            "UPDATE clients SET key_hash = ?, author = ?, last = ?, crc = ? WHERE room = ? AND client = ?",
            [(*row[2:], crc(*row), *row[:2]) for row in rows],
        )
        if changed.rowcount < len(rows):
            for row in rows:
                add = "INSERT OR IGNORE INTO clients VALUES (?, ?, ?, ?, ?, ?)"
                new[row[0]] += self._db.executemany(add, [(*row, crc(*row))]).rowcount
        return new

    def _put_refusals(self, id: int, rows: Sequence[RefusalRow]) -> int:
        """Add refusals to the room `id`, and forget old ones; returns how many more there are."""
        refused = {row.client for row in rows}
        had = self._count_refusals(id, refused)
        self._rows.insert("refusals", [(id, *row) for row in rows])
        self._db.executemany(
            "DELETE FROM refusals WHERE room = :room AND client = :client AND op <= "
            "(SELECT last FROM clients WHERE room = :room AND client = :client) - :window",
            [{"room": id, "client": client, "window": WINDOW} for client in refused],
        )
        return self._count_refusals(id, refused) - had

    # --- the past -----------------------------------------------------------------------------------------

    def checkpoint(self, hold: Hold, checkpoint: Checkpoint) -> None:
        self._db.transact(
            "written", lambda: self._rows.insert("checkpoints", [(self._held(hold).id, *checkpoint)])
        )

    def read(self, room: str, first: int, last: int) -> LogRange:
        return self._db.transact("read", lambda: self._read(room, first, last))

    def _read(self, name: str, first: int, last: int) -> LogRange:
        room = self._rows.room(name)
        if not room.first <= first <= last <= room.last:
            raise StoreError(f"room {name!r} has entries {room.first} to {room.last} to read")
        point = self._rows.before(room, first - 1)
        start = point.seq + 1 if point else 1
        (size,) = self._db.execute(
            "SELECT coalesce(sum(length(body)), 0) FROM log WHERE room = ? AND seq BETWEEN ? AND ?",
            (room.id, start, last),
        ).fetchone()
        check_read_size(first, last, size)
        return LogRange(point, self._rows.log(room, start, last))

    def trim(self, hold: Hold, trim: Trim) -> int:
        return self._db.transact("written", lambda: self._trim(self._held(hold), trim))

    def _trim(self, room: RoomRow, trim: Trim) -> int:
        (spare,) = self._db.execute(
            "SELECT max(seq) FROM checkpoints WHERE room = ? AND seq <= ? AND (seq < ? OR logged <= ?)",
            (room.id, trim.latest, trim.before, trim.logged),
        ).fetchone()
        point = None if spare is None else self._rows.before(room, spare)
        if point is None or point.seq < room.first:
            return room.first
        self._db.execute("DELETE FROM log WHERE room = ? AND seq <= ?", (room.id, point.seq))
        self._db.execute("DELETE FROM checkpoints WHERE room = ? AND seq < ?", (room.id, point.seq))
        self._put_room(room._replace(first=point.seq + 1))
        return point.seq + 1

    # --- for operators ------------------------------------------------------------------------------------

    def _held(self, hold: Hold) -> RoomRow:
        self._fences.check(hold)
        return self._rows.room(hold.room)

    def lock(self, hold: Hold, locked: bool) -> None:
        self._db.transact("written", lambda: self._put_room(self._held(hold)._replace(locked=int(locked))))

    def delete(self, room: str) -> None:
        def write() -> None:
            id = self._rows.room(room).id
            for table in ("log", "clients", "refusals", "checkpoints"):
                self._db.execute(f"DELETE FROM {table} WHERE room = ?", (id,))
            self._db.execute("DELETE FROM rooms WHERE id = ?", (id,))

        self._rows.note_deleted(room)
        self._db.transact("written", write)
        self._fences.forget(room)

    def restore(self, room: str, epoch: str, past: LogRange) -> None:
        def write() -> None:
            if self._rows.find_room(room) is not None:
                raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
            first = past.checkpoint.seq + 1 if past.checkpoint else 1
            added = self._add_room(room, epoch, first, first - 1 + len(past.rows))
            self._rows.insert("checkpoints", [(added.id, *past.checkpoint)] if past.checkpoint else [])
            self._rows.insert("log", [(added.id, *row) for row in past.rows])

        self._db.transact("written", write)
        self._rows.note_added(room)

    def names(self) -> list[str]:
        return [room.name for room in self._db.transact("read", self._rows.all_rooms)]

    def rooms(self) -> list[RoomInfo]:
        def read() -> list[RoomInfo]:
            infos = []
            for room in self._rows.all_rooms():
                # The sizes are the only answer that is not checked: that would be to read it all.
                (size,) = self._db.execute(
                    "SELECT coalesce((SELECT sum(length(body)) FROM log WHERE room = :room), 0) + "
                    "coalesce((SELECT sum(length(body)) FROM checkpoints WHERE room = :room), 0)",
                    {"room": room.id},
                ).fetchone()
                at = 0.0
                if room.last >= room.first:
                    at = self._rows.log(room, room.last, room.last)[0].at
                elif (point := self._rows.before(room, room.last)) is not None:
                    at = point.at
                infos.append(
                    RoomInfo(room.name, room.epoch, room.first, room.last, at, size, bool(room.locked))
                )
            return infos

        return self._db.transact("read", read)

    def revoke(self, token: str, until: float) -> None:
        self._db.transact(
            "written",
            lambda: self._db.execute(
                "INSERT OR REPLACE INTO revoked VALUES (?, ?, ?)",
                (token, float(until), crc(token, float(until))),
            ),
        )

    def revoked(self, now: float) -> list[str]:
        def read() -> list[tuple[str, float]]:
            found = []
            for token, until, check in self._db.execute("SELECT token, until, crc FROM revoked ORDER BY token"):
                if check != crc(token, until):
                    raise self._db.damaged("a token that was taken back")
                found.append((token, until))
            return found

        found = self._db.transact("read", read)
        if any(until <= now for _, until in found):
            try:
                self._db.transact(
                    "written", lambda: self._db.execute("DELETE FROM revoked WHERE until <= ?", (now,))
                )
            except StoreError as error:  # A relay whose disk is full starts and shows what is there.
                _log.warning("expired tokens are kept: %s", error)
        return [token for token, until in found if until > now]

    def now(self) -> float:
        return time.time()

    def check(self) -> None:
        """Look for damage in all there is, structure and rows; raises `StoreError`."""
        maintenance.check(self._db)

    def probe(self) -> None:
        # As much as what failed: there may be room for less, and free pages hide for a while that a disk is full.
        maintenance.probe(self._db, self._refused)

    def check_files(self) -> None:
        self._db.place.check(self._db)

    def vacuum(self) -> None:
        maintenance.vacuum(self._db)

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:
        maintenance.backup(self._db, path, new_epoch)
