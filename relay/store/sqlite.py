"""The logs of all rooms in one SQLite file.

One connection, held exclusively: nobody else writes, and SQLite's bug with several connections and a WAL reset
cannot happen. A commit returns after its pages are on the disk (`synchronous=FULL`). Each row carries a check
sum: what comes back is what was written, or the room is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

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
"""A database up to this size is checked for damage whenever it is opened; a larger one on demand."""
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

T = TypeVar("T")
_log = logging.getLogger("relay")


class StoreInUse(StoreError):
    """Another relay holds the database."""


class SqliteStore:
    """The contract of `relay.log.Store`, in the file `path`, which is made if it is not there.

    Raises `StoreInUse` when another relay holds the file, `StoreError` when it cannot be used. `connect` is
    `sqlite3.connect`, or something that behaves alike on a disk that fails.
    """

    def __init__(
        self, path: str | Path, *, connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    ) -> None:
        self.path = Path(path)
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
        except sqlite3.Error as error:
            self._db.close()
            raise self._explain_opening(error) from None
        except StoreError:
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
        run("PRAGMA journal_mode=WAL")
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
            if version == 0:
                if tables:
                    raise StoreError(
                        f"{self.path} is the database of another program; choose another file for the relay"
                    )
                schema.create(self._db)
            elif version < schema.SCHEMA_VERSION:
                schema.upgrade(self._db, version)
            run("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        if self.path.stat().st_size <= CHECKED_BYTES:
            self.check()
        else:
            _log.warning("unchecked db=%s bytes=%d", self.path, self.path.stat().st_size)

    def _explain_opening(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreInUse(
                f"the database {self.path} is in use by another relay; stop that one, or choose another file"
            )
        if code == sqlite3.SQLITE_NOTADB:
            return StoreError(f"the file {self.path} is not a database; choose another file for the relay")
        if code == sqlite3.SQLITE_CORRUPT:
            return self._damaged(str(error))
        return StoreError(f"the database {self.path} cannot be opened ({error}); choose another file")

    def check(self) -> None:
        """Look for damage in the file's structure; raises `StoreError`. Rows are checked as they are read."""
        try:
            [(found,)] = self._db.execute("PRAGMA quick_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise self._damaged(found)

    def _damaged(self, what: str) -> StoreError:
        return StoreError(f"the database {self.path} is damaged ({what}); restore it from a backup")

    # --- rooms --------------------------------------------------------------------------------------------

    def load(self, room: str, new_epoch: str) -> Loaded:
        return self._transact("read", lambda: self._load(room, new_epoch))

    def _load(self, room: str, new_epoch: str) -> Loaded:
        if not self._db.execute("SELECT 1 FROM rooms WHERE name = ?", (room,)).fetchone():
            self._add_room(room, new_epoch, 1)
            return Loaded(new_epoch, 1, False, None, ())
        id, epoch, first, locked = self._room(room)
        last = self._last(id, first)
        point = self._before(room, id, first, max(last - WINDOW, first - 1))
        return Loaded(epoch, first, locked, point, self._rows(room, id, point.seq + 1 if point else 1, last))

    def _add_room(self, room: str, epoch: str, first: int) -> None:
        self._db.execute(
            "INSERT INTO rooms (name, epoch, first, locked, crc) VALUES (?, ?, ?, 0, ?)",
            (room, epoch, first, crc(room, epoch, first, 0)),
        )

    def _room(self, room: str) -> tuple[int, str, int, bool]:
        found = self._db.execute(
            "SELECT id, epoch, first, locked, crc FROM rooms WHERE name = ?", (room,)
        ).fetchone()
        if found is None:
            raise StoreError(f"there is no room {room!r}; load it first")
        id, epoch, first, locked, check = found
        if check != crc(room, epoch, first, locked):
            raise self._damaged(f"the entry of room {room!r}")
        return id, epoch, first, bool(locked)

    def _change_room(self, room: str, id: int, epoch: str, first: int, locked: bool) -> None:
        self._db.execute(
            "UPDATE rooms SET epoch = ?, first = ?, locked = ?, crc = ? WHERE id = ?",
            (epoch, first, int(locked), crc(room, epoch, first, int(locked)), id),
        )

    def _last(self, id: int, first: int) -> int:
        last: int = self._db.execute(
            "SELECT coalesce(max(seq), ?) FROM log WHERE room = ?", (first - 1, id)
        ).fetchone()[0]
        return last

    def _rows(self, room: str, id: int, first: int, last: int) -> list[LogRow]:
        rows: list[LogRow] = []
        for *columns, check in self._db.execute(
            f"SELECT {_ROW}, crc FROM log WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (id, first, last),
        ):
            row = LogRow(*columns)
            if row.seq != first + len(rows):
                break
            if check != crc(id, *row):
                raise self._damaged(f"entry {row.seq} of room {room!r}")
            rows.append(row)
        if len(rows) != max(0, last + 1 - first):
            raise StoreError(
                f"the log of room {room!r} lacks entry {first + len(rows)}; restore {self.path} from a backup"
            )
        return rows

    def _before(self, room: str, id: int, first: int, seq: int) -> Checkpoint | None:
        """The newest sound checkpoint at or before `seq`; None when the log is whole and begins with nothing."""
        for *columns, check in self._db.execute(
            f"SELECT {_POINT}, crc FROM checkpoints WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC",
            (id, first - 1, seq),
        ):
            if check == crc(id, *columns):
                return Checkpoint(*columns)
            _log.error("damaged checkpoint room=%r seq=%d; an older one is used", room, columns[0])
        if first > 1:
            raise self._damaged(f"the checkpoint from which room {room!r} begins")
        return None

    def find(self, room: str, client: str, seq: int) -> Found:
        return self._transact("read", lambda: self._find(room, client, seq))

    def _find(self, room: str, client: str, seq: int) -> Found:
        id, _, first, _ = self._room(room)
        mark = 0 if seq == 0 else None
        if first <= seq <= self._last(id, first):
            mark = self._rows(room, id, seq, seq)[0].mark
        row = self._db.execute(
            "SELECT client, key_hash, author, last, crc FROM clients WHERE room = ? AND client = ?",
            (id, client),
        ).fetchone()
        if row is None:
            return Found(mark, None, ())
        refusals = self._db.execute(
            "SELECT client, op, code, reason, crc FROM refusals WHERE room = ? AND client = ? ORDER BY op",
            (id, client),
        ).fetchall()
        for *columns, check in (row, *refusals):
            if check != crc(id, *columns):
                raise self._damaged(f"the entry of client {client!r} of room {room!r}")
        return Found(mark, ClientRow(*row[:-1]), tuple(RefusalRow(*columns[:-1]) for columns in refusals))

    def append(self, batches: Sequence[Batch]) -> None:
        def write() -> None:
            for batch in batches:
                self._append(batch)

        self._transact("written", write)

    def _append(self, batch: Batch) -> None:
        id, _, first, _ = self._room(batch.room)
        last = self._last(id, first)
        if [row.seq for row in batch.rows] != list(range(last + 1, last + 1 + len(batch.rows))):
            raise StoreError(f"the rows for room {batch.room!r} do not follow its log; load the room again")
        self._insert("log", id, batch.rows)
        self._insert("clients", id, batch.clients)
        self._insert("refusals", id, batch.refusals)
        self._db.executemany(
            "DELETE FROM refusals WHERE room = :room AND client = :client AND op <= "
            "(SELECT last FROM clients WHERE room = :room AND client = :client) - :window",
            [
                {"room": id, "client": client, "window": WINDOW}
                for client in {refusal.client for refusal in batch.refusals}
            ],
        )

    def _insert(self, table: str, id: int, rows: Iterable[tuple[Any, ...]]) -> None:
        values = [(id, *row, crc(id, *row)) for row in rows]
        if values:
            how = "INSERT" if table == "log" else "INSERT OR REPLACE"
            self._db.executemany(f"{how} INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)

    # --- the past -----------------------------------------------------------------------------------------

    def checkpoint(self, room: str, checkpoint: Checkpoint) -> None:
        self._transact("written", lambda: self._insert("checkpoints", self._room(room)[0], [checkpoint]))

    def read(self, room: str, first: int, last: int) -> Past:
        return self._transact("read", lambda: self._read(room, first, last))

    def _read(self, room: str, first: int, last: int) -> Past:
        id, _, oldest, _ = self._room(room)
        newest = self._last(id, oldest)
        if not oldest <= first <= last <= newest:
            raise StoreError(f"room {room!r} has entries {oldest} to {newest} to read")
        point = self._before(room, id, oldest, first - 1)
        return Past(point, self._rows(room, id, point.seq + 1 if point else 1, last))

    def trim(self, room: str, trim: Trim) -> int:
        return self._transact("written", lambda: self._trim(room, trim))

    def _trim(self, room: str, trim: Trim) -> int:
        id, epoch, first, locked = self._room(room)
        (spare,) = self._db.execute(
            "SELECT max(seq) FROM checkpoints WHERE room = ? AND seq <= ? AND (seq < ? OR logged <= ?)",
            (id, trim.latest, trim.before, trim.logged),
        ).fetchone()
        point = None if spare is None else self._before(room, id, first, spare)
        if point is None or point.seq < first:
            return first
        self._db.execute("DELETE FROM log WHERE room = ? AND seq <= ?", (id, point.seq))
        self._db.execute("DELETE FROM checkpoints WHERE room = ? AND seq < ?", (id, point.seq))
        self._change_room(room, id, epoch, point.seq + 1, locked)
        return point.seq + 1

    # --- for operators ------------------------------------------------------------------------------------

    def lock(self, room: str, locked: bool) -> None:
        def write() -> None:
            id, epoch, first, _ = self._room(room)
            self._change_room(room, id, epoch, first, locked)

        self._transact("written", write)

    def delete(self, room: str) -> None:
        def write() -> None:
            id = self._room(room)[0]
            for table in ("log", "clients", "refusals", "checkpoints"):
                self._db.execute(f"DELETE FROM {table} WHERE room = ?", (id,))
            self._db.execute("DELETE FROM rooms WHERE id = ?", (id,))

        self._transact("written", write)

    def restore(self, room: str, epoch: str, past: Past) -> None:
        def write() -> None:
            if self._db.execute("SELECT 1 FROM rooms WHERE name = ?", (room,)).fetchone():
                raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
            self._add_room(room, epoch, past.checkpoint.seq + 1 if past.checkpoint else 1)
            id = self._room(room)[0]
            self._insert("checkpoints", id, [past.checkpoint] if past.checkpoint else [])
            self._insert("log", id, past.rows)

        self._transact("written", write)

    def names(self) -> list[str]:
        return self._transact(
            "read", lambda: [name for (name,) in self._db.execute("SELECT name FROM rooms ORDER BY name")]
        )

    def rooms(self) -> list[RoomInfo]:
        def read() -> list[RoomInfo]:
            infos = []
            for (name,) in self._db.execute("SELECT name FROM rooms ORDER BY name").fetchall():
                id, epoch, first, locked = self._room(name)
                last = self._last(id, first)
                (size,) = self._db.execute(
                    "SELECT coalesce((SELECT sum(length(body)) FROM log WHERE room = :room), 0) + "
                    "coalesce((SELECT sum(length(body)) FROM checkpoints WHERE room = :room), 0)",
                    {"room": id},
                ).fetchone()
                (at,) = self._db.execute(
                    "SELECT coalesce((SELECT at FROM log WHERE room = :room AND seq = :last), "
                    "(SELECT at FROM checkpoints WHERE room = :room AND seq = :last), 0.0)",
                    {"room": id, "last": last},
                ).fetchone()
                infos.append(RoomInfo(name, epoch, first, last, at, size, locked))
            return infos

        return self._transact("read", read)

    def revoke(self, token: str, until: float) -> None:
        self._transact(
            "written", lambda: self._db.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", (token, until))
        )

    def revoked(self, now: float) -> list[str]:
        def read() -> list[str]:
            self._db.execute("DELETE FROM revoked WHERE until <= ?", (now,))
            return [token for (token,) in self._db.execute("SELECT token FROM revoked ORDER BY token")]

        return self._transact("read", read)

    def probe(self) -> None:
        def write() -> None:
            self._db.execute("DELETE FROM probe")
            self._db.execute("INSERT INTO probe VALUES (1)")

        self._transact("written", write)

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
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise StoreError(f"the backup {path} cannot be written ({_cause(error)})") from None
        try:
            with contextlib.closing(sqlite3.connect(path)) as copy:
                self._db.backup(copy)
                for id, name, first, locked in copy.execute(
                    "SELECT id, name, first, locked FROM rooms"
                ).fetchall():
                    epoch = new_epoch()
                    copy.execute(
                        "UPDATE rooms SET epoch = ?, crc = ? WHERE id = ?",
                        (epoch, crc(name, epoch, first, locked), id),
                    )
                copy.commit()
        except sqlite3.Error as error:
            path.unlink(missing_ok=True)
            raise StoreError(f"the backup {path} could not be written ({error})") from None

    def close(self) -> None:
        self._db.close()

    # --- transactions -------------------------------------------------------------------------------------

    def _transact(self, doing: str, work: Callable[[], T]) -> T:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            result = work()
            self._db.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
                    raise self._damaged(str(error)) from None
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
