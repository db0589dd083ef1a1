"""Whether the relay sends this client the ink under others' hands: not while all its pages have that from the relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..errors import SketchError
from .requests import Requests


class WantedPreviews:
    """Asks the relay for others' previews, and not to send them; on the loop thread. `changed` is called when they are
    `here` again."""

    def __init__(self, requests: Requests, changed: Callable[[], None]) -> None:
        self.here = True
        """Whether all ink under others' hands is known here, with what it began with."""
        self._requests = requests
        self._changed = changed
        self._wanted = True
        self._asked: bool | None = True
        """What the relay goes by; None while that is not known."""
        self._asking: asyncio.Task[None] | None = None

    def joined(self) -> None:
        """A new connection is sent everything."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self.here = self._wanted = True
        self._asked = True

    def want(self, wanted: bool) -> None:
        """Have the relay send others' previews from now on, or not."""
        if wanted is self._wanted and self._asked is not None:
            return
        self._wanted = wanted
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        while self._asked is not self._wanted:
            wanted, self._asked = self._wanted, None
            self.here = False  # From when it leaves: what was under way may be missing.
            try:
                await self._requests.want(wanted)
                self._asked = self.here = wanted
            except SketchError:
                # It goes on as before, or not at all; what is wanted next is asked for again.
                self.here = self._wanted = True
                break
        self._asking = None
        if self.here:
            self._changed()
