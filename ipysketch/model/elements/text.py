"""Lines of text. Pure.

The width of a line comes from a table of advances, not from a font, so that it is the same on every replica. Where a
font makes the line wider, the painter condenses it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from ..numpy_later import np
from . import fields as read
from .anchor import Outline
from .base import StyledElement, placed
from .display import TextRun
from .transform import corners, mapped, touches
from .typeset import BASELINE, LEADING, MARGIN, MAX_SIZE, advance, shown, text, wrapped


@dataclass(frozen=True, eq=False)
class Text(StyledElement):
    """`text` of 1 to 10,000 characters, its lines parted by ``\\n``; `at` its upper left corner, `size` the height of
    the type and `wrap` how wide its lines may be, in board units; None for as wide as they are."""

    kind: ClassVar[str] = "text"

    key: str
    at: tuple[float, float]
    text: str
    color: str
    size: float
    author: str = ""
    seq: int = 0
    wrap: float | None = None

    def encode(self) -> dict[str, Any]:
        """Return the fields of this text; decoding them gives its place rounded to eighths."""
        return {
            "kind": self.kind,
            "at": self.unmoved(self.coordinates)[0].tolist(),
            "text": self.text,
            "color": self.color,
            "size": round(self.size * read.EIGHTHS),
            **read.present(wrap=None if self.wrap is None else round(self.wrap * read.EIGHTHS)),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its upper left corner, as one point."""
        return np.array([self.at])

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines as they are shown."""
        return tuple(shown(self.text) if self.wrap is None else wrapped(self.text, 100 * self.wrap / self.size))

    @cached_property
    def display(self) -> tuple[TextRun, ...]:
        """A run for each line that has any shown character; a space is one."""
        x, y = self.at
        return tuple(
            TextRun(
                line,
                x,
                y + (BASELINE + number * LEADING) * self.size,
                self.size,
                self.color,
                min(advance(line) * self.size, math.inf if self.wrap is None else self.wrap),
                self.affine,
            )
            for number, line in enumerate(self.lines)
            if line
        )

    @property
    def outline(self) -> Outline:
        """Where lines that are bound to it end."""
        return Outline(self.upright, self.affine, 0.0)

    @cached_property
    def upright(self) -> Rect:
        """The rectangle around its lines, and around what hangs over, before it is turned."""
        x, y = self.at
        wide = max(map(advance, self.lines)) * self.size if self.wrap is None else self.wrap
        high = len(self.lines) * LEADING * self.size
        return Rect(x, y, x + wide, y + high).inflate(MARGIN * self.size)

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around all of it."""
        return self.upright if self.affine is None else Rect.around(mapped(self.affine, corners(self.upright)))

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Return whether a disc of `radius` at (x, y) touches its bounds."""
        if self.affine is not None:
            return touches(self.affine, self.upright, x, y, radius)
        return self.upright.distance(x, y) <= radius


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Text | None:
    """Return the text of `fields`, or None; never raise."""
    words, at = text(fields.get("text")), read.column(fields.get("at"), -read.REACH, read.REACH)
    if words is None or at is None or len(at) != 2:
        return None
    place = placed(np.array([at], dtype=np.int64), fields, turned=False)
    color, size = read.color(fields.get("color")), read.between(fields.get("size"), 1, MAX_SIZE)
    if place is None or color is None or size is None:
        return None
    points, common = place
    x, y = points[0].tolist()
    wrap = read.between(fields.get("wrap"), 1, read.REACH)
    return Text(
        key,
        (x, y),
        words,
        color,
        size / read.EIGHTHS,
        author,
        seq,
        None if wrap is None else wrap / read.EIGHTHS,
        **common,
    )
