"""How long others wait while somebody attacks: generated frames, as `amplify` makes them, go to a relay, and pairs draw
for each other meanwhile, one in the attacker's room and one in another, each in a process of its own.

A wait is the CPU time that the relay's event loop uses from a message to its answer, less the time for which whoever
waits could not run after the answer had come: neither other processes nor the attacker's own work count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from relay.protocol import MAX_FRAME

from .amplify import ELEMENTS, Maker
from .attacks import ROOM, Attacker, create
from .fuzz import Broken, Control, documented
from .running import ROOT, Running

INTERVAL = 0.005
"""CPU seconds of the relay after which somebody would have sent the next message, answer or not."""
ELSEWHERE = "elsewhere"
"""The room that nobody attacks."""


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
        attacker = await _entered(running.port, ELEMENTS)
        pairs = [_Pair(running, room) for room in (ELSEWHERE, ROOM)]
        try:
            for pair in pairs:
                await pair.ready()
            until = time.monotonic() + seconds
            sent = endings = 0
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
            elsewhere, beside = [await pair.waits() for pair in pairs]
        finally:
            for pair in pairs:
                pair.kill()
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


def _most(waits: list[float]) -> float:
    """Return the 99th percentile of the waits that there would have been, had messages been sent at regular intervals:
    who waits for an answer before the next message would feel each hold once."""
    felt = sorted(wait - late * INTERVAL for wait in waits for late in range(1 + int(wait / INTERVAL)))
    return felt[int(0.99 * len(felt))]


# --- a pair, in a process of its own ------------------------------------------------------------------------


class _Pair:
    """The process of a pair that draws in `room` until it is asked for its waits."""

    def __init__(self, running: Running, room: str) -> None:
        arguments = map(str, (running.port, room, running.popen.pid))
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.waits", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def ready(self) -> None:
        """Wait until it draws."""
        assert self._popen.stdout is not None
        if not await asyncio.to_thread(self._popen.stdout.readline):
            raise Broken("a control pair ended before it drew")

    async def waits(self) -> list[float]:
        """End it; returns its waits."""
        out, _ = await asyncio.to_thread(self._popen.communicate, "")
        if self._popen.returncode:
            raise Broken("a control pair failed; what it said is above")
        waits: list[float] = json.loads(out)
        return waits

    def kill(self) -> None:
        """End it, if it still runs."""
        self._popen.kill()
        self._popen.wait()


class Waiting(Control):
    """One of a pair, which notes its `waits` on the clock `used`; `delayed` is the time for which this process could not
    run."""

    def __init__(self, name: str, used: Callable[[], float], delayed: Callable[[], float]) -> None:
        super().__init__(documented(), name)
        self.waits: list[float] = []
        self._used = used
        self._delayed = delayed

    async def until(self, done: Callable[[], bool], words: str) -> None:
        before, delayed = self._used(), self._delayed()

        def is_done() -> bool:
            nonlocal delayed
            if done():
                return True
            delayed = self._delayed()
            return False

        await super().until(is_done, words)
        self.waits.append(max(0.0, self._used() - before - (self._delayed() - delayed)))


def _schedule(pid: int) -> tuple[float, float]:
    """Return the seconds for which the first thread of a process ran, and those for which it waited for a CPU."""
    ran, waited, _ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
    return int(ran) / 1e9, int(waited) / 1e9


async def _draw(port: int, room: str, pid: int) -> None:
    """Draw as a pair in a room of the relay `pid` until standard input ends, and print the waits."""

    def used() -> float:
        return _schedule(pid)[0]

    def delayed() -> float:
        return _schedule(os.getpid())[1]

    one, other = (Waiting(name, used, delayed) for name in ("ada", "bob"))
    for peer in (one, other):
        await peer.enter(port, room)
    await one.draw_for(other)
    for peer in (one, other):
        peer.waits.clear()
    print("drawing", flush=True)
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not over.done():
        await one.draw_for(other)
        one, other = other, one
    print(json.dumps(one.waits + other.waits))


def main() -> None:
    parser = argparse.ArgumentParser(description="A control pair, for `attacked`")
    parser.add_argument("port", type=int)
    parser.add_argument("room")
    parser.add_argument("pid", type=int)
    options = parser.parse_args()
    asyncio.run(_draw(options.port, options.room, options.pid))


if __name__ == "__main__":
    main()
