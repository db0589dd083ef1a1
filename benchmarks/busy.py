"""A machine that is busy: processes that only count, as many as a classroom's laptop has of other things to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

COUNT = 4
SPINNING = "print(flush=True)\nwhile True:\n    sum(range(10_000))"


@contextmanager
def spinning(count: int = COUNT) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes keep the cores busy meanwhile. Raises RuntimeError when one of them ended before."""
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-c", SPINNING], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        yield processes
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("the machine was not busy all the time")
