"""One connection to a room: its life, and the messages that wait for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import msgspec

from ..protocol import MAX_CHUNK, History
from .clients import Client
from .permissions import Role


class Life(Enum):
    """The states of a peer, in order. Without operations under way it skips `LEAVING`."""

    JOINED = "joined"
    """It sends and receives."""
    LEAVING = "leaving"
    """Its connection is over. The others still see it, until its last operations have their verdict."""
    LEFT = "left"
    """The room no longer has it."""


JOINED, LEAVING, LEFT = Life


class Stream:
    """A zlib stream that is sent in pieces: that of a snapshot, which many peers share, or of one peer's history."""

    __slots__ = ("_at", "data", "seq")

    def __init__(self, data: bytes, seq: int | None = None) -> None:
        self.data = data
        self.seq = seq
        """The entry at which the drawing of a snapshot is; None for a history."""
        self._at = 0

    @property
    def is_history(self) -> bool:
        """Whether it is the answer to a `Read`, which nobody else gets."""
        return self.seq is None

    @property
    def is_over(self) -> bool:
        """Whether all of it was cut."""
        return self._at >= len(self.data)

    def cut(self) -> bytes:
        """Return the next piece."""
        piece = self.data[self._at : self._at + MAX_CHUNK]
        self._at += MAX_CHUNK
        return piece


@dataclass(eq=False, slots=True)
class Peer:
    """One connection to a room, and its life there: `Room.join` makes one, `Room.leave` ends it."""

    id: str
    client: Client
    name: str
    role: Role
    named_by_token: bool
    """Whether its name cannot be another."""

    lead: Peer | None = None
    """The peer whose companion it is; None of a peer."""
    line: str = ""
    """Names the connection: of a companion otherwise than its peer, whose id it has."""
    is_guest: bool = False
    """Whether others see somebody of their own there, under its line; of a companion."""
    shown: set[str] = field(default_factory=set)
    """Fields of the presence that it set, of a companion."""
    orphans: dict[str, int] = field(default_factory=dict)
    """The ink that it left under way, of a companion: see `Presence.release`."""
    address: str = ""
    """Where its connection comes from, for the operator's log."""
    life: Life = JOINED
    closing: tuple[int, str] | None = None
    """The close code and the sentence with which the relay ends its connection; None if the relay does not end it."""
    unsettled: int = 0
    """Its operations that have no verdict yet."""

    cursor: int = 0
    """The last entry of the log that it was sent; -1 when it needs a snapshot."""
    seen: int = 0
    """The last version of the presence that it was sent."""
    previews: bool = True
    """Whether it is sent others' previews: see `want`."""
    wants: list[int] = field(default_factory=list)
    """Its requests for previews, answered when it was sent those."""
    direct: list[msgspec.Struct] = field(default_factory=list)
    """Messages for it alone."""
    following: list[tuple[int, msgspec.Struct]] = field(default_factory=list)
    """Messages for it alone, each to be sent after the log up to an entry."""
    heard: int = 0
    """The number of the last event that it was sent."""
    rest: Iterator[str] | None = None
    """The rest of the presence that was too much for one frame."""
    history: tuple[History, bytes] | None = None
    """The answer to its `Read`, with its zlib stream."""
    stream: Stream | None = None
    """The rest of the zlib stream that is being sent."""

    def __post_init__(self) -> None:
        self.line = self.line or self.id

    def want(self, previews: bool) -> None:
        """Have others' previews sent from now on, or not; who did not get them is sent all presence from its beginning,
        as somebody who joins."""
        if previews and not self.previews:
            self.seen, self.rest = 0, None
        self.previews = previews

    @property
    def is_reading(self) -> bool:
        """Whether it has yet to be sent some of the answer to its `Read`."""
        return self.history is not None or (self.stream is not None and self.stream.is_history)

    @property
    def rights(self) -> Role:
        """What it may do now: of a companion, what its peer may."""
        return (self.lead or self).role

    @property
    def seen_as(self) -> str:
        """The id under which others see its presence."""
        return self.line if self.is_guest else self.id

    @property
    def author(self) -> str:
        """The author of what it draws."""
        return self.client.author

    @property
    def gone(self) -> bool:
        """Whether its connection is over."""
        return self.life is not JOINED

    def close(self, code: int, reason: str) -> None:
        """Have the relay close its connection after what waits for it; the first reason stays."""
        self.closing = self.closing or (code, reason)
