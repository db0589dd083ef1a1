"""The logs of all rooms in one SQLite file.

One connection, held exclusively: nobody else writes, and SQLite's bug with several connections and a WAL reset
cannot happen. A commit returns after its pages are on the disk (`synchronous=FULL`).

What comes back is what was written, or a `StoreError`. Each row carries a check sum, and a room's row says how many
entries, clients and refusals there must be; they are counted when the room is loaded, so no index can hide one, and
a damaged room does not keep the others from being used. The file's structure is checked when it is opened. What
cannot be found: that the whole file was emptied or replaced by an older one, that a room's or a revoked token's row
is gone without a trace, and what `wal` says of the journal's end.

A write that failed may have left frames in the journal. They are cleared away before the next write, for another
crash would make them look like lost entries. Until then a relay that starts again may find them whole: its
operation then has happened after all, and a client that sends it again learns so by its number.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ..log import (
    Batch,
    Checkpoint,
    ClientRow,
    Found,
    Loaded,
    LogRow,
    Past,
    RefusalRow,
    RoomInfo,
    StoreError,
    Trim,
)
from ..protocol import WINDOW
from . import schema, wal
from .schema import crc

LOCK_TIMEOUT = 1.0
"""Seconds to wait for another relay to let go of the file, as one that is just ending does."""
WAL_LIMIT = 64 << 20
CHECKED_BYTES = 1 << 30
"""The structure of a database up to this size is checked whenever it is opened; of a larger one on demand."""
PROBE_BYTES = 32 << 10
AT_ONCE = 500
"""Names in one statement; an old SQLite takes 999."""
NETWORK_FILE_SYSTEMS = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smbfs",
        "smb3",
        "ncpfs",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "fuse.glusterfs",
        "fuse.sshfs",
        "fuse.s3fs",
    ]
)

_ROW = "seq, mark, at, client, op, body"
_POINT = "seq, mark, at, entries, logged, body"
_SUMMED = {
    "log": f"room, {_ROW}",
    "clients": "room, client, key_hash, author, last",
    "refusals": "room, client, op, code, reason",
    "checkpoints": f"room, {_POINT}",
    "revoked": "token, until",
}
"""The columns that a row's check sum is of, by table."""

T = TypeVar("T")
_log = logging.getLogger("relay")


class StoreInUse(StoreError):
    """Another relay holds the database."""


class _Room(NamedTuple):
    """A room's own row: its entries are `first` to `last`, and it has so many `clients` and `refusals`."""

    id: int
    name: str
    epoch: str
    first: int
    locked: int
    last: int
    clients: int
    refusals: int


_ROOMS = "SELECT id, name, epoch, first, locked, last, clients, refusals, crc FROM rooms"


