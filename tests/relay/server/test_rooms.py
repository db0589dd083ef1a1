"""When the subscribers of a room are notified: presence may wait for a beat, a verdict does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec
import pytest

from relay.limits import Limits
from relay.observability.metrics import Metrics
from relay.protocol import Create, Join, Operate
from relay.protocol import Presence as PresenceMessage
from relay.server.open_room import OpenRoom
from relay.server.pacing import BUSY, QUIET
from relay.server.rooms import Rooms
from relay.store import MemoryStore
from relay.store.worker import StoreThread

from ...support.waiting import DEADLINE


@pytest.fixture(autouse=True)
def no_beat_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat so long that whoever waits for one waits for ever."""
    monkeypatch.setattr("relay.server.pacing.BEAT", 1e6)
    monkeypatch.setattr("relay.server.pacing.MEMORY", 1e6)


class Counter:
    """A subscriber that counts."""

    def __init__(self) -> None:
        self.count = 0

    def notify(self) -> int:
        self.count += 1
        return 0


def notified(frames_a_second: float, act: Callable[[OpenRoom], None]) -> bool:
    """Whether a room notifies its subscribers after something happens there, on a relay that sends so much."""

    async def scene() -> bool:
        thread = StoreThread(MemoryStore())
        rooms = Rooms(thread, logging.getLogger("test"), Limits(), Metrics())
        try:
            async with rooms.visit("algebra") as opened:
                opened.room.join(Join("algebra"))
                loop = asyncio.get_running_loop()
                rooms.pacer.count(round(frames_a_second * 1e6), loop.time())
                opened.last_notified = loop.time()
                counter = Counter()
                opened.subscribers.add(counter)
                act(opened)
                rooms.touch(opened)
                await rooms.settle(DEADLINE)  # Whatever was drawn is durable.
                for _ in range(3):  # Passes of the loop: the touch is served in the next.
                    await asyncio.sleep(0)
                return counter.count > 0
        finally:
            await rooms.close()
            await thread.close()

    return asyncio.run(scene())


def move(opened: OpenRoom) -> None:
    [peer] = opened.room.peers.values()
    opened.room.receive(peer, PresenceMessage({"cursor": [1, 2]}))


def draw(opened: OpenRoom) -> None:
    [peer] = opened.room.peers.values()
    opened.room.receive(peer, Operate(1, (Create("k", {"kind": msgspec.Raw(b'"stroke"')}),)))


def test_a_quiet_relay_tells_everything_at_once() -> None:
    assert notified(QUIET / 2, move)
    assert notified(QUIET / 2, draw)


def test_a_busy_one_tells_at_once_only_what_became_durable() -> None:
    assert not notified(QUIET * 2, move)
    assert notified(QUIET * 2, draw)


def test_in_a_very_busy_one_all_waits_for_the_beat() -> None:
    assert not notified(BUSY * 2, move)
    assert not notified(BUSY * 2, draw)


@pytest.mark.parametrize(("frames_a_second", "at_once", "in_all"), [(QUIET / 2, 2, 2), (QUIET * 2, 0, 1)])
def test_a_busy_one_takes_all_that_a_pass_has_before_it_tells(
    frames_a_second: float, at_once: int, in_all: int
) -> None:
    async def scene() -> tuple[int, int]:
        thread = StoreThread(MemoryStore())
        rooms = Rooms(thread, logging.getLogger("test"), Limits(), Metrics())
        try:
            async with rooms.visit("algebra") as opened:
                opened.room.join(Join("algebra"))
                loop = asyncio.get_running_loop()
                rooms.pacer.count(round(frames_a_second * 1e6), loop.time())
                opened.last_notified = loop.time() - 1e9  # No beat is to be waited for.
                counter = Counter()
                opened.subscribers.add(counter)
                for _ in range(2):
                    move(opened)
                    rooms.serve(opened)
                first = counter.count
                for _ in range(3):  # Passes of the loop.
                    await asyncio.sleep(0)
                return first, counter.count
        finally:
            await rooms.close()
            await thread.close()

    assert asyncio.run(scene()) == (at_once, in_all)
