"""Reading the fields of any element, and writing them. Pure.

Every reader takes any value at all and gives None where it breaks the rule; none raises. Whole numbers are eighths of
a board unit; what is made of them is in board units.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry import Points, Rect
from .display import Dash

EIGHTHS = 8
REACH = 1_000_000
"""How far from the origin a point may be, in eighths."""
MAX_WIDTH = 200 * EIGHTHS
MAX_GROUP = 64
EXACT = 2**53 - 1
"""The largest whole number that both languages hold exactly."""

DASHES = ("dashed", "dotted")
MAX_DASHES = 10_000
"""Of one line; a longer one is drawn whole."""

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def whole(value: object) -> int | None:
    """A whole number; JavaScript cannot tell 8.0 from 8, so that both are one."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) <= EXACT else None


def between(value: object, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`."""
    number = whole(value)
    return number if number is not None and least <= number <= most else None


def column(values: object, least: int, most: int) -> list[int] | None:
    """A list of whole numbers from `least` to `most`."""
    if not isinstance(values, list | tuple):
        return None
    numbers = values if set(map(type, values)) <= {int} else [whole(value) for value in values]
    # A loop over what is known to be numbers would be the slowest part of decoding a long stroke.
    if None in numbers or (numbers and not least <= min(numbers) <= max(numbers) <= most):
        return None
    return list(numbers)


def color(value: object) -> str | None:
    """A colour #rrggbb, in small letters."""
    return value.lower() if isinstance(value, str) and _COLOR.fullmatch(value) else None


def width(value: object) -> float | None:
    """The width of a line."""
    eighths = between(value, 1, MAX_WIDTH)
    return None if eighths is None else eighths / EIGHTHS


def opacity(value: object, default: int = 100) -> float:
    """How much an element covers, from 0.01 to 1; `default` is in per cent."""
    return (between(value, 1, 100) or default) / 100


def group(value: object) -> str:
    """What an element was drawn together with; "" for none."""
    return value if isinstance(value, str) and len(value) <= MAX_GROUP else ""


def dash(value: object) -> str:
    """How a line is dashed: a word of `DASHES`, or "" for a whole line."""
    return value if isinstance(value, str) and value in DASHES else ""


def pattern(dash: str, width: float, points: Points) -> Dash:
    """The strokes and gaps of a line of `width` along `points` that is dashed so; none when they would be too many to
    paint."""
    thick = max(width, 1.0)
    dashes = {"dashed": (4 * thick, 3 * thick), "dotted": (0.0, 2 * thick)}.get(dash, ())
    steps = np.diff(points, axis=0)
    return dashes if np.hypot(steps[:, 0], steps[:, 1]).sum() <= MAX_DASHES * sum(dashes) else ()


def track(values: object, least: int, most: int) -> NDArray[np.int64] | None:
    """Flat points, `least` to `most` of them, in eighths: shape (n, 2)."""
    if not isinstance(values, list | tuple) or len(values) % 2 or not 2 * least <= len(values) <= 2 * most:
        return None
    steps = column(values, -2 * REACH, 2 * REACH)
    if steps is None:
        return None
    points: NDArray[np.int64] = np.array(steps, dtype=np.int64).reshape(-1, 2).cumsum(axis=0)
    return points if within(points) else None


def box(values: object) -> NDArray[np.int64] | None:
    """The upper left and the lower right corner of a box, in eighths: shape (2, 2)."""
    numbers = column(values, -REACH, REACH)
    if numbers is None or len(numbers) != 4 or min(numbers[2:]) < 0:
        return None
    x, y, wide, high = numbers
    corners = np.array([(x, y), (x + wide, y + high)], dtype=np.int64)
    return corners if within(corners) else None


def offset(value: object) -> NDArray[np.int64]:
    """How far an element was moved, in eighths: shape (2,); nothing when `value` is not two whole numbers."""
    numbers = column(value, -EXACT, EXACT)
    return np.array(numbers if numbers is not None and len(numbers) == 2 else (0, 0), dtype=np.int64)


def within(points: NDArray[np.int64]) -> bool:
    """Whether all of `points`, in eighths, lie where points may."""
    return bool(np.abs(points).max() <= REACH)


def eighths(values: Points | NDArray[np.float64]) -> NDArray[np.int64]:
    """Board units as whole eighths."""
    whole: NDArray[np.int64] = np.rint(np.asarray(values, dtype=float) * EIGHTHS).astype(np.int64)
    return whole


def flat(points: NDArray[np.int64]) -> list[int]:
    """Points of shape (n, 2) the way fields keep them: the first, and then steps."""
    steps: list[int] = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps


def corners(rect: Rect) -> Points:
    """The upper left and the lower right corner of `rect`, shape (2, 2)."""
    return np.array([(rect.x0, rect.y0), (rect.x1, rect.y1)])


def given(**fields: Any) -> dict[str, Any]:
    """The fields that say something: without those that are None or ""."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
