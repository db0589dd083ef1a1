"""The one thread that calls a store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from ..records import Store

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """A thread for `store`: a store is called by one thread at a time, and may wait for its disk."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="relay-store")

    async def ask(self, method: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what `method`, one of the store's, returns; it is called on the thread, after all asked before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: method(*arguments, **named))

    async def close(self) -> None:
        """Close the store after all that was asked of it, and end the thread."""
        await self.ask(self.store.close)
        self._executor.shutdown()
