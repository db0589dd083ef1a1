"""The laser pointer: a trail that others see fade, and nobody keeps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..elements import Element
from .outputs import Cancel, Output, Preview, eighths

LONGEST = 4000
"""Places of one trail; a longer one goes on under another key."""


@dataclass(slots=True)
class Laser:
    """Points with a light of `color`."""

    color: str
    _key: str = ""
    _part: int = 0
    _count: int = 0

    def begin(self, x: float, y: float, *, key: str, **_: Any) -> tuple[Output, ...]:
        """The light goes on at (x, y)."""
        self._key, self._part, self._count = key, 0, 0
        return self.motion(x, y)

    def motion(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """It moves."""
        if not self._key:
            return ()
        before: tuple[Output, ...] = ()
        if self._count >= LONGEST:
            before = (Cancel(self._name),)
            self._part, self._count = self._part + 1, 0
        style = {"kind": "laser", "color": self.color} if self._count == 0 else None
        said = Preview(self._name, style, 2 * self._count, [*eighths(x, y)])
        self._count += 1
        return (*before, said)

    straighten = motion

    @property
    def _name(self) -> str:
        return f"{self._key}~{self._part}" if self._part else self._key

    def lift(self) -> tuple[Output, ...]:
        """The light goes out."""
        name, self._key = self._name, ""
        return (Cancel(name),) if name else ()

    def cancel(self) -> tuple[Output, ...]:
        """The light goes out."""
        return self.lift()

    def again(self) -> tuple[Output, ...]:
        """A trail that was lost has faded."""
        self._count = LONGEST if self._count else 0
        return ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """It makes nothing."""
        return ()
