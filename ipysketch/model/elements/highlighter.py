"""A stroke of the highlighter: it darkens what is below, and is as wide under any hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..geometry import Points
from ..numpy_later import np
from . import fields as read
from .base import StyledElement, placed
from .display import Path
from .stroke import MAX_POINTS, decoded_times, encoded_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPACITY = 40
"""In per cent, where the fields say none."""


@dataclass(frozen=True, eq=False)
class Highlighter(StyledElement):
    """`points` of shape (n ≥ 1, 2) and `width` in board units; `times` as a stroke's."""

    kind: ClassVar[str] = "highlighter"
    multiplies: ClassVar[bool] = True
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
        """Return the fields of this stroke; decoding them gives its points rounded to eighths."""
        return {
            "kind": self.kind,
            "points": read.flat(self.unmoved(self.points)),
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.present(times=encoded_times(self.t)),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its points."""
        return self.points

    @cached_property
    def display(self) -> tuple[Path, ...]:
        """One smooth line."""
        return (Path(self.points, self.color, self.width, curved=True),)


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Highlighter | None:
    """Return the highlighter's stroke of `fields`, or None; never raise."""
    place = placed(read.track(fields.get("points"), 1, MAX_POINTS), fields, OPACITY)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if place is None or color is None or width is None:
        return None
    points, common = place
    return Highlighter(key, points, color, width, author, seq, decoded_times(fields, len(points)), **common)
