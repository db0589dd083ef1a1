"""The visible part of a drawing in a picture of a given size, so that the cost of painting is bounded. Pure.

Curves become polylines, and a polyline keeps only the points that change it by more than a part of a pixel. Texts and
lines beside the board are left out. A drawing of very many points keeps only some of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.elements import DisplayImage, Element, Fill, Path, Primitive, TextRun, prepare
from ..model.elements.display import polylined, split
from ..model.elements.transform import corners, mapped
from ..model.geometry import Points, Rect

TOGETHER = 200
"""Elements whose lines are computed together: one at a time would cost more than painting it."""
ROUNDS = 5
"""How often every second point may be dropped."""
MOST_POINTS = 1_000_000
"""Points of all lines, at most, and"""
LONGEST = 2_000_000.0
"""board units along the long ones: of a drawing with more, each long line keeps only each second, third … point."""
LONG = 400
"""Points of a long line: those around a usual stroke are half as many."""
SMALLEST = 2.0
"""The height of type, in details, below which a text is not visible."""


class Seen(NamedTuple):
    """What is painted of an element."""

    display: tuple[Primitive, ...]
    opacity: float
    multiplies: bool = False


def seen(elements: Sequence[Element], board: tuple[float, float], detail: float) -> list[Seen]:
    """Return the visible part of `elements`, where a difference of `detail` board units is not visible."""
    account = Account()
    found = [each for some in _blocks(elements, board, detail, account) for each in some]
    if (step := account.step) == 1:
        return found
    return [
        each._replace(
            display=tuple(_along(part, [_sparse(way, step) for way in ways_of(part)]) for part in each.display)
        )
        for each in found
    ]


class TooMuch(Exception):
    """A drawing has so many points that its long lines keep only some of them: all of it must be looked at first."""


def stream(elements: Sequence[Element], board: tuple[float, float], detail: float) -> Iterator[list[Seen]]:
    """Yield what `seen` returns in blocks, each when it is asked for; raise `TooMuch` once that cannot be."""
    account = Account()
    for some in _blocks(elements, board, detail, account):
        if account.step > 1 and account.long:
            raise TooMuch
        yield some


class Account:
    """What the lines of a drawing come to, so far."""

    def __init__(self) -> None:
        self.points = 0
        self.length = 0.0
        self.long = False
        """Whether any of them is a long one."""

    @property
    def step(self) -> int:
        """Each which point long lines keep."""
        return int(max(1.0, np.ceil(self.points / MOST_POINTS), np.ceil(self.length / LONGEST)))


def _blocks(
    elements: Sequence[Element], board: tuple[float, float], detail: float, account: Account
) -> Iterator[list[Seen]]:
    for start in range(0, len(elements), TOGETHER):
        some = elements[start : start + TOGETHER]
        displays = polylined(_visible(some, board, detail), detail / 2)
        lines, counts = _thin(
            [way for parts in displays for part in parts for way in ways_of(part)], detail / 2
        )
        account.points += len(lines)
        account.length += _length(lines, counts)
        account.long |= bool((counts > LONG).any())
        rest = iter(split(lines, counts))
        yield [
            Seen(
                tuple([_along(part, [next(rest) for _ in ways_of(part)]) for part in parts]),
                element.opacity,
                element.multiplies,
            )
            for element, parts in zip(some, displays, strict=True)
        ]


def ways_of(part: Primitive) -> tuple[Points, ...]:
    """Return the polylines of a path, or the contours of a fill."""
    match part:
        case Path(points):
            return (points,)
        case Fill(contours):
            return contours
    return ()


def _along(part: Primitive, ways: Sequence[Points]) -> Primitive:
    """Return a primitive with polylines."""
    match part:
        case Path(_, color, width, dash, fill):
            return Path(ways[0], color, width, dash, fill)
        case Fill(_, color, even_odd):
            return Fill(tuple(ways), color, even_odd)
    return part


def thinned(lines: Sequence[Points], detail: float) -> list[Points]:
    """Return polylines that differ from `lines` by less than `detail`: points near the line between their neighbours
    are dropped."""
    points, counts = _thin(lines, detail)
    return split(points, counts)


def _thin(lines: Sequence[Points], detail: float) -> tuple[Points, NDArray[np.int64]]:
    """Return what `thinned` does, one after the other, and how many points each has."""
    if not lines:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    points = np.concatenate(lines)
    # Coordinates apart, for numpy is several times as fast with arrays of one dimension.
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    counts = np.array([len(line) for line in lines], dtype=np.int64)
    for number in range(1, ROUNDS + 1):
        # The deviations of all rounds add up to less than `detail`.
        heads = np.cumsum(counts) - counts
        inside = _second(heads, counts)
        stays = np.ones(len(x), dtype=bool)
        stays[inside] = _distances(x, y, inside) > detail / 2**number
        x, y = x[stays], y[stays]
        gone = len(stays) - len(x)
        counts = np.add.reduceat(stays, heads, dtype=np.int64)
        if gone < len(inside) / 8:
            break
    return np.column_stack([x, y]), counts


def _length(lines: Points, counts: NDArray[np.int64]) -> float:
    """Return how long those of some lines are together that have many points."""
    ends = np.cumsum(counts)
    long = np.flatnonzero(counts > LONG)
    ways = [
        np.diff(lines[end - count : end], axis=0) for end, count in zip(ends[long], counts[long], strict=True)
    ]
    return sum(float(np.sqrt((steps * steps).sum(axis=1)).sum()) for steps in ways)


def _second(heads: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of every second point of each line, except its last."""
    odd = (np.arange(int(counts.sum())) - np.repeat(heads, counts)) % 2 == 1
    odd[heads + counts - 1] = False
    return np.flatnonzero(odd)


