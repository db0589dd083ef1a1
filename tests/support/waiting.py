"""How tests wait: for a state, asked for again and again, with one deadline that only a failure reaches.

No test says how soon something has to happen; that is measured in ``benchmarks``. Tests pass on a machine that is busy
with other things too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

DEADLINE = 180.0
"""Seconds within which whatever a test waits for must have come: about a hundred times what a quiet machine needs."""
PAUSE = 0.02
"""Seconds between two looks at a state that nothing tells of."""

T = TypeVar("T")


def wait_until(state: Callable[[], T], words: str, pause: Callable[[], object] | None = None) -> T:
    """Return the first true value of `state`; raises AssertionError with `words` after the deadline.

    `pause` is called between two looks; the default gives the processor to others for a moment. Where the state is that
    of a page, pass something that waits in the page: Playwright delivers events only while it is called.
    """
    end = time.monotonic() + DEADLINE
    while not (value := state()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE:g} s: {words}")
        if pause is None:
            time.sleep(PAUSE)
        else:
            pause()
    return value
