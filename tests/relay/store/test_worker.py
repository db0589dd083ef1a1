"""The store's thread: one call at a time, in the order in which they were asked for, `close` the last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest

from relay.records import Batch, Hold, StoreError
from relay.store import MemoryStore
from relay.store.worker import StoreThread

from ...support.waiting import DEADLINE


class Slow(MemoryStore):
    """A store that notes its calls and waits before it answers a probe."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []
        self.free = threading.Event()

    def probe(self) -> None:
        assert self.free.wait(DEADLINE)
        self.calls.append(("probe", threading.get_ident()))

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        self.calls.append(("append", threading.get_ident()))
        return super().append(writes)

    def names(self) -> list[str]:
        self.calls.append(("names", threading.get_ident()))
        return super().names()

    def close(self) -> None:
        self.calls.append(("close", threading.get_ident()))


def test_calls_follow_each_other_on_one_thread() -> None:
    async def run() -> None:
        store = Slow()
        thread = StoreThread(store)
        asked: list[asyncio.Task[object]] = [
            asyncio.create_task(thread.ask(store.probe)),
            asyncio.create_task(thread.append([])),
            asyncio.create_task(thread.ask(store.names)),
        ]
        await asyncio.sleep(0)  # All are asked before the store is closed.
        closing = asyncio.create_task(thread.close())
        await asyncio.sleep(0)
        assert not store.calls
        store.free.set()
        await asyncio.gather(*asked, closing)
        assert [name for name, _ in store.calls] == ["probe", "append", "names", "close"]
        assert len({ident for _, ident in store.calls}) == 1
        assert store.calls[0][1] != threading.get_ident()

    asyncio.run(run())


def test_appends_beside_all_else_wait_for_none_of_it() -> None:
    async def run() -> None:
        store = Slow()
        store.appends_beside = True
        thread = StoreThread(store)
        asked = [asyncio.create_task(thread.ask(store.probe)), asyncio.create_task(thread.ask(store.names))]
        async with asyncio.timeout(DEADLINE):
            assert await thread.append([]) == {}
        assert [name for name, _ in store.calls] == ["append"]
        closing = asyncio.create_task(thread.close())
        store.free.set()
        await asyncio.gather(*asked, closing)
        assert [name for name, _ in store.calls] == ["append", "probe", "names", "close"]

    asyncio.run(run())


def test_what_the_store_raises_is_raised_to_who_asked() -> None:
    async def run() -> None:
        thread = StoreThread(MemoryStore())
        with pytest.raises(StoreError, match="there is no room"):
            await thread.ask(thread.store.read, "algebra", 1, 2)
        await thread.close()

    asyncio.run(run())
