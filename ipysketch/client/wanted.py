"""Whether the relay sends this client the ink under others' hands: not while all its pages have that from the relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..errors import SketchError
from .membership import Membership
from .peers import Peers
from .requests import Requests


class WantedPreviews:
    """Asks the relay for others' previews, and not to send them; on the loop thread. `complete` is called when the ink
    of `peers` is that again."""

    def __init__(
        self, peers: Peers, membership: Membership, requests: Requests, complete: Callable[[], None]
    ) -> None:
        self._peers = peers
        self._membership = membership
        self._requests = requests
        self._complete = complete
        self._wanted = True
        self._asked: bool | None = True
        """What the relay goes by; None while that is not known."""
        self._asking: asyncio.Task[None] | None = None

    def joined(self) -> None:
        """A new connection is sent everything."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._peers.complete = self._wanted = True
        self._asked = True

    def want(self, wanted: bool) -> None:
        """Have the relay send others' previews from now on, or not; one that lets pages accompany this client."""
        if not self._membership.companions or (wanted is self._wanted and self._asked is not None):
            return
        self._wanted = wanted
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        while self._asked is not self._wanted:
            wanted, self._asked = self._wanted, None
            self._peers.complete = False  # From when it leaves: what was under way may be missing.
            try:
                await self._requests.want(wanted)
                self._asked = self._peers.complete = wanted
            except SketchError:
                # It goes on as before, or not at all; what is wanted next is asked for again.
                self._peers.complete = self._wanted = True
                break
        self._asking = None
        if self._peers.complete:
            self._complete()
