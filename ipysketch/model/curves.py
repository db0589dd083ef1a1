"""Quadratic curves, and what of them is needed: their box, and polylines that are as good.

Rules of this file: pure. A *chain* is an array (2 n + 1, 2): where it begins, and then a control and an end for each of
n ≥ 0 curves. ``relay/web/model/curves.js`` does the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .geometry import Points, Rect
from .numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIT_STEPS = 4
"""Pieces of a curve where a polyline stands for it in a hit test."""


def through(points: Points) -> Points:
    """Return the chain of a smooth line along `points`, shape (n ≥ 1, 2), from exactly the first to exactly the last.

    Curves run from the middle of one segment to the middle of the next, with the points as controls: a new point
    only changes the end of the line. The two ends are straight, their controls half way."""
    if len(points) < 3:
        return chain(points[:1], (points[:-1] + points[1:]) / 2, points[1:])
    middles = (points[:-1] + points[1:]) / 2
    controls = np.concatenate([(points[:1] + middles[:1]) / 2, points[1:-1], (middles[-1:] + points[-1:]) / 2])
    return chain(points[:1], controls, np.concatenate([middles, points[-1:]]))


def all_through(points: Points, counts: NDArray[np.integer]) -> tuple[Points, NDArray[np.int64]]:
    """Return the chains of smooth lines, of which each has `counts` of the `points`, and how many rows each has."""
    sizes = np.where(counts == 1, 1, 2 * counts + 1).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    heads = np.cumsum(counts) - counts
    place = np.arange(len(points)) - np.repeat(heads, counts)
    row = np.repeat(starts, counts) + 2 * place
    line = np.empty((int(sizes.sum()), 2))
    line[starts] = points[heads]
    followed = np.flatnonzero(place < np.repeat(counts, counts) - 1)
    middles = (points[followed] + points[followed + 1]) / 2
    line[row[followed] + 2] = middles
    inner = followed[place[followed] > 0]
    line[row[inner] + 1] = points[inner]
    long = counts > 1
    begins, ends = starts[long], (starts + sizes - 1)[long]
    line[ends] = points[(heads + counts - 1)[long]]
    line[begins + 1] = (line[begins] + line[begins + 2]) / 2
    line[ends - 1] = (line[ends - 2] + line[ends]) / 2
    return line, sizes


def chain(start: Points, controls: Points, ends: Points) -> Points:
    """Return the chain that begins at `start`, shape (1, 2)."""
    line = np.empty((2 * len(ends) + 1, 2))
    line[:1], line[1::2], line[2::2] = start, controls, ends
    return line


def box(line: Points) -> Rect:
    """Return the smallest rectangle around the curves of a chain."""
    starts, controls, ends = line[:-1:2], line[1::2], line[2::2]
    found = line[::2]
    # A curve goes farther than its ends where its control does.
    beyond = (controls - starts) * (ends - controls) < 0
    if beyond.any():
        bend = np.where(beyond, starts - 2 * controls + ends, 1.0)
        turns = np.where(beyond, (starts * ends - controls * controls) / bend, starts)
        found = np.concatenate([found, turns])
    return Rect.around(found)


def polyline(line: Points, detail: float) -> Points:
    """Return a polyline that differs from a chain by at most `detail`: each curve has as many pieces as it needs."""
    return polylines(line, np.array([len(line)]), detail)[0]


def polylines(lines: Points, counts: NDArray[np.integer], detail: float) -> tuple[Points, NDArray[np.int64]]:
    """Return polylines for chains that lie one after the other in `lines`, `counts` rows each, and how many points each
    of them has. All at once: one by one takes longer than painting them."""
    if len(lines) == 0:
        return lines, np.asarray(counts, dtype=np.int64)
    # Coordinates apart, for numpy is several times as fast with arrays of one dimension.
    x, y = np.ascontiguousarray(lines[:, 0]), np.ascontiguousarray(lines[:, 1])
    firsts = np.cumsum(counts) - counts
    # Where curves begin: each second row of a chain but its last.
    curves = counts // 2
    number = np.arange(int(curves.sum()))
    begins = 2 * number + np.repeat(np.arange(len(counts)), curves)
    bulge = (
        _length(x[begins] - 2 * x[begins + 1] + x[begins + 2], y[begins] - 2 * y[begins + 1] + y[begins + 2])
        / 4
    )
    pieces = np.maximum(1, np.ceil(np.sqrt(bulge / detail))).astype(np.int64)
    last = np.cumsum(pieces)
    total = np.concatenate([[0], last])[np.concatenate([[0], np.cumsum(curves)])]
    sizes = 1 + np.diff(total)
    heads = np.cumsum(sizes) - sizes
    found = np.empty((int(sizes.sum()), 2))
    # A point more for each chain that began.
    place = last + np.repeat(np.arange(len(counts)), curves)
    several = np.flatnonzero(pieces > 1)
    inner = pieces[several] - 1
    which = np.repeat(several, inner)
    part = np.arange(1, len(which) + 1) - np.repeat(np.cumsum(inner) - inner, inner)
    t = part / pieces[which]
    rest = 1 - t
    squares, mixed, ahead = rest * rest, 2 * rest * t, t * t
    inside, row = place[which] - pieces[which] + part, begins[which]
    for axis, at in ((0, x), (1, y)):
        side = found[:, axis]
        side[heads] = at[firsts]
        side[place] = at[begins + 2]
        side[inside] = squares * at[row] + mixed * at[row + 1] + ahead * at[row + 2]
    return found, sizes


def _length(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sqrt(x * x + y * y)
    return found


def stepped(line: Points) -> Points:
    """Return the polyline that stands for a chain in a hit test."""
    t = (np.arange(1, HIT_STEPS + 1) / HIT_STEPS)[None, :, None]
    starts, controls, ends = line[:-1:2, None], line[1::2, None], line[2::2, None]
    points = (1 - t) * (1 - t) * starts + 2 * (1 - t) * t * controls + t * t * ends
    return np.concatenate([line[:1], points.reshape(-1, 2)])
