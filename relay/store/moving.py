"""Moves all rooms of a database to other files, for another number of workers.

A room keeps all it has: epoch, numbers, marks, clients, refusals, checkpoints, lock. So clients resume exactly. The new
files are written whole beside the old ones; then a marker says that they count, and files are renamed. Where that is
interrupted, whoever comes next finds the marker and renames the rest.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..records import Checkpoint, ClientRow, LogRow, RefusalRow, StoreError
from .database import Database
from .rows import SUMMED, RoomRow, Rows
from .schema import crc
from .shards import MARKER, shard_count, shard_of, shard_paths
from .whole import WholeRoom

PART, OLD = ".part", ".old"
"""Behind a file's name: not whole yet; replaced, and kept."""
AT_ONCE = 500
"""Rows of a table that are in memory at a time."""


def make_shards(database: Path, count: int) -> None:
    """Make the files of a new relay of `database` with so many workers, unless they are there. Raises `StoreError`."""
    if not shard_count(database):
        for path in shard_paths(database, count):
            Database(path).close()


def reshard(database: Path, count: int) -> int:
    """Move the rooms of `database`, which no relay holds, to files for `count` workers; returns how many rooms. The old
    files are kept, with `OLD` behind their names. Raises `StoreError`."""
    marker = database.with_name(database.name + MARKER)
    if marker.exists():
        return _finish(database, marker)
    before = shard_count(database)
    if not before:
        raise StoreError(f"there is no database {database}; say which with --db")
    if before == count:
        raise StoreError(f"the rooms of {database} are in {count} file{'s' * (count > 1)} already")
    parts = [path.with_name(path.name + PART) for path in shard_paths(database, count)]
    for part in parts:
        part.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        sources = [
            stack.enter_context(contextlib.closing(Database(path))) for path in shard_paths(database, before)
        ]
        targets = [stack.enter_context(contextlib.closing(Database(part))) for part in parts]
        moved = sum(_copy(source, targets) for source in sources)
        if sum(len(Rows(target).all_rooms()) for target in targets) != moved:
            raise StoreError("rooms are missing in the new files, and the old ones were left as they are")
    aside = marker.with_name(marker.name + PART)
    aside.write_text(f"{count} {before}\n")
    _sync(aside)
    aside.replace(marker)  # From here on the new files count.
    _sync(database.parent)
    _finish(database, marker)
    return moved


def _finish(database: Path, marker: Path) -> int:
    count, before = map(int, marker.read_text().split())
    for path in shard_paths(database, before):
        if path.exists():
            path.replace(path.with_name(path.name + OLD))
    for path in shard_paths(database, count):
        part = path.with_name(path.name + PART)
        if part.exists():
            part.replace(path)
    _sync(database.parent)
    marker.unlink()
    rooms = 0
    for path in shard_paths(database, count):
        with contextlib.closing(Database(path)) as file:
            rooms += len(Rows(file).all_rooms())
    return rooms


def _sync(path: Path) -> None:
    """Have what was written to a file or folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Database, targets: list[Database]) -> int:
    """Copy all rooms of one file, each to the file where it belongs, and void tokens to all; returns how many rooms."""
    count = 0
    for room in whole_rooms(source):
        put_room(targets[shard_of(room.name, len(targets))], room)
        count += 1
    void = list(void_tokens(source))
    for target in targets:
        put_void_tokens(target, void)
    return count


def room_count(source: Database) -> int:
    """Return how many rooms a file has."""
    return len(source.transact("read", Rows(source).all_rooms))


def whole_rooms(source: Database) -> Iterator[WholeRoom]:
    """Yield the rooms of a file."""
    for room in source.transact("read", Rows(source).all_rooms):
        yield WholeRoom(
            room.name,
            room.epoch,
            room.first,
            room.last,
            bool(room.locked),
            (LogRow(*values[1:]) for values in _checked(source, "log", room.id)),
            (ClientRow(*values[1:]) for values in _checked(source, "clients", room.id)),
            (RefusalRow(*values[1:]) for values in _checked(source, "refusals", room.id)),
            (Checkpoint(*values[1:]) for values in _checked(source, "checkpoints", room.id)),
        )


def void_tokens(source: Database) -> Iterator[tuple[str, float]]:
    """Yield the void tokens of a file, and when each expires."""
    yield from ((token, until) for token, until in _checked(source, "revoked"))


def put_void_tokens(target: Database, tokens: list[tuple[str, float]]) -> None:
    """Store void tokens in a file."""
    target.transact("written", lambda: Rows(target).insert("revoked", tokens))


def put_room(target: Database, room: WholeRoom) -> None:
    """Store a room in a file that does not have it."""
    target.transact("written", lambda: _put_room(target, room))


def _put_room(target: Database, room: WholeRoom) -> None:
    rows = Rows(target)
    id = target.execute("SELECT coalesce(max(id), 0) + 1 FROM rooms").fetchone()[0]
    counts = {}
    for table, more in (
        ("log", room.rows),
        ("clients", room.clients),
        ("refusals", room.refusals),
        ("checkpoints", room.checkpoints),
    ):
        counts[table] = 0
        at_once = 1 if table == "checkpoints" else AT_ONCE
        given = iter(more)
        while chunk := [(id, *row) for row in islice(given, at_once)]:
            rows.insert(table, chunk)
            counts[table] += len(chunk)
    if counts["log"] != room.last + 1 - room.first:
        raise StoreError(f"entries of room {room.name!r} are missing; restore its database from a backup")
    rows.insert(
        "rooms",
        [
            RoomRow(
                *(id, room.name, room.epoch, room.first, int(room.locked), room.last),
                counts["clients"],
                counts["refusals"],
            )
        ],
    )


def _checked(source: Database, table: str, room: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, or of one room in it, each as it was written; raises `StoreError`."""
    where, given = ("", ()) if room is None else ("WHERE room = ?", (room,))
    for *values, check in source.execute(f"SELECT {SUMMED[table]}, crc FROM {table} {where}", given):
        if check != crc(*values):
            raise source.damaged(f"a row of the table {table}")
        yield tuple(values)
