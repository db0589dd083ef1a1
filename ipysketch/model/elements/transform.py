"""How an element is turned, scaled or flipped: its field ``transform``. Pure.

``relay/web/model/transform.js`` does the same, operation by operation. A matrix is a, b, c, d (and e, f), as canvases
have it: (x, y) goes to (a x + c y + e, b x + d y + f).
"""

from __future__ import annotations

import math

from ..geometry import Points, Rect
from ..numpy_later import np

UNIT = 65_536
"""What stands for 1 in the field."""
MOST = 1000 * UNIT
"""The largest part of the field: a thousandfold."""

Linear = tuple[float, float, float, float]
Affine = tuple[float, float, float, float, float, float]


def linear(parts: list[int] | None) -> Linear | None:
    """Return the matrix of the field's numbers; None where they are none, or change nothing."""
    if parts is None or len(parts) != 4:
        return None
    a, b, c, d = (part / UNIT for part in parts)
    return None if a * d - b * c == 0 or (a, b, c, d) == (1, 0, 0, 1) else (a, b, c, d)


def encoded(matrix: Linear) -> list[int]:
    """Return the field of a matrix: each part to the nearest that it can be."""
    return [max(-MOST, min(MOST, round(part * UNIT))) for part in matrix]


def about(matrix: Linear, x: float, y: float) -> Affine:
    """Return the map with that matrix that leaves (x, y) where it is."""
    a, b, c, d = matrix
    return (a, b, c, d, x - (a * x + c * y), y - (b * x + d * y))


def middle(points: Points) -> tuple[float, float]:
    """Return the middle of the box around `points`."""
    box = Rect.around(points)
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def mapped(affine: Affine, points: Points) -> Points:
    """Return where a map puts `points`, shape (n, 2)."""
    a, b, c, d, e, f = affine
    x, y = points[:, 0], points[:, 1]
    found: Points = np.column_stack([a * x + c * y + e, b * x + d * y + f])
    return found


def corners(box: Rect) -> Points:
    """Return the corners of `box`, in order around it, shape (4, 2)."""
    return np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])


def unmapped(affine: Affine, x: float, y: float) -> tuple[float, float]:
    """Return where a map takes (x, y) from."""
    a, b, c, d, e, f = affine
    area, px, py = a * d - b * c, x - e, y - f
    return (d * px - c * py) / area, (a * py - b * px) / area


def touches(affine: Affine, box: Rect, x: float, y: float, radius: float) -> bool:
    """Return whether a disc touches `box` where the map puts it."""
    a, b, c, d, _, _ = affine
    return box.distance(*unmapped(affine, x, y)) * math.sqrt(abs(a * d - b * c)) <= radius


def composed(outer: Linear, inner: Linear | None) -> Linear:
    """Return the matrix of `inner` first and `outer` then."""
    a, b, c, d = outer
    p, q, r, s = inner or (1.0, 0.0, 0.0, 1.0)
    return (a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s)
