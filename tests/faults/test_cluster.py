"""Several relays on one database: nothing acknowledged is lost, and nothing is there twice, whatever becomes of a relay.

People come by a balancer that goes to any relay, so that many are passed on to the one that holds their room. At the
end the rooms are moved to a file, which the checker reads.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay.operations import commands
from relay.records import StoreError
from relay.store.migrating import migrate

from ..support import postgres
from ..support.waiting import DEADLINE, wait_until
from .actors import Actor, Budget, Progress
from .checker import Findings
from .cluster import Cluster, Fellow, cluster
from .crash import at_rest, catch_up, findings
from .journal import read

RELAYS, ROOMS, PEOPLE, SHARE = 3, 4, 12, 300


@pytest.fixture(scope="module")
def running() -> Iterator[postgres.Server]:
    with postgres.server("wheel") as made:
        yield made


@pytest.fixture
def server(running: postgres.Server) -> postgres.Server:
    running.empty()
    return running


@dataclass
class Crowd:
    """People who draw in the rooms of a cluster."""

    cluster: Cluster
    actors: list[Actor]
    budget: Budget
    settled: Progress

    async def work(self, share: int = SHARE) -> None:
        """Draw, and wait for half of the verdicts."""
        aim = self.settled.count + share // 2
        self.budget.left += share
        await self.offer()
        await self.settled.reach(aim)

    async def offer(self) -> None:
        """Send what may be drawn."""
        for one in self.actors:
            await one.draw()

    async def holder(self) -> Fellow:
        """Return a relay that holds a room."""
        return await asyncio.to_thread(self.cluster.holder, "room0")

    async def taken_from(self, before: Fellow) -> None:
        """Wait until another relay holds that room."""
        holder = self.cluster.holder
        await asyncio.to_thread(wait_until, lambda: holder("room0") is not before, "it is taken over")


Story = Callable[[Crowd], Awaitable[None]]


async def _tell(story: Story, folder: Path, address: str, alteration: str) -> None:
    journals = folder / "journals"
    journals.mkdir()
    up, settled, budget = asyncio.Event(), Progress(), Budget()
    up.set()
    async with cluster(folder, address, RELAYS, alteration=alteration) as made:

        def actor(name: str, number: int) -> Actor:
            room = f"room{number % ROOMS}"
            url = f"ws://127.0.0.1:{made.balancer.port}/?room={room}"
            return Actor(name, room, url, journals, up=up, budget=budget, settled=settled, window=32, seed=7)

        actors = [actor(f"c{number}", number) for number in range(PEOPLE)]
        try:
            for one in actors:
                one.start()
            crowd = Crowd(made, actors, budget, settled)
            await crowd.work()
            await story(crowd)
            late: list[Actor] = []
            if "no_fence" not in alteration:  # There is no rest without one.
                await crowd.work()
                async with at_rest(actors):
                    late += [actor(f"late{number}", number) for number in range(ROOMS)]
                    await catch_up(late, actors)
            for one in (*actors, *late):
                await one.leave()
                one.finish()
        finally:
            for one in actors:
                await one.leave()
        for fellow in made.fellows:
            assert "Traceback" not in fellow.said, fellow.said
            fellow.signal(signal.SIGTERM)
        for fellow in made.fellows:
            assert await asyncio.to_thread(fellow.ended) == 0, fellow.said


def tell(story: Story, folder: Path, server: postgres.Server, alteration: str = "unaltered") -> Findings:
    """Have people draw through a `story`; returns what the checker found."""
    asyncio.run(asyncio.wait_for(_tell(story, folder, server.address, alteration), 3 * DEADLINE))
    assert migrate(server.address, str(folder / "relay.sqlite")) == ROOMS
    return findings(folder / "journals", folder / "relay.sqlite")


def sound(found: Findings, folder: Path) -> None:
    """Check that nothing is wrong, and that something was tried."""
    assert found.wrong == []
    # How many are refused depends on who was cut off when: what they change may be deleted by then.
    assert found.operations + found.refused > SHARE // 2
    assert found.acknowledged > 0
    assert found.documents == found.equal == PEOPLE + ROOMS
    resets = [
        name for lines in read(folder / "journals").values() for name, one in lines.items() if _resets(one)
    ]
    assert resets == [], "everybody went on exactly"


def _resets(lines: list[list[object]]) -> bool:
    return sum(kind == "reset" for kind, *_ in lines) > 1


async def kills(crowd: Crowd) -> None:
    pick = random.Random(5)
    for number in range(4):
        victim = await crowd.holder() if number % 2 else pick.choice(crowd.cluster.fellows)
        await asyncio.to_thread(victim.signal, signal.SIGKILL)
        await crowd.work()
        await asyncio.to_thread(victim.start)
        await asyncio.to_thread(victim.ready)


def test_relays_that_are_killed_in_turn(tmp_path: Path, server: postgres.Server) -> None:
    sound(tell(kills, tmp_path, server), tmp_path)


async def stops(crowd: Crowd) -> None:
    """A holder is stopped with operations on their way, wakes when others have its rooms, and goes on with what it had."""
    made, zombie, somebody = crowd.cluster, await crowd.holder(), crowd.actors[0]
    before = somebody.sync.document.seq
    zombie.signal(signal.SIGSTOP)
    crowd.budget.left += SHARE
    await crowd.offer()
    await made.balancer.carried()
    made.out.add(zombie.id)
    await made.balancer.drop()
    await crowd.work()
    await crowd.taken_from(zombie)
    await somebody.until(lambda sync: sync.joined and sync.document.seq > before + somebody.window // 2)
    zombie.signal(signal.SIGCONT)
    await asyncio.to_thread(wait_until, lambda: zombie.said.count("leave room"), "it goes on")
    await crowd.work()
    made.out.clear()


def test_a_relay_that_sleeps_past_its_lease(tmp_path: Path, server: postgres.Server) -> None:
    sound(tell(stops, tmp_path, server), tmp_path)


def test_a_relay_that_does_not_know_that_it_was_declared_dead(tmp_path: Path, server: postgres.Server) -> None:
    sound(tell(stops, tmp_path, server, "unaware"), tmp_path)


def test_without_the_fence_it_would_be_noticed(tmp_path: Path, server: postgres.Server) -> None:
    try:
        wrong = tell(stops, tmp_path, server, "unaware+no_fence").wrong
    except StoreError as error:  # What two wrote over one another may not even be a log.
        wrong = [str(error)]
    assert any(words in what for words in ("is not in the log", "are lost", "is damaged") for what in wrong), (
        wrong
    )


async def cuts(crowd: Crowd) -> None:
    """A holder does not reach the server any more; people who come to it are passed on to one that does."""
    island = await crowd.holder()
    await crowd.cluster.met(island)
    island.link.stop()
    await crowd.work()
    await crowd.taken_from(island)
    await asyncio.to_thread(island.says, "the store hears other relays, and not this one")
    island.link.go_on()
    await asyncio.to_thread(island.says, "declared dead; beginning anew")
    await crowd.work()


def test_a_relay_that_is_cut_off_from_the_server(tmp_path: Path, server: postgres.Server) -> None:
    sound(tell(cuts, tmp_path, server), tmp_path)


def stop(fellow: Fellow) -> None:
    fellow.signal(signal.SIGTERM)


def drain(fellow: Fellow) -> None:
    """As an operator does."""
    assert commands.run(["drain", "--db", str(fellow.folder / fellow.id)], fellow.folder) == 0


@pytest.mark.parametrize("end", [stop, drain])
def test_all_relays_are_started_anew_in_turn(
    tmp_path: Path, server: postgres.Server, end: Callable[[Fellow], None]
) -> None:
    """While people draw: 0 lost, 0 twice, 0 resets, and nobody is shown an error."""
    shown: list[str] = []

    async def ends(crowd: Crowd) -> None:
        for fellow in crowd.cluster.fellows:
            others = [each for each in crowd.cluster.fellows if each is not fellow]
            for other in others:  # Who are there to take the rooms.
                await crowd.cluster.met(other)
            await crowd.cluster.met(fellow)
            await asyncio.to_thread(end, fellow)
            await crowd.work()
            assert await asyncio.to_thread(fellow.ended) == 0
            assert "relay is gone" not in "".join(other.said for other in others), "it was not taken for dead"
            assert " lost " not in fellow.said
            await asyncio.to_thread(fellow.start)
            await asyncio.to_thread(fellow.ready)
        assert sum(each.said.count("handed over room=") for each in crowd.cluster.fellows) >= ROOMS
        shown.extend(error for one in crowd.actors for error in one.shown)

    sound(tell(ends, tmp_path, server), tmp_path)
    assert shown == []
