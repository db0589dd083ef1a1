"""Points, rectangles and distances, in board units.

Rules of this file: pure; arrays of points have shape (n, 2) and dtype float.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]
else:
    Points = object  # A type, for annotations only.


@dataclass(frozen=True, slots=True)
class Rect:
    """An axis-parallel rectangle, x0 ≤ x1 and y0 ≤ y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @staticmethod
    def around(points: Points) -> Rect:
        """Return the smallest rectangle around `points`, shape (n ≥ 1, 2)."""
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return Rect(float(x0), float(y0), float(x1), float(y1))

    def union(self, other: Rect) -> Rect:
        """Return the smallest rectangle around both."""
        return Rect(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def inflate(self, by: float) -> Rect:
        """Return the rectangle grown by `by` on each side."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def contains(self, x: float, y: float) -> bool:
        """Return whether (x, y) is inside or on the edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def meets(self, other: Rect) -> bool:
        """Return whether both have a point in common."""
        return self.x0 <= other.x1 and other.x0 <= self.x1 and self.y0 <= other.y1 and other.y0 <= self.y1

    def distance(self, x: float, y: float) -> float:
        """Return the distance of (x, y) from the rectangle; 0 inside."""
        return math.hypot(max(self.x0 - x, 0, x - self.x1), max(self.y0 - y, 0, y - self.y1))


def distance(points: Points, x: float, y: float) -> float:
    """Return the distance of (x, y) from the polyline through `points`, shape (n ≥ 1, 2)."""
    where = np.array((x, y))
    if len(points) == 1:
        return float(np.hypot(*(points[0] - where)))
    starts, steps = points[:-1], np.diff(points, axis=0)
    lengths = (steps**2).sum(axis=1)
    along = ((where - starts) * steps).sum(axis=1) / np.where(lengths == 0, 1, lengths)
    nearest = starts + np.clip(along, 0, 1)[:, None] * steps
    return float(np.sqrt(((nearest - where) ** 2).sum(axis=1).min()))
