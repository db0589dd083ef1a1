"""The elements of each page as this client sees them, decoded once for each change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relay.protocol import order

from ..model.archive import PAGES
from ..model.elements import Element
from ..model.elements import Page as PageElement
from ..model.scene import Scene
from .sync import Sync
from .view import PageInfo


class Scenes:
    """The scenes of the pages of one drawing, confirmed and pending operations together."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._scenes: dict[str, Scene] = {}
        self._shown: dict[str, tuple[int, tuple[Element, ...]]] = {}

    def of(self, page: str) -> tuple[Element, ...]:
        """Return the elements of a page, bottom first; the same object as long as nothing there changes."""
        version, elements = self._shown.get(page, (-1, ()))
        if version != self._sync.version:
            # `entries` before `touched`: asking for them lays what is pending over the rest.
            entries = self._sync.entries
            elements = self._scene(page).of(entries, page, self._sync.touched(version))
            self._shown[page] = (self._sync.version, elements)
        return elements

    def lowest(self, page: str, count: int) -> tuple[Element, ...] | None:
        """Return the `count` lowest elements of a large page of which nothing was shown yet; None when all of it is
        to be shown."""
        version, elements = self._shown.get(page, (-1, ()))
        if elements or self._sync.touched(version) is not None:
            return None
        return self._scene(page).lowest(self._sync.entries, page, count)

    def _scene(self, page: str) -> Scene:
        return self._scenes.setdefault(page, Scene())

    def pages(self) -> tuple[PageInfo, ...]:
        """Return the pages of the board in order; the first has the key ""."""
        added = (element for element in self.of(PAGES) if isinstance(element, PageElement))
        return (PageInfo("", ""), *(PageInfo(element.key, element.name) for element in added))

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        """Return the fields of an element and its place in the drawing order; None when there is no such element."""
        entry = self._sync.entries.get(key)
        return (entry.fields, order(entry)[0]) if entry is not None else None

    def lowest_place(self, page: str) -> float:
        """Return the place of the lowest element of a page in the drawing order."""
        return min(
            (order(entry)[0] for entry in self._sync.entries.values() if entry.page == page), default=0.0
        )

    def author(self, key: str) -> str | None:
        """Return whose an element is; None when there is no such element."""
        entry = self._sync.entries.get(key)
        return entry.author if entry is not None else None

    def own_group(self, group: str) -> tuple[str, ...]:
        """Return the keys of this author's elements that were drawn together as `group`."""
        author = self._sync.author
        entries = self._sync.entries.values()
        return tuple(e.key for e in entries if e.fields.get("group") == group and e.author == author)
