"""The drawing as an image beside its widget, for a notebook that is opened without a kernel, on a web site, or as
exported HTML.

It is an output of its own. The widget's style hides it as long as the widget lives. It is updated when the drawing has
not changed for a moment and at the end of each cell. A large drawing takes seconds: where a page shows the board, which
is work enough, its image waits.
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

from ..errors import SketchError
from ..files.rasterize import poster
from ..model.elements import Element

REST = 1.5
"""Seconds without a change before the image is updated, or ten times what the last update took."""
LARGE = 500
"""Elements from which on an image may wait."""
LARGE_REST = 10.0
"""Seconds that it waits."""
VIEW_WAIT = 2.0
"""Seconds at the end of a cell in which a page may report that it shows the board."""
WIDTHS = (960, 640, 320)
"""Pixels; the next smaller one is taken when an image has more than `MAX_BYTES`."""
MAX_BYTES = 600_000


class StillImage:
    """The image of one board of `size` board units, in any number of outputs.

    `elements` returns what is on the board now, and `count`, sooner, how many elements that are, on any thread but the
    loop's; `in_sight` is set while a page shows the board.
    """

    def __init__(
        self,
        size: tuple[int, int],
        elements: Callable[[], tuple[Element, ...]],
        count: Callable[[], int],
        in_sight: threading.Event,
    ) -> None:
        self._size = size
        self._elements, self._count = elements, count
        self._in_sight = in_sight
        self._handles: list[DisplayHandle] = []
        self._latest: Sequence[Element] = ()
        self._painted: Sequence[Element] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._seconds = 0.0
        self._lock = threading.Lock()

    def add_output(self) -> None:
        """Show the image below the last output; on the thread of a cell."""
        shell = get_ipython()
        if not self._handles and shell is not None:
            shell.events.register("post_run_cell", lambda *_: self._cell_ended())
        with self._lock:
            # A large drawing is painted at the end of the cell, or later.
            painted = self._elements() if self._count() < LARGE else None
            bundle = self._bundle(painted or ())
            if painted is not None:
                for other in self._handles:
                    other.update(bundle, raw=True)
            self._painted = painted or ()
            handle = display(bundle, raw=True, display_id=True)
            if handle is not None:
                self._handles.append(handle)

    def changed(self, elements: Sequence[Element]) -> None:
        """Update the image to `elements` once they have not changed for a while; on the loop thread."""
        if _same(elements, self._latest):
            return
        self._latest = elements
        if self._handles:
            loop = asyncio.get_running_loop()
            if self._timer is not None:
                self._timer.cancel()
            rest = REST if len(elements) < LARGE else LARGE_REST
            self._timer = loop.call_later(max(rest, 10 * self._seconds), self._rested)

    def _rested(self) -> None:
        self._timer = None
        # Not on the loop thread, which pointers wait for.
        threading.Thread(target=self.update, name="ipysketch-still-image", daemon=True).start()

    def _cell_ended(self) -> None:
        """Update the image: this notebook may be saved now, or its kernel end."""
        if self._count() >= LARGE and self._in_sight.wait(VIEW_WAIT):
            later = threading.Timer(LARGE_REST, self.update)
            later.daemon = True
            later.start()
        else:
            self.update()

    def update(self) -> None:
        """Update the image now, from any thread."""
        with self._lock:
            elements = self._elements()
            if not self._handles or _same(elements, self._painted):
                return
            begun = time.perf_counter()
            bundle = self._bundle(elements)
            self._seconds = time.perf_counter() - begun
            self._painted = elements
            for handle in self._handles:
                handle.update(bundle, raw=True)

    def _bundle(self, elements: Sequence[Element]) -> dict[str, Any]:
        with contextlib.suppress(SketchError):
            if data := poster(elements, WIDTHS, MAX_BYTES, self._size):
                return {"image/png": base64.b64encode(data).decode(), "text/plain": "the drawing"}
        return {"text/plain": "the drawing is too large for an image here; run the cell to see it"}


def _same(a: Sequence[Element], b: Sequence[Element]) -> bool:
    return len(a) == len(b) and all(map(is_, a, b))
