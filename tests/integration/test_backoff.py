"""The back-off of a client: full jitter, doubled at each try, and begun anew only by a join that succeeded."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ipysketch.client.connection import BACKOFF_BASE, BACKOFF_CAP, Connection, Target
from ipysketch.client.connection_state import State, Waiting
from relay.protocol import Error, Goodbye, Join, ServerMessage, Welcome, encode

from ..support.waiting import DEADLINE

WELCOME = Welcome(1, "algebra", "p", "c", "a resume key", "a", "e", 0, 0, False, 1280, 720)
GROWING = [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


class Tries:
    """A client that notes what the back-off asked of chance, and waits no time at all."""

    def __init__(self, port: int, enough: int) -> None:
        self.asked: list[tuple[float, float]] = []
        self.waits: list[float] = []
        self.done = asyncio.Event()
        self._port = port
        self._enough = enough

    def uniform(self, low: float, high: float) -> float:
        self.asked.append((low, high))
        if len(self.asked) == self._enough:
            self.done.set()
        return 0.0

    async def target(self) -> Target:
        return Target(f"ws://127.0.0.1:{self._port}")

    def join(self, token: str) -> Join:
        return Join("algebra")

    def held(self) -> int:
        return 0

    def receive(self, messages: list[ServerMessage | bytes]) -> None: ...

    def state(self, state: State) -> None:
        if isinstance(state, Waiting):
            self.waits.append(state.until - asyncio.get_running_loop().time())


Answer = Callable[[int], list[ServerMessage] | None]
"""What the server says to connection number N (from 0) before it closes; None closes before reading."""


def asked_of(answer: Answer, enough: int) -> Tries:
    """The first `enough` waits of a client whose relay always closes."""

    async def run() -> Tries:
        number = 0

        async def handle(socket: ServerConnection) -> None:
            nonlocal number
            said, number = answer(number), number + 1
            if said is None:
                return
            await socket.recv()
            if said:
                await socket.send(encode(said), text=True)

        async with serve(handle, "127.0.0.1", 0) as server:
            tries = Tries(server.sockets[0].getsockname()[1], enough)
            connection = Connection(tries, uniform=tries.uniform)
            async with asyncio.timeout(DEADLINE):
                await tries.done.wait()
            await connection.close()
        return tries

    return asyncio.run(run())


def caps(tries: Tries, count: int) -> list[float]:
    assert {low for low, _ in tries.asked} == {0}, "full jitter begins at no wait at all"
    return [high for _, high in tries.asked[:count]]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda number: None, id="closes at once"),
        pytest.param(lambda number: [], id="closes after join"),
        pytest.param(lambda number: [Error("store", "the log could not be read")], id="an error, no welcome"),
    ],
)
def test_it_grows_while_nobody_says_welcome(answer: Answer) -> None:
    tries = asked_of(answer, 7)
    assert caps(tries, 7) == GROWING
    assert (GROWING[0], GROWING[-1]) == (BACKOFF_BASE, BACKOFF_CAP)


def test_it_grows_while_nobody_listens() -> None:
    async def run() -> Tries:
        async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        tries = Tries(port, 7)
        connection = Connection(tries, uniform=tries.uniform)
        async with asyncio.timeout(DEADLINE):
            await tries.done.wait()
        await connection.close()
        return tries

    assert caps(asyncio.run(run()), 7) == GROWING


def test_only_a_welcome_begins_it_anew() -> None:
    tries = asked_of(lambda number: [WELCOME] if number == 3 else [], 7)
    # The wait after the welcome is the shortest again; what follows grows from there.
    assert caps(tries, 7) == [0.5, 1.0, 2.0, 0.5, 1.0, 2.0, 4.0]


def test_what_a_goodbye_asks_for_comes_on_top_once() -> None:
    hint = 1.0
    tries = asked_of(lambda number: [Goodbye("the relay is restarting", hint)] if number == 0 else [], 3)
    assert tries.waits[0] > hint / 2
    assert max(tries.waits[1:]) < hint / 2


def test_the_random_numbers_of_a_users_seed_stay_what_they_are() -> None:
    class Waits(Tries):
        def state(self, state: State) -> None:
            super().state(state)
            if self.waits:
                self.done.set()

    async def run() -> None:
        async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        waits = Waits(port, 1)
        connection = Connection(waits)
        async with asyncio.timeout(DEADLINE):
            await waits.done.wait()
        await connection.close()

    before = random.getstate()
    asyncio.run(run())
    assert random.getstate() == before
