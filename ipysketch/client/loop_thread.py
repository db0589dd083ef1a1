"""The one daemon thread with the one asyncio loop that owns documents, sockets and every canvas call.

Other threads reach what lives there through an `OnLoop`: it is the only seam between them. A forked child has the
memory but not the thread, so there the loop counts as gone and a new one begins.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from .threads import THREADS

T = TypeVar("T")
R = TypeVar("R")

CALL_WAIT = 10.0
"""Seconds that a caller waits for the loop thread."""


class LoopThread:
    """An asyncio loop on a daemon thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="ipysketch", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def post(self, function: Callable[[], object]) -> None:
        """Run `function` on the loop thread, some time soon; from any thread."""
        self.loop.call_soon_threadsafe(function)

    def call(self, function: Callable[[], R], timeout: float = CALL_WAIT) -> R:
        """Return the result of `function` run on the loop thread, after all that was posted before; from any thread.

        Raises what `function` raises, and TimeoutError after `timeout` seconds.
        """
        if threading.current_thread() is self.thread:
            return function()
        answer: Future[R] = Future()

        def run() -> None:
            try:
                answer.set_result(function())
            except BaseException as error:  # It belongs to the caller, who gets it.
                answer.set_exception(error)

        self.post(run)
        return answer.result(timeout)

    def run(self, coroutine: Coroutine[Any, Any, R], timeout: float) -> R:
        """Return the result of `coroutine` on the loop; from any thread but the loop's.

        Raises what it raises, and TimeoutError after `timeout` seconds; it is cancelled then, and when the caller is
        interrupted.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result(timeout)
        except BaseException:
            future.cancel()
            raise


class OneLoop(LoopThread):
    """The loop of a kernel that runs in a browser, in place of one on a thread: what is called runs at once."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.get_event_loop()
        self.thread = threading.current_thread()

    def run(self, coroutine: Coroutine[Any, Any, R], timeout: float) -> R:
        """Return the result of `coroutine`, where the browser can wait for it in a cell.

        Raises TimeoutError where it cannot; the coroutine goes on.
        """
        from pyodide.ffi import can_run_sync, run_sync  # type: ignore[import-not-found]  # noqa: PLC0415

        task = self.loop.create_task(coroutine)
        if not can_run_sync():
            _going_on.add(task)  # asyncio alone does not keep a task.
            task.add_done_callback(_going_on.discard)
            raise TimeoutError
        waited: R = run_sync(asyncio.wait_for(task, timeout))
        return waited


_going_on: set[asyncio.Task[Any]] = set()


class OnLoop(Generic[T]):
    """An object that lives on the loop thread, as other threads may use it: by functions that run there."""

    def __init__(self, thread: LoopThread, create: Callable[[], T]) -> None:
        self.thread = thread
        self.object = thread.call(create)
        """The object itself, to be handed to code that runs on the loop thread."""

    @property
    def lost(self) -> bool:
        """Whether this process is a fork, in which there is no loop thread."""
        return self.thread.pid != os.getpid()

    def post(self, function: Callable[[T], object]) -> None:
        """Run `function` with the object, some time soon."""
        self.thread.post(lambda: function(self.object))

    def call(self, function: Callable[[T], R], timeout: float = CALL_WAIT) -> R:
        """Return the result of `function` with the object: see `LoopThread.call`."""
        return self.thread.call(lambda: function(self.object), timeout)

    def run(self, function: Callable[[T], Coroutine[Any, Any, R]], timeout: float) -> R:
        """Return the result of a coroutine function with the object: see `LoopThread.run`."""

        async def started_there() -> R:
            return await function(self.object)

        return self.thread.run(started_there(), timeout)


_thread: LoopThread | None = None
_starting = threading.Lock()


def loop_thread() -> LoopThread:
    """Return this process's loop thread, started at its first use."""
    global _thread  # noqa: PLW0603  # one for the process, and another after a fork
    with _starting:
        if _thread is None or _thread.pid != os.getpid():
            _thread = LoopThread() if THREADS else OneLoop()
        return _thread
