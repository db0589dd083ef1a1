"""The neutral display list: what an element is made of, for whatever paints it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..geometry import Points


class Path(NamedTuple):
    """A polyline with round caps and joins; `points` of shape (n, 2), `width` in board units, `color` #rrggbb.

    A single point is a dot."""

    points: Points
    color: str
    width: float
