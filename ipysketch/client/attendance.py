"""Who is not at their page is not in the room: a board of an app server leaves it and joins it again with the page.

On the loop thread. A page that loads anew, or whose network fails, is given a few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Protocol

from .view import BoardState, BoardView

INTERVAL = 1.0
"""Seconds between two looks."""
GRACE = 8.0
"""Seconds without a page after which a board leaves its room."""
LOADING = 60.0
"""The same before the first page was there: libraries may take long to load."""
GIVEN_UP = 900.0
"""Seconds without a page after which a session is taken to have ended."""


class Attending(Protocol):
    """The part of a session that comes and goes."""

    @property
    def joining(self) -> bool: ...

    def rejoin(self) -> None:
        """Join the room that was left, if there is one."""
        ...

    def disconnect(self, flush: float = 1.0) -> Coroutine[Any, Any, None]:
        """Leave the room."""
        ...


class Attendance:
    """Has `session` in its room while `here` says that a page is there; `given_up` is called after long absence."""

    def __init__(self, session: Attending, here: Callable[[], bool], given_up: Callable[[], None]) -> None:
        self._session, self._here, self._given_up = session, here, given_up
        self._seen = False
        self._last_seen = asyncio.get_running_loop().time()
        self._left = False
        self._leaving: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._look()

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(INTERVAL, self._look)
        if self._here():
            self._seen, self._last_seen = True, loop.time()
            if self._left:
                self._left = False
                self._session.rejoin()
            return
        absent = loop.time() - self._last_seen
        if absent > (GRACE if self._seen else LOADING) and self._session.joining:
            self._left = True
            self._leaving = loop.create_task(self._session.disconnect())
        if absent > GIVEN_UP:
            self.end()
            self._given_up()


class VisitorView:
    """A view of a board in the context of the session that it belongs to: what it sends goes to that session's page.

    `sent` is called after each frame.
    """

    def __init__(self, view: BoardView, context: Context, sent: Callable[[], None]) -> None:
        self._view, self._context, self._sent = view, context, sent

    def show(self, state: BoardState) -> bool:
        """Show `state` on the view."""
        shown = self._context.copy().run(self._view.show, state)
        self._sent()
        return shown
