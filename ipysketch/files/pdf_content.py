"""Lines and areas as operators of a PDF page, many at once: numbers are looked up, for formatting them one by one takes
longer than all else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..model.elements import Fill, Path
from ..model.geometry import Points

LEAST, MOST = -4_000, 60_000
"""The whole numbers that are looked up: a board is 25,600 parts of a point wide in a PDF."""

Numbers = NDArray[np.int64]


def operators(parts: Sequence[Path | Fill], grid: int) -> list[bytes]:
    """Return the operators that draw each of `parts`, which have no curves, in a space where a board unit is `grid`
    long: colours, ways and the style of lines, but no opacity."""
    ways: list[Points] = []
    for part in parts:
        if isinstance(part, Fill):
            ways += part.contours
        else:
            ways.append(part.points)
    texts = iter(_ways(ways, grid))
    found = []
    for part in parts:
        if isinstance(part, Fill):
            # All contours as one thing: it is nowhere darker where they overlap.
            way = b"".join([next(texts) for _ in part.contours])
            found.append(b"%srg %s%s " % (color(part.color), way, b"f*" if part.even_odd else b"f"))
            continue
        way = next(texts)
        if len(part.points) == 1:
            # Not every reader shows a line of no length.
            x, y = np.rint(grid * part.points[0]).astype(int).tolist()
            way += b"%d %d l " % (x + 1, y)
        inside = b"" if part.fill is None else b"%srg %sf " % (color(part.fill), way)
        style = f"{_number(grid * part.width)} w 1 J 1 j [{_dashes(part.dash, grid)}] 0 d "
        found.append(b"%s%sRG %s%sS " % (inside, color(part.color), style.encode(), way))
    return found


@cache
def color(color: str) -> bytes:
    """Return the operands of a colour, with a blank."""
    return "".join(f"{int(color[at : at + 2], 16) / 255:.4g} " for at in (1, 3, 5)).encode()


def _dashes(lengths: Sequence[float], grid: int) -> str:
    """Return a pattern of dashes. A dot is as long as a part of the grid, which its gap is shorter by."""
    found = [grid * length for length in lengths]
    if found and found[0] == 0:
        found[0], found[1] = 1.0, found[1] - 1
    return " ".join(map(_number, found))


def _number(value: float) -> str:
    return f"{value:.6g}"


def _ways(ways: Sequence[Points], grid: int) -> list[bytes]:
    """Return the operators of each polyline."""
    if not ways:
        return []
    counts = np.array([len(way) for way in ways])
    rows = np.rint(grid * np.concatenate(ways)).astype(np.int64)
    ends = np.cumsum(counts)
    heads = ends - counts
    far = np.logical_or.reduceat(((rows < LEAST) | (rows >= MOST)).any(axis=1), heads)
    # x, y and the operator of each row, as wide as the widest.
    table = np.empty((len(rows), 3), dtype=_known().dtype)
    table[:, :2] = _known()[np.clip(rows, LEAST, MOST - 1)] if far.any() else _known()[rows]
    table[:, 2] = b"l "
    table[heads, 2] = b"m "
    text = table.tobytes()
    wide = 3 * table.dtype.itemsize
    return [
        _formatted(rows[a:b]) if beyond else text[wide * a : wide * b].translate(None, b"\0")
        for a, b, beyond in zip(heads.tolist(), ends.tolist(), far.tolist(), strict=True)
    ]


def _formatted(rows: Numbers) -> bytes:
    return (b"%d %d m " + b"%d %d l " * (len(rows) - 1)) % tuple(rows.ravel().tolist())


@cache
def _known() -> NDArray[np.bytes_]:
    """Return the numbers that are looked up; those below zero are counted from the end."""
    return np.array([b"%d " % number for number in (*range(MOST), *range(LEAST, 0))], dtype="S7")
