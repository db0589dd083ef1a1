"""People who draw without pause in the rooms of several relays, while these are stopped and killed.

Three relays behind HAProxy with the file of docs/deploy, on a PostgreSQL of their own. Everybody is a kernel's session,
with its back-off, and draws again as soon as there is a verdict, at most 20 times a second.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

from ipysketch.client.connection import Target
from ipysketch.client.session import Session
from relay.protocol import Create, ServerMessage
from tests.faults.cluster import Cluster, Fellow
from tests.faults.cluster_demo import whole
from tests.support import postgres
from tests.support.processes import free_port
from tests.support.waiting import wait_until

from .pens import strokes

ROOMS, PEOPLE = 4, 8
PAUSE = 0.05
POINTS = 50


class Person(Session):
    """Somebody who draws in `room`; `verdicts` are the times at which theirs came."""

    def __init__(self, number: int, room: str, url: str) -> None:
        super().__init__(name=f"p{number}", color="#123456", secret=f"p{number}")
        self.room = room
        self.verdicts = [time.perf_counter()]
        self.joins = 0
        self._has_begun = False
        self._fields = itertools.cycle(strokes(64, POINTS))
        self._keys = (f"p{number}-{count}" for count in itertools.count())
        self.connect(room, lambda: Target(url))

    def receive(self, messages: list[ServerMessage | bytes]) -> None:
        waited, joined = len(self.sync.pending), self.sync.joined
        super().receive(messages)
        self.joins += self.sync.joined and not joined
        if len(self.sync.pending) < waited:
            self.verdicts.append(time.perf_counter())
            self._loop.call_later(PAUSE, self._draw)
        elif self.joins == 1 and not self.sync.pending and not self._has_begun:
            self._has_begun = True
            self._draw()

    def _draw(self) -> None:
        if not self.sync.pending:
            self.operations.submit([Create(next(self._keys), next(self._fields))])

    def frozen(self, since: float) -> float:
        """Return the longest time between two verdicts from `since` on."""
        times = [when for when in self.verdicts if when >= since - 1.0]
        return max((after - before for before, after in itertools.pairwise(times)), default=float("inf"))


End = Callable[[Fellow], None]


def stop(fellow: Fellow) -> None:
    """Stop a relay in order."""
    fellow.signal(signal.SIGTERM)


def kill(fellow: Fellow) -> None:
    """Kill a relay."""
    fellow.signal(signal.SIGKILL)


def _rooms_of(made: Cluster, fellow: Fellow) -> set[str]:
    with psycopg.connect(made.address) as connection:
        rows = connection.execute("SELECT name FROM ipysketch.rooms WHERE owner = %s", (fellow.id,))
        return {name for (name,) in rows}


async def _once(made: Cluster, people: list[Person], end: End) -> list[float]:
    """End a relay that has rooms, start it again, and return how long each of its people had no verdict."""
    fellow = await asyncio.to_thread(made.holder, "room0")
    rooms = await asyncio.to_thread(_rooms_of, made, fellow)
    hit = [person for person in people if person.room in rooms]
    counts = [person.joins for person in hit]
    begun = time.perf_counter()
    await asyncio.to_thread(end, fellow)
    await asyncio.to_thread(fellow.ended)
    while any(
        person.joins == joins or len([when for when in person.verdicts if when > begun]) < 20
        for person, joins in zip(hit, counts, strict=True)
    ):
        await asyncio.sleep(0.05)
    found = [person.frozen(begun) for person in hit]
    # At the same port, which HAProxy knows.
    await asyncio.to_thread(fellow.start)
    await asyncio.to_thread(fellow.ready)
    await made.met(fellow)
    return found


async def _run(folder: Path, address: str, ends: Mapping[str, End], times: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ends}
    port = free_port()
    async with whole(folder, address, port) as made:
        people = [Person(n, f"room{n % ROOMS}", f"ws://127.0.0.1:{port}") for n in range(PEOPLE)]
        try:
            for person in people:
                await asyncio.to_thread(wait_until, lambda person=person: len(person.verdicts) > 20, "all draw")
            for _ in range(times):
                for name, end in ends.items():
                    found[name] += await _once(made, people, end)
        finally:
            await asyncio.gather(*(person.disconnect(0.0) for person in people))
        assert not any(person.sync.lost or person.sync.previous for person in people)
    return found


def frozen(ends: Mapping[str, End], times: int) -> dict[str, list[float]]:
    """Return how long people had no verdict, for each way in which their relay ended, `times` times in turn."""
    with postgres.server("wheel") as server, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder), server.address, ends, times))
