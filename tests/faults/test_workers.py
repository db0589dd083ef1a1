"""Workers of one relay killed in turn while people draw: nothing acknowledged is lost, and nothing is there twice.

Half of the people name their room in the address; the others come to any worker, which passes them on. At the end the
rooms are moved to one file, which the checker reads.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from pathlib import Path

from relay.store.moving import reshard
from relay.store.shards import shard_of, shard_paths

from ..integration.test_workers import holder
from ..support.raw_client import Process
from ..support.waiting import DEADLINE, wait_until
from .actors import Actor, Budget, Progress
from .checker import Findings
from .crash import UNHURRIED, at_rest, catch_up, findings

WORKERS, ROOMS, PEOPLE, KILLS, SHARE = 2, 4, 12, 6, 300


async def assault(process: Process, folder: Path, seed: int) -> None:
    """Draw, and kill workers, until all is at rest."""
    journals = folder / "journals"
    journals.mkdir()
    up, settled, budget = asyncio.Event(), Progress(), Budget()
    up.set()
    pick = random.Random(seed)

    def actor(name: str, number: int) -> Actor:
        room = f"room{number % ROOMS}"
        path = f"/?room={room}" if (number // ROOMS) % 2 else "/"
        url = f"ws://127.0.0.1:{process.port}{path}"
        return Actor(name, room, url, journals, up=up, budget=budget, settled=settled, window=32, seed=seed)

    actors = [actor(f"c{number}", number) for number in range(PEOPLE)]
    files = shard_paths(folder / "relay.sqlite", WORKERS)
    try:
        for one in actors:
            one.start()
        for kill in range(KILLS + 1):
            aim = settled.count + SHARE // 2
            budget.left += SHARE
            for one in actors:
                await one.draw()
            await settled.reach(aim)
            if kill < KILLS:
                file = files[kill % WORKERS]
                victim = await asyncio.to_thread(
                    wait_until, lambda file=file: holder(process.popen.pid, file), "it has a worker"
                )
                os.kill(victim, signal.SIGKILL)
                if kill % 2:
                    pick.choice(actors).forget()
        async with at_rest(actors):
            late = [actor(f"late{number}", number) for number in range(2 * ROOMS)]
            await catch_up(late, actors)
            for one in (*actors, *late):
                await one.leave()
                one.finish()
    finally:
        for one in actors:
            await one.leave()


def run(folder: Path, seed: int) -> Findings:
    database = folder / "relay.sqlite"
    arguments = ("--db", database, "--workers", WORKERS, *UNHURRIED)
    lines: list[str] = []
    with Process(*arguments) as process:
        assert process.popen.stderr is not None
        reading = threading.Thread(target=lines.extend, args=[process.popen.stderr])
        reading.start()
        asyncio.run(asyncio.wait_for(assault(process, folder, seed), DEADLINE))
        process.popen.send_signal(signal.SIGTERM)
        code = process.popen.wait(DEADLINE)
        reading.join()
    said = "".join(lines)
    assert code == 0
    assert "Traceback" not in said
    assert said.count("worker ended; starting it anew") == KILLS
    assert reshard(database, 1) == ROOMS
    return findings(folder / "journals", database)


def test_nothing_acknowledged_is_lost_through_kills_of_workers(tmp_path: Path) -> None:
    assert {shard_of(f"room{number}", WORKERS) for number in range(ROOMS)} == set(range(WORKERS))
    found = run(tmp_path, 7)
    assert found.wrong == []
    # How many are refused depends on who was cut off when: what they change may be deleted by then.
    assert found.operations + found.refused > KILLS * SHARE // 2
    assert found.acknowledged > 0
    assert found.documents == found.equal == PEOPLE + 2 * ROOMS
