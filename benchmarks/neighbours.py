"""What relays that share a database have from one another: a token that is void, and a room whose holder sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from relay.access.tokens import Tokens, read_secret
from relay.operations import commands
from relay.protocol import Commit, Join, Welcome
from relay.room.permissions import Role
from tests.faults.cluster import Cluster, cluster
from tests.support import postgres
from tests.support.raw_client import RawClient, create, joined, wire

T = TypeVar("T")


def with_relays(count: int, story: Callable[[Cluster, Path], Awaitable[T]]) -> T:
    """Return what a story came to that is told with so many relays, which want tokens."""

    async def told(folder: Path, address: str) -> T:
        secret = folder / "tokens"
        read_secret(secret)
        options = ("--require-token", "--secret-file", str(secret))
        async with cluster(folder, address, count, *options, alteration="") as made:
            return await story(made, secret)

    with postgres.server("wheel") as server, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(told(Path(folder), server.address))


def revoked(times: int) -> list[float]:
    """Return the seconds from when a token was made void, at one of three relays, until each of six people who came by
    it was away, `times` times: two for each relay, of whom one is passed on to it."""

    async def story(made: Cluster, secret: Path) -> list[float]:
        tokens, found = Tokens(read_secret(secret)), []
        for number in range(times):
            token, grant = tokens.mint(room="*", role=Role.EDITOR, name="", seconds=9999, now=time.time())
            async with contextlib.AsyncExitStack() as stack:
                people: list[RawClient] = []
                for n, fellow in enumerate(made.fellows):
                    for port in (fellow.port, made.fellows[n - 1].port):
                        join = joined(port, room=f"room{n}", token=token)
                        people.append((await stack.enter_async_context(join))[0])
                asked = made.fellows[number % len(made.fellows)]
                words = ["revoke", "--db", str(made.folder / asked.id), grant.id]
                begun = time.perf_counter()

                async def away(person: RawClient, begun: float = begun) -> float:
                    await person.closed()
                    return time.perf_counter() - begun

                waits = [asyncio.create_task(away(person)) for person in people]
                assert await asyncio.to_thread(commands.run, words, made.folder) == 0
                found += await asyncio.gather(*waits)
            # Not always at the same moment between two beats.
            await asyncio.sleep(0.37 * (number % 4))
        return found

    return with_relays(3, story)


def beside_a_sleeper(times: int) -> tuple[list[float], list[float]]:
    """Return how long the verdicts of somebody took who draws without pause, and how long while somebody else waited at
    the same relay for a room whose holder slept, until it had taken that over, `times` times."""

    async def draw(bob: RawClient, drawn: int) -> float:
        begun = time.perf_counter()
        await bob.say(create(drawn, f"b{drawn}"))
        await bob.hear(Commit, lambda commit: commit.op == drawn)
        return time.perf_counter() - begun

    async def story(made: Cluster, secret: Path) -> tuple[list[float], list[float]]:
        tokens, first, second = Tokens(read_secret(secret)), *made.fellows
        token, _ = tokens.mint(room="*", role=Role.EDITOR, name="", seconds=9999, now=time.time())
        quiet: list[float] = []
        beside: list[float] = []
        for number in range(times):
            for fellow in made.fellows:
                await made.met(fellow)
            async with (
                joined(first.port, room=f"a{number}", token=token),
                joined(second.port, room=f"b{number}", token=token) as (bob, _),
            ):
                quiet += [await draw(bob, op) for op in range(1, 301)]
                first.signal(signal.SIGSTOP)
                async with wire(second.port) as carol:
                    await carol.say(Join(f"a{number}", token=token))
                    waits = asyncio.create_task(carol.hear(Welcome))
                    op = 301
                    while not waits.done():
                        beside.append(await draw(bob, op))
                        op += 1
                    await waits
                first.signal(signal.SIGCONT)
            await asyncio.to_thread(first.says, "beginning anew")
        return quiet, beside

    return with_relays(2, story)