def _distances(
    x: NDArray[np.float64], y: NDArray[np.float64], inside: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the distance of each point `inside` from the segment between its neighbours."""
    x0, y0 = x[inside - 1], y[inside - 1]
    along, up = x[inside + 1] - x0, y[inside + 1] - y0
    dx, dy = x[inside] - x0, y[inside] - y0
    square = along * along + up * up
    part = np.clip((dx * along + dy * up) / np.where(square == 0, 1, square), 0, 1)
    dx, dy = dx - part * along, dy - part * up
    distances: NDArray[np.float64] = np.sqrt(dx * dx + dy * dy)
    return distances


def _visible(elements: Sequence[Element], board: tuple[float, float], detail: float) -> list[list[Primitive]]:
    """Return the primitives of each element that are on the board and large enough."""
    prepare(elements)
    whole = Rect(0.0, 0.0, *board)
    curved = [
        part.contours
        for element in elements
        for part in element.display
        if isinstance(part, Fill) and part.curved
    ]
    insides = iter(_meeting(curved, whole.inflate(1)))
    found: list[list[Primitive]] = [
        [
            part
            for part in element.display
            if (next(insides) if isinstance(part, Fill) and part.curved else _shown(part, whole, detail))
        ]
        for element in elements
    ]
    for element in elements:
        # It is used once, and for long strokes it is large.
        vars(element).pop("display", None)
    return found


def _meeting(shapes: Sequence[Sequence[Points]], box: Rect) -> list[bool]:
    """Return whether the rectangle around each of `shapes` meets `box`. All at once: there are many."""
    if not shapes:
        return []
    lines = [line for shape in shapes for line in shape]
    sizes, counts = np.array([len(shape) for shape in shapes]), np.array([len(line) for line in lines])
    points, heads, firsts = np.concatenate(lines), np.cumsum(counts) - counts, np.cumsum(sizes) - sizes
    meets = np.ones(len(shapes), dtype=bool)
    for values, low, high in ((points[:, 0], box.x0, box.x1), (points[:, 1], box.y0, box.y1)):
        one = np.ascontiguousarray(values)
        meets &= np.minimum.reduceat(np.minimum.reduceat(one, heads), firsts) <= high
        meets &= np.maximum.reduceat(np.maximum.reduceat(one, heads), firsts) >= low
    found: list[bool] = meets.tolist()
    return found


def _shown(part: Primitive, board: Rect, detail: float) -> bool:
    if isinstance(part, TextRun) and _height(part) < SMALLEST * detail:
        return False
    if not isinstance(part, TextRun | Path):
        return True
    return around(part, board).meets(board)


def _height(part: TextRun) -> float:
    """Return the height of type where it is seen."""
    affine = part.affine
    if affine is None:
        return part.size
    return part.size * math.sqrt(abs(affine[0] * affine[3] - affine[1] * affine[2]))


def around(part: Primitive, board: Rect) -> Rect:
    """Return a rectangle outside of which nothing of a primitive is painted; of an area, the whole board."""
    match part:
        case TextRun(_, _, y, size, _, width, affine):
            # Letters reach below the baseline and beyond the width.
            box = Rect(part.left, y, part.left + width, y).inflate(2 * size)
        case DisplayImage(box, _, _, affine):
            pass
        case Path(points, _, width):
            return Rect.around(points).inflate(width / 2 + 1)
        case _:
            return board
    return box if affine is None else Rect.around(mapped(affine, corners(box)))


def _sparse(way: Points, step: int) -> Points:
    return np.concatenate([way[:-1:step], way[-1:]]) if len(way) > LONG else way
