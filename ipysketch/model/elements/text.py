"""Lines of text. Pure.

The width of a line comes from a table of advances, not from a font, so that it is the same on every replica. Where a
font makes the line wider, the painter condenses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from ..numpy_later import np
from . import fields as read
from .base import StyledElement, placed
from .display import TextRun
from .transform import corners, mapped, touches

MAX_TEXT = 10_000
MAX_SIZE = 1_000 * read.EIGHTHS
LEADING = 1.25
"""From one line to the next, in parts of the size."""
BASELINE = 0.95
"""From the top of a line to its baseline."""
MARGIN = 0.1
"""How far type may hang over its advances and its lines, in parts of the size."""

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NARROW, _USUAL, _BROAD = 0.45, 0.75, 1.0
_ADVANCES = {**dict.fromkeys("ijlftI'|.,:;!()[] ", _NARROW), **dict.fromkeys("mwMW@%", _BROAD)}
_WIDE = re.compile(
    "[\u1100-\u115f\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff"
    "\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, eq=False)
class Text(StyledElement):
    """`text` of 1 to 10,000 characters, its lines parted by ``\\n``; `at` its upper left corner and `size` the height
    of the type, in board units."""

    kind: ClassVar[str] = "text"

    key: str
    at: tuple[float, float]
    text: str
    color: str
    size: float
    author: str = ""
    seq: int = 0

    def encode(self) -> dict[str, Any]:
        """Return the fields of this text; decoding them gives its place rounded to eighths."""
        return {
            "kind": self.kind,
            "at": self.unmoved(self.coordinates)[0].tolist(),
            "text": self.text,
            "color": self.color,
            "size": round(self.size * read.EIGHTHS),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its upper left corner, as one point."""
        return np.array([self.at])

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines as they are shown."""
        return tuple(_HIDDEN.sub("", line.replace("\t", "    ")) for line in self.text.split("\n"))

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
                advance(line) * self.size,
                self.affine,
            )
            for number, line in enumerate(self.lines)
            if line
        )

    @cached_property
    def upright(self) -> Rect:
        """The rectangle around its lines, and around what hangs over, before it is turned."""
        x, y = self.at
        wide, high = max(map(advance, self.lines)) * self.size, len(self.lines) * LEADING * self.size
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


def advance(line: str) -> float:
    """Return the width of `line`, in parts of the size."""
    return sum(_ADVANCES.get(letter) or (_BROAD if _WIDE.match(letter) else _USUAL) for letter in line)


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Text | None:
    """Return the text of `fields`, or None; never raise."""
    text, at = fields.get("text"), read.column(fields.get("at"), -read.REACH, read.REACH)
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT or at is None or len(at) != 2:
        return None
    place = placed(np.array([at], dtype=np.int64), fields, turned=False)
    color, size = read.color(fields.get("color")), read.between(fields.get("size"), 1, MAX_SIZE)
    if place is None or color is None or size is None:
        return None
    points, common = place
    x, y = points[0].tolist()
    return Text(key, (x, y), text, color, size / read.EIGHTHS, author, seq, **common)
