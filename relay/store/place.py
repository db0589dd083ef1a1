"""Checks that the files of an open database are still those that its store writes.

SQLite goes on writing to a file that was removed or replaced, and what it calls durable is lost when the process
ends. A file is identified by its device and inode. A file whose size is not what the store left was written by
somebody else. The index beside the journal (``-shm``) is not checked: a database that is locked exclusively has none.

A file that was removed is restored, because the connection still has its content. When another file is in its place,
nothing is written, and the content of the connection is copied to a file beside it: whoever put the other file there
knows which of the two is right.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Protocol

from ..records import StoreError

INTERVAL = 5.0
"""Seconds between two attempts to write a copy of the database: not one for each operation that waits."""

_log = logging.getLogger("relay")


class OpenDatabase(Protocol):
    """What a check needs of the database whose files it looks after."""

    connection: sqlite3.Connection

    def clear_journal(self) -> None:
        """Move the content of the journal into the database."""

    def reopen(self) -> None:
        """Close the file, and open the one that has its name now; raises `StoreError`."""


class Finding(Enum):
    """What happened to a file."""

    OURS = "as it was left"
    REMOVED = "removed"
    REPLACED = "replaced by another file"
    CHANGED = "changed by another program"


class WatchedFile:
    """One file, from the first `note` on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[int, int] | None = None
        self._size: int | None = None

    def note(self) -> None:
        """Remember the file as the store has just left it. When it cannot be found, its size is no longer known."""
        known, size = _look(self.path) or (None, None)
        if self._known is None:
            self._known = known
        self._size = size if self._known == known else None

    def forget(self) -> None:
        """Expect a new file, which does not exist yet."""
        self._known = None

    def find(self) -> Finding:
        """Return what happened to the file since it was noted."""
        if (now := _look(self.path)) is None:
            return Finding.OURS if self._known is None else Finding.REMOVED
        known, size = now
        if known != self._known:
            return Finding.REPLACED
        return Finding.OURS if self._size in (None, size) else Finding.CHANGED


class Place:
    """The files of one database, `path` and its `journal`; `note` is called whenever the store has changed them."""

    def __init__(self, path: Path, journal: Path) -> None:
        self._path = path
        self._database = WatchedFile(path)
        self._journal = WatchedFile(journal)
        self._files = (self._database, self._journal)
        self._rescued: Path | None = None
        self._try_at = 0.0

    def note(self) -> None:
        """Remember the files as the store has just left them."""
        for file in self._files:
            file.note()

    def forget(self) -> None:
        """Expect new files."""
        for file in self._files:
            file.forget()

    def check(self, database: OpenDatabase) -> None:
        """Restore what was removed; raises `StoreError` when that is impossible, or when other files are in its
        place."""
        gone = False
        for file in self._files:
            match file.find():
                case Finding.REMOVED:
                    gone = True
                case Finding.REPLACED:
                    self._rescue(database)
                    rest = f"; all that was in it is in {self._rescued}" if self._rescued else ""
                    raise StoreError(
                        f"{file.path} was replaced while the relay ran, so nothing is written: put the file back "
                        f"that was there, or start the relay anew with this one{rest}"
                    )
                case Finding.CHANGED:
                    raise StoreError(
                        f"{file.path} was changed by another program while the relay ran, so nothing is written: "
                        "stop the relay and restore the database from a backup"
                    )
        if gone:
            self._put_back(database)

    @contextlib.contextmanager
    def sparing_the_journal(self) -> Iterator[None]:
        """Save a journal that is not the store's while the database is closed: SQLite would remove it by its name."""
        journal = self._journal.path
        kept = journal.with_name(journal.name + ".kept")
        foreign = self._journal.find() is Finding.REPLACED
        if foreign:
            journal.replace(kept)
        try:
            yield
        finally:
            if foreign:
                kept.replace(journal)

    def _put_back(self, database: OpenDatabase) -> None:
        gone = [file.path for file in self._files if file.find() is Finding.REMOVED]
        try:
            if not self._is_time():
                raise OSError("the next attempt is in some seconds")
            # The content of the journal goes into the database, even if the database no longer has a name.
            database.clear_journal()
            self.note()
            if self._path in gone:
                self._write_copy(database, self._path)
            database.reopen()
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror or error if isinstance(error, OSError) else error
            raise StoreError(
                f"{gone[0]} was removed while the relay ran and cannot be put back ({reason}), so nothing is written: "
                "make its folder writable again"
            ) from None
        self._try_at = 0.0
        _log.warning("put back db=%s removed=%s", self._path, ",".join(path.name for path in gone))

    def _rescue(self, database: OpenDatabase) -> None:
        """Copy the content of the database to a file beside the one in its place, once."""
        if self._rescued is not None or not self._is_time():
            return
        numbers = (f"-{number}" if number else "" for number in itertools.count())
        paths = (self._path.with_name(f"{self._path.name}.rescued{number}") for number in numbers)
        path = next(path for path in paths if not path.exists())
        try:
            # Otherwise a relay that is started again would take the journal for that of the other file.
            database.clear_journal()
            self.note()
            self._write_copy(database, path)
        except (OSError, sqlite3.Error) as error:
            _log.error("not rescued db=%s reason=%s", self._path, error)
            return
        self._rescued = path
        _log.error("replaced db=%s rescued=%s", self._path, path)

    def _is_time(self) -> bool:
        if (now := time.monotonic()) < self._try_at:
            return False
        self._try_at = now + INTERVAL
        return True

    @staticmethod
    def _write_copy(database: OpenDatabase, path: Path) -> None:
        """Write the content of the database to a new file `path`, durably."""
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with contextlib.closing(sqlite3.connect(part)) as copy:
                copy.execute("PRAGMA synchronous=FULL")
                database.connection.backup(copy)
            os.link(part, path)  # Unlike a rename, this never replaces another file.
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _look(path: Path) -> tuple[tuple[int, int], int] | None:
    """Return (device, inode) and size of a file; None when there is none."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return (seen.st_dev, seen.st_ino), seen.st_size
