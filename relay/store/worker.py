"""The threads that call a store: one, and another one for commits where the store allows that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from ..records import Batch, Hold, Store

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """A thread for `store`, which may wait for its disk. Appends that may be beside all else have another one,
    so none waits for a room that is loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="relay-store")
        self._appender = (
            ThreadPoolExecutor(1, thread_name_prefix="relay-append") if store.appends_beside else self._executor
        )

    async def ask(self, method: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what `method`, one of the store's, returns; it is called on the thread, after all asked before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: method(*arguments, **named))

    async def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        """Return what `Store.append` returns."""
        return await asyncio.get_running_loop().run_in_executor(self._appender, self.store.append, writes)

    async def close(self) -> None:
        """Close the store after all that was asked of it, and end the threads."""
        await asyncio.get_running_loop().run_in_executor(self._appender, lambda: None)
        await self.ask(self.store.close)
        for executor in (self._executor, self._appender):
            executor.shutdown()
