"""The neutral display list: what an element is made of, for whatever paints it. Pure.

Lengths are board units, colours #rrggbb. The opacity belongs to the element, not to its primitives: what paints them
makes one translucent thing of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..geometry import Points, Rect, distance

Dash = tuple[float, ...]


class Path(NamedTuple):
    """A polyline with round caps and joins; `points` of shape (n ≥ 1, 2). A single point is a dot.

    `dash` is lengths of strokes and gaps in turn, none for a whole line. With a `fill`, `points` ends where it begins
    and the inside is painted before the line."""

    points: Points
    color: str
    width: float
    dash: Dash = ()
    fill: str | None = None


class TextRun(NamedTuple):
    """One line of text in sans-serif: its left end at (x, y) on the baseline, its type `size` high, at most `width`
    wide: where the font makes it wider, it is condensed."""

    text: str
    x: float
    y: float
    size: float
    color: str
    width: float


class Picture(NamedTuple):
    """An image that fills `box`; `data` is base64 of a file of type `mime`."""

    box: Rect
    mime: str
    data: str


Primitive = Path | TextRun | Picture


def around(paths: Iterable[Path]) -> Rect:
    """The rectangle around the ink of `paths`, of which there is one at least."""
    box, *others = (Rect.around(path.points).inflate(path.width / 2) for path in paths)
    for other in others:
        box = box.union(other)
    return box


def touches(path: Path, x: float, y: float, radius: float) -> bool:
    """Whether a disc of `radius` at (x, y) touches the ink of `path`; the gaps of a dashed line count as ink."""
    if distance(path.points, x, y) <= radius + path.width / 2:
        return True
    return path.fill is not None and _inside(path.points, x, y)


def _inside(points: Points, x: float, y: float) -> bool:
    """Whether (x, y) is inside the closed polyline `points`: whether a ray to the right crosses it an odd number of
    times."""
    (x0, y0), (x1, y1) = points[:-1].T, points[1:].T
    crosses = (y0 > y) != (y1 > y)
    slopes = (x1 - x0) / np.where(crosses, y1 - y0, 1)
    return bool(np.count_nonzero(crosses & (x < x0 + (y - y0) * slopes)) % 2)
