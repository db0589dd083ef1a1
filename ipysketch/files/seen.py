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

from ..model.elements import Element, Fill, Path, Primitive, TextRun, prepare
from ..model.elements.display import polylined
from ..model.elements.transform import corners, mapped
from ..model.geometry import Points, Rect

TOGETHER = 200
"""Elements whose curves are computed together."""
BLOCK = 200_000
"""Points that are processed at a time: one line at a time would cost more than painting it."""
ROUNDS = 5
"""How often every second point may be dropped."""
MOST_POINTS = 1_000_000
"""Points of all lines, at most, and"""
LONGEST = 2_000_000.0
"""board units along the long ones: of a drawing with more, each long line keeps only each second, third … point."""
LONG = 100
"""Points of a long line."""
SMALLEST = 2.0
"""The height of type, in details, below which a text is not visible."""


class Seen(NamedTuple):
    """What is painted of an element."""

    display: tuple[Primitive, ...]
    opacity: float
    multiplies: bool = False


def seen(elements: Sequence[Element], board: tuple[float, float], detail: float) -> list[Seen]:
    """Return the visible part of `elements`, where a difference of `detail` board units is not visible."""
    found: list[Seen] = []
    points = length = 0.0
    for block in _blocks(elements, board, detail):
        ways = thinned([way for each in block for part in each.display for way in _ways(part)], detail / 2)
        points += sum(map(len, ways))
        length += sum(float(np.hypot(*np.diff(way, axis=0).T).sum()) for way in ways if len(way) > LONG)
        rest = iter(ways)
        found += [
            each._replace(
                display=tuple(_along(part, [next(rest) for _ in _ways(part)]) for part in each.display)
            )
            for each in block
        ]
    step = int(max(1.0, np.ceil(points / MOST_POINTS), np.ceil(length / LONGEST)))
    if step == 1:
        return found
    return [
        each._replace(
            display=tuple(_along(part, [_sparse(way, step) for way in _ways(part)]) for part in each.display)
        )
        for each in found
    ]


def _ways(part: Primitive) -> tuple[Points, ...]:
    """Return the polylines of a path, or the contours of a fill."""
    match part:
        case Path(points):
            return (points,)
        case Fill(contours):
            return contours
    return ()


def _along(part: Primitive, ways: Sequence[Points]) -> Primitive:
    """Return a primitive with other polylines."""
    match part:
        case Path():
            return part._replace(points=ways[0])
        case Fill():
            return part._replace(contours=tuple(ways))
    return part


def thinned(lines: Sequence[Points], detail: float) -> list[Points]:
    """Return polylines that differ from `lines` by less than `detail`: points near the line between their neighbours
    are dropped."""
    if not lines:
        return []
    points = np.concatenate(lines)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    for number in range(1, ROUNDS + 1):
        # The deviations of all rounds add up to less than `detail`.
        inside = _second(owner)
        before, after = points[inside - 1], points[inside + 1]
        off = _distances(points[inside], before, after)
        gone = inside[off <= detail / 2**number]
        points, owner = np.delete(points, gone, axis=0), np.delete(owner, gone)
        if len(gone) < len(inside) / 8:
            break
    return np.split(points, np.flatnonzero(np.diff(owner)) + 1)


def _second(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of every second point of each line, except its last."""
    indices = np.arange(len(owner))
    first = np.r_[True, owner[1:] != owner[:-1]]
    last = np.r_[first[1:], True]
    place = indices - np.maximum.accumulate(np.where(first, indices, 0))
    return np.flatnonzero((place % 2 == 1) & ~last)


def _distances(points: Points, starts: Points, ends: Points) -> NDArray[np.float64]:
    """Return the distance of each point from the segment between two others."""
    along = ends - starts
    square = (along**2).sum(axis=1)
    part = ((points - starts) * along).sum(axis=1) / np.where(square == 0, 1, square)
    off = points - starts - np.clip(part, 0, 1)[:, None] * along
    distances: NDArray[np.float64] = np.hypot(off[:, 0], off[:, 1])
    return distances


def _blocks(elements: Sequence[Element], board: tuple[float, float], detail: float) -> Iterator[list[Seen]]:
    """Yield what is visible of some elements at a time, with curves as polylines."""
    block: list[Seen] = []
    size = 0
    for start in range(0, len(elements), TOGETHER):
        some = elements[start : start + TOGETHER]
        prepare(some)
        shown = [[part for part in element.display if _shown(part, board, detail)] for element in some]
        for element, parts in zip(some, polylined(shown, detail / 2), strict=True):
            # It is used once, and for long strokes it is large.
            vars(element).pop("display", None)
            flat = [part._replace(curved=False) if isinstance(part, Fill) else part for part in parts]
            block.append(Seen(tuple(flat), element.opacity, element.multiplies))
            size += sum(len(way) for part in parts for way in _ways(part))
            if size > BLOCK:
                yield block
                block, size = [], 0
    yield block


def _shown(part: Primitive, board: tuple[float, float], detail: float) -> bool:
    match part:
        case TextRun(_, _, y, size, _, width, affine):
            # Letters reach below the baseline and beyond the width.
            box = Rect(part.left, y, part.left + width, y).inflate(2 * size)
            if affine is not None:
                box = Rect.around(mapped(affine, corners(box)))
                size *= math.sqrt(abs(affine[0] * affine[3] - affine[1] * affine[2]))
            if size < SMALLEST * detail:
                return False
        case Path(points, _, width):
            box = Rect.around(points).inflate(width / 2 + 1)
        case Fill(contours, curved=True):
            box = Rect.around(np.concatenate(contours)).inflate(1)
        case _:
            return True
    return box.x1 >= 0 and box.y1 >= 0 and box.x0 <= board[0] and box.y0 <= board[1]


def _sparse(way: Points, step: int) -> Points:
    return np.concatenate([way[:-1:step], way[-1:]]) if len(way) > LONG else way
