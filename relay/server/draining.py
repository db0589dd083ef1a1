"""Gives the rooms of one relay to others, one after the other, so that nobody waits for more than one.

A relay that is stopped does so at once; one that is drained says first that it takes nobody in, so that what stands
before the relays sends people elsewhere by then, and ends when it has no room any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from ..cluster.membership import Membership
from .rooms import Rooms

A_SECOND = 50
"""Rooms handed over in a second, at most: those who get them have to load them."""
NOTICE = 3.0
"""Seconds from when a relay says that it takes nobody in until it sends people on: balancers ask each second, and
believe the second time."""
LOOK = 0.25
"""Seconds between two looks whether rooms are left, or can be given away again."""


async def hand_over_all(rooms: Rooms, goes_on: Callable[[], bool]) -> None:
    """Hand over all rooms, those with few people first, as long as it `goes_on`."""
    while goes_on() and (opened := rooms.smallest()) is not None:
        await rooms.hand_over(opened)
        await asyncio.sleep(1 / A_SECOND)


class Draining:
    """Drains the relay of `membership` with these `rooms`, when asked; calls `end` when it has none any more."""

    def __init__(self, membership: Membership, rooms: Rooms, end: Callable[[], None]) -> None:
        self._membership = membership
        self._rooms = rooms
        self._end = end
        self._task: asyncio.Task[None] | None = None

    async def want(self, wanted: bool) -> None:
        """Begin, or undo it. Raises `StoreError` when nobody would take the rooms."""
        await self._membership.drain(wanted)
        if wanted and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._drain())

    async def close(self) -> None:
        """Go on with nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time() + NOTICE
        while self._membership.draining:
            if loop.time() >= begin and self._membership.gives_away:
                await hand_over_all(self._rooms, lambda: self._membership.gives_away)
                if not len(self._rooms):
                    self._end()
                    return
            await asyncio.sleep(LOOK)


async def hand_over_within(rooms: Rooms, membership: Membership, seconds: float) -> None:
    """Hand over all rooms of a relay that stops, as many as can be within so many `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await hand_over_all(rooms, lambda: membership.is_heard)
