"""The rows of a room's log, as the room proposes them and a store keeps them. Pure.

A store promises for `append`: on return everything is durable; when it raises, nothing of it is there.
What it gives back is what it was given, or it raises `StoreError`: never a hole, never a changed byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
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


class Checkpoint(NamedTuple):
    """The drawing at `seq`: `body` is the zlib stream of the JSON of so many `entries`, as a snapshot sends it;
    `logged` are the bytes of all the log's bodies up to there."""

    seq: int
    mark: int
    at: float
    entries: int
    logged: int
    body: bytes


class Loaded(NamedTuple):
    """A room as it is opened: a checkpoint at least `WINDOW` entries back (None: before the first entry) and
    all rows after it. `first` is the oldest entry that can still be read."""

    epoch: str
    first: int
    locked: bool
    checkpoint: Checkpoint | None
    rows: Sequence[LogRow]


class Found(NamedTuple):
    """What the log knows of somebody who resumes: the mark of the entry they name (None: there is none such),
    and their client with its refusals."""

    mark: int | None
    client: ClientRow | None
    refusals: Sequence[RefusalRow]


class Past(NamedTuple):
    """A stretch of the log: the newest checkpoint before it (None: before the first entry), and all rows after
    that checkpoint up to the stretch's end."""

    checkpoint: Checkpoint | None
    rows: Sequence[LogRow]


class Trim(NamedTuple):
    """What may be forgotten: entries older than `before`, and those within the log's first `logged` bytes; but
    nothing after `latest`."""

    before: int
    logged: int
    latest: int


class RoomInfo(NamedTuple):
    """One line of an operator's list: entries `first` to `last` are kept, in `size` bytes; `at` is the last
    entry's time in seconds since 1970, 0 when there is none."""

    name: str
    epoch: str
    first: int
    last: int
    at: float
    size: int
    locked: bool


class StoreError(Exception):
    """The store could not do what was asked; the text says why in one sentence and what to do."""


class Store(Protocol):
    """A durable home for the logs of many rooms. One thread at a time calls it. All raise `StoreError`."""

    def load(self, room: str, new_epoch: str) -> Loaded:
        """The room `room`; a room that is not there is created, durably, with `new_epoch` and no rows."""
        ...

    def find(self, room: str, client: str, seq: int) -> Found:
        """What the log of `room` knows of `client`, and of the entry `seq`."""
        ...

    def append(self, batches: Sequence[Batch]) -> None:
        """Make `batches` durable, all or none. Client rows replace older ones; refusals more than `WINDOW`
        behind their client's `last` may be forgotten."""
        ...

    def checkpoint(self, room: str, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint of `room`, durably."""
        ...

    def read(self, room: str, first: int, last: int) -> Past:
        """The entries `first` to `last` of `room`, with what they begin from."""
        ...

    def trim(self, room: str, trim: Trim) -> int:
        """Forget what `trim` says, as far as a checkpoint stands in for it; returns the oldest entry that is
        left to read."""
        ...

    def lock(self, room: str, locked: bool) -> None:
        """Remember whether only moderators may draw in `room`."""
        ...

    def delete(self, room: str) -> None:
        """Forget `room`, all of it."""
        ...

    def restore(self, room: str, epoch: str, past: Past) -> None:
        """Make a new `room` of `past`, which begins with its checkpoint or the first entry."""
        ...

    def names(self) -> list[str]:
        """The names of all rooms, sorted."""
        ...

    def rooms(self) -> list[RoomInfo]:
        """All rooms, by name; it looks at all they have."""
        ...

    def revoke(self, token: str, until: float) -> None:
        """Remember that the token with the id `token` is void; it expires by itself at `until`."""
        ...

    def revoked(self, now: float) -> list[str]:
        """The ids of void tokens that have not expired by `now`."""
        ...

    def probe(self) -> None:
        """Write something, durably, that changes nothing: raises when the store cannot write."""
        ...

    def vacuum(self) -> None:
        """Give space that is no longer used back to the disk."""
        ...

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:
        """Write a copy to `path` that a relay can be started on; its rooms have epochs of their own, so that
        nobody takes them for the ones that went on."""
        ...

    def close(self) -> None:
        """Release what the store holds; calling it twice is fine."""
        ...
