"""A relay whose database is removed or replaced while it runs: it says so by itself, and nobody loses anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from relay.protocol import Commit, Refused
from relay.store import SqliteStore

from ..support.raw_client import Process, RawClient, create, joined
from ..support.waiting import DEADLINE, PAUSE
from .test_origins import fetch


async def draw(ada: RawClient, op: int) -> Commit | Refused:
    await ada.say(create(op, f"key-{op}"))
    verdict: Commit | Refused = await ada.hear((Commit, Refused))
    return verdict


async def health(relay: Process, status: int) -> str:
    """Wait until the relay's health is `status`; returns its words."""
    while (answer := await fetch(relay.port, "/healthz"))[0] != status:
        await asyncio.sleep(PAUSE)
    return answer[1]


def run(path: Path, work: Callable[[Process, RawClient], Awaitable[None]]) -> None:
    async def act(relay: Process) -> None:
        async with joined(relay.port) as (ada, _):
            for op in (1, 2, 3):
                assert isinstance(await draw(ada, op), Commit)
            await work(relay, ada)

    with Process("--db", path) as relay:
        asyncio.run(asyncio.wait_for(act(relay), DEADLINE))


def entries(path: Path) -> int:
    store = SqliteStore(path)
    try:
        return len(store.load("algebra").rows)
    finally:
        store.close()


def test_a_removed_database_is_back_before_anybody_draws(tmp_path: Path) -> None:
    path = tmp_path / "relay.sqlite"

    async def remove(relay: Process, ada: RawClient) -> None:
        path.unlink()
        path.with_name("relay.sqlite-wal").unlink()
        await asyncio.to_thread(relay.until, "put back db=")
        # Killed at once, it has lost nothing.
        relay.popen.kill()

    run(path, remove)
    assert entries(path) == 3


def test_a_replaced_database_is_said_and_what_was_drawn_waits(tmp_path: Path) -> None:
    path, aside, other = tmp_path / "relay.sqlite", tmp_path / "aside", tmp_path / "other"
    SqliteStore(other).close()

    async def replace(relay: Process, ada: RawClient) -> None:
        path.rename(aside)
        os.replace(other, path)
        await asyncio.to_thread(relay.until, "writing suspended")
        assert "was replaced while the relay ran" in await health(relay, 503)
        verdict = await draw(ada, 4)
        assert isinstance(verdict, Refused)
        assert (verdict.code, verdict.final) == ("store", False)
        assert "was replaced while the relay ran" in verdict.reason
        # The old one comes back: the relay goes on by itself, and takes what waited.
        os.replace(aside, path)
        await asyncio.to_thread(relay.until, "writing resumed")
        assert await health(relay, 200) == "ok\n"
        assert isinstance(await draw(ada, 4), Commit)

    run(path, replace)
    assert entries(path) == 4
