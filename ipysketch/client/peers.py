"""The other peers of a room: their presence and their wet ink. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.protocol import PeerCancel, PeerLeft, PeerPreview, PeerState

from ..model.elements import Element, decode
from ..model.elements.fields import EIGHTHS
from ..model.elements.preview import preview_fields


@dataclass(eq=False, slots=True)
class Ink:
    """Wet ink of another peer: `fields` and `points` as its previews have them. The points only grow; a preview that
    begins anew is another object."""

    peer: str
    key: str
    author: str
    fields: dict[str, object]
    points: list[int] = field(default_factory=list)
    _decoded: tuple[int, Element | None] = (0, None)

    @property
    def element(self) -> Element | None:
        """The element that it will be; None while nothing of it can be seen."""
        count = len(self.points)
        if self._decoded[0] != count:
            self._decoded = (count, decode(self.key, preview_fields(self.fields, self.points), self.author))
        return self._decoded[1]


class Moved(NamedTuple):
    """Where a dragged element is: its offset in eighths, and its transform where it has one."""

    offset: tuple[int, ...]
    transform: tuple[int, ...] = ()

    @property
    def fields(self) -> dict[str, list[int]]:
        """The fields that it will have."""
        there = {"offset": list(self.offset)}
        return {**there, "transform": list(self.transform)} if self.transform else there


class LaserTrail(NamedTuple):
    """A laser trail: `points` are flat absolute eighths since it began, `color` is as its owner sent it."""

    name: str
    color: str
    points: tuple[int, ...]


class Peers:
    """Everybody in the room, by peer id; `me` is that of this client, whose ink is left out."""

    def __init__(self) -> None:
        self.me = ""
        self.peers: dict[str, PeerState] = {}
        self._ink: dict[tuple[str, str], Ink] = {}

    @property
    def alone(self) -> bool:
        """Whether nobody else is in the room."""
        return len(self.peers) < 2

    def weight(self) -> int:
        """Return about how many bytes the ink of all takes."""
        return sum(500 + 36 * len(ink.points) for ink in self._ink.values())

    def forget(self) -> None:
        """Forget everybody: the connection has ended."""
        self.peers.clear()
        self._ink.clear()

    def receive(self, message: PeerState | PeerLeft | PeerPreview | PeerCancel) -> None:
        """Handle one message about a peer."""
        match message:
            case PeerState(peer=peer):
                self.peers[peer] = message
            case PeerLeft(peer=peer):
                self.peers.pop(peer, None)
                self.forget_peer(peer)
            case PeerPreview(peer=peer) if peer != self.me:
                self._grow(message)
            case PeerCancel(peer=peer, key=key):
                self._ink.pop((peer, key), None)

    def forget_peer(self, peer: str) -> list[str]:
        """Forget the ink of a peer, and return the keys of it."""
        keys = [key for owner, key in self._ink if owner == peer]
        for key in keys:
            del self._ink[peer, key]
        return keys

    def end(self, key: str) -> None:
        """End the ink of that key, whoever's it is."""
        for name in [name for name in self._ink if name[1] == key]:
            del self._ink[name]

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

    def moving(self, may_move: Callable[[PeerState, str], bool]) -> dict[str, Moved]:
        """Return where elements are that others are dragging; of those only that they may move."""
        found: dict[str, Moved] = {}
        for peer, state in self.peers.items():
            moving = state.state.get("moving")
            if peer == self.me or not isinstance(moving, dict):
                continue
            for key, at in moving.items():
                is_place = (
                    isinstance(at, list) and len(at) in (2, 6) and all(type(value) is int for value in at)
                )
                if is_place and may_move(state, key):
                    found[key] = Moved(tuple(at[:2]), tuple(at[2:]))
        return found

    def page(self, peer: str) -> str:
        """Return the key of the page that a peer sees."""
        state = self.peers.get(peer)
        page = state.state.get("page") if state is not None else None
        return page if isinstance(page, str) else ""

    def view(self, peer: str) -> tuple[float, float, float, float] | None:
        """Return what a peer sees of the board: x, y, width and height in board units; None for the whole of it."""
        state = self.peers.get(peer)
        view = state.state.get("view") if state is not None else None
        if not isinstance(view, list) or len(view) != 4 or not all(type(value) is int for value in view):
            return None
        x, y, width, height = (value / EIGHTHS for value in view)
        return (x, y, width, height) if width > 0 and height > 0 else None

    def lasers(self, page: str = "") -> tuple[LaserTrail, ...]:
        """Return the trails of others' laser pointers on a page."""
        return tuple(
            LaserTrail(f"{peer}/{key}", str(ink.fields.get("color", "")), tuple(ink.points))
            for (peer, key), ink in self._ink.items()
            if ink.fields.get("kind") == "laser" and self.page(peer) == page
        )

    def ink(self, entries: Mapping[str, object], page: str = "") -> tuple[Ink, ...]:
        """Return others' wet ink on a page, without what is in `entries` already."""
        return tuple(
            ink
            for (peer, key), ink in self._ink.items()
            if key not in entries and ink.fields.get("kind") != "laser" and self.page(peer) == page
        )
