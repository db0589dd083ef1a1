"""The browser tabs that show one board of one kernel: whose each is, and who chose the tool. Pure.

A view is named "TAB.NUMBER"; the name of an older page's has no tab, and then each view is one. The first tab is the
user's own, and the others are guests': a second browser, or somebody who opened the same notebook.
"""

from __future__ import annotations

from itertools import count

MAX_VIEWS = 64
"""Views remembered; most of them closed without a message."""


def tab_of(view: str) -> str:
    """Return the tab of a view, or of a pointer in one."""
    return view.partition("/")[0].partition(".")[0]


class Tabs:
    """The tabs that are there."""

    def __init__(self) -> None:
        self.chooser = ""
        """The tab in which the tool was chosen last; "" when code chose it."""
        self._views: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def enter(self, view: str) -> None:
        """Note that a view is there."""
        self._views[view] = tab = tab_of(view)
        if tab not in self._numbers:
            self._numbers[tab] = next(n for n in count(1) if n not in self._numbers.values())
        if len(self._views) > MAX_VIEWS:
            self.leave(next(iter(self._views)))

    def leave(self, view: str) -> None:
        """Note that a view closed."""
        tab = self._views.pop(view, "")
        if tab and tab not in self._views.values():
            del self._numbers[tab]

    def others(self, view: str) -> frozenset[str]:
        """Return the tabs that are not that of `view`; none for "", which is code."""
        return frozenset(self._numbers) - {tab_of(view)} if view else frozenset()

    @property
    def several(self) -> tuple[str, ...]:
        """The tabs that are there, if there are several."""
        return tuple(self._numbers) if len(self._numbers) > 1 else ()

    def guest(self, view: str) -> int:
        """Return the number of the guest at a view, from 2; 0 when it is the user's own, or not there."""
        number = self._numbers.get(tab_of(view), 0)
        return number if number > 1 else 0
