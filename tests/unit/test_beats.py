"""When the bells of a room ring: who draws may wait for a beat, who waits for the disk does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from relay.limits import Limits
from relay.metrics import Metrics
from relay.protocol import Create, Join, Operate
from relay.protocol import Presence as PresenceMessage
from relay.pulse import BUSY, QUIET
from relay.rooms import OpenRoom, Rooms
from relay.store import MemoryStore


@pytest.fixture(autouse=True)
def no_beat_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat so long that whoever waits for one waits for ever."""
    monkeypatch.setattr("relay.pulse.BEAT", 1e6)
    monkeypatch.setattr("relay.pulse.MEMORY", 1e6)


def ring(frames_a_second: float, act: Callable[[OpenRoom], None]) -> bool:
    """Whether the bells of a room ring after something happens there, on a relay that sends so much."""

    async def scene() -> bool:
        rooms = Rooms(MemoryStore(), logging.getLogger("test"), Limits(), Metrics())
        try:
            async with rooms.visit("algebra") as opened:
                opened.room.join(Join("algebra"), 0.0)
                loop = asyncio.get_running_loop()
                rooms._pulse.count(round(frames_a_second * 1e6), loop.time())
                opened.rung = loop.time()
                rung = asyncio.Event()

                def bell() -> int:
                    rung.set()
                    return 0

                opened.bells.add(bell)
                act(opened)
                rooms.touch(opened)
                await rooms.settle(10)  # Whatever was drawn is durable.
                for _ in range(3):  # Passes of the loop: the touch is served in the next.
                    await asyncio.sleep(0)
                return rung.is_set()
        finally:
            await rooms.close()

    return asyncio.run(scene())


def move(opened: OpenRoom) -> None:
    [peer] = opened.room.peers.values()
    opened.room.receive(peer, PresenceMessage({"cursor": [1, 2]}))


def draw(opened: OpenRoom) -> None:
    [peer] = opened.room.peers.values()
    opened.room.receive(peer, Operate(1, (Create("k", {"kind": "stroke"}),)))


def test_a_quiet_relay_tells_everything_at_once() -> None:
    assert ring(QUIET / 2, move)
    assert ring(QUIET / 2, draw)


def test_a_busy_one_tells_at_once_only_what_became_durable() -> None:
    assert not ring(QUIET * 2, move)
    assert ring(QUIET * 2, draw)


def test_in_a_very_busy_one_all_waits_for_the_beat() -> None:
    assert not ring(BUSY * 2, move)
    assert not ring(BUSY * 2, draw)


@pytest.mark.parametrize(("frames_a_second", "at_once", "in_all"), [(QUIET / 2, 2, 2), (QUIET * 2, 0, 1)])
def test_a_busy_one_takes_all_that_a_pass_has_before_it_tells(
    frames_a_second: float, at_once: int, in_all: int
) -> None:
    async def scene() -> tuple[int, int]:
        rooms = Rooms(MemoryStore(), logging.getLogger("test"), Limits(), Metrics())
        try:
            async with rooms.visit("algebra") as opened:
                opened.room.join(Join("algebra"), 0.0)
                loop = asyncio.get_running_loop()
                rooms._pulse.count(round(frames_a_second * 1e6), loop.time())
                opened.rung = loop.time() - 1e9  # No beat is to be waited for.
                rung: list[None] = []

                def bell() -> int:
                    rung.append(None)
                    return 0

                opened.bells.add(bell)
                for _ in range(2):
                    move(opened)
                    rooms.serve(opened)
                first = len(rung)
                for _ in range(3):  # Passes of the loop.
                    await asyncio.sleep(0)
                return first, len(rung)
        finally:
            await rooms.close()

    assert asyncio.run(scene()) == (at_once, in_all)
