"""The clock by which entries are dated: the store's, which all its relays share."""

from __future__ import annotations

import logging
import time

from ..observability.event_log import event
from ..store.worker import StoreThread

WRONG = 2.0
"""Seconds of difference between this machine's clock and the store's that an operator is told of."""


class StoreClock:
    """The clock of the store of `thread`, read by way of this machine's. The difference is measured by `compare`."""

    def __init__(self, thread: StoreThread, log: logging.Logger) -> None:
        self.offset = 0.0
        self._thread = thread
        self._log = log
        self._is_wrong = False

    def now(self) -> float:
        """Return the store's time, in seconds since 1970."""
        return time.time() + self.offset

    async def compare(self) -> None:
        """Measure the difference anew. Raises `StoreError`."""
        before = time.time()
        theirs = await self._thread.ask(self._thread.store.now)
        after = time.time()
        # Less than the answer took is no difference that can be told from none.
        difference = theirs - (before + after) / 2
        self.offset = difference if abs(difference) > after - before else 0.0
        if (is_wrong := abs(self.offset) > WRONG) and not self._is_wrong:
            event(
                self._log,
                logging.WARNING,
                "this machine's clock is not the store's; set it",
                seconds=f"{-self.offset:.1f}",
            )
        self._is_wrong = is_wrong
