"""One SQLite file, held exclusively: opening it, transactions, and what an error of SQLite means.

One connection: nobody else writes, and SQLite's bug with several connections and a WAL reset cannot happen. A commit
returns after its pages are on the disk (`synchronous=FULL`). The file's structure is checked when it is opened.

A write that failed may have left frames in the journal. They are cleared away before the next write, for another
crash would make them look like lost entries. Until then a relay that starts again may find them whole: its
operation then has happened after all, and a client that sends it again learns so by its number.

Before each write the files must be those that were opened: see `place`. A file that is gone is put back, for the
connection still has all that was in it. Where another file lies instead, nothing is written, and what the connection
has is copied beside it: whoever put that file there decides which of the two is right.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..records import StoreError
from . import schema, wal
from .place import Place

LOCK_TIMEOUT = 1.0
"""Seconds to wait for another relay to let go of the file, as one that is just ending does."""
WAL_LIMIT = 64 << 20
CHECKED_BYTES = 1 << 30
"""The structure of a database up to this size is checked whenever it is opened; of a larger one on demand."""
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

T = TypeVar("T")
_log = logging.getLogger("relay")


class StoreInUse(StoreError):
    """Another relay holds the database."""


class StoreOnNetwork(StoreError):
    """The database would lie on a network file system."""


class Database:
    """The file `path`, which is created if it is not there.

    Raises `StoreInUse` when another relay holds the file, `StoreError` when it cannot be used. `connect` is
    `sqlite3.connect`, or something that behaves alike on a disk that fails.
    """

    def __init__(self, path: Path, connect: Callable[..., sqlite3.Connection] = sqlite3.connect) -> None:
        self.path = path
        self._connect = connect
        self._closed = False
        self._remains = False  # Whether the journal may have frames of a transaction that failed.
        if (kind := file_system(self.path)) in NETWORK_FILE_SYSTEMS:
            raise StoreOnNetwork(
                f"the database {self.path} would lie on a network file system ({kind}), where locks and "
                "durable writes cannot be trusted; choose a file on a disk of this machine"
            )
        journal = self.path.with_name(self.path.name + "-wal")
        self.place = Place(self.path, journal)
        if (damage := wal.damaged(journal)) and not _locked(self.path):
            raise StoreError(
                f"the journal {journal} cannot be trusted ({damage}): restore the database from a backup, or "
                "move that file away to go on without the last changes in it"
            )
        self._begin()

    # --- opening ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Connect to the file and read it; raises `StoreError`."""
        try:
            self._make_file()
            # One worker thread calls; it need not be the one that opened.
            self.connection = self._connect(
                str(self.path), timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the database {self.path} cannot be opened ({cause(error)}); choose another file"
            ) from None
        self.execute = self.connection.execute
        self.executemany = self.connection.executemany
        try:
            self._open()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self.connection.close()
            raise self._explain_opening(error) from None
        except BaseException:
            self.connection.close()
            raise
        self.place.note()

    def _make_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Opening an existing file here and closing it again would drop SQLite's lock on it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def _open(self) -> None:
        run = self.execute
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
                schema.create(self.connection)
            elif version == 1:
                self.check_structure("integrity_check")  # The check sums are made of what is there.
                schema.upgrade(self.connection)
            elif run("PRAGMA application_id").fetchone()[0] != schema.seal(self.connection):
                raise self.damaged("its tables are not those of a relay")
            run("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        try:
            self.clear_journal()
        except sqlite3.Error as error:
            self._remains = True
            _log.warning("journal not cleared db=%s reason=%s", self.path, error)
        size = self.path.stat().st_size
        if size <= CHECKED_BYTES:
            self.check_structure("quick_check")
        else:
            _log.warning("unchecked db=%s bytes=%d", self.path, size)

    def clear_journal(self) -> None:
        """Begin a new write-ahead log: nothing is left in it of transactions that failed or were cut short."""
        [(busy, _, _)] = self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
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
        if is_damage(error):
            return self.damaged(str(error))
        return StoreError(f"the database {self.path} cannot be opened ({error}); choose another file")

    def check_structure(self, how: str) -> None:
        """Raise `StoreError` when SQLite's `how` (``quick_check`` or ``integrity_check``) finds damage."""
        try:
            [(found,)] = self.execute(f"PRAGMA {how}(1)").fetchall()
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise self.damaged(found)

    def damaged(self, what: str) -> StoreError:
        """Return the error that says that `what` of the file is damaged."""
        what = " ".join(what.replace("*** in database main ***", "").split())[:200]  # SQLite writes lines.
        return StoreError(f"the database {self.path} is damaged ({what}); restore it from a backup")

    def reopen(self) -> None:
        """Let go of the file, and begin anew with the one that has its name now; raises `StoreError`."""
        self.connection.close()
        self.place.forget()
        self._begin()

    # --- transactions -------------------------------------------------------------------------------------

    def close(self) -> None:
        """Release the file; calling it twice is fine."""
        if self._closed:
            return
        self._closed = True
        try:
            self.place.check(self)
        except StoreError as error:
            _log.error("closed db=%s reason=%s", self.path, error)
        with self.place.sparing_the_journal():
            self.connection.close()

    def transact(self, doing: str, work: Callable[[], T]) -> T:
        """Return what `work` returns, called in a transaction. All or nothing of it is durable; raises `StoreError`,
        which says that the database could not be `doing`: "read" or "written"."""
        if doing == "written":
            self.place.check(self)
        try:
            if self._remains and doing == "written":
                self.clear_journal()
            self.execute("BEGIN IMMEDIATE")
            result = work()
            self.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                self._remains = True
            if is_damage(error):
                raise self.damaged(str(error)) from None
            if isinstance(error, sqlite3.Error | OverflowError | UnicodeError):
                raise StoreError(
                    f"the database {self.path} could not be {doing} ({error}); look at its disk"
                ) from None
            raise
        finally:
            self.place.note()
        return result

    def _roll_back(self) -> None:
        try:
            if self.connection.in_transaction:
                self.execute("ROLLBACK")
        except sqlite3.Error:
            # Closed, or SQLite rolled back by itself; either way nothing is open that could be.
            _log.debug("nothing to roll back in %s", self.path)


def file_system(path: Path) -> str:
    """Return the kind of file system that `path` is or would be on, as the kernel names it; "" when it does not say."""
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


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite found damage, or sqlite3 bytes that are no text, which it reports in two ways."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.Error) and (
        code == sqlite3.SQLITE_CORRUPT or str(error).startswith("Could not decode")
    )


def _locked(path: Path) -> bool:
    """Return whether another process has SQLite's lock on the file."""
    import fcntl  # noqa: PLC0415  # Not on Windows, where `relay.__main__` says so before a store is opened.

    try:
        with path.open("rb+") as file:
            # The bytes SQLite locks; see "File Locking And Concurrency" in its documentation.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 512, 0x40000000)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def cause(error: Exception) -> str:
    """Return why the system or SQLite failed, for a sentence."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
