"""The store's thread: one call at a time, in the order in which they were asked for, `close` the last."""

from __future__ import annotations

import asyncio
import threading

import pytest

from relay.records import StoreError
from relay.store import MemoryStore
from relay.store.worker import StoreThread


class Slow(MemoryStore):
    """A store that notes its calls and waits before it answers the first."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []
        self.free = threading.Event()

    def probe(self) -> None:
        assert self.free.wait(10)
        self.calls.append(("probe", threading.get_ident()))

    def names(self) -> list[str]:
        self.calls.append(("names", threading.get_ident()))
        return super().names()

    def close(self) -> None:
        self.calls.append(("close", threading.get_ident()))


def test_calls_follow_each_other_on_one_thread() -> None:
    async def run() -> None:
        store = Slow()
        thread = StoreThread(store)
        asked = [asyncio.create_task(thread.ask(store.probe)), asyncio.create_task(thread.ask(store.names))]
        await asyncio.sleep(0)  # Both are asked before the store is closed.
        closing = asyncio.create_task(thread.close())
        await asyncio.sleep(0)
        assert not store.calls
        store.free.set()
        await asyncio.gather(*asked, closing)
        assert [name for name, _ in store.calls] == ["probe", "names", "close"]
        assert len({ident for _, ident in store.calls}) == 1
        assert store.calls[0][1] != threading.get_ident()

    asyncio.run(run())


def test_what_the_store_raises_is_raised_to_who_asked() -> None:
    async def run() -> None:
        thread = StoreThread(MemoryStore())
        with pytest.raises(StoreError, match="there is no room"):
            await thread.ask(thread.store.read, "algebra", 1, 2)
        await thread.close()

    asyncio.run(run())
