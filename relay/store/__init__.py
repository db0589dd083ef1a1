"""Where the logs of rooms are durable: SQLite, PostgreSQL or memory."""

from __future__ import annotations

from ..records import Store, StoreError
from .database import StoreInUse, StoreOnNetwork
from .memory import MemoryStore
from .sqlite import SqliteStore

__all__ = ["MemoryStore", "SqliteStore", "StoreInUse", "StoreOnNetwork", "is_address", "open_store"]


POSTGRES = ("postgresql://", "postgres://")
"""How the address of a PostgreSQL database begins."""


def is_address(path: str) -> bool:
    """Return whether `path` is the address of a PostgreSQL database, and no file."""
    return path.startswith(POSTGRES)


def open_store(path: str, copies: int = 1, *, shared: bool = False) -> Store:
    """Return the store at `path`: a file's name, ``:memory:``, or the address of a PostgreSQL database with so
    many synchronous `copies`, which several relays may have `shared`. Raises `StoreError` when it cannot be used."""
    if path == ":memory:":
        return MemoryStore()
    if not is_address(path):
        return SqliteStore(path)
    try:
        from .postgres import PostgresStore  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise StoreError(
            "rooms in PostgreSQL need psycopg; run: pip install 'ipysketch-live[cluster]'"
        ) from None
    return PostgresStore(path, copies=copies, shared=shared)
