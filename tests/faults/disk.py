"""A disk that loses its power, fills up or fails, under a real store: SQLite itself does the work, on a VFS of ours.

`Disk` keeps what a program wrote and did not sync apart from what is durable, as a drive's cache does. `cut` is the
moment the power goes: of what was not synced nothing is left, or anything: every 512-byte sector on its own, old or
new. What remains is written to the real files, and a store on the ordinary sqlite3 opens them.

Files that are deleted are gone at once, and their names are durable at once: SQLite syncs the directory itself.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import apsw

if TYPE_CHECKING:
    from typing_extensions import Buffer  # In collections.abc since Python 3.12.

SECTOR = 512

_numbers = itertools.count()


class PowerLost(Exception):
    """The disk has no power: nothing works on it any more."""


class _Held:
    """One file's bytes: what is durable, and what has been done to it since the last sync, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.durable = bytearray(path.read_bytes()) if path.exists() else bytearray()
        self.now = bytearray(self.durable)
        self.since: list[tuple[int, bytes | None]] = []
        """(offset, bytes written), or (size, None) for a truncation."""

    def write(self, offset: int, data: bytes) -> None:
        self.since.append((offset, data))
        _write(self.now, offset, data)

    def truncate(self, size: int) -> None:
        self.since.append((size, None))
        del self.now[size:]

    def sync(self) -> None:
        self.durable = bytearray(self.now)
        self.since.clear()

    def torn(self, random: Random) -> bytearray:
        """What a power cut may leave: each sector that was written since the last sync is on the disk or not."""
        left = bytearray(self.durable)
        for offset, data in self.since:
            if data is None:
                if random.random() < 0.5:
                    del left[offset:]
                continue
            start = offset
            while start < offset + len(data):
                end = min((start // SECTOR + 1) * SECTOR, offset + len(data))
                if random.random() < 0.5:
                    _write(left, start, data[start - offset : end - offset])
                start = end
        return left

    def prefix(self, random: Random) -> bytearray:
        """The first few changes, the last of them in part."""
        left = bytearray(self.durable)
        changes = self.since[: random.randint(0, len(self.since))]
        for number, (offset, data) in enumerate(changes, 1):
            if data is None:
                del left[offset:]
            elif number == len(changes):
                end = (offset + random.randint(0, len(data))) // SECTOR * SECTOR
                _write(left, offset, data[: max(0, end - offset)])
            else:
                _write(left, offset, data)
        return left


def _write(data: bytearray, offset: int, new: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(new)] = new


class Disk:
    """A disk for one store: pass `connect` to it. `lose_at` cuts the power at that write, truncation or sync (the
    first one is 1); `fail` says which error the n-th of them ends with, and all after it until it is emptied."""

    def __init__(self) -> None:
        self.name = f"disk-{next(_numbers)}"
        self.calls = 0
        self.lose_at: int | None = None
        self.fail: Callable[[str, int], type[apsw.Error] | None] = lambda what, call: None
        self.lost = False
        self.files: dict[str, _Held] = {}
        self._connections: list[apsw.Connection] = []
        self._vfs = _VFS(self)

    def connect(self, path: str, **_: Any) -> sqlite3.Connection:
        """What `sqlite3.connect` is for a store."""
        try:
            db = apsw.Connection(path, vfs=self.name)
        except apsw.Error as error:
            raise _translated(error) from None
        self._connections.append(db)
        return cast(sqlite3.Connection, Connection(db))

    def held(self, path: str) -> _Held:
        if path not in self.files:
            self.files[path] = _Held(Path(path))
        return self.files[path]

    def happen(self, what: str) -> None:
        """A write, truncation or sync begins: it may be what fails."""
        if self.lost:
            raise apsw.IOError("the power is gone")
        self.calls += 1
        if self.lose_at is not None and self.calls >= self.lose_at:
            self.lost = True
            raise apsw.IOError("the power is gone")
        if (error := self.fail(what, self.calls)) is not None:
            raise error("the disk fails")

    def cut(self, random: Random) -> None:
        """The power goes, or went; the real files are what a disk may then have."""
        self.lost = True
        how = random.choice(["nothing", "all", "torn", "torn", "prefix"])
        left = {}
        for path, held in self.files.items():
            match how:
                case "nothing":
                    left[path] = held.durable
                case "all":
                    left[path] = held.now
                case "torn":
                    left[path] = held.torn(random)
                case _:
                    left[path] = held.prefix(random)
        for db in self._connections:
            with contextlib.suppress(apsw.Error):
                db.close()
        for path, data in left.items():
            Path(path).write_bytes(data)

    def flush(self) -> None:
        """Write everything to the real files, as when the machine is shut down."""
        for path, held in self.files.items():
            Path(path).write_bytes(held.now)


class _VFS(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(disk.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self.disk, path, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.disk.happen("delete")
        self.disk.files.pop(filename, None)
        super().xDelete(filename, syncdir)

    def xAccess(self, pathname: str, flags: int) -> bool:
        if flags == apsw.SQLITE_ACCESS_EXISTS and pathname in self.disk.files:
            return True
        return super().xAccess(pathname, flags)


class _File(apsw.VFSFile):
    """A file whose bytes are the disk's; the real one gives the locks."""

    def __init__(self, disk: Disk, path: str | None, flags: list[int]) -> None:
        self.disk = disk
        self.temporary = path is None
        super().__init__("", path, flags)
        if path is not None:
            self.held = disk.held(path)

    def xRead(self, amount: int, offset: int) -> bytes:
        if self.temporary:
            return super().xRead(amount, offset)
        return bytes(self.held.now[offset : offset + amount])

    def xWrite(self, data: Buffer, offset: int) -> None:
        if self.temporary:
            super().xWrite(data, offset)
            return
        self.disk.happen("write")
        self.held.write(offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        if self.temporary:
            super().xTruncate(newsize)
            return
        self.disk.happen("truncate")
        self.held.truncate(newsize)

    def xSync(self, flags: int) -> None:
        if self.temporary:
            return
        self.disk.happen("sync")
        self.held.sync()

    def xFileSize(self) -> int:
        return super().xFileSize() if self.temporary else len(self.held.now)


class Connection:
    """As much of `sqlite3.Connection` as a store uses."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
        return Cursor(self._db, statement, values)

    def executemany(self, statement: str, rows: Iterable[Any]) -> Changed:
        before = self._db.total_changes()
        try:
            self._db.cursor().executemany(statement, rows)
        except apsw.Error as error:
            raise _translated(error) from None
        return Changed(self._db.total_changes() - before)

    def create_function(self, name: str, arguments: int, work: Callable[..., Any], **_: Any) -> None:
        self._db.create_scalar_function(name, work, arguments)

    def close(self) -> None:
        with contextlib.suppress(apsw.Error):  # As sqlite3 does.
            self._db.close()


class Changed(NamedTuple):
    """How many rows a statement changed, where sqlite3 says it."""

    rowcount: int


class Cursor:
    """The rows of a statement, as sqlite3 gives them."""

    def __init__(self, db: apsw.Connection, statement: str, values: Sequence[Any] | dict[str, Any]) -> None:
        try:
            self._rows = db.cursor().execute(statement, values)
        except apsw.Error as error:
            raise _translated(error) from None

    def __iter__(self) -> Cursor:
        return self

    def __next__(self) -> tuple[Any, ...]:
        try:
            return next(self._rows)
        except apsw.Error as error:
            raise _translated(error) from None

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self)


def _translated(error: apsw.Error) -> sqlite3.Error:
    code = getattr(error, "extendedresult", 0) or getattr(error, "result", 0) or apsw.SQLITE_ERROR
    kind = sqlite3.DatabaseError if code & 0xFF in (11, 26) else sqlite3.OperationalError
    if isinstance(error, apsw.ConnectionClosedError):
        kind = sqlite3.ProgrammingError
    made = kind(str(error))
    made.sqlite_errorcode = code
    return made
