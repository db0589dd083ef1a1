"""Points, rectangles, distances and smoothing, in board units.

Rules of this file: pure; arrays of points have shape (n, 2) and dtype float.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

PER_SEGMENT = 4


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


def smooth(points: Points) -> Points:
    """A smooth polyline along `points`, from exactly the first to exactly the last.

    Quadratic curves run from midpoint to midpoint with the samples as control points, so a new sample only
    changes the end of the line.
    """
    if len(points) < 3:
        return points
    middles = (points[:-1] + points[1:]) / 2
    starts, controls, ends = middles[:-1], points[1:-1], middles[1:]
    t = (np.arange(1, PER_SEGMENT + 1) / PER_SEGMENT)[None, :, None]
    curve = (1 - t) ** 2 * starts[:, None] + 2 * t * (1 - t) * controls[:, None] + t**2 * ends[:, None]
    return np.concatenate([points[:1], middles[:1], curve.reshape(-1, 2), points[-1:]])


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
