"""Rooms of one relay on a PostgreSQL server, one of which has to wait there: the others do not wait with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from relay.protocol import CLOSE_RESTART, Commit, Delete, Error, Join, Operate, Refused, Welcome
from relay.server.committer import WAITING
from relay.store import postgres as postgres_store
from relay.store import postgres_server
from relay.store.postgres import PostgresStore

from ..support import postgres
from ..support.raw_client import RawClient, create, joined, relay_on, wire
from ..support.waiting import DEADLINE, PAUSE

LONG = f"{DEADLINE:g}s"
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ipysketch-relay' AND wait_event_type = 'Lock' "
    "AND query LIKE %s"
)


@pytest.fixture(scope="module")
def running() -> Iterator[postgres.Server]:
    with postgres.server("wheel") as made:
        yield made


@pytest.fixture
def server(running: postgres.Server) -> postgres.Server:
    running.empty()
    return running


@contextlib.asynccontextmanager
async def held(server: postgres.Server, statement: str) -> AsyncIterator[Callable[[str], Awaitable[bool]]]:
    """What `statement` locks stays locked by another session; yields what says whether a relay waits for that, in a
    statement that is like a pattern."""
    async with (
        await psycopg.AsyncConnection.connect(server.address) as other,
        await psycopg.AsyncConnection.connect(server.address, autocommit=True) as looking,
    ):

        async def waits(pattern: str) -> bool:
            return await (await looking.execute(WAITS, (pattern,))).fetchone() != (0,)

        await other.execute(statement)
        yield waits


def told(client: RawClient) -> list[Commit | Refused]:
    """The verdicts that have come so far."""
    return [each for each in client.heard if isinstance(each, Commit | Refused)]


async def drawn(client: RawClient, op: int) -> None:
    """Draw, or delete what was drawn before, so that the log grows and the drawing does not; wait until that is
    acknowledged."""
    await client.say(create(op, f"k{op}") if op % 2 else Operate(op, (Delete((f"k{op - 1}",)),)))
    verdict = await client.hear((Commit, Refused))
    assert isinstance(verdict, Commit), verdict
    assert verdict.op == op


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(DEADLINE):
            await story()

    asyncio.run(run())


def test_a_room_whose_row_is_locked_waits_alone(server: postgres.Server) -> None:
    async def story() -> None:
        async with (
            relay_on(PostgresStore(server.address)) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port, room="biology") as (bob, _),
        ):
            await drawn(ada, 1)
            async with held(server, "SELECT FROM ipysketch.rooms WHERE name = 'algebra' FOR UPDATE"):
                await ada.say(create(2, "k2"), create(3, "k3"))
                assert (await ada.hear(Error)).reason == WAITING
                await drawn(bob, 1)
                async with joined(relay.port, room="chemistry") as (eve, _):
                    await drawn(eve, 1)
                await drawn(bob, 2)
                assert [each.op for each in told(ada)] == [1]
            for op in (2, 3):
                commit = await ada.hear((Commit, Refused))
                assert (type(commit), commit.op, commit.seq) == (Commit, op, op)
            await drawn(ada, 4)
            assert b"ipysketch_unknown_commits_total 0.0" in relay.metrics.text(), "nothing was in doubt"

    play(story)


def test_a_room_that_waits_and_is_held_elsewhere_at_last_is_lost_alone(server: postgres.Server) -> None:
    async def story() -> None:
        async with (
            relay_on(PostgresStore(server.address)) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port, room="biology") as (bob, _),
        ):
            await drawn(ada, 1)
            async with held(server, "UPDATE ipysketch.rooms SET fence = fence # 1 WHERE name = 'algebra'"):
                await ada.say(create(2, "k2"))
                assert (await ada.hear(Error)).reason == WAITING
                await drawn(bob, 1)
            assert await ada.closed() == CLOSE_RESTART
            assert [each.op for each in told(ada)] == [1]
            await drawn(bob, 2)

    play(story)


def test_a_room_that_is_loaded_for_long_holds_up_no_commit(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "CLAIM_WAITS", LONG)

    async def story() -> None:
        async with (
            relay_on(PostgresStore(server.address)) as relay,
            joined(relay.port, room="biology") as (bob, _),
            wire(relay.port) as ada,
        ):
            async with held(server, "LOCK TABLE ipysketch.checkpoints IN ACCESS EXCLUSIVE MODE") as waits:
                await ada.say(Join("algebra"))
                while not await waits("%ipysketch.checkpoints%"):
                    await asyncio.sleep(PAUSE)
                for op in range(1, 4):
                    await drawn(bob, op)
                assert not ada.heard
            await ada.hear(Welcome)
            await drawn(ada, 1)

    play(story)


def test_a_checkpoint_that_is_stored_for_long_holds_up_no_commit(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one of the same room."""
    monkeypatch.setattr("relay.room.log.CHECKPOINT_ENTRIES", 4)
    monkeypatch.setattr(postgres_server, "ROW_WAITS", LONG)

    async def story() -> None:
        async with (
            relay_on(store := PostgresStore(server.address)) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port, room="biology") as (bob, _),
        ):
            op = 0
            async with held(server, "LOCK TABLE ipysketch.checkpoints IN SHARE MODE") as waits:
                while not await waits("INSERT INTO ipysketch.checkpoints%"):
                    await drawn(ada, op := op + 1)
                for more in range(1, 4):
                    await drawn(bob, more)
                    await drawn(ada, op := op + 1)
            await relay.store_thread.ask(store.probe)
            with psycopg.connect(server.address) as looking:
                [(seq,)] = looking.execute("SELECT seq FROM ipysketch.checkpoints")
            assert 0 < seq <= op - 3, "it is that of then"

    play(story)
