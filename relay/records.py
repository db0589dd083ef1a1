"""The rows of a room's log, as the room proposes them and a store has them. Pure.

A room is held before it is written, and each write names its hold: see `Hold`. A write is durable, or lost because the
hold is no longer the room's, or its outcome is unknown because the store was gone before it answered. A store returns
what it was given, or raises `StoreError`: never a hole, never a changed byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from .protocol import RemoteError

READ_BYTES = 64 << 20
"""Bytes of the bodies of all entries that are read back at a time."""


def check_read_size(first: int, last: int, size: int) -> None:
    """Raise `RemoteError` when entries of `size` bytes are too many to be read at a time."""
    if size > READ_BYTES and last > first:
        raise RemoteError(
            "bad-range", f"these entries have more than {READ_BYTES >> 20} MiB; read fewer at a time"
        )


class LogRow(NamedTuple):
    """One committed operation; `body` is its encoded `Commit` message, JSON in UTF-8."""

    seq: int
    mark: int
    at: float
    client: str
    op: int
    body: bytes


class ClientRow(NamedTuple):
    """A client: the hash of its resume key, its author, the last operation number consumed."""

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
    """Rows of one room that the store makes durable together."""

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


class Hold(NamedTuple):
    """The right to write `room`. Each claim of a room has another `fence`, a random number that is never given twice:
    with it the holds of all earlier claims are lost."""

    room: str
    fence: int


class Member(NamedTuple):
    """A relay among several of one store: its name, the random number of this life of it, and the address at which the
    others reach it."""

    id: str
    incarnation: int
    address: str


class LoadedRoom(NamedTuple):
    """A room as it is opened: a checkpoint at least `WINDOW` entries back (None: before the first entry) and
    all rows after it. `first` is the oldest entry that can still be read."""

    epoch: str
    first: int
    locked: bool
    checkpoint: Checkpoint | None
    rows: Sequence[LogRow]


class Claim(NamedTuple):
    """A room that was claimed, as it is under that claim; `before` is the relay that had not given it up, "" when there
    is none."""

    hold: Hold
    loaded: LoadedRoom
    before: str = ""


class ResumeFacts(NamedTuple):
    """What the store knows of a client that resumes: the mark of the entry it names (None: there is no such entry),
    and the client with its refusals."""

    mark: int | None = None
    client: ClientRow | None = None
    refusals: Sequence[RefusalRow] = ()


class LogRange(NamedTuple):
    """A stretch of the log: the newest checkpoint before it (None: before the first entry), and all rows after
    that checkpoint up to the stretch's end."""

    checkpoint: Checkpoint | None
    rows: Sequence[LogRow]


class Trim(NamedTuple):
    """What may be deleted: entries older than `before`, and those within the log's first `logged` bytes; but
    nothing after `latest`."""

    before: int
    logged: int
    latest: int


class RoomInfo(NamedTuple):
    """One line of an operator's list: entries `first` to `last` are kept, in about `size` bytes; `at` is the last
    entry's time in seconds since 1970, 0 when there is none."""

    name: str
    epoch: str
    first: int
    last: int
    at: float
    size: int
    locked: bool


class StoreError(Exception):
    """The store could not do what was asked, and nothing of it is there; the text says why in one sentence and what to
    do."""


class UnknownOutcomeError(StoreError):
    """The store was gone before it answered: what was asked may be done, or not, or be done yet."""


class NotHeldError(StoreError):
    """The hold is no longer the room's, and nothing was written."""

    def __init__(self, room: str) -> None:
        super().__init__(f"room {room!r} is held elsewhere now; load it again")


class HeldByRelayError(StoreError):
    """The room is held by another relay of this store, `holder`, which lives: go there."""

    def __init__(self, room: str, holder: Member) -> None:
        super().__init__(f"room {room!r} is served by the relay {holder.id!r}; try again")
        self.holder = holder


HELD_ELSEWHERE = "it is held elsewhere now"
"""Why a room is lost: its hold is no longer the room's."""
ANOTHER_LOG = "its log is not as it was loaded"
"""Why a room is lost: rows neither follow its log nor are in it."""
BUSY = "another session has locked it in the store"
"""Why nothing was written of a room that is not lost: the same is to be appended again."""


