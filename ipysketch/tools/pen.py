"""The pen and the highlighter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relay.protocol import Create

from ..elements import Element, decode
from .outputs import Cancel, Commit, Eighths, Output, Preview, eighths

LONGEST = 4000
"""Points of one element; a longer stroke goes on as a second element of the same operation."""


@dataclass(slots=True)
class _Part:
    """One element of a stroke: its key, and for each point where it is, when, and how hard from 0 to 255."""

    key: str
    points: list[Eighths] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    pressures: list[int] = field(default_factory=list)

    def add(self, point: Eighths, at: float, pressure: int) -> None:
        self.points.append(point)
        self.times.append(max(at, self.times[-1]) if self.times else at)
        self.pressures.append(pressure)


@dataclass(slots=True)
class Pen:
    """Draws strokes whose fields but for the points are `style`, on `page`. `pressure` goes from 0 to 1; a stroke that
    begins with None has none, nor has a highlighter. `at` are seconds on any clock, for the pace of the stroke."""

    style: Mapping[str, Any]
    page: str = ""
    _pressed: bool = False
    _parts: list[_Part] = field(default_factory=list)

    def begin(
        self, x: float, y: float, *, key: str, at: float = 0.0, pressure: float | None = None, **_: Any
    ) -> tuple[Output, ...]:
        """The pen touches the paper; the stroke will be the element `key`."""
        self._parts = [_Part(key)]
        self._pressed = pressure is not None and self.style["kind"] == "stroke"
        return self.motion(x, y, at=at, pressure=pressure)

    def motion(
        self, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> tuple[Output, ...]:
        """The pen moves; a point equal to the last is nothing."""
        if not self._parts:
            return ()
        part = self._parts[-1]
        point = eighths(x, y)
        if part.points and part.points[-1] == point:
            return ()
        if len(part.points) >= LONGEST:
            before = part
            part = _Part(f"{self._parts[0].key}~{len(self._parts) + 1}")
            self._parts.append(part)
            part.add(before.points[-1], before.times[-1], before.pressures[-1])
        start = len(part.points)
        if pressure is not None:
            part.add(point, at, round(255 * max(0.0, min(1.0, pressure))))
        else:
            part.add(point, at, part.pressures[-1] if part.pressures else 127)
        return (self._preview(part, start if start > 1 or part is self._parts[0] else 0),)

    def straighten(self, x: float, y: float, *, at: float = 0.0) -> tuple[Output, ...]:
        """The stroke is a straight line from where it began to (x, y), whatever the hand did between."""
        if not self._parts:
            return ()
        first, *longer = self._parts
        straight = _Part(first.key)
        straight.add(first.points[0], first.times[0], first.pressures[0])
        if (point := eighths(x, y)) != first.points[0]:
            straight.add(point, at, first.pressures[0])
        self._parts = [straight]
        return (*(Cancel(part.key) for part in longer), self._preview(straight, 0))

    def lift(self) -> tuple[Output, ...]:
        """The pen leaves the paper where it was last."""
        parts, self._parts = self._parts, []
        return (
            (Commit(tuple(Create(part.key, self._fields(part), self.page) for part in parts)),) if parts else ()
        )

    def cancel(self) -> tuple[Output, ...]:
        """The stroke is not meant."""
        parts, self._parts = self._parts, []
        return tuple(Cancel(part.key) for part in parts)

    def again(self) -> tuple[Output, ...]:
        """The whole preview anew, for listeners that know nothing of it."""
        return tuple(self._preview(part, 0) for part in self._parts)

    def _preview(self, part: _Part, start: int) -> Preview:
        """What listeners lack who have the first `start` points."""
        if self._pressed:
            pairs = zip(part.points[start:], part.pressures[start:], strict=True)
            flat = [value for point, pressure in pairs for value in (*point, pressure)]
        else:
            flat = [value for point in part.points[start:] for value in point]
        style = {**self.style, **({"stride": 3} if self._pressed else {})}
        return Preview(part.key, style if start == 0 else None, start * (3 if self._pressed else 2), flat)

    def elements(self, author: str) -> tuple[Element, ...]:
        """The ink so far, as the elements it will be."""
        made = [decode(part.key, self._fields(part), author) for part in self._parts]
        return tuple(element for element in made if element is not None)

    def _fields(self, part: _Part) -> dict[str, Any]:
        steps = np.diff(np.array(part.points), axis=0, prepend=np.zeros((1, 2), dtype=int))
        fields: dict[str, Any] = {**self.style, "points": steps.ravel().tolist()}
        if part.times[-1] > part.times[0]:
            milliseconds = np.rint(1000 * (np.array(part.times) - part.times[0])).astype(int)
            fields["times"] = np.diff(milliseconds, prepend=0).tolist()
        if self._pressed:
            fields["pressure"] = list(part.pressures)
        return fields
