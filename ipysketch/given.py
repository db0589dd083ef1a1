"""What people give to draw with: checked, and refused in one sentence. Pure.

Everything raises `SketchError`, before anything has changed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from relay.protocol import Bad, check_color

from .elements.fields import DASHES, EIGHTHS, MAX_WIDTH, REACH
from .elements.stroke import MAX_POINTS
from .elements.text import MAX_SIZE, MAX_TEXT
from .errors import SketchError
from .geometry import Points, Rect

FARTHEST = REACH // EIGHTHS // 5 * 4
"""How far from the origin people may draw, in board units: what is there can still be moved."""


def points(value: ArrayLike, *, least: int = 1, most: int = MAX_POINTS) -> Points:
    """Points of shape (n, 2) in board units, `least` to `most` of them."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise SketchError("points must be numbers of shape (n, 2), such as [(0, 0), (100, 50)]") from None
    if array.ndim != 2 or array.shape[1] != 2 or not least <= len(array) <= most:
        raise SketchError(f"points must have shape (n, 2) with {least} to {most} rows, not {array.shape}")
    if not np.isfinite(array).all() or np.abs(array).max() > FARTHEST:
        raise SketchError(f"points must be finite numbers within ±{FARTHEST} board units")
    return array


def box(value: object) -> Rect:
    """A box given as x, y, width, height in board units."""
    try:
        x, y, wide, high = (float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise SketchError("a box is four numbers: x, y, width, height in board units") from None
    if not all(map(math.isfinite, (x, y, wide, high))) or wide < 0 or high < 0:
        raise SketchError("a box must be finite, with a width and height of 0 or more")
    if min(x, y) < -FARTHEST or max(x + wide, y + high) > FARTHEST:
        raise SketchError(f"a box must lie within ±{FARTHEST} board units")
    return Rect(x, y, x + wide, y + high)


def color(value: object) -> str:
    """A colour #rrggbb."""
    try:
        return check_color(value)
    except Bad as bad:
        raise SketchError(bad.reason) from None


def width(value: object) -> float:
    """The width of a line in board units."""
    return _between("the width of a line", value, 1 / EIGHTHS, MAX_WIDTH / EIGHTHS, " board units")


def size(value: object) -> float:
    """The height of type in board units."""
    return _between("the size of a text", value, 1 / EIGHTHS, MAX_SIZE / EIGHTHS, " board units")


def opacity(value: object) -> float:
    """How much an element covers."""
    return _between("an opacity", value, 0.01, 1)


def dash(value: object) -> str:
    """How a line is dashed: "dashed", "dotted", or "" for a whole one."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in DASHES:
        raise SketchError(f"a line is 'dashed' or 'dotted' or neither, not {str(value)[:40]!r}")
    return value


def text(value: object) -> str:
    """Text of 1 to 10,000 characters."""
    if not isinstance(value, str) or not value:
        raise SketchError("a text must be of at least one character")
    if len(value) > MAX_TEXT:
        raise SketchError(f"a text has at most {MAX_TEXT} characters, not {len(value)}: part it into several")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SketchError("the text holds half a character, which cannot be sent") from None
    return value


def _between(name: str, value: object, least: float, most: float, unit: str = "") -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not least <= value <= most:
        raise SketchError(f"{name} must lie between {least:g} and {most:g}{unit}, not {str(value)[:40]}")
    return float(value)
