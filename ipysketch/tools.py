"""The tools: small state machines that turn a hand's motion into operations and previews.

Rules of this file: pure; points are in board units and come from anywhere (a mouse, a pen, a test); ids are
arguments. Each tool has ``begin / motion / end / cancel`` and gives back what is to be sent, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from relay.protocol import Action, Create, Delete

from .elements import Element, Stroke
from .elements.stroke import EIGHTHS, REACH

LONGEST = 4000
"""Points of one element; a longer stroke goes on as a second element of the same operation."""


class Preview(NamedTuple):
    """Live ink grew: `points` are flat absolute eighths, appended as point number `points_from`."""

    key: str
    fields: dict[str, Any] | None
    points_from: int
    points: list[int]


class Commit(NamedTuple):
    """The gesture became an operation."""

    actions: tuple[Action, ...]


class Cancel(NamedTuple):
    """Live ink came to nothing."""

    key: str


Output = Preview | Commit | Cancel


def _eighths(x: float, y: float) -> tuple[int, int]:
    return (
        max(-REACH, min(REACH, round(x * EIGHTHS))),
        max(-REACH, min(REACH, round(y * EIGHTHS))),
    )


@dataclass(slots=True)
class Pen:
    """Draws strokes of `color` #rrggbb and `width` board units."""

    color: str
    width: float
    _parts: list[tuple[str, list[tuple[int, int]]]] = field(default_factory=list)

    def begin(self, x: float, y: float, *, key: str) -> tuple[Output, ...]:
        """The pen touches the paper; the stroke will be the element `key`."""
        self._parts = [(key, [])]
        return self.motion(x, y)

    def motion(self, x: float, y: float) -> tuple[Output, ...]:
        """The pen moves; a point equal to the last is nothing."""
        if not self._parts:
            return ()
        key, points = self._parts[-1]
        point = _eighths(x, y)
        if points and points[-1] == point:
            return ()
        if len(points) >= LONGEST:
            first = self._parts[0][0]
            last = points[-1]
            key, points = f"{first}~{len(self._parts) + 1}", [last]
            self._parts.append((key, points))
            points.append(point)
            return (Preview(key, self._style(), 0, [*last, *point]),)
        points.append(point)
        start = len(points) - 1
        return (Preview(key, self._style() if start == 0 else None, start, list(point)),)

    def end(self, x: float, y: float) -> tuple[Output, ...]:
        """The pen leaves the paper: the stroke becomes one operation."""
        if not self._parts:
            return ()
        previews = self.motion(x, y)
        actions = tuple(Create(stroke.key, stroke.encode()) for stroke in self.elements(""))
        self._parts = []
        return (*previews, Commit(actions))

    def cancel(self) -> tuple[Output, ...]:
        """The stroke is not meant."""
        parts, self._parts = self._parts, []
        return tuple(Cancel(key) for key, _ in parts)

    def again(self) -> tuple[Output, ...]:
        """The whole preview anew, for listeners that know nothing of it."""
        return tuple(
            Preview(key, self._style(), 0, [value for point in points for value in point])
            for key, points in self._parts
        )

    def elements(self, author: str) -> tuple[Element, ...]:
        """The ink so far, as the elements it will be."""
        return tuple(
            Stroke(key, np.array(points) / EIGHTHS, self.color, self.width, author)
            for key, points in self._parts
        )

    def _style(self) -> dict[str, Any]:
        return {"kind": "stroke", "color": self.color, "width": round(self.width * EIGHTHS)}


@dataclass(slots=True)
class Eraser:
    """Takes whole elements away: those that a disc of `radius` board units touches on its way. `hits` says
    which keys a disc at (x, y) touches."""

    radius: float
    hits: Callable[[float, float, float], Sequence[str]]
    touched: dict[str, None] = field(default_factory=dict)
    _last: tuple[float, float] | None = None

    def begin(self, x: float, y: float, *, key: str) -> tuple[Output, ...]:
        """The eraser touches the paper."""
        self.touched = {}
        self._last = (x, y)
        return self._rub(x, y)

    def motion(self, x: float, y: float) -> tuple[Output, ...]:
        """The eraser moves; what lies between two samples is touched too."""
        if self._last is None:
            return ()
        x0, y0 = self._last
        steps = min(200, int(max(abs(x - x0), abs(y - y0)) / self.radius) + 1)
        for step in range(1, steps + 1):
            self._rub(x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
        self._last = (x, y)
        return ()

    def end(self, x: float, y: float) -> tuple[Output, ...]:
        """All that was touched goes, as one operation."""
        self.motion(x, y)
        self._last = None
        keys, self.touched = tuple(self.touched), {}
        return (Commit((Delete(keys),)),) if keys else ()

    def cancel(self) -> tuple[Output, ...]:
        """Nothing was meant to go."""
        self._last, self.touched = None, {}
        return ()

    def _rub(self, x: float, y: float) -> tuple[Output, ...]:
        for key in self.hits(x, y, self.radius):
            self.touched[key] = None
        return ()
