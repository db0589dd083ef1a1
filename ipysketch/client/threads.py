"""Whether there are threads: a kernel that runs in a browser has none, and one loop does all there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")

THREADS = sys.platform != "emscripten"


async def beside(function: Callable[[], R]) -> R:
    """Return the result of a function that blocks, called on a worker thread where there are any."""
    return await asyncio.to_thread(function) if THREADS else function()
