"""Display lists on ipycanvas: the committed drawing on one layer, ink under hands on another.

Rules of this file: the drawing is elsewhere, the canvas a projection that any page may have lost; every call
comes from one thread. Steps are computed first and queued as one batch, which `flush` sends. A batch begins by
selecting its layer and sets all the state it needs, since a reloaded page has none.

Points are sent as whole grains, and the canvas's own transform makes pixels of them. A translucent group
is painted on an offscreen canvas and copied from there to its layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import is_

import numpy as np
from ipycanvas import Canvas, MultiCanvas
from ipycanvas.canvas import COMMANDS, _CanvasManager
from ipywidgets import Image, widget_serialization

from ..files.images import paintable
from ..model.elements import DisplayImage, Element, TextRun
from ..model.elements.transform import Affine
from ..model.geometry import Rect
from .damage import Boxes, bounding_boxes, common_ends, damaged, overlapping
from .paint_steps import (
    GRAIN,
    FillStep,
    GroupStep,
    ImageStep,
    LineStep,
    PaintStep,
    PolygonStep,
    TextStep,
    paint_steps,
)

CHUNK = 500
"""Elements in one batch at most: a page does not respond while it paints a batch."""
FIRST_CHUNK = 125
"""Elements in the first one: the fewer, the sooner something is seen."""
DETAIL = 0.1
"""Pixels by which a curve may differ from itself."""
SEAM = 2.0
"""Board units around a damaged rectangle, so that antialiased edges lie inside it."""

Box = tuple[float, float, float, float]


class _BatchManager(_CanvasManager):
    """Collects commands of our own canvases only, and after each batch forgets the selected canvas."""

    def __init__(self) -> None:
        super().__init__(caching=True)

    def flush(self, last: Canvas) -> bool:
        """Send the queued commands as one batch; return whether there were any. `last` stays selected in the page,
        which shows anew each canvas that is selected before a batch or in it: an offscreen one costs nothing."""
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
        """Drop the queued commands."""
        self._commands_cache: list[object] = []
        self._buffers_cache: list[object] = []
        self._current_canvas = None


class _Layers(MultiCanvas):
    """A MultiCanvas of two layers with a manager of its own."""

    def __init__(self, manager: _BatchManager, width: int, height: int, widest: int) -> None:
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
        self.on_msg(layers[-1]._handle_frontend_event)  # noqa: SLF001  # as MultiCanvas does


class Renderer:
    """Paints a board of `width` × `height` units with `scale` pixels per unit on `canvas`."""

    def __init__(self, width: int, height: int, scale: float = 1) -> None:
        self._width, self._height, self._scale = width, height, scale
        self._manager = _BatchManager()
        self.canvas = _Layers(self._manager, *self._pixels(), width)
        wide, high = self._pixels()
        self._offscreen = Canvas(_canvas_manager=self._manager, width=wide, height=high)
        self._images: dict[str, Image | None] = {}
        self._painted: tuple[Element, ...] = ()
        self._boxes: Boxes = np.empty((0, 4))
        self._live: tuple[Element, ...] = ()
        self._sent = False

    @property
    def scale(self) -> float:
        """Backing pixels per board unit."""
        return self._scale

    def rescale(self, scale: float) -> None:
        """Change the pixels per unit; this empties the canvas, so a `repaint` must follow."""
        self._scale = scale
        # Sets the layers too.
        self.canvas.width, self.canvas.height = self._pixels()
        self._offscreen.width, self._offscreen.height = self._pixels()

    def _pixels(self) -> tuple[int, int]:
        """Return the width and height of the canvas, in pixels."""
        return max(1, round(self._width * self._scale)), max(1, round(self._height * self._scale))

    def paint(self, elements: Sequence[Element]) -> None:
        """Queue what brings the lower layer to `elements`: new ones on top are added, and after any other change the
        damaged rectangle is painted again."""
        old, new = self._painted, tuple(elements)
        if new is old:
            return
        head, tail = common_ends(old, new)
        removed, added = old[head : len(old) - tail], new[head : len(new) - tail]
        if head == len(old):
            self._draw_all(added)
        self._painted = new
        self._boxes = np.concatenate(
            (self._boxes[:head], bounding_boxes(added), self._boxes[len(old) - tail :])
        )
        if head < len(old) and (damage := damaged(removed, added)) is not None:
            box = self._box(damage.inflate(SEAM))
            reach = Rect(*(value / GRAIN for value in box))
            self._draw_all([new[number] for number in overlapping(self._boxes, reach)], clip=box)

    def live(self, elements: Sequence[Element]) -> None:
        """Show `elements` on the upper layer, and nothing else there."""
        new = tuple(elements)
        if len(new) == len(self._live) and all(map(is_, self._live, new)):
            return
        self._live = new
        self._draw(1, new, clear=True)

    def repaint(self) -> None:
        """Send everything again, in chunks, for a page whose canvas is empty."""
        self._manager.forget()
        self._draw(0, (), clear=True)
        self._draw_all(self._painted)
        self._draw(1, self._live, clear=True)

    def flush(self) -> bool:
        """Send what was queued; return whether anything was sent since the last flush."""
        sent = self._manager.flush(self._offscreen) or self._sent
        self._sent = False
        return sent

    def _draw_all(self, elements: Sequence[Element], clip: Box | None = None) -> None:
        """Draw on the lower layer; all chunks but the last are sent. With `clip`, that box is cleared first and nothing
        outside it is touched."""
        start, size = 0, FIRST_CHUNK
        while start < len(elements) or (clip is not None and not start):
            if start:
                self._sent = self._manager.flush(self._offscreen) or self._sent
            self._draw(0, elements[start : start + size], clip=clip, clear=clip is not None and not start)
            start, size = start + size, min(2 * size, CHUNK)

    def _draw(self, layer: int, elements: Sequence[Element], *, clip: Box | None = None, clear: bool) -> None:
        painting = list(paint_steps(elements, DETAIL / self._scale))
        canvas = self.canvas[layer]
        box = clip or (0, 0, self._width * GRAIN, self._height * GRAIN)
        self._begin(canvas)
        if clip is not None:
            self._clip(canvas, clip)
        if clear:
            canvas.clear_rect(*_left_top_size(box))
        for step in painting:
            self._paint(canvas, step, box)
        canvas.restore()

    def _begin(self, canvas: Canvas) -> None:
        """Select the canvas and set its state; a `restore` must follow."""
        zoom = self._scale / GRAIN
        canvas.save()
        canvas.set_transform(zoom, 0, 0, zoom, 0, 0)
        canvas.line_cap = "round"
        canvas.line_join = "round"

    def _clip(self, canvas: Canvas, box: Box) -> None:
        canvas.begin_path()
        canvas.rect(*_left_top_size(box))
        canvas.clip()

    def _paint(self, canvas: Canvas, step: PaintStep, box: Box) -> None:
        """Paint one step, of which only `box` is seen."""
        match step:
            case LineStep():
                _stroke(canvas, step)
            case PolygonStep(opacity, points, counts, colors):
                canvas.fill_styled_polygons(points, colors, opacity, points_per_polygon=counts)
            case FillStep():
                _fill(canvas, step)
            case TextStep(runs, bounds, opacity):
                self._paint_text(canvas, runs, self._box(bounds), opacity)
            case ImageStep(picture, opacity):
                self._paint_image(canvas, picture, opacity)
            case GroupStep(parts, bounds, opacity):
                self._paint_group(canvas, parts, _intersection(box, self._box(bounds.inflate(SEAM))), opacity)

    def _paint_text(self, canvas: Canvas, runs: Iterable[TextRun], box: Box, opacity: float) -> None:
        canvas.save()
        self._clip(canvas, box)
        canvas.global_alpha = opacity
        canvas.text_baseline = "alphabetic"
        for run in runs:
            if run.affine is not None:
                canvas.save()
                canvas.transform(*_in_grains(run.affine))
            canvas.text_align = "center" if run.middle else "left"
            canvas.fill_style, canvas.font = run.color, f"{run.size * GRAIN}px sans-serif"
            canvas.fill_text(run.text, run.x * GRAIN, run.y * GRAIN, run.width * GRAIN)
            if run.affine is not None:
                canvas.restore()
        canvas.restore()

    def _paint_image(self, canvas: Canvas, picture: DisplayImage, opacity: float) -> None:
        if (image := self._image_widget(picture)) is None:
            return
        canvas.save()
        canvas.global_alpha = opacity
        if picture.affine is not None:
            canvas.transform(*_in_grains(picture.affine))
        box = picture.box
        place = [value * GRAIN for value in (box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)]
        canvas.draw_image(image, *place)
        canvas.restore()

    def _paint_group(self, canvas: Canvas, parts: Iterable[PaintStep], box: Box, opacity: float) -> None:
        """Paint `parts` opaque on the offscreen canvas, and copy that to `canvas` with `opacity`."""
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        offscreen = self._offscreen
        self._begin(offscreen)
        self._clip(offscreen, box)
        for part in parts:
            self._paint(offscreen, part, box)
        offscreen.restore()
        canvas.save()
        self._clip(canvas, box)
        canvas.global_alpha = opacity
        canvas.draw_image(offscreen, 0, 0, self._width * GRAIN, self._height * GRAIN)
        canvas.restore()
        # Cleared for the next: a page that missed a batch would otherwise show it twice.
        self._begin(offscreen)
        offscreen.clear_rect(*_left_top_size(box))
        offscreen.restore()

    def _image_widget(self, picture: DisplayImage) -> Image | None:
        """Return the widget that holds the bytes of `picture` in each page; None for no image.

        It is never closed: a page that has not painted it yet would stop painting."""
        if picture.data not in self._images:
            data = paintable(picture)
            kind = "png" if data is not None and data.startswith(b"\x89PNG") else "jpeg"
            self._images[picture.data] = None if data is None else Image(value=data, format=kind)
        return self._images[picture.data]

    def _box(self, rect: Rect) -> Box:
        """Return the whole backing pixels that `rect` touches, within the board, in grains."""
        pixel = GRAIN / self._scale
        xs, ys = self._width * GRAIN, self._height * GRAIN

        def down(value: float, most: float) -> float:
            return max(0.0, min(most, math.floor(value * self._scale) * pixel))

        def up(value: float, most: float) -> float:
            return max(0.0, min(most, math.ceil(value * self._scale) * pixel))

        return down(rect.x0, xs), down(rect.y0, ys), up(rect.x1, xs), up(rect.y1, ys)


def _in_grains(affine: Affine) -> Affine:
    a, b, c, d, e, f = affine
    return (a, b, c, d, e * GRAIN, f * GRAIN)


def _stroke(canvas: Canvas, step: LineStep) -> None:
    canvas.line_width = step.width
    canvas.set_line_dash(list(step.dash))
    if step.multiplies:
        canvas.global_composite_operation = "multiply"
    canvas.stroke_styled_line_segments(
        step.points, step.colors, step.opacity, points_per_line_segment=step.counts
    )
    if step.multiplies:
        canvas.global_composite_operation = "source-over"


def _fill(canvas: Canvas, step: FillStep) -> None:
    canvas.save()
    canvas.global_alpha, canvas.fill_style = step.opacity, step.color
    canvas.begin_path()
    for contour in step.contours:
        first, *others = contour.tolist()
        canvas.move_to(*first)
        for point in others:
            canvas.line_to(*point)
        canvas.close_path()
    canvas.fill("evenodd" if step.even_odd else "nonzero")
    canvas.restore()


def _left_top_size(box: Box) -> Box:
    """Return left, top, width and height of a box."""
    left, top, right, bottom = box
    return left, top, right - left, bottom - top


def _intersection(a: Box, b: Box) -> Box:
    """Return the intersection of two boxes; without one, its right edge is not right of its left edge."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
