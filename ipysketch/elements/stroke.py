"""A stroke of the pen. Pure.

Fields: ``kind`` "stroke"; ``points`` flat x0, y0 and then steps dx, dy, as whole eighths of a board unit;
``color`` #rrggbb; ``width`` in eighths. A hand adds ``times``, steps in milliseconds from the first point, and a pen
``pressure``, 0 to 255 a point; one that does not fit the points is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry import WIDTH_STEP, Points, Rect, distance, lines, pressed
from .display import Path

EIGHTHS = 8
MAX_POINTS = 20_000
MAX_WIDTH = 200 * EIGHTHS
REACH = 1_000_000
"""How far from the origin a point may be, in eighths."""

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, eq=False)
class Stroke:
    """`points` of shape (n ≥ 1, 2) and `width` in board units; equal only to itself, so that what was painted
    is told from what is new by identity. `times` (n,) in seconds since the first point and `pressure` (n,) from 0
    to 1 are None where nobody measured them."""

    key: str
    points: Points
    color: str
    width: float
    author: str = ""
    seq: int = 0
    times: NDArray[np.float64] | None = None
    pressure: NDArray[np.float64] | None = None

    def encode(self) -> dict[str, Any]:
        """The fields of this stroke; decoding them gives its points rounded to eighths."""
        eighths = np.rint(np.asarray(self.points, dtype=float) * EIGHTHS).astype(np.int64)
        steps = np.diff(eighths, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
        fields: dict[str, Any] = {
            "kind": "stroke",
            "points": steps.ravel().tolist(),
            "color": self.color,
            "width": round(self.width * EIGHTHS),
        }
        if self.times is not None:
            fields["times"] = np.diff(np.rint(self.times * 1000), prepend=0).astype(np.int64).tolist()
        if self.pressure is not None:
            fields["pressure"] = np.rint(np.clip(self.pressure, 0, 1) * 255).astype(np.int64).tolist()
        return fields

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around the ink."""
        return Rect.around(self.points).inflate(self._reach)

    @cached_property
    def _reach(self) -> float:
        """How far the ink goes from the hand's way, at most."""
        widest = self.width if self.pressure is None else float(pressed(self.width, self.pressure).max())
        return widest / 2 + WIDTH_STEP / 2 * (self.pressure is not None)

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Whether a disc of `radius` at (x, y) touches the ink."""
        if not self.bounds.inflate(radius).contains(x, y):
            return False
        return distance(self.points, x, y) <= radius + self._reach

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """What it is made of."""
        return tuple(
            Path(points, self.color, width) for points, width in lines(self.points, self.pressure, self.width)
        )


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Stroke | None:
    """The stroke of `fields`, or None; never raises."""
    flat, color, width = fields.get("points"), fields.get("color"), fields.get("width")
    if not isinstance(flat, list | tuple) or len(flat) % 2 or not 2 <= len(flat) <= 2 * MAX_POINTS:
        return None
    if not all(type(value) is int and abs(value) <= 2 * REACH for value in flat):
        return None
    if type(width) is not int or not 1 <= width <= MAX_WIDTH:
        return None
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        return None
    points = np.cumsum(np.array(flat, dtype=np.int64).reshape(-1, 2), axis=0)
    if np.abs(points).max() > REACH:
        return None
    times = _column(fields.get("times"), len(points), 2**31)
    pressure = _column(fields.get("pressure"), len(points), 255)
    return Stroke(
        key,
        points / EIGHTHS,
        color.lower(),
        width / EIGHTHS,
        author,
        seq,
        None if times is None else np.cumsum(times) / 1000,
        None if pressure is None else pressure / 255,
    )


def _column(values: object, count: int, most: int) -> NDArray[np.float64] | None:
    """A whole number from 0 to `most` for each of `count` points; None when `values` are not that."""
    if not isinstance(values, list | tuple) or len(values) != count:
        return None
    if not all(type(value) is int and 0 <= value <= most for value in values):
        return None
    return np.array(values, dtype=float)
