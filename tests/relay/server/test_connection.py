"""A connection as its room and the relay's watchdog see it: when frames are written, and when a peer has stalled."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from relay.access.authentication import Authenticator
from relay.access.codes import Codes
from relay.access.tokens import Grant
from relay.limits import Limits
from relay.observability.metrics import Metrics
from relay.protocol import Join
from relay.room.peer import Peer
from relay.room.permissions import Role
from relay.server.connection import BEAT, FOLLOWING, NO_PROGRESS, PeerConnection, Phase
from relay.server.dispatch import Shared
from relay.server.fast_connection import AT_ONCE
from relay.server.open_room import OpenRoom
from relay.server.plugins import Plugins
from relay.server.requests import Requests
from relay.server.rooms import Rooms
from relay.store import MemoryStore
from relay.store.worker import StoreThread

FRAME = "a frame"
LOG = logging.getLogger("test")


class Socket:
    """Takes so many frames."""

    def __init__(self, room_for: int = 0) -> None:
        self.posted: list[bytes] = []
        self.room_for = room_for
        self.sent: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self.sendable = asyncio.Event()
        self.sendable.set()

    @property
    def clear(self) -> bool:
        return len(self.posted) < self.room_for

    def post(self, frame: bytes) -> None:
        self.posted.append(frame)

    async def send(self, frame: str) -> None:
        await self.sendable.wait()
        self.sent.append(frame)

    async def close(self, code: int, reason: str) -> None:
        self.closed = code, reason

    def mark_handled(self) -> None:
        """A message was handled."""

    def __aiter__(self) -> Socket:
        return self

    async def __anext__(self) -> str:
        """Nothing is ever received."""
        await asyncio.Event().wait()
        raise StopAsyncIteration


class Scene:
    """A connection whose room has `frames` more for its peer: as many as one likes when it is None."""

    def __init__(self, socket: Socket, opened: OpenRoom, peer: Peer, shared: Shared) -> None:
        self.socket = socket
        self.frames: int | None = None
        delivery: Any = opened.room.delivery
        delivery.collect = self.collect
        delivery.is_up_to_date = lambda _: self.frames == 0
        grant = Grant("", "", "algebra", Role.EDITOR, "", float("inf"))
        self.connection = PeerConnection(cast(Any, socket), opened, peer, grant, shared)

    def collect(self, peer: Peer) -> str | None:
        if self.frames == 0:
            return None
        if self.frames is not None:
            self.frames -= 1
        return FRAME


def play(act: Callable[[Scene], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        limits, metrics = Limits(), Metrics()
        thread = StoreThread(MemoryStore())
        rooms = Rooms(thread, LOG, limits, metrics)
        shared = Shared(
            rooms,
            Requests(rooms, Authenticator(), Codes(random.choice), LOG),
            Plugins([], seconds=1, log=LOG),
            limits,
            metrics,
            LOG,
        )
        try:
            async with rooms.visit("algebra") as opened:
                peer = opened.room.join(Join("algebra"))
                await act(Scene(Socket(), opened, peer, shared))
        finally:
            await rooms.close()
            await thread.close()

    asyncio.run(run())


def test_a_peer_that_takes_a_little_between_two_looks_has_not_stalled() -> None:
    """Each time one looks, as much is left as the last time: what was posted in between, not what was there."""

    async def act(scene: Scene) -> None:
        for now in range(1_000, 1_000 + 3 * round(NO_PROGRESS)):
            scene.socket.room_for += AT_ONCE
            scene.frames = 1
            assert scene.connection.notify() == 1
            assert not scene.connection.is_stalled(100, now)

    play(act)


def test_a_peer_that_takes_nothing_has_stalled() -> None:
    async def act(scene: Scene) -> None:
        scene.socket.room_for = 1
        scene.connection.notify()
        for now in range(1_000, 1_000 + round(NO_PROGRESS)):
            scene.connection.notify()
            assert not scene.connection.is_stalled(100, now)
        assert len(scene.socket.posted) == 1
        assert scene.connection.is_stalled(100, 1_000 + NO_PROGRESS + 1)

    play(act)


def test_a_peer_that_has_taken_all_may_be_silent() -> None:
    async def act(scene: Scene) -> None:
        for now in (1_000.0, 1_000 + 2 * NO_PROGRESS, 1_000 + 4 * NO_PROGRESS):
            assert not scene.connection.is_stalled(0, now)

    play(act)


def test_one_peer_does_not_keep_the_others_waiting() -> None:
    """After some frames the rest is left to its writer."""

    async def act(scene: Scene) -> None:
        scene.socket.room_for = 10 * AT_ONCE
        assert scene.connection.notify() == AT_ONCE + 1
        assert len(scene.socket.posted) == AT_ONCE
        assert scene.connection.phase is Phase.DRAINING
        assert scene.connection.notify() == 1, "until then nothing overtakes what the writer has"
        assert len(scene.socket.posted) == AT_ONCE

    play(act)


async def passes(count: int = 10) -> None:
    """Let the tasks of the loop run on."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_the_socket_does_not_take_is_sent_by_the_writer_and_then_frames_are_posted_again() -> None:
    async def act(scene: Scene) -> None:
        running = asyncio.create_task(scene.connection.run())
        scene.frames = 2
        scene.socket.sendable.clear()
        scene.connection.notify()
        await passes()
        assert (scene.connection.phase, scene.socket.sent) == (Phase.DRAINING, [])
        scene.socket.sendable.set()
        await passes()
        assert (scene.connection.phase, scene.socket.sent) == (Phase.OPEN, [FRAME, FRAME])
        scene.frames, scene.socket.room_for = 1, 1
        scene.connection.notify()
        assert len(scene.socket.posted) == 1
        running.cancel()

    play(act)


