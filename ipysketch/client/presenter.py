"""When the views of a board show what has changed: at most one frame in 1/60 s, and large drawings in parts."""

from __future__ import annotations

import asyncio

from ..model.elements import Element
from .connection_state import Waiting
from .membership import Membership
from .own_presence import OwnPresence
from .projection import Projection
from .scenes import Scenes
from .view import BoardView

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
        self, projection: Projection, scenes: Scenes, presence: OwnPresence, membership: Membership
    ) -> None:
        self._projection = projection
        self._scenes = scenes
        self._presence = presence
        self._membership = membership
        self._views: list[BoardView] = []
        self._next_frame = 0.0
        self._scheduled: asyncio.TimerHandle | asyncio.Handle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._lowest = LOWEST

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
        state = self._projection.board_state(part)
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
