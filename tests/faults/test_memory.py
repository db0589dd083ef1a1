"""The memory of a relay under messages that would fill it, one kind after another.

Each kind is sent until the relay, without limits, would keep several times `GROWTH` of it; then the memory of its
process is measured. The senders read what comes back; the others read nothing, or only their snapshot.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from relay.protocol import (
    Create,
    Event,
    Join,
    Operate,
    Patch,
    Presence,
    Preview,
    Read,
    RemoteError,
    ServerMessage,
    decode_server,
    encode,
)

from ..integration.test_origins import fetch
from ..support.waiting import DEADLINE
from .raw import BINARY, RawPeer
from .running import Running, troubles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

GROWTH = 200.0
"""MiB by which the relay may grow: 64 for undo records, a drawing, work in progress, and Python itself."""
ROOMS_MEMORY = 32 << 20
"""The limit of all rooms together, in the tests about it."""
FAST = tuple(
    word for name in ("event", "presence", "operation", "work") for word in (f"--{name}-rate", "1000000")
)
"""These tests are about how much is kept, not how fast it arrives."""
SMALL_BUFFER = 8 << 10


class Someone:
    """A peer, with the messages that it received by kind, and those that wait for the next of a kind."""

    def __init__(self) -> None:
        self.socket = RawPeer(self._hear)
        self.heard: dict[str, int] = {}
        self._changed = asyncio.Event()

    def say(self, *messages: object) -> None:
        self.socket.send(encode(messages))  # type: ignore[arg-type]

    async def until(self, kind: str, count: int = 1) -> None:
        while self.heard.get(kind, 0) < count:
            self._changed.clear()
            await self._changed.wait()

    async def echo(self, number: int) -> None:
        """Wait until the relay has handled everything sent before."""
        self.say(Event(f"echo {number}", None, "all"))
        await self.until(f"echo {number}")

    def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._count("chunk")
        else:
            for message in decode_server(payload):
                self._count(_kind(message))
        self._changed.set()

    def _count(self, kind: str) -> None:
        if kind in ("Commit", "board-full"):
            self._count("verdict")
        self.heard[kind] = self.heard.get(kind, 0) + 1


class Crowd:
    """The peers of one relay."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._everybody: list[Someone] = []

    async def join(self, room: str = "algebra", *, reads: bool = True) -> Someone:
        someone = Someone()
        await someone.socket.connect(self.port, receive_buffer=0 if reads else SMALL_BUFFER)
        self._everybody.append(someone)
        someone.say(Join(room))
        await someone.until("Welcome")
        if not reads:
            someone.socket.transport.pause_reading()
        return someone

    async def close(self) -> None:
        for someone in self._everybody:
            someone.socket.close()
            await someone.socket.closed


def _kind(message: ServerMessage | RemoteError) -> str:
    name = getattr(message, "name", "")
    if isinstance(name, str) and name.startswith("echo"):
        return name
    return str(getattr(message, "code", "")) or type(message).__name__


async def draw(someone: Someone, op: int, *actions: Create[object] | Patch[object]) -> None:
    someone.say(Operate(op, actions))
    await someone.until("verdict", op)


async def events(crowd: Crowd) -> None:
    """Events of 60 KB to all, 16 of which read nothing: 240 MB, and as much again for each of the 16 if it had a queue."""
    ada = await crowd.join()
    for _ in range(16):
        await crowd.join(reads=False)
    for number in range(100):
        for _ in range(40):
            ada.say(Event("large", "x" * 60_000, "others"))
        await ada.socket.drained()
        await ada.echo(number)


async def histories(crowd: Crowd) -> None:
    """16 peers each request 20 times a history of 8 MB that does not compress, and read nothing."""
    ada = await crowd.join()
    for op in range(1, 21):
        text = "".join(map(chr, (33 + (op * n * n + n * 7919) % 90 for n in range(400_000))))
        await draw(ada, op, Create(f"k{op}", {"text": text}))
    readers = [await crowd.join(reads=False) for _ in range(16)]
    for number in range(20):
        for reader in readers:
            reader.say(Read(1, 20, id=number + 1))
        await ada.echo(number)


