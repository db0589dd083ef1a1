"""What all elements with ink have in common. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypedDict

import numpy as np
from numpy.typing import NDArray

from ..geometry import Points, Rect
from . import fields as read
from .display import Path, Primitive, around, touches


class Common(TypedDict):
    """The fields that are read alike for every kind, as the arguments of a `Mark`."""

    opacity: float
    offset: tuple[float, float]
    group: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Mark:
    """An element with ink; equal only to itself, so that what was painted is told from what is new by identity.

    Its coordinates are where the ink is. `offset` says how much of that is its having been moved, `opacity` goes from
    0.01 to 1 and holds for all of its ink as one thing, `group` is "" or what was drawn together."""

    kind: ClassVar[str]
    opaque: ClassVar[int] = 100
    """The opacity of the kind, in per cent, where the fields say none."""

    opacity: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    group: str = ""

    def encode(self) -> dict[str, Any]:
        """The fields of this element; decoding them gives its coordinates rounded to eighths."""
        raise NotImplementedError

    @property
    def coordinates(self) -> Points:
        """The points that it is given by, shape (n ≥ 1, 2): what may not be moved out of reach."""
        raise NotImplementedError

    @cached_property
    def display(self) -> tuple[Primitive, ...]:
        """What it is made of, the lowest first."""
        raise NotImplementedError

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around the ink."""
        return around(path for path in self.display if isinstance(path, Path))

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Whether a disc of `radius` at (x, y) touches the ink."""
        if not self.bounds.inflate(radius).contains(x, y):
            return False
        return any(touches(path, x, y, radius) for path in self.display if isinstance(path, Path))

    def common(self) -> dict[str, Any]:
        """The fields that every kind has."""
        per_cent, offset = round(self.opacity * 100), read.eighths(np.array(self.offset)).tolist()
        return read.given(
            opacity=per_cent if per_cent != self.opaque else None,
            offset=offset if any(offset) else None,
            group=self.group,
        )

    def unmoved(self, points: Points) -> NDArray[np.int64]:
        """Where `points` were before the element was moved, in eighths."""
        return read.eighths(points) - read.eighths(np.array(self.offset))


def placed(
    points: NDArray[np.int64] | None, fields: Mapping[str, object], opaque: int = 100
) -> tuple[Points, Common] | None:
    """The coordinates of an element in board units, moved by its `offset`, and what else is common to all kinds; None
    when `points`, in eighths, are None or are moved too far."""
    if points is None:
        return None
    dx = dy = 0.0
    if "offset" in fields:  # Few were ever moved, and a board has many.
        offset = read.offset(fields["offset"])
        points = points + offset
        if not read.within(points):
            return None
        dx, dy = (offset / read.EIGHTHS).tolist()
    return points / read.EIGHTHS, Common(
        opacity=read.opacity(fields.get("opacity"), opaque),
        offset=(dx, dy),
        group=read.group(fields.get("group")),
    )
