"""A stroke of the highlighter: translucent, and as wide under any hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..geometry import Points, smooth
from . import fields as read
from .display import Path
from .mark import Mark, placed
from .stroke import MAX_POINTS, decoded_times, encoded_times

OPACITY = 40
"""In per cent, unless it says another."""


@dataclass(frozen=True, eq=False)
class Highlighter(Mark):
    """`points` of shape (n ≥ 1, 2) and `width` in board units; `times` as a stroke's."""

    kind: ClassVar[str] = "highlighter"
    opaque: ClassVar[int] = OPACITY

    key: str
    points: Points
    color: str
    width: float
    author: str = ""
    seq: int = 0
    t: NDArray[np.float64] | None = None
    opacity: float = field(default=OPACITY / 100, kw_only=True)

    def encode(self) -> dict[str, Any]:
        """The fields of this stroke; decoding them gives its points rounded to eighths."""
        return {
            "kind": self.kind,
            "points": read.flat(self.unmoved(self.points)),
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.given(times=encoded_times(self.t)),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its points."""
        return self.points

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """One smooth line."""
        return (Path(smooth(self.points), self.color, self.width),)


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Highlighter | None:
    """The highlighter's stroke of `fields`, or None; never raises."""
    found = placed(read.track(fields.get("points"), 1, MAX_POINTS), fields, OPACITY)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if found is None or color is None or width is None:
        return None
    points, common = found
    return Highlighter(key, points, color, width, author, seq, decoded_times(fields, len(points)), **common)
