"""Lines, arrows, rectangles and ellipses: from where the hand began to where it is. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.protocol import Create

from ..elements import Element, decode
from ..elements.live import whole
from .outputs import Cancel, Commit, Eighths, Output, Preview, eighths

LINES = ("line", "arrow")
TURN = math.pi / 12
"""A straightened line goes by steps of this angle."""


@dataclass(slots=True)
class Shape:
    """Draws one element on `page` whose fields but for its place are `style`, of a kind that has two ends."""

    style: Mapping[str, Any]
    page: str = ""
    _key: str = ""
    _start: Eighths = (0, 0)
    _end: Eighths = (0, 0)

    def begin(
        self, x: float, y: float, *, key: str, at: float = 0.0, pressure: float | None = None, **_: Any
    ) -> tuple[Output, ...]:
        """The hand touches the paper; the shape will be the element `key`."""
        self._key = key
        self._start = self._end = eighths(x, y)
        return self.again()

    def motion(
        self, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> tuple[Output, ...]:
        """The shape reaches to (x, y)."""
        return self._reach(eighths(x, y))

    def straighten(self, x: float, y: float, *, at: float = 0.0) -> tuple[Output, ...]:
        """The shape reaches to about (x, y), as a line of a plain angle, a square or a circle."""
        x0, y0 = self._start
        x1, y1 = eighths(x, y)
        width, height = x1 - x0, y1 - y0
        if self.style["kind"] in LINES:
            angle = round(math.atan2(height, width) / TURN) * TURN
            length = math.hypot(width, height)
            return self._reach((x0 + round(length * math.cos(angle)), y0 + round(length * math.sin(angle))))
        side = max(abs(width), abs(height))
        return self._reach((x0 + (side if width >= 0 else -side), y0 + (side if height >= 0 else -side)))

    def _reach(self, end: Eighths) -> tuple[Output, ...]:
        if not self._key or end == self._end:
            return ()
        self._end = end
        return self.again()

    def lift(self) -> tuple[Output, ...]:
        """The hand leaves the paper: the shape becomes an operation, or nothing when it has no extent."""
        key, self._key = self._key, ""
        if not key:
            return ()
        if self._start == self._end:
            return (Cancel(key),)
        return (Commit((Create(key, self._fields(), self.page),)),)

    def cancel(self) -> tuple[Output, ...]:
        """The shape is not meant."""
        key, self._key = self._key, ""
        return (Cancel(key),) if key else ()

    def again(self) -> tuple[Output, ...]:
        """The whole preview anew."""
        return (Preview(self._key, dict(self.style), 0, [*self._start, *self._end]),) if self._key else ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """The shape so far."""
        element = decode(self._key, self._fields(), author) if self._key else None
        return (element,) if element is not None else ()

    def _fields(self) -> dict[str, Any]:
        return whole(self.style, [*self._start, *self._end])
