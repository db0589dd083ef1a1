"""Ends in time what is shown of others after a connection was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .peers import Peers


class GhostTimer:
    """The clock of the ghosts among `peers`; `over` is called when something is shown no longer."""

    def __init__(self, peers: Peers, over: Callable[[], None]) -> None:
        self._peers = peers
        self._over = over
        self._timer: asyncio.TimerHandle | None = None

    def lose(self) -> None:
        """Show the others as they were, for a while: they may be back in a moment, and so may this client."""
        self._peers.lose(asyncio.get_running_loop().time())
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._peers.due
        self._timer = asyncio.get_running_loop().call_at(due, self._expire) if due is not None else None

    def _expire(self) -> None:
        if self._peers.expire(asyncio.get_running_loop().time()):
            self._over()
        self._wait()
