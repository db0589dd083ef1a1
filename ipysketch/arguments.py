"""The arguments of the public API, checked before anything has changed. Pure.

Each function returns its argument in the form that the rest of the code uses. It raises `ArgumentTypeError`, a
`TypeError`, for a type that is not allowed and `ArgumentError`, a `ValueError`, for a value; both are `SketchError`
and say in one sentence what is allowed.
"""

from __future__ import annotations

import math
from datetime import datetime
from numbers import Real
from typing import TYPE_CHECKING, SupportsInt, cast

from .errors import ArgumentError, ArgumentTypeError
from .model import colors
from .model.elements.fields import DASHES, EIGHTHS, MAX_GROUP, MAX_WIDTH, REACH
from .model.elements.stroke import MAX_POINTS
from .model.elements.typeset import MAX_SIZE, MAX_TEXT
from .model.geometry import Points, Rect
from .model.numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FARTHEST = REACH // EIGHTHS // 5 * 4
"""How far from the origin people may draw, in board units: what is there can still be moved."""


def points(value: ArrayLike, *, least: int = 1, most: int = MAX_POINTS) -> Points:
    """Return points of shape (n, 2) in board units, `least` to `most` of them."""
    array = _array(value, "points must be numbers of shape (n, 2), such as [(0, 0), (100, 50)]")
    if array.ndim != 2 or array.shape[1] != 2 or not least <= len(array) <= most:
        raise ArgumentError(f"points must have shape (n, 2) with {least} to {most} rows, not {array.shape}")
    if not np.isfinite(array).all() or np.abs(array).max() > FARTHEST:
        raise ArgumentError(f"points must be finite numbers within ±{FARTHEST} board units")
    return array


def column(value: ArrayLike, name: str, count: int) -> NDArray[np.float64]:
    """Return the numbers that the argument `name` has for each of `count` points, shape (count,)."""
    array = _array(value, f"{name} must be numbers, one for each point")
    if array.shape != (count,) or not np.isfinite(array).all():
        raise ArgumentError(f"{name} must be a finite number for each of the {count} points")
    return array


def times(value: ArrayLike, count: int) -> NDArray[np.float64]:
    """Return the times of `count` points, in seconds, shape (count,)."""
    array = column(value, "t", count)
    if (np.diff(array) < 0).any():
        raise ArgumentError("t must not go back in time")
    return array


def pressure(value: ArrayLike, count: int) -> NDArray[np.float64]:
    """Return the pressure at `count` points, from 0 to 1, shape (count,)."""
    array = column(value, "pressure", count)
    if array.min() < 0 or array.max() > 1:
        raise ArgumentError("pressure must lie between 0 and 1")
    return array


def number(value: object, name: str) -> float:
    """Return the finite number that is the argument `name`."""
    if not isinstance(value, int | float | np.number):
        raise ArgumentTypeError(f"{name} must be a finite number, not {value!r:.40}")
    if not math.isfinite(value):
        raise ArgumentError(f"{name} must be a finite number, not {value!r:.40}")
    return float(value)


def moment(value: object) -> int | datetime:
    """Return the number of an entry of the log, or a time."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, Real):
        return int(cast(SupportsInt, value))  # The stubs have no conversion of a `Real` to int.
    raise ArgumentTypeError(f"give the number of an entry of the log, or a datetime, not {value!r:.40}")


def box(value: object) -> Rect:
    """Return the rectangle of x, y, width and height in board units."""
    expected = "a box is four numbers: x, y, width, height in board units"
    try:
        x, y, wide, high = (float(part) for part in value)  # type: ignore[attr-defined]
    except TypeError:
        raise ArgumentTypeError(expected) from None
    except ValueError:
        raise ArgumentError(expected) from None
    if not all(map(math.isfinite, (x, y, wide, high))) or wide < 0 or high < 0:
        raise ArgumentError("a box must be finite, with a width and height of 0 or more")
    if min(x, y) < -FARTHEST or max(x + wide, y + high) > FARTHEST:
        raise ArgumentError(f"a box must lie within ±{FARTHEST} board units")
    return Rect(x, y, x + wide, y + high)


def color(value: object) -> str:
    """Return a colour as #rrggbb in small letters; any opaque colour of CSS is allowed, such as "red"."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"a colour must be text, not {value!r:.40}")
    parsed = colors.parsed(value)
    if parsed is None or parsed[1] < 1:
        raise ArgumentError(
            f"{value!r:.40} is not a colour; use #rrggbb, such as '#d62728', or a name of CSS, such as 'red'",
            "bad-color",
        )
    return parsed[0]


def width(value: object) -> float:
    """Return the width of a line in board units."""
    return _between("the width of a line", value, 1 / EIGHTHS, MAX_WIDTH / EIGHTHS, " board units")


SIZES = {"S": 18.0, "M": 25.0, "L": 37.0, "XL": 56.0}
"""The heights of type that the board offers, in board units."""


def size(value: object) -> float:
    """Return the height of type in board units, also of a letter of `SIZES`."""
    if isinstance(value, str):
        if value not in SIZES:
            raise ArgumentError(f"the size of a text is a number, or S, M, L or XL, not {value!r:.40}")
        return SIZES[value]
    return _between("the size of a text", value, 1 / EIGHTHS, MAX_SIZE / EIGHTHS, " board units")


def wrap(value: object) -> float:
    """Return how wide the lines of a text may be, in board units."""
    return _between("the width of a text", value, 1 / EIGHTHS, REACH / EIGHTHS, " board units")


def opacity(value: object) -> float:
    """Return how much an element covers, from 0.01 to 1."""
    return _between("an opacity", value, 0.01, 1)


def dash(value: object) -> str:
    """Return how a line is dashed: "dashed", "dotted", or "" for a whole one."""
    if value is None or value == "":
        return ""
    expected = f"a line is 'dashed' or 'dotted' or neither, not {str(value)[:40]!r}"
    if not isinstance(value, str):
        raise ArgumentTypeError(expected)
    if value not in DASHES:
        raise ArgumentError(expected)
    return value


def rule(value: object) -> str:
    """Return the rule by which an area is filled: "nonzero" or "evenodd"."""
    if value not in ("nonzero", "evenodd"):
        raise ArgumentError(f"an area is filled by the rule 'nonzero' or 'evenodd', not {str(value)[:40]!r}")
    return str(value)


def text(value: object) -> str:
    """Return a text of 1 to 10,000 characters."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"a text must be a string, not {type(value).__name__}")
    if not value:
        raise ArgumentError("a text must be of at least one character")
    if len(value) > MAX_TEXT:
        raise ArgumentError(f"a text has at most {MAX_TEXT} characters, not {len(value)}: part it into several")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentError("the text holds half a character, which cannot be sent") from None
    return value


def group(value: object) -> str:
    """Return the name of a group."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"a group's name must be a string, not {type(value).__name__}")
    if not 0 < len(value) <= MAX_GROUP:
        raise ArgumentError(f"a group's name must have 1 to {MAX_GROUP} characters")
    return value


def _array(value: ArrayLike, expected: str) -> NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=float)
    except TypeError:
        raise ArgumentTypeError(expected) from None
    except ValueError:
        raise ArgumentError(expected) from None


def _between(name: str, value: object, least: float, most: float, unit: str = "") -> float:
    expected = f"{name} must lie between {least:g} and {most:g}{unit}, not {str(value)[:40]}"
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentTypeError(expected)
    if not least <= value <= most:
        raise ArgumentError(expected)
    return float(value)
