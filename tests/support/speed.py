"""How fast this machine is now: what a bound on CPU time is multiplied by, so that it means the same work everywhere."""

from __future__ import annotations

import json
import time

REFERENCE = 0.0125
"""CPU seconds that `_work` took on the machine where the bounds of tests were set."""
TRIES = 5


def slowness() -> float:
    """Return how many times as long this machine takes as the one where the bounds of tests were set."""
    return min(_work() for _ in range(TRIES)) / REFERENCE


def _work() -> float:
    """Do what a relay does most, decode and look at values; return the CPU seconds that it took."""
    text = json.dumps([{"key": f"k{number}", "points": [number] * 3} for number in range(3000)])
    before = time.thread_time()
    for _ in range(3):
        sum(sum(item["points"]) + len(item["key"]) for item in json.loads(text))
    return time.thread_time() - before
