"""How long files of many strokes take, and how long the kernel's thread keeps Python's lock for them."""

from __future__ import annotations

import itertools
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from ipysketch.files import process
from ipysketch.files.formats import written
from ipysketch.files.rasterize import png
from ipysketch.model.archive import Item
from tests.support.holds import longest

from ..pens import strokes
from ..results import Result
from . import Effort

COUNTS, POINTS = (1_000, 10_000), 40
FORMATS = (".svg", ".pdf", ".png", ".excalidraw", ".json")
BOARD = (1280, 720)
MOST_SECONDS, MOST_HOLD = 2.0, 0.020


def exports(effort: Effort) -> Result:
    """Each format, with 1,000 and 10,000 strokes whose width follows their speed."""
    entries = [
        _measured(suffix, count)
        for count, suffix, _ in itertools.product(COUNTS, FORMATS, range(effort.rounds))
    ]

    def worst(figure: str) -> tuple[float, str]:
        return max(
            (
                statistics.median(
                    entry[figure]
                    for entry in entries
                    if (entry["format"], entry["strokes"]) == (suffix, COUNTS[-1])
                ),
                suffix,
            )
            for suffix in FORMATS
        )

    (seconds, slowest), (hold, keeper) = worst("seconds"), worst("hold_ms")
    return Result(
        row="exports",
        what=f"Seconds that a file of {COUNTS[-1]:,} strokes takes, and how long it keeps Python's lock",
        reference=", ".join(f"{one} {_median(entries, one, COUNTS[0]):.2f} s" for one in FORMATS)
        + f" with {COUNTS[0]:,}",
        figure=", ".join(f"{one} {_median(entries, one, COUNTS[-1]):.2f} s" for one in FORMATS)
        + f"; the lock for {hold:.1f} ms at most ({keeper})",
        target=f"≤ {MOST_SECONDS:.0f} s, ≤ {1000 * MOST_HOLD:.0f} ms",
        reached=seconds <= MOST_SECONDS and hold <= 1000 * MOST_HOLD,
        short=f"{slowest} takes {seconds:.1f} s" if seconds > MOST_SECONDS else "",
        samples=entries,
    )


def _median(entries: list[dict[str, Any]], suffix: str, count: int) -> float:
    return float(
        statistics.median(
            entry["seconds"] for entry in entries if (entry["format"], entry["strokes"]) == (suffix, count)
        )
    )


def _measured(suffix: str, count: int) -> dict[str, Any]:
    drawing = [
        Item({**fields, "look": "flow"}, f"k{number}")
        for number, fields in enumerate(strokes(count, POINTS, timed=True))
    ]
    png([], 1, 1, BOARD)  # The start of the process is not what is measured.
    begun = time.perf_counter()
    written(drawing, suffix)
    seconds = time.perf_counter() - begun
    start = _cpu(lambda: png([], 1, 1, BOARD))
    cpu = _cpu(lambda: written(drawing, suffix))
    hold = longest(lambda: written(drawing, suffix))
    return {
        "format": suffix,
        "strokes": count,
        "seconds": round(seconds, 3),
        "file_process_cpu": round(cpu - start, 3),
        "hold_ms": round(1000 * hold.seconds, 2),
        "after": hold.after,
    }


def _cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a file process that starts, does `work` and ends."""
    process.end_idle()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    process.end_idle()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
