"""What this client sends: operations wait until a room is joined, and what is of no use later is dropped."""

from __future__ import annotations

from relay.protocol import ClientMessage, Event, encode

from ..errors import SketchError
from .connection import Connection
from .membership import Membership
from .sync import Sync


class Outbox:
    """The way from a client to the relay."""

    def __init__(self, sync: Sync, membership: Membership) -> None:
        self.connection: Connection | None = None
        """None while no room is to be joined."""
        self._sync = sync
        self._membership = membership

    def send(self, message: ClientMessage) -> None:
        """Send what is of no use later; it is dropped while no room is joined."""
        if self.connection is not None:
            self.connection.send([message])

    def send_joined(self, message: ClientMessage) -> None:
        """Send what must not be dropped; raises `SketchError` when no room is joined."""
        if self.connection is None or not self._membership.connected:
            raise SketchError("the board is not connected; begin with %sketch connect")
        self.connection.send([message])

    def send_pending(self) -> None:
        """Send the operations that were not sent yet in this connection."""
        if self.connection is not None:
            self.connection.send(self._sync.outgoing())

    def emit(self, event: Event) -> None:
        """Send a named event; raises `SketchError` when nobody can receive it."""
        if not self._membership.connected:
            raise SketchError("the board is not connected, and events are not kept; begin with %sketch connect")
        if (size := len(encode([event]))) > (most := self._sync.limits.frame):
            raise SketchError(
                f"an event of {size} bytes is larger than the relay takes ({most}); send less at a time"
            )
        self.send(event)
