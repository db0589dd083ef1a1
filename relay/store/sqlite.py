"""The logs of all rooms in one SQLite file.

One connection, held exclusively: nobody else writes, and SQLite's bug with several connections and a WAL reset
cannot happen. A commit returns after its pages are on the disk (`synchronous=FULL`).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ..log import Batch, ClientRow, Loaded, LogRow, RefusalRow, StoreError
from ..protocol import WINDOW

SCHEMA_VERSION = 1
LOCK_TIMEOUT = 1.0
"""Seconds to wait for another relay to let go of the file, as one that is just ending does."""
WAL_LIMIT = 64 << 20

_SCHEMA = """
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL
);
CREATE TABLE log (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    at REAL NOT NULL,
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    body BLOB NOT NULL CHECK (typeof(body) = 'blob'),
    PRIMARY KEY (room, seq)
);
CREATE TABLE clients (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    author TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (room, client)
) WITHOUT ROWID;
CREATE TABLE refusals (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (room, client, op)
) WITHOUT ROWID;
"""

T = TypeVar("T")


class StoreInUse(StoreError):
    """Another relay holds the database."""


class SqliteStore:
    """The contract of `relay.log.Store`, in the file `path`, which is made if it is not there.

    Raises `StoreInUse` when another relay holds the file, `StoreError` when it cannot be used.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._make_file()
            # One worker thread calls; it need not be the one that opened.
            self._db = sqlite3.connect(
                self.path, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
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
        run(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        run("BEGIN EXCLUSIVE")
        try:
            version = run("PRAGMA user_version").fetchone()[0]
            tables = run("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"the database {self.path} was written by a newer relay; update this one, "
                    "or choose another file"
                )
            if version == 0:
                if tables:
                    raise StoreError(
                        f"{self.path} is the database of another program; choose another file for the relay"
                    )
                for statement in _SCHEMA.split(";"):
                    run(statement)
                run(f"PRAGMA user_version={SCHEMA_VERSION}")
            run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _explain_opening(self, error: sqlite3.Error) -> StoreError:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreInUse(
                f"the database {self.path} is in use by another relay; stop that one, or choose another file"
            )
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            return StoreError(f"the file {self.path} is not a database; choose another file for the relay")
        return StoreError(f"the database {self.path} cannot be opened ({error}); choose another file")

    def load(self, room: str, new_epoch: str) -> Loaded:
        return self._transact("read", lambda: self._load(room, new_epoch))

    def append(self, batches: Sequence[Batch]) -> None:
        def write() -> None:
            for batch in batches:
                self._append(batch)

        self._transact("written", write)

    def rooms(self) -> list[str]:
        return self._transact(
            "read", lambda: [name for (name,) in self._db.execute("SELECT name FROM rooms ORDER BY name")]
        )

    def close(self) -> None:
        self._db.close()

    def _transact(self, doing: str, work: Callable[[], T]) -> T:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            result = work()
            self._db.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise StoreError(
                    f"the database {self.path} could not be {doing} ({error}); look at its disk"
                ) from None
            raise
        return result

    def _roll_back(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.ProgrammingError:
            pass  # Closed: nothing is open that could be rolled back.

    def _load(self, room: str, new_epoch: str) -> Loaded:
        run = self._db.execute
        found = run("SELECT id, epoch FROM rooms WHERE name = ?", (room,)).fetchone()
        if found is None:
            run("INSERT INTO rooms (name, epoch) VALUES (?, ?)", (room, new_epoch))
            return Loaded(new_epoch, (), (), ())
        id, epoch = found
        rows = [
            LogRow(*row)
            for row in run("SELECT seq, mark, at, client, op, body FROM log WHERE room = ? ORDER BY seq", (id,))
        ]
        for expected, row in enumerate(rows, 1):
            if row.seq != expected:
                raise StoreError(
                    f"the log of room {room!r} lacks entry {expected}; restore {self.path} from a backup"
                )
        clients = run("SELECT client, key_hash, author, last FROM clients WHERE room = ?", (id,)).fetchall()
        refusals = run(
            "SELECT client, op, code, reason FROM refusals JOIN clients USING (room, client) "
            "WHERE room = ? ORDER BY client, op",
            (id,),
        ).fetchall()
        return Loaded(epoch, rows, [ClientRow(*row) for row in clients], [RefusalRow(*row) for row in refusals])

    def _append(self, batch: Batch) -> None:
        run, run_all = self._db.execute, self._db.executemany
        found = run(
            "SELECT id, (SELECT coalesce(max(seq), 0) FROM log WHERE room = id) FROM rooms WHERE name = ?",
            (batch.room,),
        ).fetchone()
        if found is None:
            raise StoreError(f"the room {batch.room!r} was never loaded; load it before appending to it")
        id, last = found
        if [row.seq for row in batch.rows] != list(range(last + 1, last + 1 + len(batch.rows))):
            raise StoreError(f"the rows for room {batch.room!r} do not follow its log; load the room again")
        run_all("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", [(id, *row) for row in batch.rows])
        run_all("INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?)", [(id, *row) for row in batch.clients])
        run_all(
            "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?)", [(id, *row) for row in batch.refusals]
        )
        run_all(
            "DELETE FROM refusals WHERE room = :room AND client = :client AND op <= "
            "(SELECT last FROM clients WHERE room = :room AND client = :client) - :window",
            [
                {"room": id, "client": client, "window": WINDOW}
                for client in {refusal.client for refusal in batch.refusals}
            ],
        )


def _cause(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
