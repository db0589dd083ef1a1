"""Reading the fields of any element, and writing them. Pure.

A reader takes any value at all and returns None, or the default, where the value breaks the rule; none raises. Whole
numbers of fields are eighths of a board unit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..geometry import Points, Rect
from ..numpy_later import np
from .display import Dash

if TYPE_CHECKING:
    from numpy.typing import NDArray

EIGHTHS = 8
REACH = 1_000_000
"""How far from the origin a point may be, in eighths."""
MAX_WIDTH = 200 * EIGHTHS
MAX_GROUP = 64
EXACT = 2**53 - 1
"""The largest whole number that both languages represent exactly."""

DASHES = ("dashed", "dotted")
MAX_DASHES = 10_000
"""Periods of one line; a longer one is drawn whole."""

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def whole(value: object) -> int | None:
    """Return a whole number. 8.0 is one too, because JavaScript cannot tell it from 8."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) <= EXACT else None


def between(value: object, least: int, most: int) -> int | None:
    """Return a whole number from `least` to `most`."""
    number = whole(value)
    return number if number is not None and least <= number <= most else None


def column(values: object, least: int, most: int) -> list[int] | None:
    """Return a list of whole numbers from `least` to `most`."""
    if not isinstance(values, list | tuple):
        return None
    numbers = list(values)
    # A loop that checks each number again would be the slowest part of decoding a long stroke.
    if not set(map(type, values)) <= {int}:
        found = [whole(value) for value in values]
        if None in found:
            return None
        numbers = [number for number in found if number is not None]
    return numbers if not numbers or least <= min(numbers) <= max(numbers) <= most else None


def color(value: object) -> str | None:
    """Return a colour #rrggbb, in small letters."""
    return value.lower() if isinstance(value, str) and _COLOR.fullmatch(value) else None


def width(value: object) -> float | None:
    """Return the width of a line, in board units."""
    eighths = between(value, 1, MAX_WIDTH)
    return None if eighths is None else eighths / EIGHTHS


def opacity(value: object, default: int = 100) -> float:
    """Return an opacity from 0.01 to 1; `default` is in per cent."""
    return (between(value, 1, 100) or default) / 100


def group(value: object) -> str:
    """Return the name of a group; "" for none."""
    return value if isinstance(value, str) and len(value) <= MAX_GROUP else ""


def dash(value: object) -> str:
    """Return how a line is dashed: a word of `DASHES`, or "" for a whole line."""
    return value if isinstance(value, str) and value in DASHES else ""


def pattern(dash: str, width: float, points: Points) -> Dash:
    """Return the lengths of strokes and gaps of a line of `width` along `points`; none when there would be too many to
    paint."""
    thick = max(width, 1.0)
    dashes = {"dashed": (4 * thick, 3 * thick), "dotted": (0.0, 2 * thick)}.get(dash, ())
    steps = np.diff(points, axis=0)
    return dashes if np.hypot(steps[:, 0], steps[:, 1]).sum() <= MAX_DASHES * sum(dashes) else ()


def track(values: object, least: int, most: int) -> NDArray[np.int64] | None:
    """Return flat points, `least` to `most` of them, in eighths: shape (n, 2)."""
    if not isinstance(values, list | tuple) or len(values) % 2 or not 2 * least <= len(values) <= 2 * most:
        return None
    steps = column(values, -2 * REACH, 2 * REACH)
    if steps is None:
        return None
    points: NDArray[np.int64] = np.array(steps, dtype=np.int64).reshape(-1, 2).cumsum(axis=0)
    return points if within(points) else None


def box(values: object) -> NDArray[np.int64] | None:
    """Return the upper left and the lower right corner of a box, in eighths: shape (2, 2)."""
    numbers = column(values, -REACH, REACH)
    if numbers is None or len(numbers) != 4 or min(numbers[2:]) < 0:
        return None
    x, y, wide, high = numbers
    corners = np.array([(x, y), (x + wide, y + high)], dtype=np.int64)
    return corners if within(corners) else None


def offset(value: object) -> NDArray[np.int64]:
    """Return how far an element was moved, in eighths: shape (2,); 0, 0 when `value` is not two whole numbers."""
    numbers = column(value, -EXACT, EXACT)
    return np.array(numbers if numbers is not None and len(numbers) == 2 else (0, 0), dtype=np.int64)


def within(points: NDArray[np.int64]) -> bool:
    """Return whether all of `points`, in eighths, are within `REACH`."""
    return bool(np.abs(points).max() <= REACH)


def eighths(values: Points | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return board units as whole eighths."""
    whole: NDArray[np.int64] = np.rint(np.asarray(values, dtype=float) * EIGHTHS).astype(np.int64)
    return whole


def flat(points: NDArray[np.int64]) -> list[int]:
    """Return points of shape (n, 2) the way fields keep them: the first, and then steps."""
    steps: list[int] = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps


def corners(rect: Rect) -> Points:
    """Return the upper left and the lower right corner of `rect`, shape (2, 2)."""
    return np.array([(rect.x0, rect.y0), (rect.x1, rect.y1)])


def present(**fields: Any) -> dict[str, Any]:
    """Return `fields` without those that are None or ""."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
