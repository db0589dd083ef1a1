"""Choosing elements, by a click or by a box around them, and moving what is chosen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.protocol import Patch

from ..elements import Element
from ..geometry import Rect
from .outputs import Commit, Eighths, Moving, Output, eighths

NEAR = 4.0
"""Board units within which a click hits."""
LIVE = 200
"""Elements that others see moving; of more than that they see where they come to rest."""


@dataclass(slots=True)
class Selector:
    """Chooses from the elements `on_page`, bottom first; `fields` says an element's as they are now. `chosen` are the
    keys."""

    on_page: Callable[[], Sequence[Element]]
    fields: Callable[[str], Mapping[str, Any]]
    chosen: tuple[str, ...] = ()
    band: Rect | None = None
    offsets: dict[str, Eighths] = field(default_factory=dict)
    _start: tuple[float, float] | None = None
    _from: dict[str, Eighths] = field(default_factory=dict)

    def begin(self, x: float, y: float, *, more: bool = False, **_: Any) -> tuple[Output, ...]:
        """On an element: choose it, or with `more` add or drop it, and hold on to what is chosen; else begin a box."""
        self._start = (x, y)
        self.offsets, self._from, self.band = {}, {}, None
        hit = next((each.key for each in reversed(self.on_page()) if each.hit(x, y, NEAR)), None)
        if hit is None:
            self.chosen = self.chosen if more else ()
            self.band = Rect(x, y, x, y)
            return ()
        if more and hit in self.chosen:
            self.chosen = tuple(key for key in self.chosen if key != hit)
        elif hit not in self.chosen:
            self.chosen = (*self.chosen, hit) if more else (hit,)
        self._from = {key: offset(self.fields(key)) for key in self.chosen}
        return ()

    def motion(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """What is held goes along, or the box grows."""
        if self._start is None:
            return ()
        x0, y0 = self._start
        if self.band is not None:
            self.band = Rect(min(x0, x), min(y0, y), max(x0, x), max(y0, y))
            return ()
        dx, dy = eighths(x - x0, y - y0)
        if not self.offsets and not (dx or dy):
            return ()
        self.offsets = {key: (ox + dx, oy + dy) for key, (ox, oy) in self._from.items()}
        return (Moving(dict(list(self.offsets.items())[:LIVE])),)

    def straighten(self, x: float, y: float, **_: Any) -> tuple[Output, ...]:
        """What is held goes along straight across or straight down."""
        if self._start is not None and self.band is None:
            x0, y0 = self._start
            x, y = (x, y0) if abs(x - x0) > abs(y - y0) else (x0, y)
        return self.motion(x, y)

    def lift(self) -> tuple[Output, ...]:
        """What was held has moved, as one operation; what the box surrounds is chosen."""
        offsets, self.offsets, self._start = self.offsets, {}, None
        if self.band is not None:
            inside = [each.key for each in self.on_page() if _within(each.bounds, self.band)]
            self.chosen = tuple(dict.fromkeys((*self.chosen, *inside)))
            self.band = None
            return ()
        moved = {key: at for key, at in offsets.items() if at != self._from[key]}
        if not moved:
            return (Moving({}),) if offsets else ()
        return (Commit(tuple(Patch(key, {"offset": list(at)}) for key, at in moved.items())), Moving({}))

    def cancel(self) -> tuple[Output, ...]:
        """Everything is where it was."""
        was, self.offsets, self._start, self.band = self.offsets, {}, None, None
        return (Moving({}),) if was else ()

    def again(self) -> tuple[Output, ...]:
        """What is on its way, anew."""
        return (Moving(dict(list(self.offsets.items())[:LIVE])),) if self.offsets else ()

    def elements(self, author: str) -> tuple[Element, ...]:
        """It makes nothing."""
        return ()


def offset(fields: Mapping[str, Any]) -> Eighths:
    """How far an element was moved, in eighths."""
    found = fields.get("offset")
    if isinstance(found, list | tuple) and len(found) == 2 and all(type(value) is int for value in found):
        return (found[0], found[1])
    return (0, 0)


def _within(inner: Rect, outer: Rect) -> bool:
    return outer.contains(inner.x0, inner.y0) and outer.contains(inner.x1, inner.y1)
