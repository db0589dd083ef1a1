"""From the contours of an SVG shape to elements: its fill and its line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.colors import Color
from ..model.elements.area import EVEN_ODD
from ..model.elements.fields import EIGHTHS
from ..model.geometry import Points, Rect
from .importer import Canvas, Style
from .svg_paths import ALONG, Contour, Matrix, around, clipped_area, clipped_line, is_rectangle
from .svg_styles import SIZE, length
from .svg_tree import numbers

WHITE = "#ffffff"
SLACK = 1 / EIGHTHS / 2
"""Board units by which a shape may exceed its clip without being cut: nobody sees the difference."""


@dataclass(frozen=True)
class State:
    """What a node inherits: the transform from its lengths to board units, style, opacity, the visible rectangle, and
    the size of its viewport."""

    matrix: Matrix
    style: Mapping[str, str]
    view: tuple[float, float]
    opacity: float = 1.0
    clip: Rect | None = None
    depth: int = 0

    def cut(self, box: Rect) -> State:
        """Return this state clipped to `box`."""
        old = self.clip or box
        x0, y0, x1, y1 = max(old.x0, box.x0), max(old.y0, box.y0), min(old.x1, box.x1), min(old.y1, box.y1)
        return replace(self, clip=Rect(x0, y0, max(x0, x1), max(y0, y1)))


class Pen:
    """Adds the elements of one shape; `name` is its tag, `width` that of its line in board units."""

    def __init__(self, canvas: Canvas, at: State, name: str, width: float) -> None:
        self._canvas, self._at, self._name, self._width = canvas, at, name, width

    def area(self, contours: Sequence[Contour], fill: Color, stroke: Color | None, dash: str) -> None:
        """Add the fill, with the line around it where `stroke` is given."""
        at, whole = self._at, self._is_whole(contours)
        look: Style = {"fill": fill[0], **covering(at.opacity * fill[1])}
        dashed = {"dash": dash} if stroke and dash else {}
        width = self._width if stroke else 0.0
        if whole and (kind := self._boxed(contours)):
            box = corners(around(contours))
            self._canvas.box(kind, box, width, {"color": (stroke or fill)[0], **look, **dashed})
            return
        if at.style.get("fill-rule") == EVEN_ODD:
            look["rule"] = EVEN_ODD
        points = [contour.points for contour in contours if stroke or _encloses(contour.points)]
        if whole or at.clip is None:
            outline = {"color": stroke[0], **dashed} if stroke else {}
            self._canvas.area(points, width, {**look, **outline})
            return
        self._canvas.area([cut for one in points if len(cut := clipped_area(one, at.clip)) > 2], 0.0, look)
        if stroke is not None:
            self.lines(contours, stroke, dash)

    def lines(self, contours: Sequence[Contour], stroke: Color, dash: str) -> None:
        """Add the line along contours."""
        look = {"color": stroke[0], **covering(self._at.opacity * stroke[1])}
        dashed = {"dash": dash} if dash else {}
        if self._is_whole(contours) and (kind := self._boxed(contours)):
            self._canvas.box(kind, corners(around(contours)), self._width, {**look, **dashed})
            return
        for contour in contours:
            for points in self._seen(contour):
                if len(points) > 1 and (dash or not contour.curved):
                    self._canvas.line("line", points, self._width, {**look, **dashed})
                elif len(points) > 1 or self._at.style.get("stroke-linecap", "butt") != "butt":
                    self._canvas.line("stroke", points, self._width, look)

    def _boxed(self, contours: Sequence[Contour]) -> str:
        """Return the kind of element that fills the box of a shape, or ""."""
        if self._name in ("circle", "ellipse") and not self._at.matrix.is_turned:
            return "ellipse"
        return "rectangle" if len(contours) == 1 and is_rectangle(contours[0].points) else ""

    def _is_whole(self, contours: Sequence[Contour]) -> bool:
        return self._at.clip is None or _holds(self._at.clip, around(contours))

    def _seen(self, contour: Contour) -> Sequence[Points]:
        clip = self._at.clip
        if clip is None or _holds(clip, around([contour])):
            return [contour.points]
        return clipped_line(contour.points, clip)


def covering(alpha: float) -> Style:
    """Return the field for an opacity from 0 to 1."""
    per_cent = round(100 * alpha)
    return {"opacity": max(1, per_cent)} if per_cent < 100 else {}


def corners(box: Rect) -> Points:
    """Return the upper left and lower right corners, shape (2, 2)."""
    return np.array([(box.x0, box.y0), (box.x1, box.y1)])


def sides(box: Rect) -> Iterator[float]:
    """Yield the left, upper, right and lower side."""
    yield from (box.x0, box.y0, box.x1, box.y1)


def seen(clip: Rect | None, place: tuple[float, float], wide: float, size: float) -> bool:
    """Return whether any of a line of text, `wide` and `size` high, with its left end at `place`, is in `clip`."""
    if clip is None:
        return True
    x, baseline = place
    return x < clip.x1 and x + wide > clip.x0 and baseline - size < clip.y1 and baseline + size / 4 > clip.y0


def _holds(outer: Rect, inner: Rect) -> bool:
    grown = outer.inflate(SLACK)
    return grown.contains(inner.x0, inner.y0) and grown.contains(inner.x1, inner.y1)


def _encloses(points: Points) -> bool:
    """Return whether a contour encloses any area."""
    steps = points - points[0]
    far = steps[np.hypot(steps[:, 0], steps[:, 1]).argmax()]
    return bool(np.abs(steps[:, 0] * far[1] - steps[:, 1] * far[0]).max() > ALONG)


def dash_of(style: Mapping[str, str]) -> str:
    """Return the nearest dash that a board has."""
    dashes = numbers(style.get("stroke-dasharray", "none"))
    if not dashes or sum(dashes) <= 0 or min(dashes) < 0 or (len(dashes) > 1 and max(dashes[1::2]) == 0):
        return ""
    return "dotted" if dashes[0] <= (length(style.get("stroke-width"), 100.0, SIZE) or 1.0) else "dashed"


def is_paper(contours: Sequence[Contour], fill: Color | None, at: State, frame: Rect) -> bool:
    """Return whether a shape is a white rectangle as large as the drawing, which is the paper."""
    if fill != (WHITE, 1.0) or at.opacity < 1 or len(contours) > 1:
        return False
    pairs = zip(sides(around(contours)), sides(frame), strict=True)
    return is_rectangle(contours[0].points) and all(abs(a - b) < 0.01 for a, b in pairs)
