"""Rectangles and ellipses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from ..numpy_later import np
from . import fields as read
from .anchor import Outline
from .base import StyledElement, placed
from .display import Path, Primitive
from .transform import corners, mapped, touches
from .typeset import MAX_SIZE, USUAL_SIZE, Words, inside, readable, text

QUARTER = 16
"""Segments of a quarter of an ellipse."""
KAPPA = 0.5522847498307936
"""How far the controls of a cubic curve go for a quarter of a circle of radius 1."""


@dataclass(frozen=True, eq=False)
class Rectangle(StyledElement):
    """`box` and `width` of the line in board units; `dash` is "dashed", "dotted" or "", `fill` a colour or None.

    `text` is what stands in it, or "", its type `size` board units high, in the colour `ink`, or that of the line."""

    kind: ClassVar[str] = "rectangle"

    key: str
    box: Rect
    color: str
    width: float
    author: str = ""
    seq: int = 0
    dash: str = ""
    fill: str | None = None
    text: str = ""
    size: float = USUAL_SIZE / read.EIGHTHS
    ink: str | None = None

    def encode(self) -> dict[str, Any]:
        """Return the fields of this shape; decoding them gives its corners rounded to eighths."""
        (x0, y0), (x1, y1) = self.unmoved(self.coordinates).tolist()
        size = round(self.size * read.EIGHTHS)
        return {
            "kind": self.kind,
            "box": [x0, y0, x1 - x0, y1 - y0],
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.present(dash=self.dash, fill=self.fill, text=self.text, ink=self.ink),
            **({"size": size} if size != USUAL_SIZE else {}),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its upper left and lower right corner."""
        return read.corners(self.box)

    @property
    def outline(self) -> Outline:
        """Where lines that are bound to it end."""
        return Outline(self.box, self.affine, self.width / 2, self.kind == "ellipse")

    @property
    def flat(self) -> bool:
        """Whether it has no inside."""
        return self.box.x0 == self.box.x1 or self.box.y0 == self.box.y1

    @cached_property
    def words(self) -> Words | None:
        """What stands in it, as it lies there."""
        if not self.text or self.flat:
            return None
        ink = self.ink or (readable(self.color) if self.color == self.fill else self.color)
        return inside(
            self.text,
            self.size,
            ink,
            box=self.box,
            width=self.width,
            matrix=self.transform,
            round_=self.kind == "ellipse",
        )

    @cached_property
    def display(self) -> tuple[Primitive, ...]:
        """The outline, what is inside, and the words; only a line, or a dot, where the box is flat."""
        ends = self.coordinates
        way = self.way() if not self.flat else ends[:1] if (ends[0] == ends[1]).all() else ends
        if self.affine is not None:
            way = mapped(self.affine, way)
        dash = read.pattern(self.dash, self.width, way)
        line = Path(way, self.color, self.width, dash, None if self.flat else self.fill)
        return (line, *(self.words.runs if self.words else ()))

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around the outline and the words."""
        found = super().bounds
        if self.words is None:
            return found
        box = self.words.box
        return found.union(
            box if self.words.affine is None else Rect.around(mapped(self.words.affine, corners(box)))
        )

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Return whether a disc of `radius` at (x, y) touches the line, what is inside, or the words."""
        if super().hit(x, y, radius):
            return True
        if self.words is None:
            return False
        if self.words.affine is not None:
            return touches(self.words.affine, self.words.box, x, y, radius)
        return self.words.box.distance(x, y) <= radius

    def way(self) -> Points:
        """The closed polyline around it, from the upper left corner to the right."""
        x0, y0, x1, y1 = self.box.x0, self.box.y0, self.box.x1, self.box.y1
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])


@dataclass(frozen=True, eq=False)
class Ellipse(Rectangle):
    """The ellipse that fills the box."""

    kind: ClassVar[str] = "ellipse"

    def way(self) -> Points:
        """The closed polyline around it, of 64 segments, from its right end downwards."""
        upper, lower = self.coordinates
        way: Points = (upper + lower) / 2 + _circle() * ((lower - upper) / 2)
        return way


@cache
def _circle() -> Points:
    t = (np.arange(QUARTER) / QUARTER)[:, None]
    start, first, second, end = (
        np.array(point) for point in ((1.0, 0.0), (1.0, KAPPA), (KAPPA, 1.0), (0.0, 1.0))
    )
    quarter = (1 - t) ** 3 * start + 3 * t * (1 - t) ** 2 * first + 3 * t**2 * (1 - t) * second + t**3 * end
    x, y = quarter.T
    turns = [np.column_stack(turn) for turn in ((x, y), (-y, x), (-x, -y), (y, -x))]
    return np.concatenate([*turns, turns[0][:1]])


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Rectangle | None:
    """Return the rectangle or ellipse of `fields`, or None; never raise."""
    place = placed(read.box(fields.get("box")), fields, turned=False)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if place is None or color is None or width is None:
        return None
    ends, common = place
    dash, fill = read.dash(fields.get("dash")), read.color(fields.get("fill"))
    kind = Ellipse if fields.get("kind") == "ellipse" else Rectangle
    words, ink = text(fields.get("text")) or "", read.color(fields.get("ink"))
    size = read.between(fields.get("size"), 1, MAX_SIZE) or USUAL_SIZE
    return kind(
        key,
        Rect.around(ends),
        color,
        width,
        author,
        seq,
        dash,
        fill,
        words,
        size / read.EIGHTHS,
        ink,
        **common,
    )
