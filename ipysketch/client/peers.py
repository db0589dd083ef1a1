"""The other peers of a room: their presence and their wet ink. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import NamedTuple

from relay.protocol import Change, Create, PeerCancel, PeerLeft, PeerPreview, PeerState

from ..model.elements.fields import EIGHTHS
from .ghosts import Ghosts
from .wet_ink import Ink


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
    """Everybody in the room, by peer id; `me` is that of this client, whose ink is left out. What is `seen` of others
    outlives a connection that is lost: see `Ghosts`."""

    def __init__(self) -> None:
        self.me = ""
        self.peers: dict[str, PeerState] = {}
        self.complete = True
        """Whether all ink of the others is here, with what it began with: the relay does not leave any to pages."""
        self._ghosts = Ghosts()
        self._ink: dict[tuple[str, str], Ink] = {}

    @property
    def alone(self) -> bool:
        """Whether nobody else is in the room."""
        return len(self.peers) < 2

    def weight(self) -> int:
        """Return about how many bytes the ink of all takes."""
        return sum(500 + 36 * len(ink.points) for ink in self._all_ink())

    def forget(self) -> None:
        """Forget everybody: the connection has ended for good."""
        self.peers.clear()
        self._ink.clear()
        self._ghosts.clear()

    def lose(self, now: float) -> None:
        """Keep what is known of the others for a while: the connection is lost at `now`, on the clock of `expire`."""
        self._ghosts.expire(now)
        self._ghosts.lose(
            (state for peer, state in self.peers.items() if peer != self.me), self._ink.values(), now
        )
        self.peers.clear()
        self._ink.clear()

    def expire(self, now: float) -> bool:
        """Forget whom nobody has seen again in time; return whether that is anybody, or anything of theirs."""
        return self._ghosts.expire(now)

    @property
    def due(self) -> float | None:
        """When to call `expire`; None when there is no need."""
        return self._ghosts.due

    @property
    def seen(self) -> Iterable[PeerState]:
        """Everybody as people see them: those in the room, and others who were there until the connection was lost."""
        return (*map(self._ghosts.lend, self.peers.values()), *self._ghosts.people)

    def _seen(self, peer: str) -> PeerState | None:
        state = self.peers.get(peer)
        return self._ghosts.lend(state) if state is not None else self._ghosts.state(peer)

    def committed(self, changes: Iterable[Change]) -> None:
        """Forget the ink of others that became elements while the connection was lost."""
        if self._ghosts:
            for change in changes:
                if isinstance(change, Create):
                    self._ghosts.end(change.key)

    def dry(self, entries: Container[str]) -> None:
        """The same, by the drawing."""
        if self._ghosts:
            self._ghosts.dry(entries)

    def receive(self, message: PeerState | PeerLeft | PeerPreview | PeerCancel) -> None:
        """Handle one message about a peer."""
        match message:
            case PeerState(peer=peer):
                self.peers[peer] = message
                if self._ghosts and peer != self.me:
                    self._ghosts.arrive(message)
            case PeerLeft(peer=peer):
                self.peers.pop(peer, None)
                self._ghosts.leave(peer)
                self.forget_peer(peer)
            case PeerPreview(peer=peer) if peer != self.me:
                self._grow(message)
            case PeerCancel(peer=peer, key=key):
                self._ink.pop((peer, key), None)
                self._ghosts.end(key)

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
            self._ghosts.end(preview.key)
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
        for state in self.seen:
            moving = state.state.get("moving")
            if state.peer == self.me or not isinstance(moving, dict):
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
        state = self._seen(peer)
        page = state.state.get("page") if state is not None else None
        return page if isinstance(page, str) else ""

    def view(self, peer: str) -> tuple[float, float, float, float] | None:
        """Return what a peer sees of the board: x, y, width and height in board units; None for the whole of it."""
        state = self._seen(peer)
        view = state.state.get("view") if state is not None else None
        if not isinstance(view, list) or len(view) != 4 or not all(type(value) is int for value in view):
            return None
        x, y, width, height = (value / EIGHTHS for value in view)
        return (x, y, width, height) if width > 0 and height > 0 else None

    def _all_ink(self) -> Iterable[Ink]:
        return (*self._ghosts.ink, *self._ink.values()) if self._ghosts else self._ink.values()

    def lasers(self, page: str = "") -> tuple[LaserTrail, ...]:
        """Return the trails of others' laser pointers on a page."""
        return tuple(
            LaserTrail(f"{ink.peer}/{ink.key}", str(ink.fields.get("color", "")), tuple(ink.points))
            for ink in self._all_ink()
            if ink.fields.get("kind") == "laser" and self.page(ink.peer) == page
        )

    def ink(self, entries: Mapping[str, object], page: str = "") -> tuple[Ink, ...]:
        """Return others' wet ink on a page, without what is in `entries` already."""
        return tuple(
            ink
            for ink in self._all_ink()
            if ink.key not in entries and ink.fields.get("kind") != "laser" and self.page(ink.peer) == page
        )
