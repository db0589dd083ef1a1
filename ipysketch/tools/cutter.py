"""The eraser of parts: it cuts strokes where it goes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relay.protocol import Create, Delete

from ..elements import Element, decode
from ..elements.fields import EIGHTHS
from ..geometry import Points
from .outputs import Commit, Output
from .selection import offset

KINDS = ("stroke", "highlighter")
STEP = 1.0
"""Board units between the places of a stroke that are looked at."""
MOST = 200_000

Fields = Mapping[str, Any]


@dataclass(slots=True)
class Cutter:
    """Takes away what a disc of `radius` board units touches of strokes. `hits` says which keys a disc at (x, y)
    touches, `entry` their fields and place in the drawing order, `page` where the pieces go."""

    radius: float
    hits: Callable[[float, float, float], Sequence[str]]
    entry: Callable[[str], tuple[Fields, float]]
    page: str = ""
    touched: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _key: str = ""
    _last: tuple[float, float] | None = None

    def begin(self, x: float, y: float, *, key: str, **_: Any) -> tuple[Output, ...]:
        """The eraser touches the paper; pieces are named after `key`."""
        self.touched, self._key, self._last = {}, key, (x, y)
        return self._cut(x, y)

    def motion(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """The eraser moves; what lies between two samples is cut too."""
        return self._cut(x, y) if self._last is not None else ()

    straighten = motion

    def _cut(self, x: float, y: float) -> tuple[Output, ...]:
        assert self._last is not None
        path = np.array([self._last, (x, y)])
        steps = max(1, int(np.abs(path[1] - path[0]).max() / self.radius))
        for place in np.linspace(path[0], path[1], min(steps, 200) + 1):
            for key in self.hits(float(place[0]), float(place[1]), self.radius):
                fields, order = self.entry(key)
                if key not in self.touched and fields.get("kind") in KINDS:
                    self.touched[key] = [{**fields, "place": order}]
        for key, parts in self.touched.items():
            self.touched[key] = [piece for part in parts for piece in pieces(part, path, self.radius)]
        self._last = (x, y)
        return ()

    def lift(self) -> tuple[Output, ...]:
        """What was cut becomes one operation: the pieces in place of the strokes."""
        touched, self.touched, self._last = self.touched, {}, None
        whole = {key: parts for key, parts in touched.items() if not _untouched(parts, self.entry(key)[0])}
        if not whole:
            return ()
        made = [
            Create(f"{self._key}~{number}", piece, self.page)
            for number, piece in enumerate(piece for parts in whole.values() for piece in parts)
        ]
        return (Commit((Delete(tuple(whole)), *made)),)

    def cancel(self) -> tuple[Output, ...]:
        """Nothing was meant to go."""
        self.touched, self._last = {}, None
        return ()

    def again(self) -> tuple[Output, ...]:
        """Nothing of it is shown to others before it is done."""
        return ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """The pieces so far."""
        made = [
            decode(f"{key}~{number}", piece, author)
            for key, parts in self.touched.items()
            for number, piece in enumerate(parts)
        ]
        return tuple(element for element in made if element is not None)


def _untouched(parts: Sequence[Fields], fields: Fields) -> bool:
    return len(parts) == 1 and parts[0]["points"] == fields["points"]


def pieces(fields: Fields, path: Points, radius: float) -> list[dict[str, Any]]:
    """What a disc of `radius` going along `path`, shape (2, 2), leaves of a stroke: the fields of each piece."""
    points = np.cumsum(np.array(fields["points"], dtype=float).reshape(-1, 2), axis=0) / EIGHTHS
    columns = [points]
    for name in ("times", "pressure"):
        values = fields.get(name)
        if isinstance(values, list | tuple) and len(values) == len(points):
            column = np.array(values, dtype=float)
            columns.append((np.cumsum(column) if name == "times" else column)[:, None])
        else:
            fields = {key: value for key, value in fields.items() if key != name}
    table = np.concatenate(columns, axis=1)
    dense, original = _dense(table)
    away = _distance(dense[:, :2] + np.array(offset(fields)) / EIGHTHS, path)
    inside = away <= radius + fields["width"] / EIGHTHS / 2
    if not inside.any():
        return [dict(fields)]
    found = []
    edges = np.flatnonzero(np.diff(np.r_[True, inside, True].astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start < 2:
            continue  # Less than a step is left of it: nothing to see.
        keep = original[start:stop].copy()
        keep[[0, -1]] = True
        found.append(_piece(fields, dense[start:stop][keep]))
    return found


def _piece(fields: Fields, table: Points) -> dict[str, Any]:
    places = np.rint(table[:, :2] * EIGHTHS).astype(int)
    piece = {**fields, "points": np.diff(places, axis=0, prepend=np.zeros((1, 2), dtype=int)).ravel().tolist()}
    column = 2
    if "times" in fields:
        times = np.rint(table[:, column] - table[0, column]).astype(int)
        piece["times"] = np.diff(times, prepend=0).tolist()
        column += 1
    if "pressure" in fields:
        piece["pressure"] = np.rint(table[:, column]).astype(int).tolist()
    return piece


def _dense(table: Points) -> tuple[Points, np.ndarray[Any, np.dtype[np.bool_]]]:
    """`table` with rows between those farther than a step apart, and which rows were there before."""
    if len(table) == 1:
        return np.repeat(table, 2, axis=0), np.array([True, True])
    steps = np.diff(table, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    step = max(STEP, float(lengths.sum()) / MOST)
    counts = np.maximum(1, np.ceil(lengths / step)).astype(int)
    which = np.repeat(np.arange(len(steps)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    dense = table[which] + steps[which] * (within / counts[which])[:, None]
    return np.concatenate([dense, table[-1:]]), np.r_[within == 0, True]


def _distance(points: Points, path: Points) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The distance of each point from the straight `path`."""
    start, step = path[0], path[1] - path[0]
    length = float((step**2).sum())
    along = np.clip(((points - start) @ step) / length, 0, 1) if length else np.zeros(len(points))
    away: np.ndarray[Any, np.dtype[np.float64]] = np.hypot(*(points - start - along[:, None] * step).T)
    return away
