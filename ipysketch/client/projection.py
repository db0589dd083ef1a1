"""What a board shows, computed from what is known: the drawing, people and the status, as one value."""

from __future__ import annotations

import asyncio

from relay.protocol import PeerState

from ..editing.gestures import Gestures
from ..model.elements import Element
from ..model.elements.fields import EIGHTHS
from .connection_state import Offline
from .dragged import Dragged
from .membership import Membership
from .own_presence import OwnPresence
from .peers import Peers
from .scenes import Scenes
from .status import describe
from .sync import Sync
from .tabs import Tabs
from .view import BoardState, Person


class Projection:
    """Reads of all that people at one client see. It changes nothing."""

    def __init__(
        self,
        sync: Sync,
        scenes: Scenes,
        peers: Peers,
        presence: OwnPresence,
        *,
        dragged: Dragged,
        gestures: Gestures,
        membership: Membership,
        own_previews: Peers,
        tabs: Tabs,
    ) -> None:
        self._sync = sync
        self._scenes = scenes
        self._peers = peers
        self._presence = presence
        self._dragged = dragged
        self._gestures = gestures
        self._membership = membership
        self._own_previews = own_previews
        self._tabs = tabs

    def board_state(self, part: tuple[Element, ...] | None = None) -> BoardState:
        """Return all that people see, as one immutable value; `part` in place of all elements while these are being
        decoded."""
        gestures, page = self._gestures, self._presence.page
        elements = self._scenes.of(page) if part is None else part
        if hidden := gestures.hidden():
            elements = tuple(element for element in elements if element.key not in hidden)
        capabilities = self._membership.capabilities
        return BoardState(
            elements=tuple(self._dragged.shown(elements)),
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
