"""The drawing as this client sees it, and what it may do in it: what gestures, views and code read."""

from __future__ import annotations

from relay.protocol import Action, Patch

from ..model.connector import released
from ..model.elements import Element, Line
from .membership import Membership
from .own_presence import OwnPresence
from .scenes import Scenes
from .sync import Sync
from .view import SceneChanges


class Drawing:
    """Reads of the page that is shown; the `GestureContext` of this client's gestures."""

    def __init__(self, sync: Sync, scenes: Scenes, membership: Membership, presence: OwnPresence) -> None:
        self._sync = sync
        self._scenes = scenes
        self._membership = membership
        self._presence = presence

    @property
    def page(self) -> str:
        """The key of the page that is shown."""
        return self._presence.page

    @property
    def can_draw(self) -> bool:
        """Whether the room lets this client draw."""
        return self._membership.capabilities.draw

    def may_erase(self, element: Element) -> bool:
        """Whether the room lets this client erase `element`."""
        return self._membership.capabilities.erase_others or element.author == self._sync.author

    def elements(self) -> tuple[Element, ...]:
        """Return what this client sees on its page, bottom first; the same object as long as nothing changes."""
        return self._scenes.of(self.page)

    def let_go(self, key: str) -> list[Action]:
        """Return what leaves the lines where they are that are bound to an element, and may be changed."""
        return [
            Patch(element.key, released(element, key))
            for element in self.elements()
            if isinstance(element, Line)
            and any(end is not None and end.key == key for end in element.ends)
            and self.may_erase(element)
        ]

    def changes(self, since: int) -> SceneChanges:
        """Return the entries, and which of them may have changed since version `since`, -1 for any."""
        # `entries` before `touched`: asking for them lays what is pending over the rest.
        entries = self._sync.entries
        return SceneChanges(self._sync.version, self.page, entries, self._sync.touched(since))
