"""A drawing that takes a while to come: how much of it is here is seen, and then all of it."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import ipysketch

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE
from .conftest import Lab

PASSED = 100_000
"""Bytes that come through a gate that is closed."""


class Gate:
    """A way to the relay, on a port of its own, that lets little come back until it is opened."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._opened = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._pass_on, "127.0.0.1", 0), self._loop
        ).result(DEADLINE)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._passing: set[asyncio.Task[None]] = set()

    async def _pass_on(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        relay, ask = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(self._copy(client, ask, None), self._copy(relay, answer, PASSED))
        except (OSError, asyncio.CancelledError):
            pass  # One side is gone.
        finally:
            for sink in (ask, answer):
                sink.transport.abort()
            self._passing.discard(task)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int | None) -> None:
        passed = 0
        while data := await source.read(4096):
            if most is not None and passed >= most:
                await self._opened.wait()
            sink.write(data)
            await sink.drain()
            passed += len(data)
        sink.close()

    async def _end(self) -> None:
        self._server.close()
        passing = list(self._passing)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        await asyncio.sleep(0)  # What was aborted is closed in the next pass.

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._opened.set)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()


@pytest.fixture
def gate(relay: RelayProcess) -> Iterator[Gate]:
    made = Gate(relay.port)
    yield made
    made.open()
    made.close()


def test_how_much_is_here_is_seen(lab: Lab, relay: RelayProcess, gate: Gate) -> None:
    chance = random.Random(1)
    artist = ipysketch.Sketch(name="Ada")
    artist.connect(relay.url, "large")
    for _ in range(10):
        with artist.batch():
            for _ in range(100):
                steps = [[chance.gauss(0, 9), chance.gauss(0, 9)] for _ in range(50)]
                artist.stroke(np.cumsum([[640, 360], *steps], axis=0), color="#d1495b")
    artist.stroke([(100, 100), (300, 100)], color="#1b4965", width=8)
    until_shown(artist, lambda state: len(state.elements) == 1001, "all strokes")
    # What the relay knows another sees too.
    witness = ipysketch.Sketch(name="Witness")
    witness.connect(relay.url, "large")
    until_shown(witness, lambda state: len(state.elements) == 1001, "all strokes")
    witness.disconnect()
    artist.disconnect()

    address = f"ws://127.0.0.1:{gate.port}"
    eye = lab.notebook("large", ["%load_ext ipysketch", f"%sketch connect {address} --room large --name Eve"])
    eye.execute(0)
    eye.execute(1)
    bar = eye.page.get_by_text(re.compile(r"Loading the drawing · [1-9]\d? %"))
    bar.wait_for()
    eye.screenshot("loading")
    gate.open()
    bar.wait_for(state="detached")
    eye.connected()
    eye.sees(200, 100, "#1b4965")
    assert not eye.errors