async def previews(crowd: Crowd) -> None:
    """64 peers with 8 previews of 10,000 points each: 10 million numbers."""
    for _ in range(64):
        peer = await crowd.join()
        for stroke in range(8):
            peer.say(Preview(f"stroke {stroke}", 0, tuple(range(1_000_000, 1_010_000)), {"kind": "stroke"}))
            await peer.socket.drained()
        peer.socket.transport.pause_reading()


async def states(crowd: Crowd) -> None:
    """24 peers change a large presence again and again, while 16 read nothing."""
    sleepers = [await crowd.join(reads=False) for _ in range(16)]
    assert sleepers
    ada = await crowd.join()
    for number in range(200):
        ada.say(Presence({"large": "x" * 60_000, "number": number}))
        await ada.socket.drained()
        await ada.echo(number)


async def undo(crowd: Crowd) -> None:
    """48 clients patch a small field of a large element; each undo record has all of it."""
    for client in range(48):
        peer = await crowd.join()
        await draw(peer, 1, Create(f"large {client}", {"text": "x" * 480_000}))
        for op in range(2, 36):
            await draw(peer, op, Patch(f"large {client}", {"place": op}))
        peer.socket.transport.pause_reading()


async def rooms(crowd: Crowd) -> None:
    """8 rooms of 9 MB each, with 4 MB more in the tail of each log: 104 MB, where 32 are allowed."""
    for number in range(8):
        peer = await crowd.join(f"room {number}")
        for op in range(1, 19):
            if "board-full" not in peer.heard:
                await draw(peer, op, Create(f"k{op}", {"text": "x" * 500_000}))


KINDS: dict[str, Callable[[Crowd], Awaitable[None]]] = {
    work.__name__: work for work in (events, histories, previews, states, undo)
}


async def grow(relay: Running, work: Callable[[Crowd], Awaitable[None]]) -> float:
    """Return by how many MiB the relay's peak grows."""
    crowd = Crowd(relay.port)
    try:
        await crowd.join("another room")
        before = relay.memory()
        await work(crowd)
        return relay.memory("VmHWM") - before
    finally:
        await crowd.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_relay_stays_within_its_budget(tmp_path: Path, kind: str) -> None:
    with Running("--db", tmp_path / "relay.sqlite", *FAST, alteration="quiet") as relay:
        growth = asyncio.run(asyncio.wait_for(grow(relay, KINDS[kind]), DEADLINE))
        print(kind, growth)
        assert growth < GROWTH
        assert troubles(relay.text()) == []


@pytest.mark.parametrize("alteration", ["quiet", "quiet+no_account"])
def test_all_rooms_together_stay_within_theirs(tmp_path: Path, alteration: str) -> None:
    """Checks the relay's own account: next to Python's own memory, so little cannot be measured."""

    async def run(relay: Running) -> int:
        crowd = Crowd(relay.port)
        try:
            await rooms(crowd)
            _, metrics = await fetch(relay.port, "/metrics")
        finally:
            await crowd.close()
        [held] = re.findall(r"^ipysketch_memory_bytes (\S+)$", metrics, re.M)
        return int(float(held))

    arguments = ("--db", str(tmp_path / "relay.sqlite"), "--max-memory", str(ROOMS_MEMORY), *FAST)
    with Running(*arguments, alteration=alteration) as relay:
        held = asyncio.run(asyncio.wait_for(run(relay), DEADLINE))
        assert (held > 1.5 * ROOMS_MEMORY) == ("no_account" in alteration)


@pytest.mark.parametrize("kind", ["events", "undo"])
def test_without_bounds_it_does_not(tmp_path: Path, kind: str) -> None:
    with Running("--db", tmp_path / "relay.sqlite", *FAST, alteration="quiet+no_budget") as relay:
        assert asyncio.run(asyncio.wait_for(grow(relay, KINDS[kind]), DEADLINE)) > GROWTH
