"""What an operator has done to a whole database: check it, give space back, copy it, see whether it can be written."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from ..records import StoreError
from .database import Database, cause
from .rows import SUMMED, Rows
from .schema import crc

PROBE_BYTES = 32 << 10


def check(database: Database) -> None:
    """Look for damage in all there is, structure and rows; raises `StoreError`."""
    database.check_structure("integrity_check")
    database.transact("read", lambda: _check_rows(database))


def _check_rows(database: Database) -> None:
    rows = Rows(database)
    for table, columns in SUMMED.items():
        for *values, check in database.execute(f"SELECT {columns}, crc FROM {table}"):
            if check != crc(*values):
                raise database.damaged(f"a row of the table {table}")
    for room in rows.all_rooms():
        count, first, last = database.execute(
            "SELECT count(*), coalesce(min(seq), ?), coalesce(max(seq), ?) FROM log WHERE room = ?",
            (room.last + 1, room.last, room.id),
        ).fetchone()
        if (count, first, last) != (room.last + 1 - room.first, room.first, room.last):
            raise database.damaged(f"entries of room {room.name!r} are missing")
        rows.check_people(room)


def vacuum(database: Database) -> None:
    """Give space that is no longer used back to the disk; raises `StoreError`."""
    database.place.check(database)
    try:
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise StoreError(
            f"the database {database.path} could not be vacuumed ({error}); look at its disk, which needs as "
            "much room again as the database has"
        ) from None
    finally:
        database.place.note()


def backup(database: Database, path: Path, new_epoch: Callable[[], str]) -> None:
    """Write a copy to `path`, whose rooms have epochs of their own; raises `StoreError`."""
    part = path.with_name(path.name + ".part")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be written ({cause(error)})") from None
    try:
        # Under another name until its epochs are its own.
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        rooms = database.transact("read", Rows(database).all_rooms)
        with contextlib.closing(sqlite3.connect(part)) as copy:
            database.connection.backup(copy)
            for room in rooms:
                copied = room._replace(epoch=new_epoch())
                copy.execute(
                    "UPDATE rooms SET epoch = ?, crc = ? WHERE id = ?",
                    (copied.epoch, crc(*copied), copied.id),
                )
            copy.commit()
        part.replace(path)
    except BaseException as error:
        for leftover in (part, path):
            leftover.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error | OSError):
            raise StoreError(f"the backup {path} could not be written ({cause(error)})") from None
        raise


def probe(database: Database, size: int) -> None:
    """Write `size` bytes, durably, and remove them; raises `StoreError`."""
    write = "INSERT INTO probe VALUES (zeroblob(?))"
    size = max(PROBE_BYTES, size)
    database.transact("written", lambda: database.execute(write, (size,)))
    database.transact("written", lambda: database.execute("DELETE FROM probe"))
