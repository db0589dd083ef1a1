"""The rows of a room's log, as the room proposes them and a store keeps them. Pure.

A store promises for `append`: on return everything is durable; when it raises, nothing of it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class LogRow(NamedTuple):
    """One committed operation; `body` is its encoded `Commit` message, JSON in UTF-8."""

    seq: int
    mark: int
    at: float
    client: str
    op: int
    body: bytes


class ClientRow(NamedTuple):
    """What is known of a client: the hash of its resume key, its author, the last operation number consumed."""

    client: str
    key_hash: str
    author: str
    last: int


class RefusalRow(NamedTuple):
    """A final refusal: operation `op` of `client` is consumed and never happens."""

    client: str
    op: int
    code: str
    reason: str


class Batch(NamedTuple):
    """What one room asks the store to make durable together."""

    room: str
    rows: Sequence[LogRow]
    clients: Sequence[ClientRow]
    refusals: Sequence[RefusalRow]


class Loaded(NamedTuple):
    """A room as a store has it: all rows in order of seq, clients and refusals."""

    epoch: str
    rows: Sequence[LogRow]
    clients: Sequence[ClientRow]
    refusals: Sequence[RefusalRow]


class StoreError(Exception):
    """The store could not do what was asked; the text says why in one sentence and what to do."""


class Store(Protocol):
    """A durable home for the logs of many rooms. One thread at a time calls it."""

    def load(self, room: str, new_epoch: str) -> Loaded:
        """The room `room`; a room that is not there is created, durably, with `new_epoch` and no rows."""
        ...

    def append(self, batches: Sequence[Batch]) -> None:
        """Make `batches` durable, all or none; raises `StoreError`. Client rows replace older ones;
        refusals more than `WINDOW` behind their client's `last` may be forgotten."""
        ...

    def rooms(self) -> list[str]:
        """The names of all rooms, sorted."""
        ...

    def close(self) -> None:
        """Release what the store holds; calling it twice is fine."""
        ...
