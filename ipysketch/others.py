"""The other peers of a room: who they are, where their cursors are, and the ink under their hands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.protocol import PeerCancel, PeerLeft, PeerPreview, PeerState

from .elements import Element, decode
from .elements.live import whole


@dataclass(eq=False, slots=True)
class Ink:
    """What is under a hand of another peer: `fields` and `points` as previews tell them. The points only grow, and
    whatever begins anew is another object."""

    peer: str
    key: str
    author: str
    fields: dict[str, object]
    points: list[int] = field(default_factory=list)
    _decoded: tuple[int, Element | None] = (0, None)

    @property
    def element(self) -> Element | None:
        """The element that it will be; None while there is nothing to see of it."""
        count = len(self.points)
        if self._decoded[0] != count:
            self._decoded = (count, decode(self.key, whole(self.fields, self.points), self.author))
        return self._decoded[1]


class Laser(NamedTuple):
    """A trail that fades: `points` flat absolute eighths since it began, `color` as its owner says."""

    name: str
    color: str
    points: tuple[int, ...]


class Others:
    """What is known of everybody in the room; `me` is this client's own peer id, left out of the ink."""

    def __init__(self) -> None:
        self.me = ""
        self.peers: dict[str, PeerState] = {}
        self._ink: dict[tuple[str, str], Ink] = {}

    def forget(self) -> None:
        """The connection is gone, and with it all that only the connection told."""
        self.peers.clear()
        self._ink.clear()

    def receive(self, message: PeerState | PeerLeft | PeerPreview | PeerCancel) -> None:
        """Take one message of the relay about another peer."""
        match message:
            case PeerState(peer=peer):
                self.peers[peer] = message
            case PeerLeft(peer=peer):
                self.peers.pop(peer, None)
                for name in [name for name in self._ink if name[0] == peer]:
                    del self._ink[name]
            case PeerPreview(peer=peer) if peer != self.me:
                self._grow(message)
            case PeerCancel(peer=peer, key=key):
                self._ink.pop((peer, key), None)

    def _grow(self, preview: PeerPreview) -> None:
        name = (preview.peer, preview.key)
        if preview.start == 0:
            state = self.peers.get(preview.peer)
            author = state.author if state else ""
            self._ink[name] = Ink(preview.peer, preview.key, author, dict(preview.fields or {}))
        ink = self._ink.get(name)
        if ink is None or preview.start != len(ink.points):
            return
        ink.points.extend(preview.points)

    def moving(self) -> dict[str, tuple[int, int]]:
        """The offsets, in eighths, of elements that others are moving."""
        found: dict[str, tuple[int, int]] = {}
        for peer, state in self.peers.items():
            moving = state.state.get("moving")
            if peer != self.me and isinstance(moving, dict):
                for key, at in moving.items():
                    if isinstance(at, list) and len(at) == 2 and all(type(value) is int for value in at):
                        found[key] = (at[0], at[1])
        return found

    def page(self, peer: str) -> str:
        """The page that a peer has turned to."""
        state = self.peers.get(peer)
        page = state.state.get("page") if state is not None else None
        return page if isinstance(page, str) else ""

    def view(self, peer: str) -> tuple[float, float, float, float] | None:
        """What a peer sees of the board: x, y, width and height in board units; None for the whole of it."""
        state = self.peers.get(peer)
        view = state.state.get("view") if state is not None else None
        if not isinstance(view, list) or len(view) != 4 or not all(type(value) is int for value in view):
            return None
        x, y, width, height = (value / 8 for value in view)
        return (x, y, width, height) if width > 0 and height > 0 else None

    def lasers(self, page: str = "") -> tuple[Laser, ...]:
        """The trails of others' laser pointers on a page."""
        return tuple(
            Laser(f"{peer}/{key}", str(ink.fields.get("color", "")), tuple(ink.points))
            for (peer, key), ink in self._ink.items()
            if ink.fields.get("kind") == "laser" and self.page(peer) == page
        )

    def ink(self, entries: Mapping[str, object], page: str = "") -> tuple[Ink, ...]:
        """What is under others' hands on a page and will be an element, but is not in `entries` yet."""
        return tuple(
            ink
            for (peer, key), ink in self._ink.items()
            if key not in entries and ink.fields.get("kind") != "laser" and self.page(peer) == page
        )
