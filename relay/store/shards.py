"""One file of rooms for each worker: which room is in which file, and which files there are.

The rooms of a relay with one worker are in the database itself. With more they are in files beside it that say how many
there are, such as ``relay.sqlite.2-of-4``, so that no two layouts are taken for one.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ..records import StoreError

_SHARD = re.compile(r"\.(\d+)-of-(\d+)")
MARKER = ".resharding"
"""Behind a database's name: the file that is there while files of one layout are replaced by those of another."""


def shard_of(room: str, count: int) -> int:
    """Return in which of `count` files `room` is: 0 is the first. It is the same in every process and release."""
    return int.from_bytes(hashlib.sha256(room.encode()).digest()[:8], "big") % count


def shard_paths(database: Path, count: int) -> list[Path]:
    """Return the files of a relay of `database` with `count` workers."""
    if count == 1:
        return [database]
    return [database.with_name(f"{database.name}.{number}-of-{count}") for number in range(1, count + 1)]


def shard_count(database: Path) -> int:
    """Return in how many files the rooms of `database` are; 0 when there are none. Raises `StoreError` when that is not
    clear."""
    marker = database.with_name(database.name + MARKER)
    if marker.exists():
        raise StoreError(
            f"moving the rooms of {database} to other files was interrupted; finish it with ipysketch-relay reshard "
            f"{marker.read_text().split()[0]} --db {database}"
        )
    counts = {1} if database.exists() else set()
    for file in database.parent.glob(database.name + ".*-of-*"):
        if match := _SHARD.fullmatch(file.name[len(database.name) :]):
            counts.add(int(match[2]))
    if len(counts) > 1:
        said = " and ".join(map(str, sorted(counts)))
        raise StoreError(
            f"beside {database} are files for {said} workers, and only one kind can have its rooms; move the others "
            "away"
        )
    count = counts.pop() if counts else 0
    if missing := [path for path in shard_paths(database, count) if not path.exists()] if count else []:
        raise StoreError(f"the file {missing[0]} is missing, and the rooms in it; put it back")
    return count


def check_shards(database: Path, workers: int) -> None:
    """Raise `StoreError` unless a relay with so many `workers` can have the rooms of `database`."""
    count = shard_count(database)
    if count not in (0, workers):
        kept = f"--workers {count}" if count > 1 else "no --workers"
        raise StoreError(
            f"the rooms of {database} are in {count} file{'s' * (count > 1)}: start the relay with {kept}, or move "
            f"them with ipysketch-relay reshard {workers} --db {database}"
        )
