"""Changes of an element, as the fields of a patch. Pure."""

from __future__ import annotations

from typing import Any

from . import fields as read
from .area import Area
from .base import StyledElement
from .line import Line
from .shapes import Rectangle
from .text import Text
from .typeset import USUAL_SIZE

_LINED = ("stroke", "highlighter", "line", "arrow", "rectangle", "ellipse", "area")


def moved(element: StyledElement, dx: float, dy: float) -> dict[str, Any]:
    """Return the fields that move `element` by (dx, dy) board units, or as far as it may be moved."""
    points = read.eighths(element.coordinates)
    low, high = points.min(axis=0), points.max(axis=0)
    steps = [round(max(-2 * read.REACH, min(2 * read.REACH, step * read.EIGHTHS))) for step in (dx, dy)]
    before = [round(part * read.EIGHTHS) for part in element.offset]
    return {
        "offset": [
            before[axis] + max(-read.REACH - int(low[axis]), min(read.REACH - int(high[axis]), steps[axis]))
            for axis in (0, 1)
        ]
    }


def restyled(
    element: StyledElement,
    *,
    color: str | None = None,
    width: float | None = None,
    opacity: float | None = None,
    dash: str | None = None,
    fill: str | None = None,
    size: float | None = None,
) -> dict[str, Any]:
    """Return the fields that change the style of `element`, without those that its kind does not have or that are so
    already.

    `width` and `size` are in board units, `opacity` from 0.01 to 1; `dash` "" is a whole line and `fill` "" nothing
    inside. A number out of range becomes the nearest that is allowed; a colour that is none is ignored."""
    wanted: dict[str, Any] = {}
    if isinstance(element, Area) and element.color is None:
        # Without a line around it, its colour is the one inside; a width alone is nothing to see.
        color, fill = None, read.color(fill) or read.color(color) or element.fill
        width = dash = None
    if opacity is not None:
        wanted["opacity"] = max(1, min(100, round(opacity * 100)))
    if element.kind != "image" and color is not None and read.color(color):
        wanted["color"] = read.color(color)
    if element.kind in _LINED and width is not None:
        wanted["width"] = max(1, min(read.MAX_WIDTH, round(width * read.EIGHTHS)))
    if isinstance(element, Line | Rectangle | Area) and dash is not None:
        wanted["dash"] = read.dash(dash) or None
    if isinstance(element, Rectangle | Area) and fill is not None:
        wanted["fill"] = read.color(fill)
    if (isinstance(element, Text) or (isinstance(element, Rectangle) and element.text)) and size is not None:
        wanted["size"] = max(1, min(1_000 * read.EIGHTHS, round(size * read.EIGHTHS)))
    now = {"opacity": element.opaque, "dash": None, "fill": None, "size": USUAL_SIZE, **element.encode()}
    return {name: value for name, value in wanted.items() if now[name] != value}