def check_room_count(count: int, most: int) -> None:
    """Raise `RemoteError` when a store with so many rooms may have no further one."""
    if count >= most:
        raise RemoteError("too-many-rooms", f"this relay has its {most} rooms; use one of them")


class Store(Protocol):
    """The logs of many rooms, durable. One thread at a time calls it: `relay.store.worker`. All raise `StoreError`."""

    @property
    def appends_beside(self) -> bool:
        """Whether another thread may call `append`, beside the one that calls all else."""
        ...

    def claim(self, room: str, new_epoch: str, most: int) -> Claim:
        """Hold the room `room`, durably, and return it as it then is; one that is not there is created with `new_epoch`
        and no rows. Raises `RemoteError` when that would be more than `most` rooms, `HeldByRelayError` when another
        relay of the store holds it."""
        ...

    def release(self, hold: Hold) -> None:
        """Hold a room no longer. One that is held elsewhere already stays so."""
        ...

    def load(self, room: str) -> LoadedRoom:
        """Return the room `room` without holding it."""
        ...

    def find(self, room: str, client: str, seq: int) -> ResumeFacts:
        """Return what the log of `room` knows of `client`, and of the entry `seq`."""
        ...

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        """Make batches durable: of each room all of its batch, or nothing. Returns the rooms of which nothing was
        written, each with why: they are lost, unless that is `BUSY`. Client rows replace older ones; refusals more than
        `WINDOW` behind their client's `last` may be deleted.

        A batch whose rows are in the log already, with the same marks, is durable: after an `UnknownOutcomeError` the
        same batches are appended again, and the answer to that holds for both. When another error is raised, nothing of
        what was appended is there, unless it was appended before.
        """
        ...

    def checkpoint(self, hold: Hold, checkpoint: Checkpoint) -> None:
        """Store a checkpoint of a room, durably. Raises `NotHeldError`."""
        ...

    def read(self, room: str, first: int, last: int) -> LogRange:
        """Return the entries `first` to `last` of `room`, with the checkpoint they begin from. Raises `RemoteError`
        when their bodies have more than `READ_BYTES`, unless it is one entry."""
        ...

    def trim(self, hold: Hold, trim: Trim) -> int:
        """Delete what `trim` allows, as far as a checkpoint stands in for it; returns the oldest entry that is
        left to read. Raises `NotHeldError`."""
        ...

    def lock(self, hold: Hold, locked: bool) -> None:
        """Store whether only moderators may draw in a room. Raises `NotHeldError`."""
        ...

    def delete(self, room: str) -> None:
        """Delete `room`, all of it, whoever holds it; with that every hold is lost."""
        ...

    def restore(self, room: str, epoch: str, past: LogRange) -> None:
        """Create `room` from `past`, which begins with its checkpoint or the first entry."""
        ...

    def names(self) -> list[str]:
        """Return the names of all rooms, sorted."""
        ...

    def rooms(self) -> list[RoomInfo]:
        """Return all rooms, by name; reads all their rows."""
        ...

    def revoke(self, token: str, until: float) -> None:
        """Store that the token with the id `token` is void; it expires by itself at `until`."""
        ...

    def revoked(self, now: float) -> list[str]:
        """Return the ids of void tokens that have not expired by `now`."""
        ...

    def now(self) -> float:
        """Return the time by the store's clock, in seconds since 1970: all relays of a store date entries by it."""
        ...

    def probe(self) -> None:
        """Write something, durably, that changes nothing: raises when the store cannot write."""
        ...

    def check_files(self) -> None:
        """Raise when the files of the store are no longer those that it opened, and so cannot be written; what is gone
        is put back where possible."""
        ...

    def vacuum(self) -> None:
        """Give space that is no longer used back to the disk."""
        ...

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:
        """Write a copy to `path` that a relay can be started on. Its rooms have epochs of their own, so that no
        client takes them for the rooms that went on."""
        ...

    def close(self) -> None:
        """Release what the store holds; calling it twice is fine."""
        ...
