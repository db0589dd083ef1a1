"""A store as one relay that holds what it loads would use it, for tests that write rooms by their names."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from relay.records import Batch, Checkpoint, Hold, LoadedRoom, Store, StoreError, Trim
from relay.store import MemoryStore, SqliteStore

MANY = 1_000_000
NOBODY = 0


class Holding:
    """The store `store`: `load` claims a room, and each write names the hold of the last claim. A batch that is lost
    raises `StoreError`. All else is the store's own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.holds: dict[str, Hold] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "store":  # A copy that is being made has none yet.
            raise AttributeError(name)
        return getattr(self.store, name)

    def hold(self, room: str) -> Hold:
        """Return the hold of a room; of one that was not loaded, one that is nobody's."""
        return self.holds.get(room, Hold(room, NOBODY))

    def load(self, room: str, new_epoch: str) -> LoadedRoom:
        """Claim a room."""
        self.holds[room], loaded, _ = self.store.claim(room, new_epoch, MANY)
        return loaded

    def append(self, batches: Sequence[Batch]) -> None:
        """Make batches durable."""
        if lost := self.store.append([(self.hold(batch.room), batch) for batch in batches]):
            raise StoreError(f"lost {dict(lost)}")

    def checkpoint(self, room: str, checkpoint: Checkpoint) -> None:
        """Store a checkpoint."""
        self.store.checkpoint(self.hold(room), checkpoint)

    def trim(self, room: str, trim: Trim) -> int:
        """Delete the oldest past."""
        return self.store.trim(self.hold(room), trim)

    def lock(self, room: str, locked: bool) -> None:
        """Lock a room."""
        self.store.lock(self.hold(room), locked)


def memory_store() -> Holding:
    """Return a new store in memory."""
    return Holding(MemoryStore())


def sqlite_store(path: str | Path, *, connect: Callable[..., sqlite3.Connection] = sqlite3.connect) -> Holding:
    """Return the store in the file `path`."""
    return Holding(SqliteStore(path, connect=connect))
