"""Straight lines, with and without a head. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points
from ..numpy_later import np
from . import fields as read
from .anchor import ENDS, Anchor, anchor
from .base import StyledElement, placed
from .display import Path

MAX_CORNERS = 1_000
HEAD = 10.0
"""The least length of a head, in board units, where its segment is long enough."""
SPREAD = math.radians(28)
"""The angle between the arrow's line and a side of its head."""


@dataclass(frozen=True, eq=False)
class Line(StyledElement):
    """`points` of shape (n ≥ 2, 2) and `width` in board units; `dash` is "dashed", "dotted" or "".

    `ends` are what its first and its last point are bound to, or None: `points` are where these are."""

    kind: ClassVar[str] = "line"

    key: str
    points: Points
    color: str
    width: float
    author: str = ""
    seq: int = 0
    dash: str = ""
    ends: tuple[Anchor | None, Anchor | None] = (None, None)

    def encode(self) -> dict[str, Any]:
        """Return the fields of this line; decoding them gives its points rounded to eighths."""
        return {
            "kind": self.kind,
            "points": read.flat(self.unmoved(self.points)),
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.present(dash=self.dash),
            **{name: list(end) for name, end in zip(ENDS, self.ends, strict=True) if end is not None},
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its corners."""
        return self.points

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """The line itself."""
        return (Path(self.points, self.color, self.width, read.pattern(self.dash, self.width, self.points)),)


@dataclass(frozen=True, eq=False)
class Arrow(Line):
    """A line with a head at its last point."""

    kind: ClassVar[str] = "arrow"

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """The line, and a head unless the line has no length."""
        head = _head(self.points, self.width)
        shaft = super().display
        return shaft if head is None else (*shaft, Path(head, self.color, self.width))


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Line | None:
    """Return the line or arrow of `fields`, or None; never raise."""
    place = placed(read.track(fields.get("points"), 2, MAX_CORNERS), fields)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if place is None or color is None or width is None:
        return None
    points, common = place
    kind = Arrow if fields.get("kind") == "arrow" else Line
    ends = (anchor(fields.get("from")), anchor(fields.get("to")))
    return kind(key, points, color, width, author, seq, read.dash(fields.get("dash")), ends, **common)


def _head(points: Points, width: float) -> Points | None:
    """Return the end of one side, the tip and the end of the other side, shape (3, 2)."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    if not lengths.any():
        return None
    last = np.flatnonzero(lengths)[-1]
    (x, y), length = steps[last] / lengths[last], min(max(HEAD, 3 * width), 0.9 * lengths[last])
    cosine, sine = math.cos(SPREAD), math.sin(SPREAD)
    sides = np.array(
        [(x * cosine - y * sine, x * sine + y * cosine), (x * cosine + y * sine, y * cosine - x * sine)]
    )
    tip = points[-1]
    return np.array([tip - length * sides[0], tip, tip - length * sides[1]])
