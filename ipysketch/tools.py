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

from .elements import Stroke
from .elements.fields import EIGHTHS, REACH

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
class _Part:
    """One element of a stroke: its key, and for each point where it is, when, and how hard (None: not measured)."""

    key: str
    points: list[tuple[int, int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    pressures: list[float | None] = field(default_factory=list)

    def add(self, point: tuple[int, int], at: float, pressure: float | None) -> None:
        self.points.append(point)
        self.times.append(max(at, self.times[-1]) if self.times else at)
        self.pressures.append(pressure)


@dataclass(slots=True)
class Pen:
    """Draws strokes of `color` #rrggbb and `width` board units. `pressure` goes from 0 to 1 and may be None; `at` are
    seconds on any clock, for the pace of the stroke."""

    color: str
    width: float
    _parts: list[_Part] = field(default_factory=list)

    def begin(
        self, x: float, y: float, *, key: str, at: float = 0.0, pressure: float | None = None
    ) -> tuple[Output, ...]:
        """The pen touches the paper; the stroke will be the element `key`."""
        self._parts = [_Part(key)]
        return self.motion(x, y, at=at, pressure=pressure)

    def motion(
        self, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> tuple[Output, ...]:
        """The pen moves; a point equal to the last is nothing."""
        if not self._parts:
            return ()
        part = self._parts[-1]
        point = _eighths(x, y)
        if part.points and part.points[-1] == point:
            return ()
        if len(part.points) >= LONGEST:
            before = part
            part = _Part(f"{self._parts[0].key}~{len(self._parts) + 1}")
            self._parts.append(part)
            part.add(before.points[-1], before.times[-1], before.pressures[-1])
            part.add(point, at, pressure)
            return (Preview(part.key, self._style(), 0, [*before.points[-1], *point]),)
        part.add(point, at, pressure)
        start = len(part.points) - 1
        return (Preview(part.key, self._style() if start == 0 else None, start, list(point)),)

    def straighten(self, x: float, y: float, *, at: float = 0.0) -> tuple[Output, ...]:
        """The stroke is a straight line from where it began to (x, y), whatever the hand did between."""
        if not self._parts:
            return ()
        first, *longer = self._parts
        straight = _Part(first.key)
        straight.add(first.points[0], first.times[0], None)
        if (point := _eighths(x, y)) != first.points[0]:
            straight.add(point, at, None)
        self._parts = [straight]
        flat = [value for point in straight.points for value in point]
        return (*(Cancel(part.key) for part in longer), Preview(first.key, self._style(), 0, flat))

    def end(self, x: float, y: float, *, at: float = 0.0, pressure: float | None = None) -> tuple[Output, ...]:
        """The pen leaves the paper: the stroke becomes one operation."""
        if not self._parts:
            return ()
        return (*self.motion(x, y, at=at, pressure=pressure), *self.lift())

    def lift(self) -> tuple[Output, ...]:
        """The pen leaves the paper where it was last."""
        strokes, self._parts = self.elements(""), []
        return (Commit(tuple(Create(stroke.key, stroke.encode()) for stroke in strokes)),) if strokes else ()

    def cancel(self) -> tuple[Output, ...]:
        """The stroke is not meant."""
        parts, self._parts = self._parts, []
        return tuple(Cancel(part.key) for part in parts)

    def again(self) -> tuple[Output, ...]:
        """The whole preview anew, for listeners that know nothing of it."""
        return tuple(
            Preview(part.key, self._style(), 0, [value for point in part.points for value in point])
            for part in self._parts
        )

    def elements(self, author: str) -> tuple[Stroke, ...]:
        """The ink so far, as the elements it will be."""
        return tuple(self._stroke(part, author) for part in self._parts)

    def _stroke(self, part: _Part, author: str) -> Stroke:
        times = np.array(part.times) - part.times[0]
        known = [pressure for pressure in part.pressures if pressure is not None]
        return Stroke(
            part.key,
            np.array(part.points) / EIGHTHS,
            self.color,
            self.width,
            author,
            times=times if times[-1] > 0 else None,
            pressure=np.array(known) if len(known) == len(part.points) else None,
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

    def begin(self, x: float, y: float) -> tuple[Output, ...]:
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
        return self.lift()

    def lift(self) -> tuple[Output, ...]:
        """The eraser leaves the paper where it was last: all that was touched goes."""
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