class SqliteStore:
    """The contract of `relay.log.Store`, in the file `path`, which is made if it is not there.

    Raises `StoreInUse` when another relay holds the file, `StoreError` when it cannot be used. `connect` is
    `sqlite3.connect`, or something that behaves alike on a disk that fails.
    """

    def __init__(
        self, path: str | Path, *, connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    ) -> None:
        self.path = Path(path)
        self._remains = False
        self._refused = 0  # The bytes of the last append, if it failed.
        if (kind := file_system(self.path)) in NETWORK_FILE_SYSTEMS:
            raise StoreError(
                f"the database {self.path} would lie on a network file system ({kind}), where locks and "
                "durable writes cannot be trusted; choose a file on a disk of this machine"
            )
        journal = self.path.with_name(self.path.name + "-wal")
        if (damage := wal.damaged(journal)) and not _locked(self.path):
            raise StoreError(
                f"the journal {journal} cannot be trusted ({damage}): restore the database from a backup, or "
                "move that file away to go on without the last changes in it"
            )
        try:
            self._make_file()
            # One worker thread calls; it need not be the one that opened.
            self._db = connect(
                str(self.path), timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the database {self.path} cannot be opened ({_cause(error)}); choose another file"
            ) from None
        try:
            self._open()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._db.close()
            raise self._explain_opening(error) from None
        except BaseException:
            self._db.close()
            raise

    # --- opening ------------------------------------------------------------------------------------------

    def _make_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Opening an existing file here and closing it again would drop SQLite's lock on it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def _open(self) -> None:
        run = self._db.execute
        run("PRAGMA locking_mode=EXCLUSIVE")
        if run("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            raise sqlite3.OperationalError("no write-ahead log can be made")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA fullfsync=ON")
        run("PRAGMA cell_size_check=ON")
        run(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        run("BEGIN EXCLUSIVE")
        try:
            version = run("PRAGMA user_version").fetchone()[0]
            tables = run("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version > schema.SCHEMA_VERSION:
                raise StoreError(
                    f"the database {self.path} was written by a newer relay; update this one, "
                    "or choose another file"
                )
            if version == 0 and tables:
                raise StoreError(
                    f"{self.path} is the database of another program; choose another file for the relay"
                )
            if version == 0:
                schema.create(self._db)
            elif version == 1:
                self._check_structure("integrity_check")  # The check sums are made of what is there.
                schema.upgrade(self._db)
            elif run("PRAGMA application_id").fetchone()[0] != schema.seal(self._db):
                raise self._damaged("its tables are not those of a relay")
            run("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        try:
            self._clear_journal()
        except sqlite3.Error as error:
            self._remains = True
            _log.warning("journal not cleared db=%s reason=%s", self.path, error)
        size = self.path.stat().st_size
        if size <= CHECKED_BYTES:
            self._check_structure("quick_check")
        else:
            _log.warning("unchecked db=%s bytes=%d", self.path, size)

    def _clear_journal(self) -> None:
        """Begin a new write-ahead log: nothing is left in it of transactions that failed or were cut short."""
        [(busy, _, _)] = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if busy:
            raise sqlite3.OperationalError("the journal is in use")
        self._remains = False

    def _explain_opening(self, error: Exception) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreInUse(
                f"the database {self.path} is in use by another relay; stop that one, or choose another file"
            )
        if code == sqlite3.SQLITE_NOTADB:
            return StoreError(f"the file {self.path} is not a database; choose another file for the relay")
        if _is_damage(error):
            return self._damaged(str(error))
        return StoreError(f"the database {self.path} cannot be opened ({error}); choose another file")

    def check(self) -> None:
        """Look for damage in all there is, structure and rows; raises `StoreError`."""
        self._check_structure("integrity_check")
        self._transact("read", self._check_rows)

    def _check_structure(self, how: str) -> None:
        try:
            [(found,)] = self._db.execute(f"PRAGMA {how}(1)").fetchall()
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise self._damaged(found)

    def _check_rows(self) -> None:
        for table, columns in _SUMMED.items():
            for *values, check in self._db.execute(f"SELECT {columns}, crc FROM {table}"):
                if check != crc(*values):
                    raise self._damaged(f"a row of the table {table}")
        for room in self._all_rooms():
            count, first, last = self._db.execute(
                "SELECT count(*), coalesce(min(seq), ?), coalesce(max(seq), ?) FROM log WHERE room = ?",
                (room.last + 1, room.last, room.id),
            ).fetchone()
            if (count, first, last) != (room.last + 1 - room.first, room.first, room.last):
                raise self._damaged(f"entries of room {room.name!r} are missing")
            self._check_people(room)

    def _check_people(self, room: _Room) -> None:
        """Raise `StoreError` unless all clients of `room` and their refusals are there as they were."""
        for table, expected in (("clients", room.clients), ("refusals", room.refusals)):
            count = 0
            for *columns, check in self._db.execute(
                f"SELECT {_SUMMED[table]}, crc FROM {table} WHERE room = ?", (room.id,)
            ):
                count += 1
                if check != crc(*columns):
                    raise self._damaged(f"a row of {table} of room {room.name!r}")
            if count != expected:
                raise self._damaged(f"{table} of room {room.name!r} are missing")

    def _damaged(self, what: str) -> StoreError:
        what = " ".join(what.replace("*** in database main ***", "").split())[:200]  # SQLite writes lines.
        return StoreError(f"the database {self.path} is damaged ({what}); restore it from a backup")

    # --- rooms --------------------------------------------------------------------------------------------

    def load(self, room: str, new_epoch: str) -> Loaded:
        return self._transact("read", lambda: self._load(room, new_epoch))

    def _load(self, name: str, new_epoch: str) -> Loaded:
        room = self._find_room(name)
        if room is None:
            self._add_room(name, new_epoch, 1, 0)
            return Loaded(new_epoch, 1, False, None, ())
        self._check_people(room)
        point = self._before(room, max(room.last - WINDOW, room.first - 1))
        rows = self._rows(room, point.seq + 1 if point else 1, room.last)
        return Loaded(room.epoch, room.first, bool(room.locked), point, rows)

    def _all_rooms(self) -> list[_Room]:
        """All rooms by name, without trusting the index of their names."""
        rooms = []
        for *columns, check in self._db.execute(f"{_ROOMS} NOT INDEXED"):
            if check != crc(*columns):
                raise self._damaged(f"the entry of room {columns[1]!r}")
            rooms.append(_Room(*columns))
        (named,) = self._db.execute("SELECT count(*) FROM rooms INDEXED BY sqlite_autoindex_rooms_1").fetchone()
        if named != len(rooms):
            raise self._damaged("rooms are missing")
        return sorted(rooms, key=lambda room: room.name)

    def _find_room(self, name: str) -> _Room | None:
        found = self._db.execute(f"{_ROOMS} WHERE name = ?", (name,)).fetchone()
        if found is None:
            if any(room.name == name for room in self._all_rooms()):
                raise self._damaged(f"room {name!r} is not among the names of rooms")
            return None
        *columns, check = found
        room = _Room(*columns)
        if check != crc(*columns) or room.name != name:
            raise self._damaged(f"the entry of room {name!r}")
        return room

    def _rooms_named(self, names: Collection[str]) -> dict[str, _Room]:
        """The rooms of these names, each of which must be there."""
        rooms: dict[str, _Room] = {}
        rest = iter(names)
        while some := tuple(islice(rest, AT_ONCE)):
            for *columns, check in self._db.execute(
                f"{_ROOMS} WHERE name IN ({', '.join('?' * len(some))})", some
            ):
                if check == crc(*columns):
                    rooms[columns[1]] = _Room(*columns)
        return {name: rooms.get(name) or self._room(name) for name in names}

    def _room(self, name: str) -> _Room:
        room = self._find_room(name)
        if room is None:
            raise StoreError(f"there is no room {name!r}; load it first")
        return room

    def _add_room(self, name: str, epoch: str, first: int, last: int) -> _Room:
        id = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM rooms").fetchone()[0]
        room = _Room(id, name, epoch, first, 0, last, 0, 0)
        self._put_room(room)
        return room

    def _put_room(self, room: _Room) -> None:
        self._insert("rooms", [room])

    def _count_refusals(self, id: int, clients: Iterable[str]) -> int:
        """How many there are of `clients` of the room `id`."""
        query = "SELECT count(*) FROM refusals WHERE room = ? AND client = ?"
        return sum(self._db.execute(query, (id, client)).fetchone()[0] for client in clients)

    def _rows(self, room: _Room, first: int, last: int) -> list[LogRow]:
        rows: list[LogRow] = []
        for *columns, check in self._db.execute(
            f"SELECT {_ROW}, crc FROM log WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (room.id, first, last),
        ):
            row = LogRow(*columns)
            if row.seq != first + len(rows):
                break
            if check != crc(room.id, *row):
                raise self._damaged(f"entry {row.seq} of room {room.name!r}")
            rows.append(row)
        if len(rows) != max(0, last + 1 - first):
            raise StoreError(
                f"the log of room {room.name!r} lacks entry {first + len(rows)}; "
                f"restore {self.path} from a backup"
            )
        return rows

    def _before(self, room: _Room, seq: int) -> Checkpoint | None:
        """The newest sound checkpoint at or before `seq`; None when the log is whole and begins with nothing."""
        for *columns, check in self._db.execute(
            f"SELECT {_POINT}, crc FROM checkpoints WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC",
            (room.id, room.first - 1, seq),
        ):
            if check == crc(room.id, *columns):
                return Checkpoint(*columns)
            _log.error("damaged checkpoint room=%r seq=%r; an older one is used", room.name, columns[0])
        if room.first > 1:
            raise self._damaged(f"the checkpoint from which room {room.name!r} begins")
        return None

    def find(self, room: str, client: str, seq: int) -> Found:
        return self._transact("read", lambda: self._find(room, client, seq))

    def _find(self, name: str, client: str, seq: int) -> Found:
        room = self._room(name)
        mark = 0 if seq == 0 else None
        if room.first <= seq <= room.last:
            mark = self._rows(room, seq, seq)[0].mark
        row = self._db.execute(
            f"SELECT {_SUMMED['clients']}, crc FROM clients WHERE room = ? AND client = ?", (room.id, client)
        ).fetchone()
        if row is None:
            return Found(mark, None, ())
        refusals = self._db.execute(
            f"SELECT {_SUMMED['refusals']}, crc FROM refusals WHERE room = ? AND client = ? ORDER BY op",
            (room.id, client),
        ).fetchall()
        for *columns, check in (row, *refusals):
            if check != crc(*columns):
                raise self._damaged(f"the entry of client {client!r} of room {name!r}")
        return Found(mark, ClientRow(*row[1:-1]), tuple(RefusalRow(*found[1:-1]) for found in refusals))

    def append(self, batches: Sequence[Batch]) -> None:
        self._refused = sum(len(row.body) for batch in batches for row in batch.rows)
        self._transact("written", lambda: self._append(batches))
        self._refused = 0

    def _append(self, batches: Sequence[Batch]) -> None:
        # All rooms together: at each statement this thread may have to wait for that of the loop.
        rooms = self._rooms_named({batch.room for batch in batches})
        log: list[tuple[Any, ...]] = []
        clients: list[tuple[Any, ...]] = []
        for batch in batches:
            room = rooms[batch.room]
            last = room.last + len(batch.rows)
            if [row.seq for row in batch.rows] != list(range(room.last + 1, last + 1)):
                raise StoreError(f"the rows for room {batch.room!r} do not follow its log; load the room again")
            rooms[batch.room] = room._replace(last=last)
            log += [(room.id, *row) for row in batch.rows]
            clients += [(room.id, *row) for row in batch.clients]
        self._insert("log", log)
        new = self._put_clients(clients)
        for batch in batches:
            room = rooms[batch.room]
            more = self._put_refusals(room.id, batch.refusals) if batch.refusals else 0
            rooms[batch.room] = room._replace(refusals=room.refusals + more)
        counted = [room._replace(clients=room.clients + new[room.id]) for room in rooms.values()]
        self._insert("rooms", counted)

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
        self._insert("refusals", [(id, *row) for row in rows])
        self._db.executemany(
            "DELETE FROM refusals WHERE room = :room AND client = :client AND op <= "
            "(SELECT last FROM clients WHERE room = :room AND client = :client) - :window",
            [{"room": id, "client": client, "window": WINDOW} for client in refused],
        )
        return self._count_refusals(id, refused) - had

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, each with its room's id first; of all tables but the log, those that are there are replaced."""
        if not rows:
            return
        if table in ("log", "checkpoints"):
            # The column `at` holds real numbers only: a whole one must be summed as it will come back.
            rows = [(*row[:3], float(row[3]), *row[4:]) for row in rows]
        values: list[tuple[Any, ...]] = [(*row, crc(*row)) for row in rows]
        how = "INSERT" if table == "log" else "INSERT OR REPLACE"
        given = f"VALUES ({', '.join('?' * len(values[0]))})"
        if table == "checkpoints":
            # One more that is not inserted: a statement keeps what it was given last, and these may be large.
            given = f"SELECT {', '.join('?' * len(values[0]))} WHERE ?"
            values = [*((*row, True) for row in values), (*(None for _ in values[0]), False)]
        self._db.executemany(f"{how} INTO {table} {given}", values)

    # --- the past -----------------------------------------------------------------------------------------

    def checkpoint(self, room: str, checkpoint: Checkpoint) -> None:
        self._transact("written", lambda: self._insert("checkpoints", [(self._room(room).id, *checkpoint)]))

    def read(self, room: str, first: int, last: int) -> Past:
        return self._transact("read", lambda: self._read(room, first, last))

    def _read(self, name: str, first: int, last: int) -> Past:
        room = self._room(name)
        if not room.first <= first <= last <= room.last:
            raise StoreError(f"room {name!r} has entries {room.first} to {room.last} to read")
        point = self._before(room, first - 1)
        return Past(point, self._rows(room, point.seq + 1 if point else 1, last))

    def trim(self, room: str, trim: Trim) -> int:
        return self._transact("written", lambda: self._trim(room, trim))

    def _trim(self, name: str, trim: Trim) -> int:
        room = self._room(name)
        (spare,) = self._db.execute(
            "SELECT max(seq) FROM checkpoints WHERE room = ? AND seq <= ? AND (seq < ? OR logged <= ?)",
            (room.id, trim.latest, trim.before, trim.logged),
        ).fetchone()
        point = None if spare is None else self._before(room, spare)
        if point is None or point.seq < room.first:
            return room.first
        self._db.execute("DELETE FROM log WHERE room = ? AND seq <= ?", (room.id, point.seq))
        self._db.execute("DELETE FROM checkpoints WHERE room = ? AND seq < ?", (room.id, point.seq))
        self._put_room(room._replace(first=point.seq + 1))
        return point.seq + 1

    # --- for operators ------------------------------------------------------------------------------------

    def lock(self, room: str, locked: bool) -> None:
        self._transact("written", lambda: self._put_room(self._room(room)._replace(locked=int(locked))))

    def delete(self, room: str) -> None:
        def write() -> None:
            id = self._room(room).id
            for table in ("log", "clients", "refusals", "checkpoints"):
                self._db.execute(f"DELETE FROM {table} WHERE room = ?", (id,))
            self._db.execute("DELETE FROM rooms WHERE id = ?", (id,))

        self._transact("written", write)

    def restore(self, room: str, epoch: str, past: Past) -> None:
        def write() -> None:
            if self._find_room(room) is not None:
                raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
            first = past.checkpoint.seq + 1 if past.checkpoint else 1
            added = self._add_room(room, epoch, first, first - 1 + len(past.rows))
            self._insert("checkpoints", [(added.id, *past.checkpoint)] if past.checkpoint else [])
            self._insert("log", [(added.id, *row) for row in past.rows])

        self._transact("written", write)

    def names(self) -> list[str]:
        return [room.name for room in self._transact("read", self._all_rooms)]

    def rooms(self) -> list[RoomInfo]:
        def read() -> list[RoomInfo]:
            infos = []
            for room in self._all_rooms():
                # The sizes are the only answer that is not checked: that would be to read it all.
                (size,) = self._db.execute(
                    "SELECT coalesce((SELECT sum(length(body)) FROM log WHERE room = :room), 0) + "
                    "coalesce((SELECT sum(length(body)) FROM checkpoints WHERE room = :room), 0)",
                    {"room": room.id},
                ).fetchone()
                at = 0.0
                if room.last >= room.first:
                    at = self._rows(room, room.last, room.last)[0].at
                elif (point := self._before(room, room.last)) is not None:
                    at = point.at
                infos.append(
                    RoomInfo(room.name, room.epoch, room.first, room.last, at, size, bool(room.locked))
                )
            return infos

        return self._transact("read", read)

    def revoke(self, token: str, until: float) -> None:
        self._transact(
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
                    raise self._damaged("a token that was taken back")
                found.append((token, until))
            return found

        found = self._transact("read", read)
        if any(until <= now for _, until in found):
            try:
                self._transact(
                    "written", lambda: self._db.execute("DELETE FROM revoked WHERE until <= ?", (now,))
                )
            except StoreError as error:  # A relay whose disk is full starts and shows what is there.
                _log.warning("expired tokens are kept: %s", error)
        return [token for token, until in found if until > now]

    def probe(self) -> None:
        # As much as what failed: there may be room for less, and free pages hide for a while that a disk is full.
        size = max(PROBE_BYTES, self._refused)
        self._transact("written", lambda: self._db.execute("INSERT INTO probe VALUES (zeroblob(?))", (size,)))
        self._transact("written", lambda: self._db.execute("DELETE FROM probe"))

    def vacuum(self) -> None:
        try:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            raise StoreError(
                f"the database {self.path} could not be vacuumed ({error}); look at its disk, which needs as "
                "much room again as the database has"
            ) from None

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:
        part = path.with_name(path.name + ".part")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise StoreError(f"the backup {path} cannot be written ({_cause(error)})") from None
        try:
            # Under another name until its epochs are its own.
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            rooms = self._transact("read", self._all_rooms)
            with contextlib.closing(sqlite3.connect(part)) as copy:
                self._db.backup(copy)
                for room in rooms:
                    copied = room._replace(epoch=new_epoch())
                    copy.execute(
                        "UPDATE rooms SET epoch = ?, crc = ? WHERE id = ?",
                        (copied.epoch, crc(*copied), copied.id),
                    )
                copy.commit()
            part.replace(path)
        except BaseException as error:
            for made in (part, path):
                made.unlink(missing_ok=True)
            if isinstance(error, sqlite3.Error | OSError):
                raise StoreError(f"the backup {path} could not be written ({_cause(error)})") from None
            raise

    def close(self) -> None:
        self._db.close()

    # --- transactions -------------------------------------------------------------------------------------

    def _transact(self, doing: str, work: Callable[[], T]) -> T:
        try:
            if self._remains and doing == "written":
                self._clear_journal()
            self._db.execute("BEGIN IMMEDIATE")
            result = work()
            self._db.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                self._remains = True
            if _is_damage(error):
                raise self._damaged(str(error)) from None
            if isinstance(error, sqlite3.Error | OverflowError | UnicodeError):
                raise StoreError(
                    f"the database {self.path} could not be {doing} ({error}); look at its disk"
                ) from None
            raise
        return result

    def _roll_back(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            # Closed, or SQLite rolled back by itself; either way nothing is open that could be.
            _log.debug("nothing to roll back in %s", self.path)


def file_system(path: Path) -> str:
    """The kind of file system that `path` lies or would lie on, as the kernel names it; "" when it cannot be
    told."""
    try:
        where = path.absolute().parent.resolve()
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        _, point, found, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if (where == Path(point) or Path(point) in where.parents) and len(point) >= len(best):
            best, kind = point, found
    return kind


def _is_damage(error: BaseException) -> bool:
    """Whether SQLite found damage, or sqlite3 a text that is none: it tells so in two ways."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.Error) and (
        code == sqlite3.SQLITE_CORRUPT or str(error).startswith("Could not decode")
    )


def _locked(path: Path) -> bool:
    """Whether another process has SQLite's lock on the file."""
    try:
        with path.open("rb+") as file:
            # The bytes SQLite locks; see "File Locking And Concurrency" in its documentation.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 512, 0x40000000)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _cause(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
