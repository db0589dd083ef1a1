"""This client's presence: its name, cursor and page, what it sees and drags, and whom it follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from relay.protocol import Presence

from ..model.elements.fields import EIGHTHS
from .peers import Peers

CURSOR_INTERVAL = 1 / 15
"""Seconds between two places of the cursor."""
CURSOR_REST = 0.1
"""Seconds after that interval at which the last place is sent of a cursor that came to rest."""


class OwnPresence:
    """Sends what the others of a room should know of this client; `send` drops messages while it is not joined."""

    def __init__(self, peers: Peers, send: Callable[[Presence], None], name: str, color: str) -> None:
        self.name = name
        self.color = color
        self.page = ""
        self.leading = False
        """Whether everybody is asked to follow this client."""
        self.following = ""
        """The id of the peer that is followed; "" for nobody."""
        self._peers = peers
        self._send_message = send
        self._cursor: tuple[int, int] | None = None
        self._next_cursor = 0.0
        self._cursor_timer: asyncio.TimerHandle | None = None
        self._resting = False

    def rename(self, name: str, color: str) -> None:
        """Be shown under another name and colour."""
        self.name, self.color = name, color
        self._send(name=name, color=color)

    def resend(self) -> None:
        """Send what `Join` does not say, after joining: to the relay this connection is a new peer, on the first
        page."""
        if self.page:
            self._send(page=self.page)
        if self.leading:
            self._send(leading=True)
        if self._cursor is not None:
            self._send_cursor()  # Or it would rest unseen until it moves.

    def turn(self, page: str) -> None:
        """Be on the page of that key."""
        self.page = page
        self._send(page=page or None)

    def look(self, view: Sequence[float] | None) -> None:
        """See `view` of the board: x, y, width and height in board units; None for the whole of it."""
        if not self._peers.alone:
            self._send(view=[round(EIGHTHS * value) for value in view] if view is not None else None)

    def lead(self, leading: bool) -> None:
        """Ask everybody to follow this client, or not any more. Only a moderator's asking counts."""
        self.leading = leading
        self._send(leading=leading or None)

    def follow(self, peer: str) -> None:
        """Follow a peer from now on; "" for nobody."""
        self.following = peer if peer in self._peers.peers else ""

    def leader_page(self) -> str | None:
        """Return the page of the peer that is followed; None when there is none, or they have left."""
        if self.following not in self._peers.peers:
            self.following = ""
            return None
        return self._peers.page(self.following)

    # --- the cursor ---------------------------------------------------------------------------------------

    def point_at(self, x: float, y: float) -> None:
        """Have the cursor at (x, y), in board units; sent at most once in `CURSOR_INTERVAL`."""
        if self._peers.alone:
            return
        self._cursor = (round(EIGHTHS * x), round(EIGHTHS * y))
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_cursor:
            self._send_cursor()
        elif self._cursor_timer is None:
            # Sooner if it moves on: then it goes in one frame with the ink under it.
            self._cursor_timer = loop.call_at(self._next_cursor + CURSOR_REST, self._send_cursor)

    def point_away(self) -> None:
        """Have no cursor on the board."""
        self._cursor = None
        self._send(cursor=None)

    def _send_cursor(self) -> None:
        if self._cursor_timer is not None:
            self._cursor_timer.cancel()
            self._cursor_timer = None
        self._next_cursor = asyncio.get_running_loop().time() + CURSOR_INTERVAL
        if self._cursor is not None:
            self._send(cursor=list(self._cursor))

    # --- dragging -----------------------------------------------------------------------------------------

    def drag(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Show the elements of these keys with offsets, in eighths; none of them when the drag has ended."""
        # An operation says where they rest. The offsets stay until everybody has it, or they would jump back.
        self._resting = not offsets
        if offsets:
            self._send(moving={key: list(at) for key, at in offsets.items()})

    def settle(self) -> None:
        """Withdraw the offsets of a drag that ended: everybody has its operation."""
        if self._resting:
            self._resting = False
            self._send(moving=None)

    def _send(self, **fields: Any) -> None:
        self._send_message(Presence(fields))