def test_it_is_closed_after_all_was_sent_for_the_first_reason_given() -> None:
    async def act(scene: Scene) -> None:
        running = asyncio.create_task(scene.connection.run())
        scene.frames, scene.socket.room_for = 2, 10
        scene.connection.finish(1012, "restarting")
        scene.connection.finish(1000, "something else")
        assert scene.connection.notify() == 1, "what is left goes through the writer"
        await passes()
        assert scene.socket.sent == [FRAME, FRAME]
        assert scene.socket.closed == (1012, "restarting")
        assert scene.connection.phase is Phase.CLOSING
        running.cancel()

    play(act)


def test_a_closed_connection_stays_closed() -> None:
    assert not FOLLOWING[Phase.CLOSED]
    assert set(FOLLOWING) == set(Phase)
    assert all(Phase.CLOSED in following for phase, following in FOLLOWING.items() if phase is not Phase.CLOSED)


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.DRAINING])
def test_it_leaves_its_room_whatever_it_was_doing(phase: Phase) -> None:
    async def act(scene: Scene) -> None:
        scene.connection.enter("127.0.0.1", iter(()))
        if phase is Phase.DRAINING:
            scene.connection.notify()
        assert scene.connection.phase is phase
        scene.connection.leave()
        assert scene.connection.phase is Phase.CLOSED
        assert scene.connection.peer.gone

    play(act)


def test_a_page_hears_something_each_few_seconds() -> None:
    async def act(scene: Scene) -> None:
        connection, socket = scene.connection, scene.socket
        socket.room_for, scene.frames = 100, 0

        def watched(*times: float) -> list[int]:
            """After each look, how many beats there were."""
            beats = []
            for now in times:
                connection.beat(now)
                connection.is_stalled(0, now)
                beats.append(socket.posted.count(BEAT))
            return beats

        assert watched(1.0, 2.0, 3.0, 4.0, 5.0, 6.0) == [0, 0, 1, 1, 2, 2]
        for now in (7.0, 8.0, 9.0):
            scene.frames = 1
            connection.notify()
            assert watched(now) == [2], "it has just heard something"
        assert watched(10.0, 11.0) == [2, 3]
        socket.room_for = 0
        assert watched(12.0, 13.0, 14.0) == [3, 3, 3], "what waits for it is something"

    play(act)
