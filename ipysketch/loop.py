"""The one daemon thread with the one asyncio loop that owns documents, sockets and every canvas call.

Everything else hands over with `post` or asks with `ask`. A forked child has the memory but not the thread, so
there the loop counts as gone and a new one begins.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

TURN = 0.001
"""Seconds after which a thread that computes lets this one have its turn. Python's own 5 ms, several times for each
frame, are more than a frame; while this thread has nothing to do, a shorter turn costs nothing."""


class LoopThread:
    """An asyncio loop on a daemon thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        sys.setswitchinterval(min(TURN, sys.getswitchinterval()))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="ipysketch", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def post(self, function: Callable[[], object]) -> None:
        """Run `function` on the loop thread, some time soon; safe from any thread."""
        self.loop.call_soon_threadsafe(function)

    def ask(self, function: Callable[[], T], timeout: float = 10.0) -> T:
        """The result of `function` run on the loop thread, after all that was posted before."""
        if threading.current_thread() is self.thread:
            return function()
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(function())
            except BaseException as error:  # handed to the caller, whose mistake it is
                answer.set_exception(error)

        self.post(run)
        return answer.result(timeout)

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float) -> T:
        """The result of `coroutine` on the loop; raises TimeoutError after `timeout` seconds."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)


_thread: LoopThread | None = None
_starting = threading.Lock()


def loop_thread() -> LoopThread:
    """This process's loop thread, started at its first use."""
    global _thread
    with _starting:
        if _thread is None or _thread.pid != os.getpid():
            _thread = LoopThread()
        return _thread
