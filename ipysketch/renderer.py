"""The display list on ipycanvas: one canvas of two layers, what is committed and the ink under hands.

Every method is called on the loop thread. The canvas has a manager of its own, so that the user's own ipycanvas
code stays out of its way; every batch begins by selecting its canvas and setting its style, for a reloaded page
has forgotten both, and ends with one flush.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ipycanvas import Canvas, MultiCanvas
from ipycanvas.canvas import _CanvasManager  # Private: only a manager of our own keeps batches apart.

from .elements import Element, Path
from .geometry import Rect

CHUNK = 500
"""Elements painted in one message when everything is painted anew: a page's task stays short."""
MARGIN = 2.0


class _BoardCanvas(MultiCanvas):
    def __init__(self, manager: _CanvasManager, **options: Any) -> None:
        layers = [Canvas(_canvas_manager=manager) for _ in range(2)]
        super(MultiCanvas, self).__init__(_canvases=layers, _canvas_manager=manager, **options)
        self.on_msg(layers[-1]._handle_frontend_event)


class Renderer:
    """Paints elements on `canvas`, `width` × `height` board units at `scale` backing pixels per unit."""

    def __init__(self, width: int, height: int, scale: int = 1) -> None:
        self.size = (width, height)
        self.scale = scale
        self._manager = _CanvasManager(caching=True)
        self.canvas: Any = _BoardCanvas(self._manager, width=width * scale, height=height * scale)
        self._painted: tuple[Element, ...] = ()
        self._live: tuple[Element, ...] = ()

    def rescale(self, scale: int) -> None:
        """Another resolution; what was painted is gone until `forget` and `paint`."""
        if scale != self.scale:
            self.scale = scale
            self.canvas.width = self.size[0] * scale
            self.canvas.height = self.size[1] * scale
            self.forget()

    def forget(self) -> None:
        """A page begins blank: the next `paint` paints everything."""
        self._painted = ()
        self._live = ()
        for layer in (0, 1):
            self._begin(layer).clear()
            self._manager.flush()

    def paint(self, elements: tuple[Element, ...]) -> bool:
        """Make the lower layer show `elements`, painting no more than what changed; whether it painted."""
        before, self._painted = self._painted, elements
        if elements == before:
            return False
        known = len(before)
        if elements[:known] == before:
            self._append(elements[known:])
            return True
        old, new = set(before), set(elements)
        changed = [element for element in before if element not in new]
        changed += [element for element in elements if element not in old]
        stayed = [element for element in before if element in new]
        if not elements or stayed != [element for element in elements if element in old]:
            self._begin(0).clear()
            self._manager.flush()
            self._append(elements)
            return True
        damage = changed[0].bounds
        for element in changed[1:]:
            damage = damage.union(element.bounds)
        self._repair(damage.inflate(MARGIN), elements)
        return True

    def live(self, elements: tuple[Element, ...]) -> bool:
        """Make the upper layer show `elements`; whether it painted."""
        if elements == self._live:
            return False
        self._live = elements
        canvas = self._begin(1)
        canvas.clear()
        self._draw(canvas, elements)
        self._manager.flush()
        return True

    def _append(self, elements: Sequence[Element]) -> None:
        for start in range(0, len(elements), CHUNK):
            self._draw(self._begin(0), elements[start : start + CHUNK])
            self._manager.flush()

    def _repair(self, damage: Rect, elements: Sequence[Element]) -> None:
        scale = self.scale
        x0, y0 = math.floor(damage.x0 * scale), math.floor(damage.y0 * scale)
        x1, y1 = math.ceil(damage.x1 * scale), math.ceil(damage.y1 * scale)
        canvas = self._begin(0)
        canvas.save()
        canvas.begin_path()
        canvas.rect(x0, y0, x1 - x0, y1 - y0)
        canvas.clip()
        canvas.clear_rect(x0, y0, x1 - x0, y1 - y0)
        self._draw(canvas, [element for element in elements if element.bounds.intersects(damage)])
        canvas.restore()
        self._manager.flush()

    def _begin(self, layer: int) -> Any:
        self._manager._current_canvas = None
        canvas = self.canvas[layer]
        canvas.line_cap = "round"
        canvas.line_join = "round"
        return canvas

    def _draw(self, canvas: Any, elements: Sequence[Element]) -> None:
        run: list[Path] = []
        for path in (path for element in elements for path in element.display):
            if run and path.width != run[0].width:
                self._stroke(canvas, run)
                run = []
            run.append(path)
        if run:
            self._stroke(canvas, run)

    def _stroke(self, canvas: Any, paths: Sequence[Path]) -> None:
        canvas.line_width = paths[0].width * self.scale
        points = [self._pixels(path) for path in paths]
        canvas.stroke_styled_line_segments(
            np.concatenate(points),
            np.array([_rgb(path.color) for path in paths], dtype=np.uint8),
            points_per_line_segment=np.array([len(part) for part in points], dtype=np.uint32),
        )

    def _pixels(self, path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
        points = (np.asarray(path.points) * self.scale).astype(np.float32)
        if len(points) == 1:
            # A line needs two points; so short a one is a dot of its round caps.
            points = np.concatenate([points, points + np.float32(0.01)])
        return points


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
