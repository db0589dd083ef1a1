"""The eraser of whole elements. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.protocol import Delete

from ..elements import Element
from .outputs import Commit, Output


@dataclass(slots=True)
class Eraser:
    """Takes whole elements away: those that a disc of `radius` board units touches on its way. `hits` says
    which keys a disc at (x, y) touches."""

    radius: float
    hits: Callable[[float, float, float], Sequence[str]]
    touched: dict[str, None] = field(default_factory=dict)
    _last: tuple[float, float] | None = None

    def begin(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """The eraser touches the paper."""
        self.touched = {}
        self._last = (x, y)
        return self._rub(x, y)

    def motion(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """The eraser moves; what lies between two samples is touched too."""
        if self._last is None:
            return ()
        x0, y0 = self._last
        steps = min(200, int(max(abs(x - x0), abs(y - y0)) / self.radius) + 1)
        for step in range(1, steps + 1):
            self._rub(x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
        self._last = (x, y)
        return ()

    straighten = motion

    def lift(self) -> tuple[Output, ...]:
        """The eraser leaves the paper where it was last: all that was touched goes."""
        self._last = None
        keys, self.touched = tuple(self.touched), {}
        return (Commit((Delete(keys),)),) if keys else ()

    def cancel(self) -> tuple[Output, ...]:
        """Nothing was meant to go."""
        self._last, self.touched = None, {}
        return ()

    def again(self) -> tuple[Output, ...]:
        """Nothing of it is shown to others before it is done."""
        return ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """It makes nothing."""
        return ()

    def _rub(self, x: float, y: float) -> tuple[Output, ...]:
        for key in self.hits(x, y, self.radius):
            self.touched[key] = None
        return ()
