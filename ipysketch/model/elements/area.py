"""Areas: what lies inside closed contours. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from ..numpy_later import np
from . import fields as read
from .base import StyledElement, placed
from .display import Fill, Path, Primitive
from .stroke import MAX_POINTS

EVEN_ODD = "evenodd"
"""The rule by which a point is inside when a ray from it crosses the contours an odd number of times."""


@dataclass(frozen=True, eq=False)
class Area(StyledElement):
    """`contours`, each of shape (n ≥ 1, 2) in board units, closed from the last point to the first.

    `fill` is the colour inside, or None; `color` and `width` are those of the line around it, both None where there is
    none. `rule` is "evenodd", or "" for the rule of the winding number. `dash` is "dashed", "dotted" or ""."""

    kind: ClassVar[str] = "area"

    key: str
    contours: tuple[Points, ...]
    fill: str | None
    color: str | None = None
    width: float | None = None
    author: str = ""
    seq: int = 0
    rule: str = ""
    dash: str = ""

    def encode(self) -> dict[str, Any]:
        """Return the fields of this area; decoding them gives its points rounded to eighths."""
        width = None if self.width is None else round(self.width * read.EIGHTHS)
        return {
            "kind": self.kind,
            "contours": [read.flat(self.unmoved(contour)) for contour in self.contours],
            **read.present(fill=self.fill, color=self.color, width=width, rule=self.rule, dash=self.dash),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """The points of all contours."""
        return np.concatenate(self.contours)

    @cached_property
    def display(self) -> tuple[Primitive, ...]:
        """What is inside, and the lines around it."""
        parts: list[Primitive] = []
        if self.fill is not None:
            parts.append(Fill(self.contours, self.fill, self.rule == EVEN_ODD))
        if self.color is not None and self.width is not None:
            for contour in self.contours:
                line = np.concatenate([contour, contour[:1]]) if len(contour) > 1 else contour
                dash = read.pattern(self.dash, self.width, line)
                parts.append(Path(line, self.color, self.width, dash))
        return tuple(parts)

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around its contours, and around the line."""
        return Rect.around(self.coordinates).inflate((self.width or 0.0) / 2)


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Area | None:
    """Return the area of `fields`, or None; never raise."""
    tracks = _tracks(fields.get("contours"))
    place = placed(None if tracks is None else np.concatenate(tracks), fields)
    fill, color, width = (
        read.color(fields.get("fill")),
        read.color(fields.get("color")),
        read.width(fields.get("width")),
    )
    if color is None or width is None:
        color = width = None
    if tracks is None or place is None or (fill is None and color is None):
        return None
    points, common = place
    contours = tuple(np.split(points, np.cumsum([len(track) for track in tracks])[:-1]))
    rule = EVEN_ODD if fields.get("rule") == EVEN_ODD else ""
    return Area(key, contours, fill, color, width, author, seq, rule, read.dash(fields.get("dash")), **common)


def _tracks(values: object) -> Sequence[Any] | None:
    """Return the points of each contour, in eighths; None when they are none, or too many."""
    if not isinstance(values, list | tuple) or not 1 <= len(values) <= MAX_POINTS:
        return None
    left, tracks = MAX_POINTS, []
    for value in values:
        if (track := read.track(value, 1, left)) is None:
            return None
        tracks.append(track)
        left -= len(track)
    return tracks
