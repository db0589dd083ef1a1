"""The pen and the highlighter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.protocol import Create

from ...model.elements import Element, decode
from ...model.elements.preview import TIMED
from ...model.elements.stroke import FLOW
from ...model.numpy_later import np
from .effects import CancelEffect, CommitEffect, Effects, Eighths, PreviewEffect, eighths

LONGEST = 4000
"""Points of one element; a longer stroke continues as another element of the same operation."""


@dataclass(slots=True)
class _Part:
    """One element of a stroke: its key, and for each point its place, its time in seconds, the milliseconds since the
    point before, and its pressure, 0 to 255."""

    key: str
    points: list[Eighths] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    pressures: list[int] = field(default_factory=list)

    def add(self, point: Eighths, at: float, pressure: int) -> None:
        self.points.append(point)
        self.times.append(max(at, self.times[-1]) if self.times else at)
        self.steps.append(self._milliseconds(-1) - self._milliseconds(-2) if len(self.times) > 1 else 0)
        self.pressures.append(pressure)

    def _milliseconds(self, number: int) -> int:
        """Return whole milliseconds from the first point to another."""
        return round(1000 * (self.times[number] - self.times[0]))


@dataclass(slots=True)
class Pen:
    """Draws strokes on `page`; `style` has their fields but for the points. `pressure` goes from 0 to 1; a stroke that
    begins with None has none, nor has a highlighter. `at` is a time in seconds on any clock, for the pace of the
    stroke."""

    style: Mapping[str, Any]
    page: str = ""
    _pressed: bool = False
    _parts: list[_Part] = field(default_factory=list)

    def press(
        self, x: float, y: float, *, key: str, at: float = 0.0, pressure: float | None = None, **_: Any
    ) -> Effects:
        """Begin the stroke that will be the element `key`."""
        self._parts = [_Part(key)]
        self._pressed = pressure is not None and self.style["kind"] == "stroke"
        return self.drag(x, y, at=at, pressure=pressure)

    def drag(self, x: float, y: float, *, at: float = 0.0, pressure: float | None = None) -> Effects:
        """Add a point; one equal to the last is dropped."""
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

    def straighten(self, x: float, y: float, *, at: float = 0.0) -> Effects:
        """Make the stroke a straight line from its first point to (x, y), whatever came between."""
        if not self._parts:
            return ()
        first, *longer = self._parts
        straight = _Part(first.key)
        straight.add(first.points[0], first.times[0], first.pressures[0])
        if (point := eighths(x, y)) != first.points[0]:
            straight.add(point, at, first.pressures[0])
        self._parts = [straight]
        return (*(CancelEffect(part.key) for part in longer), self._preview(straight, 0))

    def lift(self) -> Effects:
        """End the stroke at its last point."""
        parts, self._parts = self._parts, []
        return (
            (CommitEffect(tuple(Create(part.key, self._fields(part), self.page) for part in parts)),)
            if parts
            else ()
        )

    def discard(self) -> tuple[CancelEffect, ...]:
        """Discard the stroke."""
        parts, self._parts = self._parts, []
        return tuple(CancelEffect(part.key) for part in parts)

    def resend(self) -> Effects:
        """Return the preview from its first point, for peers that have nothing of it."""
        return tuple(self._preview(part, 0) for part in self._parts)

    def _preview(self, part: _Part, start: int) -> PreviewEffect:
        """Return what peers lack that have the first `start` points."""
        thirds = (
            part.pressures if self._pressed else [TIMED + step for step in part.steps] if self._flows else None
        )
        if thirds is None:
            flat = [value for point in part.points[start:] for value in point]
        else:
            pairs = zip(part.points[start:], thirds[start:], strict=True)
            flat = [value for point, third in pairs for value in (*point, third)]
        stride = 2 if thirds is None else 3
        style = {**self.style, "stride": 3} if thirds is not None else dict(self.style)
        return PreviewEffect(part.key, style if start == 0 else None, start * stride, flat)

    @property
    def _flows(self) -> bool:
        """Whether the ink depends on the times of its points."""
        return not self._pressed and self.style.get("look") == FLOW

    def elements(self, author: str) -> tuple[Element, ...]:
        """Return the ink so far, as the elements that it will be."""
        decoded = (decode(part.key, self._fields(part), author) for part in self._parts)
        return tuple(element for element in decoded if element is not None)

    def _fields(self, part: _Part) -> dict[str, Any]:
        steps = np.diff(np.array(part.points), axis=0, prepend=np.zeros((1, 2), dtype=int))
        fields: dict[str, Any] = {**self.style, "points": steps.ravel().tolist()}
        if part.times[-1] > part.times[0]:
            fields["times"] = list(part.steps)
        if self._pressed:
            fields["pressure"] = list(part.pressures)
        return fields
