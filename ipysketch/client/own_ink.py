"""Wet ink under the hands at this client: sent to the others, and shown on each of its own views."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relay.protocol import Cancel, PeerCancel, PeerPreview, Preview

from .outbox import Outbox
from .peers import Peers

MAX_SENT = 64
"""Keys remembered of ink that this client sent."""
PAGES_THEMSELVES = "pages"
"""The view, for all of them, of ink that pages of this client sent past it."""


class OwnInk:
    """The ink of one client that is no element yet."""

    def __init__(self, outbox: Outbox) -> None:
        self.previews = Peers()
        """Ink that came from a view, for the other ones: "peers" are the views."""
        self._outbox = outbox
        self._sent: OrderedDict[str, None] = OrderedDict()
        """Keys of the latest ink that this client itself sent."""

    def send(self, preview: Preview[Any]) -> None:
        """Send ink to the others."""
        self._sent[preview.key] = None
        if len(self._sent) > MAX_SENT:
            self._sent.popitem(last=False)
        self._outbox.send(preview)

    def draw(
        self, view: str, key: str, start: int, points: Sequence[int], fields: Mapping[str, Any] | None
    ) -> None:
        """Send ink of a view to the others, and show it on the other views."""
        style = dict(fields) if fields is not None else None
        if start == 0:
            self.previews.end(key)  # It came by another way before.
        flat = tuple(points)
        self.send(Preview(key, start, flat, style))
        self.previews.receive(PeerPreview(view, key, start, flat, style))

    def receive(self, message: PeerPreview | PeerCancel) -> None:
        """Handle ink of a page that sent it by a way of its own: other views of this client see it from here."""
        if isinstance(message, PeerCancel):
            self.previews.end(message.key)
        elif message.key not in self._sent:
            self.previews.receive(msgspec.structs.replace(message, peer=PAGES_THEMSELVES))

    def end(self, key: str) -> None:
        """End ink that becomes an element."""
        self.previews.end(key)

    def cancel(self, key: str) -> None:
        """End ink that becomes nothing."""
        self._outbox.send(Cancel(key))
        self.previews.end(key)

    def close_view(self, view: str) -> None:
        """End the ink of a view that closed."""
        for key in self.previews.forget_peer(view):
            self._outbox.send(Cancel(key))

    def lose_pages(self) -> None:
        """Forget the ink that pages sent past this client: who would end it is lost with the connection."""
        self.previews.forget_peer(PAGES_THEMSELVES)
