"""A room in memory, with what the server needs to serve it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakValueDictionary

from ..observability.event_log import event
from ..records import Hold
from ..room.peer import Peer
from ..room.room import Room
from .rate_limit import Bucket


class Subscriber(Protocol):
    """Somebody whom a room notifies: the connection of a peer."""

    def notify(self) -> int:
        """Send what is new in the room; returns the number of frames."""
        ...


@dataclass(eq=False, slots=True)
class OpenRoom:
    """A room in memory, which its `hold` lets this relay write until it `is_lost`, with its `subscribers`, which were
    notified at `last_notified` (loop time, seconds) and will be again when `notify_timer` is due. `queue_timer` is due
    when a client can pay for an operation again. It has so many `users`, and is closed by `close_timer` when it has
    none. `verdicts`: operations have just become durable. `weight` are the bytes that it had in memory when it was
    weighed. `checkpointing` stores a checkpoint, and `drawing` makes a snapshot. `presence_rates` are those of its
    peers by their ids, which a peer and its companions share."""

    room: Room
    hold: Hold
    is_lost: bool = False
    users: int = 0
    subscribers: set[Subscriber] = field(default_factory=set)
    last_notified: float = 0.0
    notify_timer: asyncio.TimerHandle | None = None
    queue_timer: asyncio.TimerHandle | None = None
    close_timer: asyncio.TimerHandle | None = None
    verdicts: bool = False
    weight: int = 0
    checkpointing: asyncio.Task[None] | None = None
    drawing: asyncio.Task[None] | None = None
    presence_rates: WeakValueDictionary[str, Bucket] = field(default_factory=WeakValueDictionary)


def peer_event(
    log: logging.Logger, level: int, what: str, opened: OpenRoom, peer: Peer, **more: object
) -> None:
    """Log what happened to one peer of a room."""
    event(
        log,
        level,
        what,
        source=peer.address or None,
        room=opened.room.name,
        peer=peer.id,
        name=peer.name,
        **more,
    )
