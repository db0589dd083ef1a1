"""Where the logs of rooms are kept."""

from __future__ import annotations

from ..log import Store
from .memory import MemoryStore
from .sqlite import SqliteStore, StoreInUse

__all__ = ["MemoryStore", "SqliteStore", "StoreInUse", "open_store"]


def open_store(path: str) -> Store:
    """The store at `path`, a file's name or ``:memory:``; raises `StoreError` when it cannot be used."""
    return MemoryStore() if path == ":memory:" else SqliteStore(path)
