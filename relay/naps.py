"""An event loop that naps while much comes, so that it finds many messages when it wakes, not one.

Waking up for a message costs more than taking it in. Where a thousand come in a second, rooms tell of them in beats
anyway (see `relay.pulse`), so the loop sleeps until it has something to do by itself, and then reads all that came.
Network cards do the same. Where operations come one after the other, their verdicts are waited for, and naps are short.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from typing import Any

from .pulse import BEAT

LONGEST, SHORT, SHORTEST = BEAT, BEAT / 4, BEAT / 8
"""Seconds of a nap, of one where the loop is called often, and of the shortest: that may be longer than the loop asked
for, and timers that are due together are served together."""
MANY = 1_000.0
"""Connections a second at which there was something to do, beyond which the loop naps."""
OFTEN = 100.0
"""Calls by other threads a second, such as the store's for each group of operations, beyond which naps are short."""
SPAN = 0.1
"""Seconds over which they are counted."""


class Napping(selectors.DefaultSelector):
    """A selector that naps before it looks, as long as there was much to see lately.

    The first file that is registered with it wakes it: a loop's first one is that by which signals and other threads
    call it, such as the store's when operations are durable."""

    def __init__(self) -> None:
        super().__init__()
        self._bell: select.poll | None = None
        self._seen = 0
        self._until = 0.0
        self._called = 0
        self._tired = False
        self._wanted = False

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file."""
        key = super().register(fileobj, events, data)
        if self._bell is None:
            self._bell = select.poll()
            self._bell.register(key.fd, select.POLLIN)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, after `timeout` seconds at the latest, or after the shortest nap where that is longer."""
        if self._tired and self._bell is not None and timeout != 0:
            longest = SHORT if self._wanted else LONGEST
            nap = longest if timeout is None else min(max(timeout, SHORTEST), longest)
            self._called += len(self._bell.poll(1e3 * nap))
            timeout = timeout and max(0.0, timeout - nap)
        found = super().select(timeout)
        self._seen += len(found)
        if (now := time.monotonic()) >= self._until:
            seconds = now - self._until + SPAN
            self._tired = self._seen > MANY * seconds
            self._wanted = self._called > OFTEN * seconds
            self._seen, self._called, self._until = 0, 0, now + SPAN
        return found


def napping_loop() -> asyncio.AbstractEventLoop:
    """A new event loop that naps."""
    return asyncio.SelectorEventLoop(Napping())
