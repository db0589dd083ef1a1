"""The eraser of whole elements. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from relay.protocol import Delete

from ...model.elements import Element
from .effects import CancelEffect, CommitEffect, Effects, SparedEffect

MOST_STEPS = 200
"""Places between two samples that are looked at."""


class Hits(NamedTuple):
    """The keys of the elements that an eraser touches at one place and may erase, and whether it touches others that
    it may not."""

    keys: Sequence[str]
    spared: bool = False


HitTest = Callable[[float, float, float], Hits]
"""Tests a disc at (x, y) with a radius, in board units."""


@dataclass(slots=True)
class Eraser:
    """Deletes the elements that a disc of `radius` board units touches on its way."""

    radius: float
    hits: HitTest
    touched: dict[str, None] = field(default_factory=dict)
    _spared: bool = False
    _last: tuple[float, float] | None = None

    def press(self, x: float, y: float, **_: Any) -> Effects:
        """Begin at (x, y)."""
        self.touched, self._spared = {}, False
        self._last = (x, y)
        self._rub(x, y)
        return ()

    def drag(self, x: float, y: float, **_: Any) -> Effects:
        """Continue at (x, y); what lies between two samples is touched too."""
        if self._last is None:
            return ()
        x0, y0 = self._last
        steps = min(MOST_STEPS, int(max(abs(x - x0), abs(y - y0)) / self.radius) + 1)
        for step in range(1, steps + 1):
            self._rub(x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
        self._last = (x, y)
        return ()

    straighten = drag

    def lift(self) -> Effects:
        """Delete what was touched."""
        self._last = None
        keys, self.touched = tuple(self.touched), {}
        if keys:
            return (CommitEffect((Delete(keys),)),)
        return (SparedEffect(),) if self._spared else ()

    def discard(self) -> tuple[CancelEffect, ...]:
        """Delete nothing."""
        self._last, self.touched = None, {}
        return ()

    def resend(self) -> Effects:
        """Return nothing: others see what was erased when it is done."""
        return ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """Return nothing: an eraser has no ink."""
        return ()

    def _rub(self, x: float, y: float) -> None:
        hits = self.hits(x, y, self.radius)
        self.touched.update(dict.fromkeys(hits.keys))
        self._spared = self._spared or hits.spared
