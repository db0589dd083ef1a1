"""What became of this client's operations: told at the board, and sent again where the relay could not store them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from relay.protocol import Error, Refused

from .lost import Lost, lost_in_words
from .membership import Membership
from .outbox import Outbox
from .page_turner import PageTurner
from .sync import Sync

RETRY_AFTER = 1.0
"""Seconds after which an operation is sent again that the relay could not store."""


class Verdicts:
    """The notices about operations of one client, and the timer of a retry."""

    def __init__(self, sync: Sync, outbox: Outbox, membership: Membership, pages: PageTurner) -> None:
        self._sync = sync
        self._outbox = outbox
        self._membership = membership
        self._pages = pages
        self._retrying: asyncio.TimerHandle | None = None
        self._suspended = ""
        """The notice that the relay cannot store anything, while something waits for that."""

    def refused(self, refused: Refused) -> None:
        """Handle a refusal, which may be final or a retry."""
        lost = self._sync.refused(refused)
        if lost is not None:
            self.lost([lost])
        elif not refused.final:
            self._membership.notice = f"Not saved yet: {refused.reason}; trying again."
            if self._retrying is None:
                self._retrying = asyncio.get_running_loop().call_later(RETRY_AFTER, self._retry)

    def lost(self, lost: Sequence[Lost]) -> None:
        """Tell that operations are lost, if there are any."""
        if lost:
            self._membership.notice = lost_in_words(self._sync.lost)

    def failed(self, error: Error) -> None:
        """Tell what the relay says went wrong; that it cannot store is told until it can."""
        self._membership.notice = error.reason
        self._suspended = error.reason if error.code == "store" else ""

    def all_here(self) -> None:
        """Take account of it that nothing is pending."""
        if self._suspended and self._membership.notice == self._suspended:
            self._membership.notice = ""
        self._suspended = ""

    def _retry(self) -> None:
        self._retrying = None
        lost = self._sync.retry()
        self._membership.notice = ""
        self.lost([lost] if lost is not None else [])
        self._outbox.send_pending()
        self._pages.changed()
