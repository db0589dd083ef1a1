"""How long others wait while somebody attacks: generated frames, as `amplify` makes them, go to a relay, and pairs draw
for each other meanwhile, one in the attacker's room and one in another.

A wait is the CPU time that the relay's event loop uses from a message to its answer, so that other processes do not
count.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from relay.protocol import MAX_FRAME

from .amplify import ELEMENTS, Maker
from .attacks import ROOM, Attacker, create
from .fuzz import Broken, Control, documented
from .running import Running

INTERVAL = 0.005
"""CPU seconds of the relay after which somebody would have sent the next message, answer or not."""


class Waiting(Control):
    """One of a pair, which notes its `waits` on a `clock`."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        super().__init__(documented(), name)
        self.waits: list[float] = []
        self._clock = clock

    async def until(self, done: Callable[[], bool], words: str) -> None:
        before = self._clock()
        await super().until(done, words)
        self.waits.append(self._clock() - before)


@dataclass
class Waits:
    """The 99th percentiles of the waits of the pairs, in CPU seconds, in another room than the attacker and in the same
    one; how many waits there were; how many frames were sent and how often the relay ended the attacker's connection."""

    elsewhere: float
    beside: float
    count: int
    frames: int
    endings: int


async def attacked(
    database: Path, seed: int, frames: int, seconds: float = 0.0, alteration: str = "unaltered"
) -> Waits:
    """Send so many frames from a seed to a relay with the file `database`, and go on for at least so long."""
    with Running("--db", database, alteration=alteration) as running:
        pid = running.popen.pid
        used = Path(f"/proc/{pid}/task/{pid}/schedstat")

        def clock() -> float:
            return int(used.read_text().split()[0]) / 1e9

        pairs = [tuple(Waiting(name, clock) for name in ("ada", "bob")) for _ in range(2)]
        attacker = await _entered(running.port, ELEMENTS)
        for pair, room in zip(pairs, ("elsewhere", ROOM), strict=True):
            for one in pair:
                await one.enter(running.port, room)
            await pair[0].draw_for(pair[1])
            for one in pair:
                one.waits.clear()
        over = asyncio.Event()
        drawing = [asyncio.create_task(_draw(pair, over)) for pair in pairs]
        until = time.monotonic() + seconds
        sent = endings = 0
        try:
            maker = Maker(random.Random(f"waits {seed}"))
            while sent < frames or time.monotonic() < until:
                data = maker.frame(attacker.settled).encode()
                if len(data) > MAX_FRAME:
                    continue
                sent += 1
                attacker.socket.send(data)
                if not await _answered(attacker.barrier(sent), attacker):
                    endings += 1
                    attacker = await _entered(running.port, 1)
        finally:
            over.set()
            await asyncio.gather(*drawing)
    elsewhere, beside = ([wait for one in pair for wait in one.waits] for pair in pairs)
    return Waits(_most(elsewhere), _most(beside), len(elsewhere) + len(beside), sent, endings)


async def _entered(port: int, count: int) -> Attacker:
    """Return an attacker that has drawn so many elements."""
    attacker = Attacker()
    await attacker.enter(port)
    for actions in create(count):
        attacker.socket.send(attacker.operation(*actions))
    await attacker.all_settled()
    return attacker


async def _answered(barrier: Awaitable[None], attacker: Attacker) -> bool:
    """Return whether the relay answered, or ended the connection, as it may."""
    try:
        await barrier
    except Broken:
        if not attacker.socket.closed.done() or attacker.wrong:
            raise
        return False
    return True


async def _draw(pair: tuple[Waiting, ...], over: asyncio.Event) -> None:
    one, other = pair
    while not over.is_set():
        await one.draw_for(other)
        one, other = other, one


def _most(waits: list[float]) -> float:
    """Return the 99th percentile of the waits that there would have been, had messages been sent at regular intervals:
    who waits for an answer before the next message would feel each hold once."""
    felt = sorted(wait - late * INTERVAL for wait in waits for late in range(1 + int(wait / INTERVAL)))
    return felt[int(0.99 * len(felt))]
