"""Checkpoints are made beside the commits: nobody waits for them, and none is in a room that is no longer there."""

from __future__ import annotations

import asyncio
import logging
import threading
import zlib
from collections.abc import Callable, Coroutine

import msgspec
import pytest

from relay.limits import Limits
from relay.observability.metrics import Metrics
from relay.protocol import Create, Join, Operate
from relay.room.compact import EncodedEntries, compress
from relay.server.open_room import OpenRoom
from relay.server.rooms import Rooms
from relay.store import MemoryStore
from relay.store.worker import StoreThread

from ...support.waiting import DEADLINE

EVERY = 4


class Press:
    """In the place of `compress`: it waits until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.free = threading.Event()

    def __call__(self, entries: EncodedEntries, level: int) -> bytes:
        self.begun.set()
        assert self.free.wait(DEADLINE)
        return compress(entries, level)


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    made = Press()
    monkeypatch.setattr("relay.room.log.CHECKPOINT_ENTRIES", EVERY)
    monkeypatch.setattr("relay.server.committer.compress", made)
    return made


def play(scene: Callable[[Rooms, MemoryStore, OpenRoom], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        store = MemoryStore()
        thread = StoreThread(store)
        rooms = Rooms(thread, logging.getLogger("test"), Limits(), Metrics())
        try:
            async with rooms.visit("algebra") as opened:
                opened.room.join(Join("algebra"))
                await scene(rooms, store, opened)
        finally:
            await rooms.close()
            await thread.close()

    asyncio.run(run())


async def draw(rooms: Rooms, opened: OpenRoom, count: int) -> None:
    """Draw so many elements, each durable before the next."""
    for _ in range(count):
        [peer] = opened.room.peers.values()
        op = peer.client.accepted + 1
        opened.room.receive(peer, Operate(op, (Create(f"k{op}", {"kind": msgspec.Raw(b'"stroke"')}),)))
        rooms.touch(opened)
        await rooms.settle(DEADLINE)


def test_commits_go_on_while_a_checkpoint_is_made(press: Press) -> None:
    async def scene(rooms: Rooms, store: MemoryStore, opened: OpenRoom) -> None:
        await draw(rooms, opened, EVERY)
        assert await asyncio.to_thread(press.begun.wait, DEADLINE)
        await draw(rooms, opened, 3 * EVERY)
        assert opened.room.seq == 4 * EVERY
        assert store.read("algebra", EVERY + 1, EVERY + 1).checkpoint is None, "it is still being made"
        press.free.set()
        assert opened.checkpointing is not None
        await opened.checkpointing
        point = store.read("algebra", EVERY + 1, EVERY + 1).checkpoint
        assert point is not None
        assert point.seq == EVERY, "it is of the time when it was begun"
        assert zlib.decompress(point.body).count(b'"key"') == EVERY

    play(scene)


def test_a_room_is_deleted_after_its_checkpoint(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else that would be in the next room of this name."""
    asked: list[str] = []

    def noting(name: str) -> None:
        plain = getattr(MemoryStore, name)

        def noted(store: MemoryStore, *given: object) -> object:
            asked.append(name)
            return plain(store, *given)

        monkeypatch.setattr(MemoryStore, name, noted)

    noting("checkpoint")
    noting("delete")

    async def scene(rooms: Rooms, store: MemoryStore, opened: OpenRoom) -> None:
        await draw(rooms, opened, EVERY)
        assert await asyncio.to_thread(press.begun.wait, DEADLINE)
        deleting = asyncio.create_task(rooms.delete("algebra"))
        for _ in range(10):  # Passes of the loop, in which it would have asked the store.
            await asyncio.sleep(0)
        press.free.set()
        await deleting
        assert opened.checkpointing is not None
        await opened.checkpointing
        assert asked == ["checkpoint", "delete"]
        assert "algebra" not in store.names()

    play(scene)


def test_a_checkpoint_that_fails_is_told_and_commits_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(entries: EncodedEntries, level: int) -> bytes:
        raise MemoryError("no room for that")

    monkeypatch.setattr("relay.room.log.CHECKPOINT_ENTRIES", EVERY)
    monkeypatch.setattr("relay.server.committer.compress", broken)

    async def scene(rooms: Rooms, store: MemoryStore, opened: OpenRoom) -> None:
        await draw(rooms, opened, 3 * EVERY)
        assert opened.checkpointing is not None
        await opened.checkpointing
        assert opened.room.seq == 3 * EVERY

    play(scene)
    assert "checkpoint failed room=algebra" in caplog.text
