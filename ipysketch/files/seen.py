"""The visible part of a drawing in a picture of a given size, so that the cost of painting is bounded. Pure.

Curves become polylines, and a polyline keeps only the points that change it by more than a part of a pixel. Texts and
lines beside the board are left out. A drawing of very many points keeps only some of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.elements import DisplayImage, Element, Fill, Path, Primitive, TextRun, prepare
from ..model.elements.display import polylined
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
    found: list[Seen] = []
    points = length = 0.0
    for start in range(0, len(elements), TOGETHER):
        some = elements[start : start + TOGETHER]
        displays = polylined(_visible(some, board, detail), detail / 2)
        lines, counts = _thin([way for parts in displays for part in parts for way in _ways(part)], detail / 2)
        points += len(lines)
        length += _length(lines, counts)
        ends = np.cumsum(counts).tolist()
        rest = iter([lines[a:b] for a, b in zip([0, *ends], ends, strict=False)])
        found += [
            Seen(
                tuple([_along(part, [next(rest) for _ in _ways(part)]) for part in parts]),
                element.opacity,
                element.multiplies,
            )
            for element, parts in zip(some, displays, strict=True)
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
    return np.split(points, np.cumsum(counts)[:-1])


def _thin(lines: Sequence[Points], detail: float) -> tuple[Points, NDArray[np.int64]]:
    """Return what `thinned` does, one after the other, and how many points each has."""
    if not lines:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    points = np.concatenate(lines)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    for number in range(1, ROUNDS + 1):
        # The deviations of all rounds add up to less than `detail`.
        inside = _second(owner)
        before, after = points[inside - 1], points[inside + 1]
        off = _distances(points[inside], before, after)
        stays = np.ones(len(owner), dtype=bool)
        stays[inside] = off > detail / 2**number
        gone = len(owner) - int(stays.sum())
        points, owner = points[stays], owner[stays]
        if gone < len(inside) / 8:
            break
    return points, np.bincount(owner, minlength=len(lines))


def _length(lines: Points, counts: NDArray[np.int64]) -> float:
    """Return how long those of some lines are together that have many points."""
    steps = np.diff(lines, axis=0)
    inside = np.repeat(counts > LONG, counts)
    inside[np.cumsum(counts)[counts > 0] - 1] = False
    inside = inside[:-1]
    return float(np.sqrt((steps[inside] ** 2).sum(axis=1)).sum())


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


def _visible(elements: Sequence[Element], board: tuple[float, float], detail: float) -> list[list[Primitive]]:
    """Return the primitives of each element that are on the board and large enough."""
    prepare(elements)
    parts = [part for element in elements for part in element.display]
    whole = Rect(0.0, 0.0, *board)
    curved = [part for part in parts if isinstance(part, Fill) and part.curved]
    insides = iter(_meeting([np.concatenate(part.contours) for part in curved], whole.inflate(1)))
    shown = iter(
        [
            next(insides) if isinstance(part, Fill) and part.curved else _shown(part, whole, detail)
            for part in parts
        ]
    )
    found = [[part for part in element.display if next(shown)] for element in elements]
    for element in elements:
        # It is used once, and for long strokes it is large.
        vars(element).pop("display", None)
    return found


def _meeting(shapes: Sequence[Points], box: Rect) -> list[bool]:
    """Return whether the rectangle around each of `shapes` meets `box`. All at once: there are many."""
    if not shapes:
        return []
    counts = np.array([len(shape) for shape in shapes])
    points, heads = np.concatenate(shapes), np.cumsum(counts) - counts
    least, most = np.minimum.reduceat(points, heads), np.maximum.reduceat(points, heads)
    meets = (least <= (box.x1, box.y1)) & (most >= (box.x0, box.y0))
    found: list[bool] = (meets[:, 0] & meets[:, 1]).tolist()
    return found


def _shown(part: Primitive, board: Rect, detail: float) -> bool:
    if isinstance(part, TextRun) and _height(part) < SMALLEST * detail:
        return False
    if not isinstance(part, TextRun | Path):
        return True
    box = around(part, board)
    return box.x1 >= board.x0 and box.y1 >= board.y0 and box.x0 <= board.x1 and box.y0 <= board.y1


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
