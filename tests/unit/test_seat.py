"""Who takes nothing, and who takes a little at a time, as the relay's watch sees them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from relay.limits import Bucket
from relay.server import AT_ONCE, NO_PROGRESS, Relay, _Seat
from relay.store import MemoryStore

FRAME = "a frame"


class Socket:
    """Takes a frame whenever it is clear."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []
        self.room_for = 0

    @property
    def clear(self) -> bool:
        return len(self.posted) < self.room_for

    def post(self, frame: bytes) -> None:
        self.posted.append(frame)


class Talkative:
    """A room, and its peer, that always has something new."""

    name, id, closing = "algebra", "p", None

    def collect(self, _: object) -> str:
        return FRAME

    def has_told(self, _: object) -> bool:
        return False


@pytest.fixture
def relay() -> Relay:
    async def make() -> Relay:
        return Relay(MemoryStore())

    return asyncio.run(make())


def seat(socket: Socket) -> _Seat:
    room: Any = Talkative()
    opened: Any = type("Opened", (), {"room": room})
    bucket = Bucket(1.0)
    return _Seat(cast(Any, socket), opened, room, cast(Any, None), bucket, bucket, bucket)


def test_who_takes_a_little_between_two_looks_has_not_stalled(relay: Relay) -> None:
    """Each time one looks, as much is left as the last time: what was posted in between, not what was there."""
    socket = Socket()
    slow = seat(socket)
    for now in range(1_000, 1_000 + 3 * round(NO_PROGRESS)):
        socket.room_for += 1
        slow.bell.clear()
        relay._ring(slow)
        assert not slow.stalled(100, now)


def test_who_takes_nothing_has(relay: Relay) -> None:
    socket = Socket()
    stalled = seat(socket)
    socket.room_for = 1
    relay._ring(stalled)
    for now in range(1_000, 1_000 + round(NO_PROGRESS)):
        stalled.bell.clear()
        relay._ring(stalled)
        assert not stalled.stalled(100, now)
    assert len(socket.posted) == 1
    assert stalled.stalled(100, 1_000 + NO_PROGRESS + 1)


def test_who_has_taken_all_may_be_silent(relay: Relay) -> None:
    quiet = seat(Socket())
    for now in (1_000.0, 1_000 + 2 * NO_PROGRESS, 1_000 + 4 * NO_PROGRESS):
        assert not quiet.stalled(0, now)


def test_one_peer_does_not_keep_the_others_waiting(relay: Relay) -> None:
    """After some frames the rest is left to its writer."""
    socket = Socket()
    socket.room_for = 10 * AT_ONCE
    greedy = seat(socket)
    assert relay._ring(greedy) == AT_ONCE + 1
    assert len(socket.posted) == AT_ONCE
    assert greedy.bell.is_set()
    assert relay._ring(greedy) == 1, "until then nothing overtakes what the writer has"
    assert len(socket.posted) == AT_ONCE
