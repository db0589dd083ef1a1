"""Points, rectangles, distances and smoothing, in board units.

Rules of this file: pure; arrays of points have shape (n, 2) and dtype float.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

PER_SEGMENT = 4
_T = np.arange(1, PER_SEGMENT + 1) / PER_SEGMENT
CURVE = [
    part[:, None] for part in ((1 - _T) ** 2 / 2, (1 - _T) ** 2 / 2 + 2 * _T * (1 - _T) + _T**2 / 2, _T**2 / 2)
]
"""What the samples before, at and after a curve count in each of its points."""
WIDTH_STEP = 0.5
"""Steps of a line's width, in board units."""


@dataclass(frozen=True, slots=True)
class Rect:
    """An axis-parallel rectangle, x0 ≤ x1 and y0 ≤ y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @staticmethod
    def around(points: Points) -> Rect:
        """The smallest rectangle around `points`, shape (n ≥ 1, 2)."""
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return Rect(float(x0), float(y0), float(x1), float(y1))

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both."""
        return Rect(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def inflate(self, by: float) -> Rect:
        """The rectangle grown by `by` on each side."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def intersects(self, other: Rect) -> bool:
        """Whether the two have a point in common."""
        return self.x0 <= other.x1 and other.x0 <= self.x1 and self.y0 <= other.y1 and other.y0 <= self.y1

    def contains(self, x: float, y: float) -> bool:
        """Whether (x, y) is inside or on the edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def distance(self, x: float, y: float) -> float:
        """The distance of (x, y) from the rectangle; 0 inside."""
        return math.hypot(max(self.x0 - x, 0, x - self.x1), max(self.y0 - y, 0, y - self.y1))


def smooth(points: Points) -> Points:
    """A smooth polyline along `points`, from exactly the first to exactly the last; further columns go along.

    Quadratic curves run from midpoint to midpoint with the samples as control points, so a new sample only
    changes the end of the line.
    """
    if len(points) < 3:
        return points
    before, at, after = CURVE
    line = np.empty((PER_SEGMENT * (len(points) - 2) + 3, points.shape[1]))
    line[0], line[1], line[-1] = points[0], (points[0] + points[1]) / 2, points[-1]
    curves = line[2:-1].reshape(len(points) - 2, PER_SEGMENT, -1)
    np.multiply(points[:-2, None], before, out=curves)
    curves += points[1:-1, None] * at
    curves += points[2:, None] * after
    return line


def pressed(width: float, pressure: NDArray[np.float64]) -> NDArray[np.float64]:
    """How wide a pen of `width` draws under `pressure`, 0 to 1: as it is at half, 0.4 of it at none, 1.6 at full."""
    return width * (0.4 + 1.2 * np.clip(pressure, 0, 1))


def lines(points: Points, pressure: NDArray[np.float64] | None, width: float) -> list[tuple[Points, float]]:
    """The lines, points and width, that a stroke is made of: one, or with `pressure`, shape (n,), one for each
    stretch of about the same width. Each begins where the one before ends, and round caps hide the seam.

    ``relay/web/ink.js`` does the same for ink that is still wet.
    """
    if pressure is None:
        return [(smooth(points), width)]
    curve = smooth(np.column_stack([points, pressure]))
    # Halves are rounded up, as JavaScript does.
    steps = np.floor(pressed(width, curve[:, 2]) / WIDTH_STEP + 0.5) * WIDTH_STEP
    widths = np.maximum(WIDTH_STEP, steps)
    if len(curve) == 1:
        return [(curve[:, :2], float(widths[0]))]
    # Each piece is as wide as its end.
    cuts = np.flatnonzero(np.diff(widths[1:])) + 1
    starts, ends = np.r_[0, cuts], np.r_[cuts, len(curve) - 1]
    return [(curve[start : end + 1, :2], float(widths[end])) for start, end in zip(starts, ends, strict=True)]


def distance(points: Points, x: float, y: float) -> float:
    """The distance of (x, y) from the polyline through `points`, shape (n ≥ 1, 2)."""
    where = np.array((x, y))
    if len(points) == 1:
        return float(np.hypot(*(points[0] - where)))
    starts, steps = points[:-1], np.diff(points, axis=0)
    lengths = (steps**2).sum(axis=1)
    along = ((where - starts) * steps).sum(axis=1) / np.where(lengths == 0, 1, lengths)
    nearest = starts + np.clip(along, 0, 1)[:, None] * steps
    return float(np.sqrt(((nearest - where) ** 2).sum(axis=1).min()))
