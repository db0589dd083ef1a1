"""Kill a relay again and again while people draw, and count what is lost: ``python -m tests.faults.crash``.

The relay is a process on one port and one SQLite file. It dies by SIGKILL, at a random moment or by itself at a named
point, and is started again at once. At the end everybody comes to rest, one more joins each room late, and the
checker, a program of its own, compares the journals with the database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ipysketch.client.sync import Sync

from ..support.processes import ROOT, free_port
from .actors import Actor, Budget, Progress
from .bugs import HARMLESS
from .checker import Findings
from .relay_main import POINTS

UNHURRIED = ("--operation-rate", "1e9", "--work-rate", "1e9")
REACHED = {"during-snapshot": 2, "within-checkpoint": 1}
"""How often these points are passed before the relay dies there; the others are passed often."""


class Mortal:
    """A relay process that dies and is started again, on one port and database."""

    def __init__(self, database: Path, *, bug: str = "none") -> None:
        self.database = database
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self.up = asyncio.Event()
        self.bug = bug
        self.starts = 0
        self._log = database.with_suffix(".log").open("a")
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self, point: str = "none", count: int = 0) -> None:
        """Start it; at `point`, reached for the `count`-th time, it kills itself."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.relay_main", point, str(count), self.bug),
            *("--port", str(self.port), "--db", str(self.database), *UNHURRIED),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr is not None
        line = (await self._process.stderr.readline()).decode()
        if "listening on" not in line:
            raise AssertionError(
                f"the relay did not start: {line}{(await self._process.stderr.read()).decode()}"
            )
        self._drain = asyncio.create_task(self._read(self._process.stderr))
        self.starts += 1
        self.up.set()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self._log.write(line.decode())

    async def died(self) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        code = await self._process.wait()
        self.up.clear()
        if self._drain is not None:
            await self._drain
        return code

    async def answers(self) -> bool:
        """Ask whether it is well, and wait for the answer; False while it is down."""
        if not self.up.is_set():
            return False
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = await reader.read()
            writer.close()
        except OSError:
            return False
        return bool(answer)

    async def end(self, number: int) -> int:
        assert self._process is not None
        self.up.clear()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        return await self.died()

    async def close(self) -> None:
        """Kill what still runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._drain is not None:
            await self._drain
        self._log.close()

    def said(self) -> str:
        if not self._log.closed:
            self._log.flush()
        return Path(self._log.name).read_text()


@dataclass
class Figures:
    """What a run came to."""

    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    seconds: float = 0.0
    found: Findings = field(default_factory=Findings)

    def __str__(self) -> str:
        found = self.found
        rows = [
            ("operations in the logs", found.operations),
            ("  acknowledged", found.acknowledged),
            ("  acknowledged and lost", found.lost),
            ("  there twice", found.twice),
            ("operations refused", found.refused),
            ("SIGKILLs", sum(self.kills.values())),
            *((f"  {point}", count) for point, count in sorted(self.kills.items())),
            ("starts of the relay", self.starts),
            ("checkpoints", found.checkpoints),
            ("snapshots received", found.snapshots),
            ("documents at the end", found.documents),
            ("  equal to the log", found.equal),
            ("violations", len(found.wrong)),
            ("seconds", round(self.seconds)),
        ]
        return "\n".join(f"{name:<28}{value:>10}" for name, value in rows)


@contextlib.asynccontextmanager
async def at_rest(actors: list[Actor]) -> AsyncIterator[None]:
    """Inside, nobody draws and everything has its verdict."""
    for actor in actors:
        actor.drawing = False
    await asyncio.gather(*(actor.until(lambda sync: sync.joined and not sync.pending) for actor in actors))
    for room in {actor.room for actor in actors}:
        here = [actor for actor in actors if actor.room == room]
        last = max(actor.sync.document.seq for actor in here)
        await asyncio.gather(*(actor.caught_up(last) for actor in here))
    yield


async def catch_up(late: list[Actor], actors: list[Actor]) -> None:
    """Have those that come `late`, and draw nothing, get what the `actors`, which are at rest, have."""
    for one in late:
        one.drawing = False
        one.start()
    for one in late:
        last = next(other.sync.document.seq for other in actors if other.room == one.room)

        def is_at_rest(sync: Sync, last: int = last) -> bool:
            return sync.joined and sync.document.seq == last

        await one.until(is_at_rest)


def findings(journals: Path, database: Path) -> Findings:
    """What the checker says, in a process of its own."""
    checker = [sys.executable, "-m", "tests.faults.checker", "--json", str(journals), str(database)]
    said = subprocess.run(checker, cwd=ROOT, capture_output=True, text=True, check=False)
    if not said.stdout:
        raise AssertionError(f"the checker failed: {said.stderr}")
    return msgspec.json.decode(said.stdout, type=Findings)


@dataclass
class Assault:
    """A relay that is killed again and again, and the actors that draw on it meanwhile."""

    mortal: Mortal
    actors: list[Actor]
    budget: Budget
    settled: Progress
    pick: random.Random
    share: int
    """Operations between two kills, at most."""

    async def work(self, count: int) -> None:
        """Have `count` more operations made, and wait until half as many have their verdict."""
        aim = self.settled.count + count // 2
        self.budget.left += count
        for one in self.actors:
            await one.draw()
        await self.settled.reach(aim)

    async def kill(self, point: str) -> None:
        """Kill the relay at a random moment, start it, and have it work until it kills itself at `point`."""
        mortal, pick = self.mortal, self.pick
        await self.work(pick.randrange(self.share // 2, self.share))
        await mortal.end(signal.SIGKILL)
        await mortal.start(point, REACHED.get(point) or pick.randrange(1, 12))
        if point in REACHED:
            for one in pick.sample(self.actors, 3):
                one.forget()
        death = asyncio.create_task(mortal.died())
        while not death.done():
            working = asyncio.create_task(self.work(self.share // 4))
            await asyncio.wait({death, working}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
        assert death.result() == -signal.SIGKILL, mortal.said()[-2000:]
        await mortal.start()


async def crash(
    directory: Path,
    *,
    clients: int,
    rooms: int,
    operations: int,
    kills: int,
    seed: int,
    window: int = 64,
    relay: str = "none",
) -> Figures:
    """The whole run, in `directory`: each second kill is at a named point, the others at a random moment.
    `relay`: what `relay_main` is to do to the relay."""
    begun = time.monotonic()
    journals = directory / "journals"
    journals.mkdir(parents=True)
    mortal = Mortal(directory / "relay.sqlite", bug=relay)
    settled = Progress()
    budget = Budget()

    def actor(name: str, room: int) -> Actor:
        return Actor(
            name,
            f"room{room}",
            mortal.url,
            journals,
            up=mortal.up,
            budget=budget,
            settled=settled,
            window=window,
            seed=seed,
        )

    actors = [actor(f"c{n}", n % rooms) for n in range(clients)]
    assault = Assault(mortal, actors, budget, settled, random.Random(seed), max(40, operations // kills))
    figures = Figures()
    points = itertools.cycle(POINTS)
    try:
        await mortal.start()
        for one in actors:
            one.start()
        while sum(figures.kills.values()) < kills:
            point = next(points)
            await assault.kill(point)
            figures.kills += Counter(("at random", point))
        while budget.made < operations:
            await assault.work(max(100, operations - budget.made))
        async with at_rest(actors):
            late = [actor(f"late{n}", n) for n in range(rooms)]
            await catch_up(late, actors)
            for one in (*actors, *late):
                await one.leave()
                one.finish()
        assert await mortal.end(signal.SIGTERM) == 0
    finally:
        await mortal.close()
        for one in actors:
            await one.leave()
    figures.found = findings(journals, mortal.database)
    figures.starts = mortal.starts
    if "Traceback" in mortal.said():
        figures.found.wrong.append("the relay's log has a stack trace")
    figures.seconds = time.monotonic() - begun
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--rooms", type=int, default=5)
    parser.add_argument("--operations", type=int, default=110_000)
    parser.add_argument("--kills", type=int, default=110)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--relay", default="none", choices=["none", *HARMLESS], help="what is altered in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        figures = asyncio.run(crash(Path(directory), **vars(options)))
    print(figures)
    for what in figures.found.wrong[:20]:
        print(what)
    return 1 if figures.found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
