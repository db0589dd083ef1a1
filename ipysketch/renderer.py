"""Display lists on ipycanvas: the committed drawing on one layer, ink under hands on another.

Rules of this file: the drawing is elsewhere, the canvas a projection that any page may have lost; every call
comes from one thread. What is to be painted is computed first and queued as one batch; `flush` sends it. A
batch begins by selecting its layer and sets all the state it needs, since a reloaded page remembers nothing.

Points go out as whole eighths of a unit, 16 bits each, and the canvas's own transform makes pixels of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import is_

import numpy as np
from ipycanvas import Canvas, MultiCanvas
from ipycanvas.canvas import _CanvasManager
from numpy.typing import NDArray

from .elements import Element, Path
from .elements.fields import EIGHTHS
from .geometry import Rect

CHUNK = 500
"""Elements in one batch at most: a page that paints more at once does not answer meanwhile."""
EDGE = 32_000
"""Farthest coordinate sent, in eighths: 16 bits hold it, and it lies far outside every board."""
SEAM = 2.0
"""Board units around a damaged rectangle, so that antialiased edges lie inside it."""

Box = tuple[int, int, int, int]


class _Manager(_CanvasManager):
    """Collects commands of our own canvases only, and forgets after each batch which canvas was selected."""

    def __init__(self) -> None:
        super().__init__(caching=True)

    def flush(self) -> bool:
        """Send what was drawn as one batch; whether there was anything."""
        drawn = bool(self._commands_cache)
        try:
            super().flush()
        finally:
            self.forget()
        return drawn

    def forget(self) -> None:
        """Drop what was drawn and not sent."""
        self._commands_cache: list[object] = []
        self._buffers_cache: list[object] = []
        self._current_canvas = None


class _Layers(MultiCanvas):
    """A MultiCanvas of two layers with a manager of its own."""

    def __init__(self, manager: _Manager, width: int, height: int, widest: int) -> None:
        layers = [Canvas(_canvas_manager=manager, width=width, height=height) for _ in range(2)]
        # MultiCanvas makes its layers itself and offers no way to choose their manager.
        super(MultiCanvas, self).__init__(
            _canvases=layers,
            _canvas_manager=manager,
            _dom_classes=("ipysketch-paper",),
            width=width,
            height=height,
            layout={"width": "100%", "max_width": f"{widest}px", "height": "auto"},
        )
        self.on_msg(layers[-1]._handle_frontend_event)


class Renderer:
    """Paints a board of `width` × `height` units with `scale` pixels per unit on `canvas`."""

    def __init__(self, width: int, height: int, scale: int = 1) -> None:
        self._width, self._height, self._scale = width, height, scale
        self._manager = _Manager()
        self.canvas = _Layers(self._manager, width * scale, height * scale, width)
        self._painted: tuple[Element, ...] = ()
        self._live: tuple[Element, ...] = ()
        self._sent = False

    @property
    def scale(self) -> int:
        """Backing pixels per board unit."""
        return self._scale

    def rescale(self, scale: int) -> None:
        """Have `scale` pixels per unit; it empties the canvas, so a `repaint` must follow."""
        self._scale = scale
        # Sets the layers too.
        self.canvas.width, self.canvas.height = self._width * scale, self._height * scale

    def paint(self, elements: Sequence[Element]) -> None:
        """Bring the drawing from what was painted to `elements`: new ones on top are just drawn, after any
        other change the damaged rectangle is painted again."""
        old, new = self._painted, tuple(elements)
        self._painted = new
        if len(old) <= len(new) and all(map(is_, old, new)):
            self._draw_all(new[len(old) :])
            return
        damage = damaged(old, new)
        if damage is not None:
            box = self._box(damage.inflate(SEAM))
            reach = Rect(*(value / EIGHTHS for value in box))
            self._draw_all([element for element in new if element.bounds.intersects(reach)], clip=box)

    def live(self, elements: Sequence[Element]) -> None:
        """Show `elements` on the upper layer, and nothing else there."""
        new = tuple(elements)
        if len(new) == len(self._live) and all(map(is_, self._live, new)):
            return
        self._live = new
        self._draw(1, new, clear=True)

    def repaint(self) -> None:
        """Everything again, for a page that has nothing; sent at once, in chunks."""
        self._manager.forget()
        self._draw(0, (), clear=True)
        self._draw_all(self._painted)
        self._draw(1, self._live, clear=True)

    def flush(self) -> bool:
        """Send what was painted since as one batch; whether there was anything to send."""
        sent = self._manager.flush() or self._sent
        self._sent = False
        return sent

    def _draw_all(self, elements: Sequence[Element], clip: Box | None = None) -> None:
        """Draw on the lower layer; all but the last chunk are sent at once. With `clip`, that box is emptied
        first and nothing outside it is touched."""
        starts = range(0, len(elements), CHUNK) or (range(1) if clip else ())
        for start in starts:
            if start:
                self._sent = self._manager.flush() or self._sent
            self._draw(0, elements[start : start + CHUNK], clip=clip, clear=clip is not None and not start)

    def _draw(self, layer: int, elements: Iterable[Element], *, clip: Box | None = None, clear: bool) -> None:
        runs = list(
            styled_runs(path for element in elements for path in element.display if isinstance(path, Path))
        )
        canvas = self.canvas[layer]
        canvas.save()
        zoom = self._scale / EIGHTHS
        canvas.set_transform(zoom, 0, 0, zoom, 0, 0)
        left, top, right, bottom = clip or (0, 0, self._width * EIGHTHS, self._height * EIGHTHS)
        if clip is not None:
            canvas.begin_path()
            canvas.rect(left, top, right - left, bottom - top)
            canvas.clip()
        if clear:
            canvas.clear_rect(left, top, right - left, bottom - top)
        if runs:
            canvas.line_cap = "round"
            canvas.line_join = "round"
        for line_width, points, counts, colors in runs:
            canvas.line_width = line_width
            canvas.stroke_styled_line_segments(points, colors, points_per_line_segment=counts)
        canvas.restore()

    def _box(self, rect: Rect) -> Box:
        """The whole backing pixels that `rect` touches, within the board; in eighths."""
        pixel = EIGHTHS // self._scale
        xs, ys = self._width * EIGHTHS, self._height * EIGHTHS

        def down(value: float, most: int) -> int:
            return max(0, min(most, math.floor(value * EIGHTHS / pixel) * pixel))

        def up(value: float, most: int) -> int:
            return max(0, min(most, math.ceil(value * EIGHTHS / pixel) * pixel))

        return down(rect.x0, xs), down(rect.y0, ys), up(rect.x1, xs), up(rect.y1, ys)


def damaged(old: Sequence[Element], new: Sequence[Element]) -> Rect | None:
    """A rectangle outside which painting `new` gives what painting `old` gave; None when nothing changed."""
    start, stop = 0, min(len(old), len(new))
    while start < stop and old[start] is new[start]:
        start += 1
    end = 0
    while end < stop - start and old[-1 - end] is new[-1 - end]:
        end += 1
    was, now = old[start : len(old) - end], new[start : len(new) - end]
    before, after = {id(element) for element in was}, {id(element) for element in now}
    stayed = [element for element in was if id(element) in after]
    kept = [element for element in now if id(element) in before]
    changed = [element for element in was if id(element) not in after]
    changed += [element for element in now if id(element) not in before]
    # Where the order of what stayed is another one, each of it may cover another part of its neighbours.
    changed += [] if all(map(is_, stayed, kept)) else stayed
    damage: Rect | None = None
    for element in changed:
        damage = element.bounds if damage is None else damage.union(element.bounds)
    return damage


Run = tuple[float, NDArray[np.int16], NDArray[np.int32], NDArray[np.uint8]]


def styled_runs(paths: Iterable[Path]) -> Iterator[Run]:
    """What one call each can stroke, in drawing order: neighbours of equal width.

    Gives the width in eighths, all points of shape (n, 2) in eighths, how many belong to each path, and colours
    of shape (paths, 3)."""
    for width, group in groupby(paths, key=lambda path: path.width):
        run = list(group)
        lines = [_line(path) for path in run]
        yield (
            width * EIGHTHS,
            np.concatenate(lines),
            np.array([len(line) for line in lines], dtype=np.int32),
            np.array([list(bytes.fromhex(path.color[1:])) for path in run], dtype=np.uint8),
        )


def _line(path: Path) -> NDArray[np.int16]:
    line = np.clip(np.rint(path.points * EIGHTHS), -EDGE, EDGE).astype(np.int16)
    if (line == line[0]).all():
        # Not every browser strokes a line without length; an eighth of a unit is a dot everywhere.
        line = np.stack([line[0], line[0] + np.array((1, 0), dtype=np.int16)])
    return line
