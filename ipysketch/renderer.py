"""Display lists on ipycanvas: the committed drawing on one layer, ink under hands on another.

Rules of this file: the drawing is elsewhere, the canvas a projection that any page may have lost; every call
comes from one thread. What is to be painted is computed first and queued as one batch; `flush` sends it. A
batch begins by selecting its layer and sets all the state it needs, since a reloaded page remembers nothing.

Points go out as whole eighths of a unit, and the canvas's own transform makes pixels of them. What is translucent and
made of several parts is painted on a canvas beside, which nobody sees, and goes from there to its layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import is_

import numpy as np
from ipycanvas import Canvas, MultiCanvas
from ipycanvas.canvas import COMMANDS, _CanvasManager
from ipywidgets import Image, widget_serialization

from .batches import Fill, Lines, Show, Step, Together, Words, steps
from .damage import Boxes, boxes, common, damaged, reaching
from .elements import Element, Picture
from .elements.fields import EIGHTHS
from .geometry import Rect
from .pictures import paintable

CHUNK = 500
"""Elements in one batch at most: a page that paints more at once does not answer meanwhile."""
FIRST_CHUNK = 125
"""Elements in the first one: the sooner something is to be seen."""
SEAM = 2.0
"""Board units around a damaged rectangle, so that antialiased edges lie inside it."""

Box = tuple[int, int, int, int]


class _Manager(_CanvasManager):
    """Collects commands of our own canvases only, and forgets after each batch which canvas was selected."""

    def __init__(self) -> None:
        super().__init__(caching=True)

    def flush(self, last: Canvas) -> bool:
        """Send what was drawn as one batch; whether there was anything. `last` stays selected in the page, which shows
        anew what is selected before a batch and in it: one that nobody sees costs nothing."""
        drawn = bool(self._commands_cache)
        if drawn:
            self._commands_cache.append(
                [COMMANDS["switchCanvas"], [widget_serialization["to_json"](last, None)]]
            )
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
        self._beside = Canvas(_canvas_manager=self._manager, width=width * scale, height=height * scale)
        self._images: dict[str, Image | None] = {}
        self._painted: tuple[Element, ...] = ()
        self._boxes: Boxes = np.empty((0, 4))
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
        self._beside.width, self._beside.height = self._width * scale, self._height * scale

    def paint(self, elements: Sequence[Element]) -> None:
        """Bring the drawing from what was painted to `elements`: new ones on top are just drawn, after any
        other change the damaged rectangle is painted again."""
        old, new = self._painted, tuple(elements)
        if new is old:
            return
        head, tail = common(old, new)
        gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
        if head == len(old):
            self._draw_all(come)
        self._painted = new
        self._boxes = np.concatenate((self._boxes[:head], boxes(come), self._boxes[len(old) - tail :]))
        if head < len(old) and (damage := damaged(gone, come)) is not None:
            box = self._box(damage.inflate(SEAM))
            reach = Rect(*(value / EIGHTHS for value in box))
            self._draw_all([new[number] for number in reaching(self._boxes, reach)], clip=box)

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
        sent = self._manager.flush(self._beside) or self._sent
        self._sent = False
        return sent

    def _draw_all(self, elements: Sequence[Element], clip: Box | None = None) -> None:
        """Draw on the lower layer; all but the last chunk are sent at once. With `clip`, that box is emptied
        first and nothing outside it is touched."""
        start, size = 0, FIRST_CHUNK
        while start < len(elements) or (clip is not None and not start):
            if start:
                self._sent = self._manager.flush(self._beside) or self._sent
            self._draw(0, elements[start : start + size], clip=clip, clear=clip is not None and not start)
            start, size = start + size, min(2 * size, CHUNK)

    def _draw(self, layer: int, elements: Iterable[Element], *, clip: Box | None = None, clear: bool) -> None:
        painted = list(steps(elements))
        canvas = self.canvas[layer]
        box = clip or (0, 0, self._width * EIGHTHS, self._height * EIGHTHS)
        self._begin(canvas)
        if clip is not None:
            self._clip(canvas, clip)
        if clear:
            canvas.clear_rect(*_measured(box))
        for step in painted:
            self._paint(canvas, step, box)
        canvas.restore()

    def _begin(self, canvas: Canvas) -> None:
        """Set the state that everything needs; a `restore` must follow."""
        zoom = self._scale / EIGHTHS
        canvas.save()
        canvas.set_transform(zoom, 0, 0, zoom, 0, 0)
        canvas.line_cap = "round"
        canvas.line_join = "round"

    def _clip(self, canvas: Canvas, box: Box) -> None:
        canvas.begin_path()
        canvas.rect(*_measured(box))
        canvas.clip()

    def _paint(self, canvas: Canvas, step: Step, box: Box) -> None:
        """Paint one step; all of its ink that is to be seen lies in `box`."""
        match step:
            case Lines(width, dash, opacity, points, counts, colors):
                canvas.line_width = width
                canvas.set_line_dash(list(dash))
                canvas.stroke_styled_line_segments(points, colors, opacity, points_per_line_segment=counts)
            case Fill(points, color):
                counts = np.array([len(points)], dtype=np.int32)
                canvas.fill_styled_polygons(points, color, points_per_polygon=counts)
            case Words(runs, bounds, opacity):
                canvas.save()
                self._clip(canvas, self._box(bounds))
                canvas.global_alpha = opacity
                canvas.text_align, canvas.text_baseline = "left", "alphabetic"
                for run in runs:
                    canvas.fill_style, canvas.font = run.color, f"{run.size * EIGHTHS}px sans-serif"
                    canvas.fill_text(run.text, run.x * EIGHTHS, run.y * EIGHTHS, run.width * EIGHTHS)
                canvas.restore()
            case Show(picture, opacity):
                if (image := self._image(picture)) is not None:
                    canvas.save()
                    canvas.global_alpha = opacity
                    corners = picture.box
                    wide, high = corners.x1 - corners.x0, corners.y1 - corners.y0
                    place = [value * EIGHTHS for value in (corners.x0, corners.y0, wide, high)]
                    canvas.draw_image(image, *place)
                    canvas.restore()
            case Together(parts, bounds, opacity):
                self._paint_together(canvas, parts, _common(box, self._box(bounds.inflate(SEAM))), opacity)

    def _paint_together(self, canvas: Canvas, parts: Iterable[Step], box: Box, opacity: float) -> None:
        """Paint `parts` as one translucent thing: opaque on the canvas beside, and from there all at once."""
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        beside = self._beside
        self._begin(beside)
        self._clip(beside, box)
        for part in parts:
            self._paint(beside, part, box)
        beside.restore()
        canvas.save()
        self._clip(canvas, box)
        canvas.global_alpha = opacity
        canvas.draw_image(beside, 0, 0, self._width * EIGHTHS, self._height * EIGHTHS)
        canvas.restore()
        # Empty again for the next: a page that has missed something would otherwise show it twice.
        self._begin(beside)
        beside.clear_rect(*_measured(box))
        beside.restore()

    def _image(self, picture: Picture) -> Image | None:
        """The widget that holds the bytes of `picture` in every page; None when they show nothing.

        It is never closed: a page that has not painted it yet would stop painting."""
        if picture.data not in self._images:
            data = paintable(picture)
            kind = "png" if data is not None and data.startswith(b"\x89PNG") else "jpeg"
            self._images[picture.data] = None if data is None else Image(value=data, format=kind)
        return self._images[picture.data]

    def _box(self, rect: Rect) -> Box:
        """The whole backing pixels that `rect` touches, within the board; in eighths."""
        pixel = EIGHTHS // self._scale
        xs, ys = self._width * EIGHTHS, self._height * EIGHTHS

        def down(value: float, most: int) -> int:
            return max(0, min(most, math.floor(value * EIGHTHS / pixel) * pixel))

        def up(value: float, most: int) -> int:
            return max(0, min(most, math.ceil(value * EIGHTHS / pixel) * pixel))

        return down(rect.x0, xs), down(rect.y0, ys), up(rect.x1, xs), up(rect.y1, ys)


def _measured(box: Box) -> Box:
    """Left, top, width and height of a box."""
    left, top, right, bottom = box
    return left, top, right - left, bottom - top


def _common(a: Box, b: Box) -> Box:
    """What two boxes have in common; its right edge is left of its left one where that is nothing."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
