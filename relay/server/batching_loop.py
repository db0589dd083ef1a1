"""An event loop that coalesces wake-ups under load: it delays a poll by up to a beat, so that it returns a batch.

Waking up for a message costs more than handling it. Where a thousand arrive in a second, rooms notify in beats anyway
(see `relay.server.pacing`), so the loop sleeps until it has something to do by itself, then reads everything. Network
cards do the same. Where operations follow each other, their verdicts are waited for, and delays are short.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from typing import Any

from .pacing import BEAT

LONGEST, SHORT, SHORTEST = BEAT, BEAT / 4, BEAT / 8
"""Seconds of a delay, of one where the loop is called often, and of the shortest: that may be longer than the loop
asked for, and timers that are due together are served together."""
BUSY_EVENTS = 1_000.0
"""Ready connections a second beyond which polls are delayed."""
OFTEN_CALLED = 100.0
"""Calls by other threads a second, such as the store's for each group of operations, beyond which delays are short."""
SPAN = 0.1
"""Seconds over which they are counted."""


class BatchingSelector(selectors.DefaultSelector):
    """A selector that delays polling while there was much to see lately.

    A call from a signal or another thread, such as the store's when operations are durable, ends the delay: the first
    file that a loop registers is the one by which they call it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: select.poll | None = None
        self._events = 0
        self._called = 0
        self._count_until = 0.0
        self._is_busy = False
        self._is_called_often = False

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file."""
        key = super().register(fileobj, events, data)
        if self._calls is None:
            self._calls = select.poll()
            self._calls.register(key.fd, select.POLLIN)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, after `timeout` seconds at the latest, or after `SHORTEST` where that is longer."""
        if self._is_busy and self._calls is not None and timeout != 0:
            longest = SHORT if self._is_called_often else LONGEST
            delay = longest if timeout is None else min(max(timeout, SHORTEST), longest)
            self._called += len(self._calls.poll(1e3 * delay))
            timeout = timeout and max(0.0, timeout - delay)
        ready = super().select(timeout)
        self._events += len(ready)
        if (now := time.monotonic()) >= self._count_until:
            seconds = now - self._count_until + SPAN
            self._is_busy = self._events > BUSY_EVENTS * seconds
            self._is_called_often = self._called > OFTEN_CALLED * seconds
            self._events, self._called, self._count_until = 0, 0, now + SPAN
        return ready


def new_batching_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop with a `BatchingSelector`."""
    return asyncio.SelectorEventLoop(BatchingSelector())
