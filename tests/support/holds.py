"""How long one thread keeps Python's lock: what it does between two calls is one step, or yields by itself.

CPython hands the lock over between two steps of Python. Only what a single call into C does can keep it for long. So
the longest stretch of CPU time of a thread without a call or a return is an upper bound of that; unlike the clock of a
thread that waits for its turn, it does not depend on what else the machine does."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from .speed import slowness

AT_MOST = 0.020
"""Seconds for which no thread may keep the lock, on the machine where the bounds of tests were set."""

RELEASING = ("c_call bytes.join",)
"""What gives the lock away where it takes long."""


class Hold(NamedTuple):
    """The longest stretch: its CPU seconds, and what was called before it."""

    seconds: float
    after: str


def longest(work: Callable[[], object]) -> Hold:
    """Do `work` on this thread; return the longest stretch of it without a call."""
    found = Hold(0.0, "")
    before, last = 0.0, ""

    def note(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal found, before, last
        now = time.thread_time()
        if now - before > found.seconds and not last.startswith(RELEASING):
            found = Hold(now - before, last)
        code = frame.f_code
        last = f"{event} {getattr(arg, '__qualname__', '')} in {code.co_qualname}"
        before = time.thread_time()

    # What tests before this one left is not what is asked.
    gc.collect()
    gc.freeze()
    before = time.thread_time()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.unfreeze()
    return found


def check(work: Callable[[], object], tries: int = 3) -> None:
    """Fail where `work` keeps the lock for too long, each time it is done."""
    holds: list[Hold] = []
    for _ in range(tries):
        holds.append(longest(work))
        if holds[-1].seconds <= AT_MOST * max(1.0, slowness()):
            return
    raise AssertionError(f"Python's lock was kept for {min(holds).seconds * 1000:.0f} ms: {min(holds).after}")
