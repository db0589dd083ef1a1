"""SVG as elements: paths, shapes, texts and embedded images, as a browser shows them. Pure.

The cascade is in `svg_styles`, outlines in `svg_shapes`, markers in `svg_markers`, texts in `svg_words`. What a board
cannot show becomes the nearest thing that it can, and is counted under its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SketchError
from ..model.archive import LoadReport
from ..model.geometry import Rect
from .importer import MOST, Canvas, fitting
from .placed_images import Frame, embedded, framed, sized
from .svg_markers import placed, vertices
from .svg_paint import INVISIBLE, SHAPES, Paints
from .svg_paths import Contour, Matrix, around, is_rectangle, transform
from .svg_pen import Pen, State, covering, dash_of, is_paper
from .svg_shapes import measured, outline
from .svg_styles import SIZE, Styles, length, local_name, reference
from .svg_text import lines_of
from .svg_tree import (
    DEEPEST,
    XLINK,
    checked,
    drawn_size,
    either,
    fitted,
    fraction,
    is_for_us,
    named,
    target,
)
from .svg_words import Words

if TYPE_CHECKING:
    from .svg_tree import Node

NESTED = 3
"""Nesting of SVG images in SVG images, at most."""
WIDE = 10.0
"""Board units from which on one sees that the ends and corners of a line are round here."""

SILENT = {
    *("defs", "symbol", "marker", "clipPath", "mask", "linearGradient", "radialGradient", "pattern", "filter"),
    *("style", "title", "desc", "metadata", "view", "stop", "script"),
}  # fmt: skip
"""Tags that are not painted where they stand."""
UNREAD = {
    *("animate", "animateTransform", "animateMotion", "set", "video", "audio", "iframe", "script", "textPath"),
}  # fmt: skip
"""Tags that cannot be shown; they are counted wherever they stand."""

_KEYWORDS = {"left": "0%", "top": "0%", "center": "50%", "right": "100%", "bottom": "100%"}


def from_svg(data: bytes, board: tuple[float, float]) -> LoadReport:
    """Return the elements of an SVG file, on `board`; raise `SketchError` when it is none."""
    try:
        return _read(data, board)
    except RecursionError:
        raise SketchError("nests groups, or brackets in a style, too deep") from None


def _read(data: bytes, board: tuple[float, float]) -> LoadReport:
    root = checked(data)
    size = drawn_size(root, board)
    if size is not None:
        canvas = Canvas()
        scale, dx, dy = fitting((0, 0), size, board)
        Reader(canvas, root).drawing(Matrix(scale, 0, 0, scale, dx, dy), size)
        return canvas.loaded()
    # Without a size, a drawing is as large as what is in it.
    canvas = Canvas()
    Reader(canvas, root).drawing(Matrix(), None)
    if (box := canvas.bounds()) is not None:
        scale, dx, dy = fitting((box.x0, box.y0), (box.x1, box.y1), board)
        if (scale, dx, dy) != (1.0, 0.0, 0.0):
            canvas = Canvas()
            Reader(canvas, root).drawing(Matrix(scale, 0, 0, scale, dx, dy), None)
    return canvas.loaded()


class Reader:
    """Puts the elements of one SVG on a canvas; `nested` is how many SVG images it is inside of."""

    def __init__(self, canvas: Canvas, root: Node, nested: int = 0) -> None:
        self._canvas, self._root, self._nested = canvas, root, nested
        self._styles = Styles(root)
        self._ids = named(root)
        self._paints = Paints(self._styles, self._ids, canvas.skipped)
        self._words = Words(canvas, self._paints)
        self._left = MOST
        self._frame: Rect | None = None
        self._clips: dict[tuple[str, Matrix], tuple[Rect, bool] | None] = {}
        canvas.skipped.update(name for one in root.iter() if (name := local_name(one)) in UNREAD)
        if self._styles.unread:
            canvas.skipped["style sheet that is too large"] += 1
        if self._styles.left_out:
            canvas.skipped["rule of a style sheet that looks too far"] += self._styles.left_out

    def drawing(self, matrix: Matrix, size: tuple[float, float] | None) -> None:
        """Draw all of it; `matrix` puts a viewport of `size` on the board."""
        view = size or (100.0, 100.0)
        if size is not None:
            self._frame = Rect.around(matrix.apply(np.array([(0, 0), size])))
        self._viewport(self._root, State(matrix, {}, view), (0.0, 0.0, *view), cut=size is not None)

    def framed(self, at: State, frame: Frame) -> None:
        """Draw all of it in `frame`."""
        self._viewport(self._root, at, frame, cut=True)

    # --- the tree -----------------------------------------------------------------------------------------

    def _draw(self, one: Node, at: State) -> None:
        """Draw an element and what is in it; what is broken is left out."""
        name = local_name(one)
        if not name or name in SILENT or name in UNREAD:
            return
        self._spend(at)
        try:
            inside = self._entered(one, at)
            if inside is not None:
                self._kind(name)(one, inside)
        except SketchError:
            raise
        except (ValueError, OverflowError, KeyError, IndexError, FloatingPointError):
            self._canvas.skipped[f"broken {name[:40]}"] += 1

    def _spend(self, at: State) -> None:
        """Count a node; raise `SketchError` when uses, markers and clips make too many of them."""
        self._left -= 1
        if self._left < 0 or at.depth > DEEPEST:
            raise SketchError(f"holds more than {MOST} shapes")

    def _kind(self, name: str) -> Callable[[Node, State], None]:
        kinds: dict[str, Callable[[Node, State], None]] = {
            "svg": self._svg, "g": self._group, "a": self._group, "use": self._use, "switch": self._switch,
            "text": self._text, "image": self._image, "foreignObject": self._words.html,
        }  # fmt: skip
        return kinds.get(name, self._shape if name in SHAPES else lambda _one, _at: None)

    def _entered(self, one: Node, at: State) -> State | None:
        """Return the state inside of an element; None where nothing of it is seen."""
        style = self._styles.computed(one, at.style)
        opacity = at.opacity * fraction(style.get("opacity"), 1.0)
        if style.get("display") == "none" or opacity < INVISIBLE:
            return None
        inside = replace(at, style=style, opacity=opacity, depth=at.depth + 1)
        if (text := style.get("transform")) and text != "none":
            matrix = transform(text, self._origin(one, replace(at, style=style)))
            inside = replace(inside, matrix=at.matrix @ matrix)
        if opacity < at.opacity and len(one) > 1:
            self._canvas.skipped["opacity of a group, which each of its elements has now"] += 1
        if reference(style.get("mask", "none")) is not None:
            self._canvas.skipped["mask"] += 1
        if style.get("filter", "none") != "none":  # Of another element, or functions.
            self._canvas.skipped["filter"] += 1
        return self._clipped(inside)

    def _clipped(self, at: State) -> State | None:
        found = reference(at.style.get("clip-path", "none"))
        clip = self._ids.get(found[0]) if found is not None else None
        if found is None or clip is None or local_name(clip) != "clipPath":
            return at
        if clip.get("clipPathUnits") == "objectBoundingBox":
            self._canvas.skipped["clip path in parts of a box"] += 1
            return at
        # Many shapes share one, as the curves of a plot do.
        key = (found[0], at.matrix)
        if key not in self._clips:
            shapes = [contour for child in clip for contour in self._clip_shapes(child, at)]
            exact = len(shapes) == 1 and is_rectangle(shapes[0].points)
            self._clips[key] = (around(shapes), exact) if shapes else None
        if (box := self._clips[key]) is None:
            return None
        if not box[1]:
            self._canvas.skipped["clip path that is no rectangle, as the box around it"] += 1
        return at.cut(box[0])

    def _clip_shapes(self, one: Node, at: State) -> list[Contour]:
        self._spend(at)
        style = self._styles.computed(one, at.style)
        matrix = at.matrix
        if text := style.get("transform"):
            matrix = matrix @ transform(text, self._origin(one, replace(at, style=style)))
        inside = replace(at, style=style, matrix=matrix)
        if local_name(one) == "use" and (used := self._ids.get(target(one))) is not None:
            x, y = measured(inside, "x", 0), measured(inside, "y", 1)
            return self._clip_shapes(
                used, replace(inside, matrix=matrix @ Matrix(e=x, f=y), style=at.style, depth=at.depth + 1)
            )
        return self._outline(one, inside) if local_name(one) in SHAPES else []

    def _origin(self, one: Node, at: State) -> tuple[float, float]:
        """Return the point that a transform leaves where it is, in the lengths around `one`."""
        words = [_KEYWORDS.get(word, word) for word in at.style.get("transform-origin", "").split()]
        frame = Rect(0.0, 0.0, *at.view)
        if at.style.get("transform-box", "view-box") != "view-box":
            shapes = self._outline(one, replace(at, matrix=Matrix())) if local_name(one) in SHAPES else []
            if not shapes:
                self._canvas.skipped["transform about the box of a group"] += 1
                return 0.0, 0.0
            frame = around(shapes)
        words = words or ["0", "0"]
        x = length(words[0], frame.x1 - frame.x0, SIZE) or 0.0
        y = length(words[1] if len(words) > 1 else "50%", frame.y1 - frame.y0, SIZE) or 0.0
        return frame.x0 + x, frame.y0 + y

    def _group(self, one: Node, at: State) -> None:
        for child in one:
            self._draw(child, at)

    def _svg(self, one: Node, at: State) -> None:
        x, y = measured(at, "x", 0), measured(at, "y", 1)
        wide, high = (measured(at, name, axis, at.view[axis]) for axis, name in enumerate(("width", "height")))
        self._viewport(one, at, (x, y, wide, high), cut=at.style.get("overflow") not in ("visible", "auto"))

    def _viewport(self, one: Node, at: State, frame: Frame, *, cut: bool) -> None:
        """Draw what is in an element that has a viewBox, in `frame`."""
        x, y, wide, high = frame
        if one is self._root:
            style = self._styles.computed(one, at.style)
            at = replace(at, style=style, opacity=at.opacity * fraction(style.get("opacity"), 1.0))
            if style.get("display") == "none":
                return
        if cut and not at.matrix.is_turned:
            at = at.cut(Rect.around(at.matrix.apply(np.array([(x, y), (x + wide, y + high)]))))
        matrix, view = fitted(one, (x, y, wide, high))
        inside = replace(at, matrix=at.matrix @ matrix, view=view)
        for child in one:
            self._draw(child, inside)

    def _use(self, one: Node, at: State) -> None:
        used = self._ids.get(target(one))
        if used is None:
            if not (one.get("href") or one.get(XLINK) or "#").startswith("#"):
                self._canvas.skipped["use of what is elsewhere"] += 1
            return
        x, y = measured(at, "x", 0), measured(at, "y", 1)
        inside = replace(at, matrix=at.matrix @ Matrix(e=x, f=y))
        if local_name(used) not in ("symbol", "svg"):
            self._draw(used, inside)
            return
        entered = self._entered(used, inside)
        if entered is not None:
            given = [at.style.get("width") or used.get("width"), at.style.get("height") or used.get("height")]
            wide, high = (
                either(length(text or "100%", at.view[axis], SIZE), at.view[axis])
                for axis, text in enumerate(given)
            )
            cut = entered.style.get("overflow") not in ("visible", "auto")
            self._viewport(used, entered, (0.0, 0.0, wide, high), cut=cut and used.get("viewBox") is not None)

    def _switch(self, one: Node, at: State) -> None:
        chosen = [child for child in one if local_name(child) and is_for_us(child)]
        # What is not HTML is shown better here.
        plain = [child for child in chosen if local_name(child) != "foreignObject"]
        foreign = [child for child in chosen[:1] if local_name(child) == "foreignObject"]
        for child in (plain if foreign and plain else chosen)[:1]:
            self._draw(child, at)

    # --- shapes -------------------------------------------------------------------------------------------

    def _shape(self, one: Node, at: State) -> None:
        if contours := self._outline(one, at):
            self._paint(one, contours, at)

    def _outline(self, one: Node, at: State) -> list[Contour]:
        contours, whole = outline(one, at)
        if not whole:
            self._canvas.skipped["end of a path after an error in it"] += 1
        return contours

    def _paint(self, one: Node, contours: list[Contour], at: State) -> None:
        """Paint contours as elements: what is inside, the line, the markers."""
        style = at.style
        if style.get("visibility") in ("hidden", "collapse"):
            return
        fill = self._paints.color(style, "fill", "black", at.opacity) if local_name(one) != "line" else None
        stroke = self._paints.color(style, "stroke", "none", at.opacity)
        uneven = 1.0 if style.get("vector-effect") == "non-scaling-stroke" else at.matrix.scale
        width = measured(at, "stroke-width", 2, 1.0) * uneven
        if width <= 0:
            stroke = None
        if stroke is None and self._frame is not None and is_paper(contours, fill, at, self._frame):
            return
        pen = Pen(self._canvas, at, local_name(one), width)
        dash = dash_of(style)
        over = style.get("paint-order", "").startswith("stroke")
        closed = all(contour.closed for contour in contours)
        # A line over its own fill is one translucent thing only where both are as opaque.
        if fill and stroke and fill[1] == stroke[1] == 1 and closed and not over:
            pen.area(contours, fill, stroke, dash)
        else:
            for part in ("line", "fill") if over else ("fill", "line"):
                if part == "fill" and fill is not None:
                    pen.area(contours, fill, None, "")
                if part == "line" and stroke is not None:
                    pen.lines(contours, stroke, dash)
        if stroke is not None:
            self._tell_of_line(at, width, contours)
        self._markers(one, at)

    def _tell_of_line(self, at: State, width: float, contours: Sequence[Contour]) -> None:
        caps, joins = at.style.get("stroke-linecap", "butt"), at.style.get("stroke-linejoin", "miter")
        cornered = any(len(one.points) > 2 and not one.curved for one in contours) and joins != "round"
        ended = any(not one.closed for one in contours) and caps != "round"
        if width >= WIDE and (cornered or ended):
            self._canvas.skipped["ends and corners of a wide line, which are round here"] += 1
        if at.matrix.is_uneven and width >= 2:
            self._canvas.skipped["uneven width of a line"] += 1

    # --- markers ------------------------------------------------------------------------------------------

    def _markers(self, one: Node, at: State) -> None:
        names = [f"marker-{end}" for end in ("start", "mid", "end")]
        found = [reference(at.style.get(name, "none")) for name in names]
        if not any(found) or local_name(one) not in ("path", "line", "polyline", "polygon"):
            return
        # Markers stand at the vertices, in the lengths of the shape.
        contours, _ = outline(one, replace(at, matrix=Matrix()))
        width = measured(at, "stroke-width", 2, 1.0)
        for vertex in vertices(contours, between=found[1] is not None):
            named = found[vertex.kind]
            marker = self._ids.get(named[0]) if named is not None else None
            if marker is None or local_name(marker) != "marker":
                continue
            inside = placed(marker, vertex, at, width)
            inside = replace(inside, style=self._styles.computed(marker, {}))
            for child in marker:
                self._draw(child, inside)

    # --- texts and images ---------------------------------------------------------------------------------

    def _text(self, one: Node, at: State) -> None:
        lines, told = lines_of(one, at.style, self._styles, at.view)
        self._canvas.skipped.update(told)
        if lines and at.matrix.is_turned:
            self._canvas.skipped["turn of a text"] += 1
        for line in lines:
            self._words.line(line, at)

    def _image(self, one: Node, at: State) -> None:
        if at.style.get("visibility") in ("hidden", "collapse"):
            return
        source = embedded(one.get("href") or one.get(XLINK) or "")
        if source is None:
            self._canvas.skipped["image that is elsewhere"] += 1
            return
        mime, data = source
        box = [
            measured(at, name, axis, math.nan)
            for name, axis in (("x", 0), ("y", 1), ("width", 0), ("height", 1))
        ]
        x, y = (0.0 if math.isnan(part) else part for part in box[:2])
        aspect = one.get("preserveAspectRatio", "")
        if "svg" in mime:
            self._svg_image(data, (x, y, box[2], box[3]), aspect, at)
            return
        try:
            fields = framed(data, (x, y, box[2], box[3]), aspect, at.matrix, at.clip)
        except SketchError as error:
            self._canvas.skipped[f"image: {error}"] += 1
            return
        if fields is not None:
            self._canvas.add({**fields, **covering(at.opacity)})

    def _svg_image(self, data: bytes, frame: Frame, aspect: str, at: State) -> None:
        if self._nested >= NESTED:
            self._canvas.skipped["SVG image in too many others"] += 1
            return
        try:
            draw_svg(self._canvas, data, frame, at, aspect=aspect, nested=self._nested + 1)
        except SketchError as error:
            self._canvas.skipped[f"SVG image that {error}"] += 1


def draw_svg(
    canvas: Canvas, data: bytes, frame: Frame, at: State, *, aspect: str = "", nested: int = 1
) -> None:
    """Draw an SVG file in `frame`: x, y, width and height before the matrix of `at`, the last two NaN for its own.
    Raises
    `SketchError` when it is none."""
    root = checked(data)
    x, y, wide, high = frame
    own = drawn_size(root, (300.0, 150.0)) or (300.0, 150.0)
    wide, high = sized(wide, high, own)
    root.attrib.setdefault("viewBox", f"0 0 {own[0]} {own[1]}")
    if aspect:
        root.set("preserveAspectRatio", aspect)
    Reader(canvas, root, nested).framed(replace(at, style={}, view=(wide, high)), (x, y, wide, high))
