"""What the views of a board show, and when: at most one frame in 1/60 s, projected from the parts of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from relay.protocol import PeerState

from ..editing.gestures import Gestures
from ..model.connector import followed
from ..model.elements import Element, Line, decode
from ..model.elements.fields import EIGHTHS
from .connection_state import Offline, Waiting
from .membership import Membership
from .own_presence import OwnPresence
from .peers import Moved, Peers
from .scenes import Scenes
from .status import describe
from .sync import Sync
from .tabs import Tabs
from .view import BoardState, BoardView, Person

FRAME = 1 / 60
SLACK = FRAME / 2
"""Seconds by which a frame may be late without delaying the next one. Without this, one late frame would shift the
phase of all later ones, and what arrives in a steady rhythm would wait each time."""
TICK = 0.5
"""Seconds between two frames while the status counts down to the next try to connect."""
LOWEST = 250
"""Elements that are shown first of a large drawing that was loaded; twice as many with each frame."""


def next_frame(due: float, now: float) -> float:
    """Return when a frame may follow one that was due at `due` and is shown at `now`."""
    return max(due, now - SLACK) + FRAME


class Presenter:
    """Shows a board on its views; on the loop thread."""

    def __init__(
        self,
        sync: Sync,
        scenes: Scenes,
        peers: Peers,
        presence: OwnPresence,
        *,
        gestures: Gestures,
        membership: Membership,
        own_previews: Peers,
        tabs: Tabs,
    ) -> None:
        self._sync = sync
        self._scenes = scenes
        self._peers = peers
        self._presence = presence
        self._gestures = gestures
        self._membership = membership
        self._own_previews = own_previews
        self._tabs = tabs
        self._views: list[BoardView] = []
        self._next_frame = 0.0
        self._scheduled: asyncio.TimerHandle | asyncio.Handle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._lowest = LOWEST
        self._dragged: dict[str, tuple[Element, Moved, Element]] = {}

    # --- frames -------------------------------------------------------------------------------------------

    def attach(self, view: BoardView) -> None:
        """Show the board on `view` from now on."""
        self._views.append(view)
        self.refresh()

    def detach(self, view: BoardView) -> None:
        """Show nothing on `view` any more."""
        self._views = [each for each in self._views if each is not view]

    def refresh(self) -> None:
        """Schedule a frame: at once when the last one is old enough, else when the next may follow it."""
        if self._scheduled is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_frame:
            self._scheduled = loop.call_soon(self._show)
        else:
            self._scheduled = loop.call_at(self._next_frame, self._show)

    def _show(self) -> None:
        self._scheduled = None
        if not self._views:
            return
        loop = asyncio.get_running_loop()
        self._next_frame = next_frame(self._next_frame, loop.time())
        part = self._first_part()
        state = self.board_state(part)
        for view in self._views:
            view.show(state)
        if part is not None:
            self.refresh()  # The rest of it follows.
        if isinstance(self._membership.connection, Waiting) and self._ticking is None:
            self._ticking = loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        self.refresh()

    def _first_part(self) -> tuple[Element, ...] | None:
        """Return the lowest elements of a large page of which nothing was shown yet, more with each call; None when
        all of it is to be shown. Decoding all of it first would take as long as people should wait to see anything."""
        part = self._scenes.lowest(self._presence.page, self._lowest)
        self._lowest = LOWEST if part is None else 2 * self._lowest
        return part

    # --- the projection -----------------------------------------------------------------------------------

    def board_state(self, part: tuple[Element, ...] | None = None) -> BoardState:
        """Return all that people see, as one immutable value; `part` in place of all elements while these are being
        decoded."""
        gestures, page = self._gestures, self._presence.page
        elements = self._visible(self._scenes.of(page) if part is None else part)
        capabilities = self._membership.capabilities
        return BoardState(
            elements=tuple(elements),
            live=(*self._peers.ink(self._sync.entries, page), *self._own_previews.ink(self._sync.entries)),
            mine=tuple(gestures.ink(self._sync.author)),
            finished=tuple(gestures.finished),
            people=self.people(),
            pages=self._scenes.pages(),
            page=page,
            following=self._presence.following,
            view=self._peers.view(self._presence.following),
            status=self.status(),
            progress=self._sync.progress,
            connected=self._membership.connected,
            tool=gestures.tool,
            style=gestures.style,
            lasers=self._peers.lasers(page),
            can_undo=self._sync.can_undo,
            can_redo=self._sync.can_redo,
            notice=self._membership.notice,
            can_draw=capabilities.draw,
            can_clear=capabilities.clear,
            room=self._membership.room,
            author=self._sync.author,
            mode=capabilities.obstacle,
            pending=len(self._sync.pending),
            locked=self._membership.locked,
            pens=tuple(sorted(self._membership.pens)),
            leading=self._presence.leading,
            cleared=self._sync.cleared,
            live_is_here=self._peers.complete,
            tabs={tab: self._sync.turns(self._tabs.others(tab)) for tab in self._tabs.several},
            chooser=self._tabs.chooser,
            projectors=self._projectors(),
        )

    def _visible(self, elements: Sequence[Element]) -> Sequence[Element]:
        """Return `elements` without those that are being erased, and those that are being dragged where they are."""
        if hidden := self._gestures.hidden():
            elements = [element for element in elements if element.key not in hidden]
        offsets = self._peers.moving(self.may_move)
        if not offsets:
            self._dragged.clear()
            return elements
        shown = [self._moved(element, offsets.get(element.key)) for element in elements]
        return self._followed(shown, offsets)

    def _followed(self, elements: list[Element], moved: Collection[str]) -> list[Element]:
        """Return `elements` with the lines that are bound to one of `moved` where that is."""
        ends = {
            n: {end.key for end in element.ends if end is not None}
            for n, element in enumerate(elements)
            if isinstance(element, Line) and element.ends != (None, None)
        }
        if not any(keys.intersection(moved) for keys in ends.values()):
            return elements
        of = {element.key: element for element in elements}.get
        for n, keys in ends.items():
            entry = self._scenes.entry(elements[n].key) if keys.intersection(moved) else None
            if entry is not None:
                before = elements[n]
                there = decode(before.key, followed(entry[0], of), before.author, before.seq)
                elements[n] = there or before
        return elements

    def may_move(self, peer: PeerState, key: str) -> bool:
        """Return whether another peer may move an element."""
        may = self._membership.capabilities_of(peer.role, peer.peer)
        return may.draw and (may.erase_others or self._scenes.author(key) == peer.author)

    def _moved(self, element: Element, moved: Moved | None) -> Element:
        """Return `element` as it is shown while it is dragged; the same object as long as it rests there."""
        if moved is None:
            return element
        before = self._dragged.get(element.key)
        if before is not None and before[0] is element and before[1] == moved:
            return before[2]
        entry = self._scenes.entry(element.key)
        there = decode(
            element.key, {**(entry[0] if entry else {}), **moved.fields}, element.author, element.seq
        )
        self._dragged[element.key] = (element, moved, there or element)
        return there or element

    def people(self) -> tuple[Person, ...]:
        """Return everybody in the room, this client first."""
        presence, peers, me = self._presence, self._peers.peers, self._peers.me
        # A token may give this client another name than the one it asked for.
        said = person(peers[me]) if me in peers else None
        name, verified = (said.name, said.verified) if said else (presence.name, False)
        author, role = self._sync.author, self._membership.role
        own = Person(name, presence.color, True, None, me, presence.page, author, role, verified)
        others = (state for state in self._peers.seen if state.peer != me)
        return (own, *(person(state) for state in others if not _projects(state)))

    def _projectors(self) -> tuple[str, ...]:
        """Return the page of each projector."""
        me = self._peers.me
        screens = (state for state in self._peers.seen if state.peer != me and _projects(state))
        return tuple(sorted(person(screen).page for screen in screens))

    def status(self) -> str:
        """Return the state of the connection in words."""
        membership = self._membership
        return describe(
            membership.connection,
            room=membership.room,
            here=max(1, len(self._peers.peers)),
            waiting=0 if isinstance(membership.connection, Offline) else len(self._sync.pending),
            now=asyncio.get_running_loop().time(),
            progress=self._sync.progress,
            mode=membership.capabilities.obstacle,
        )


def _projects(state: PeerState) -> bool:
    """Return whether a peer is a projector, which is nobody."""
    return state.state.get("tool") == "projector"


def person(state: PeerState) -> Person:
    """Return a peer as people see them; what its presence does not say, or says wrongly, has a default."""
    name, color, page = (state.state.get(field) for field in ("name", "color", "page"))
    cursor = state.state.get("cursor")
    place: tuple[float, float] | None = None
    if isinstance(cursor, list) and len(cursor) == 2:
        x, y = cursor
        if isinstance(x, int | float) and isinstance(y, int | float):
            place = (x / EIGHTHS, y / EIGHTHS)
    return Person(
        name if isinstance(name, str) and name else "guest",
        color if isinstance(color, str) else "#666666",
        False,
        place,
        state.peer,
        page if isinstance(page, str) else "",
        state.author,
        state.role,
        state.verified,
    )
