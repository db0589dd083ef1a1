"""Which page this client is on: turned by hand, with somebody, after an undo, and never one that is not there."""

from __future__ import annotations

from collections.abc import Collection

from relay.protocol import PeerState

from ..editing.gestures import Gestures
from .membership import MODERATORS
from .own_ink import OwnInk
from .own_presence import OwnPresence
from .peers import Peers
from .presenter import Presenter
from .scenes import Scenes
from .sync import Sync


class PageTurner:
    """Turns the page of one client. What its hands have begun on the one before is discarded."""

    def __init__(
        self,
        sync: Sync,
        scenes: Scenes,
        peers: Peers,
        presence: OwnPresence,
        *,
        gestures: Gestures,
        ink: OwnInk,
        presenter: Presenter,
    ) -> None:
        self._sync = sync
        self._scenes = scenes
        self._peers = peers
        self._presence = presence
        self._gestures = gestures
        self._ink = ink
        self._presenter = presenter

    def turn(self, page: str) -> None:
        """Show another page, and draw on it, from now on; the first where there is none of that key."""
        page = page if self._is_there(page) else ""
        if page == self._presence.page:
            return
        cancelled = self._gestures.cancel()
        self._presence.turn(page)
        for effect in cancelled:
            self._ink.cancel(effect.key)
        self._presenter.refresh()

    def _is_there(self, page: str) -> bool:
        return any(page == each.key for each in self._scenes.pages())

    def changed(self) -> None:
        """Show a drawing that has changed: on the first page, where somebody deleted this one."""
        page = self._presence.page
        if page and page not in self._sync.entries:
            self.turn("")
        self._presenter.refresh()

    def show_undone(self, pages: Collection[str]) -> None:
        """Turn to what an undo changed on `pages`, where it is on another one."""
        there = [page for page in pages if self._is_there(page)]
        if there and self._presence.page not in pages:
            self.turn(there[0])

    # --- with somebody ------------------------------------------------------------------------------------

    def follow(self, peer: str) -> None:
        """Turn pages with a peer from now on, and see what they see; "" for nobody."""
        self._presence.follow(peer)
        self._follow_leader()
        self._presenter.refresh()

    def _follow_leader(self) -> None:
        if (page := self._presence.leader_page()) is not None:
            self.turn(page)

    def peer_changed(self, state: PeerState, before: PeerState | None) -> None:
        """Turn with a peer that is followed, and follow a moderator who begins to ask for it, until they end it.

        Whoever does not want to follows nobody.
        """
        leads = state.state.get("leading") is True and state.role in MODERATORS
        led = before is not None and before.state.get("leading") is True
        if leads and not led and state.peer != self._peers.me:
            self.follow(state.peer)
        elif led and not leads and self._presence.following == state.peer:
            self.follow("")
        if self._presence.following == state.peer:
            self._follow_leader()
