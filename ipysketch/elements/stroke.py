"""A stroke of the pen. Pure.

A hand adds ``times``, steps in milliseconds from the first point, and a pen ``pressure``, 0 to 255 a point; one that
does not fit the points is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..geometry import Points, lines
from . import fields as read
from .display import Path
from .mark import Mark, placed

MAX_POINTS = 20_000
LATEST = 2**31
"""The longest step in time, in milliseconds."""


@dataclass(frozen=True, eq=False)
class Stroke(Mark):
    """`points` of shape (n ≥ 1, 2) and `width` in board units. `t` (n,) in seconds since the first point and
    `pressure` (n,) from 0 to 1 are None where nobody measured them."""

    kind: ClassVar[str] = "stroke"

    key: str
    points: Points
    color: str
    width: float
    author: str = ""
    seq: int = 0
    t: NDArray[np.float64] | None = None
    pressure: NDArray[np.float64] | None = None

    def encode(self) -> dict[str, Any]:
        """The fields of this stroke; decoding them gives its points rounded to eighths."""
        return {
            "kind": self.kind,
            "points": read.flat(self.unmoved(self.points)),
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.given(times=encoded_times(self.t), pressure=_encoded_pressure(self.pressure)),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its points."""
        return self.points

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """One smooth line, or under pressure one for each stretch of about the same width."""
        return tuple(
            Path(points, self.color, width) for points, width in lines(self.points, self.pressure, self.width)
        )


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Stroke | None:
    """The stroke of `fields`, or None; never raises."""
    found = placed(read.track(fields.get("points"), 1, MAX_POINTS), fields)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if found is None or color is None or width is None:
        return None
    points, common = found
    times, pressure = decoded_times(fields, len(points)), read.column(fields.get("pressure"), 0, 255)
    measured = np.array(pressure) / 255 if pressure is not None and len(pressure) == len(points) else None
    return Stroke(key, points, color, width, author, seq, times, measured, **common)


def encoded_times(times: NDArray[np.float64] | None) -> list[int] | None:
    """The times of a stroke the way fields keep them."""
    if times is None:
        return None
    steps: list[int] = np.diff(np.rint(times * 1000), prepend=0).astype(np.int64).tolist()
    return steps


def decoded_times(fields: Mapping[str, object], count: int) -> NDArray[np.float64] | None:
    """The times of a stroke of `count` points, shape (count,) in seconds; None when nobody measured them."""
    steps = read.column(fields.get("times"), 0, LATEST)
    return np.array(steps).cumsum() / 1000 if steps is not None and len(steps) == count else None


def _encoded_pressure(pressure: NDArray[np.float64] | None) -> list[int] | None:
    if pressure is None:
        return None
    parts: list[int] = np.rint(np.clip(pressure, 0, 1) * 255).astype(np.int64).tolist()
    return parts
