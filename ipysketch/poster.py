"""The drawing as a picture beside its widget: what a notebook shows that is opened without a kernel, on a web site, or
as exported HTML.

It is an output of its own, which the widget's style hides as long as the widget lives, and which is brought up to date
when the drawing has rested for a moment and at the end of each cell. A large drawing takes seconds: where a page shows
the board, and has enough to do with that, its picture waits.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

from .elements import Element
from .errors import SketchError
from .raster import png

REST = 1.5
"""Seconds without a change before the picture is made anew; or ten times what making the last one took."""
LARGE = 500
"""Elements from which on a picture may wait."""
WAIT = 10.0
"""Seconds that it does."""
LOOK = 2.0
"""Seconds at the end of a cell in which a page may say that it shows the board."""
SIZES = (960, 640, 320)
"""Pixels of width, the next smaller one when a picture has more than `LARGEST` bytes."""
LARGEST = 600_000


class Poster:
    """The picture of one board of `size` board units; as many copies as there are outputs. `elements` says what is on
    it now, and `count`, sooner, how much that is, on any thread but the loop's; `in_sight` is set when a page shows
    it."""

    def __init__(
        self,
        size: tuple[int, int],
        elements: Callable[[], tuple[Element, ...]],
        count: Callable[[], int],
        in_sight: threading.Event,
    ) -> None:
        self._size = size
        self._now, self._count = elements, count
        self._in_sight = in_sight
        self._handles: list[DisplayHandle] = []
        self._shown: Sequence[Element] = ()
        self._painted: Sequence[Element] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._took = 0.0
        self._lock = threading.Lock()

    def hang(self) -> None:
        """Show it below the output that was shown last; on the thread of a cell."""
        shell = get_ipython()
        if not self._handles and shell is not None:
            shell.events.register("post_run_cell", lambda *_: self._cell_ends())
        with self._lock:
            # A large one is painted at the end of the cell, or later.
            painted = self._now() if self._count() < LARGE else None
            bundle = self._bundle(painted or ())
            if painted is not None:
                for other in self._handles:
                    other.update(bundle, raw=True)
            self._painted = painted or ()
            handle = display(bundle, raw=True, display_id=True)
            if handle is not None:
                self._handles.append(handle)

    def show(self, elements: Sequence[Element]) -> None:
        """These are on the board now; on the loop thread."""
        if _same(elements, self._shown):
            return
        self._shown = elements
        if self._handles:
            loop = asyncio.get_running_loop()
            if self._timer is not None:
                self._timer.cancel()
            rest = REST if len(elements) < LARGE else WAIT
            self._timer = loop.call_later(max(rest, 10 * self._took), self._rested)

    def _rested(self) -> None:
        self._timer = None
        # Beside the loop, which has hands to follow.
        threading.Thread(target=self.finish, name="ipysketch-poster", daemon=True).start()

    def _cell_ends(self) -> None:
        """Bring it up to date: this notebook may be saved now, or its kernel end."""
        if self._count() >= LARGE and self._in_sight.wait(LOOK):
            later = threading.Timer(WAIT, self.finish)
            later.daemon = True
            later.start()
        else:
            self.finish()

    def finish(self) -> None:
        """Bring the picture up to date now, from any thread."""
        with self._lock:
            elements = self._now()
            if not self._handles or _same(elements, self._painted):
                return
            begun = time.perf_counter()
            bundle = self._bundle(elements)
            self._took = time.perf_counter() - begun
            self._painted = elements
            for handle in self._handles:
                handle.update(bundle, raw=True)

    def _bundle(self, elements: Sequence[Element]) -> dict[str, Any]:
        for width in SIZES:
            height = width * self._size[1] // self._size[0]
            with contextlib.suppress(SketchError):
                data = png(elements, width, height, self._size)
                if len(data) <= LARGEST:
                    return {"image/png": base64.b64encode(data).decode(), "text/plain": "the drawing"}
        return {"text/plain": "the drawing is too large for a picture here; run the cell to see it"}


def _same(a: Sequence[Element], b: Sequence[Element]) -> bool:
    return len(a) == len(b) and all(map(is_, a, b))
