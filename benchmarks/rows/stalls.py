"""How long the other threads of a kernel wait while a picture is drawn."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from ipysketch.files import painter, rasterize
from ipysketch.model.elements import decode

from ..pens import strokes
from ..results import Result
from . import Effort

COUNT, POINTS = 2_000, 50
SIZE, BOARD = (960, 540), (1280, 720)
TICK = 0.001


def kernel_stall(effort: Effort) -> Result:
    """The picture for the saved notebook: drawn in the kernel's process, and in the file process."""
    found = (decode(str(number), fields) for number, fields in enumerate(strokes(COUNT, POINTS)))
    drawing = [element for element in found if element is not None]
    rasterize.png([], *SIZE, BOARD)  # The start of the process is not what is measured.
    entries: list[dict[str, Any]] = []
    for _ in range(effort.rounds):
        entries.append(
            _measured("here", lambda: painter.png(drawing, *SIZE, BOARD, font=rasterize.font(drawing)))
        )
        entries.append(_measured("elsewhere", lambda: rasterize.png(drawing, *SIZE, BOARD)))
    before, after, took, cpu = (
        statistics.median(entry[figure] for entry in entries if entry["where"] == where)
        for where, figure in (
            ("here", "longest_ms"),
            ("elsewhere", "longest_ms"),
            ("elsewhere", "whole_ms"),
            ("elsewhere", "cpu_ms"),
        )
    )
    return Result(
        row="kernel-stall",
        what=f"The longest that another thread of a kernel waits while a picture of {COUNT:,} strokes is drawn",
        reference=f"drawn in the kernel's own process {before:.0f} ms",
        figure=f"{after:.0f} ms; the picture took {took:.0f} ms and {cpu:.0f} ms of the kernel's CPU",
        target="≤ 20 ms",
        reached=after <= 20,
        short="packing the fields, and waiting for a core on a busy machine, are in it" if after > 20 else "",
        samples=entries,
    )


def _measured(where: str, work: Callable[[], object]) -> dict[str, Any]:
    longest, over = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        before = time.perf_counter()
        while not over.wait(TICK):
            now = time.perf_counter()
            longest, before = max(longest, now - before), now

    ticker = threading.Thread(target=tick)
    ticker.start()
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    whole, cpu = time.perf_counter() - begun, time.process_time() - cpu
    over.set()
    ticker.join()
    return {"where": where, "longest_ms": 1000 * longest, "whole_ms": 1000 * whole, "cpu_ms": 1000 * cpu}
