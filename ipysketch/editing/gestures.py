"""The gestures of a hand on ipycanvas' own events: a pen and an eraser, where our front end cannot load.

With our front end, tools are in the page: `relay/web/editing`.

Rules of this file: pure; ids of new elements come from an argument. A pointer is a name, such as "VIEW/POINTER" or the
mouse that ipycanvas reports; the strokes of two pointers never mix. Every method that changes something returns its
effects in the order in which they are to be sent; nothing here calls upwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..model.elements import Element
from .style import TOOLS, Style
from .tools import CancelEffect, Effects, Eraser, Hits, Pen, Tool

ERASER_RADIUS = 6.0
"""Board units."""
MOST_GESTURES = 16
"""Gestures of one kernel at a time: the fingers on several views."""


class GestureContext(Protocol):
    """What gestures read of the board."""

    @property
    def page(self) -> str:
        """The key of the page that is shown."""
        ...

    @property
    def can_draw(self) -> bool:
        """Whether this client may change the drawing."""
        ...

    def may_erase(self, element: Element) -> bool:
        """Whether this client may erase `element`; only moderators may erase what others drew."""
        ...

    def elements(self) -> Sequence[Element]:
        """Return the elements of that page, bottom first."""
        ...


class Gestures:
    """The gestures of all pointers of one board. `new_key` makes the key of an element.

    `tool` and `style` are what was chosen last, in a page or in code; whatever draws here that is no eraser is a pen.
    """

    def __init__(self, context: GestureContext, new_key: Callable[[], str], style: Style) -> None:
        self.tool = "pen"
        self.style = style
        self.finished: deque[str] = deque(maxlen=64)
        """The pointers whose gestures ended lately."""
        self._context = context
        self._new_key = new_key
        self._active: dict[str, Tool] = {}

    # --- gestures -----------------------------------------------------------------------------------------

    def begin(
        self,
        pointer: str,
        x: float,
        y: float,
        *,
        tool: str = "",
        style: Mapping[str, Any] | None = None,
        at: float = 0.0,
        pressure: float | None = None,
    ) -> Effects:
        """Begin a gesture at (x, y), with the chosen tool and style or with others (`style`: fields of `Style`).

        Nothing happens where this client may not draw; the status line says why.
        """
        cancelled = self.cancel(pointer)
        if len(self._active) >= MOST_GESTURES or not self._context.can_draw:
            return cancelled
        active = self._active[pointer] = self._new_tool(
            tool if tool in TOOLS else self.tool, replace(self.style, **style) if style else self.style
        )
        return (*cancelled, *active.press(x, y, key=self._new_key(), at=at, pressure=pressure))

    def _new_tool(self, name: str, style: Style) -> Tool:
        if name == "eraser":
            return Eraser(ERASER_RADIUS, self._hits)
        return Pen(style.fields("highlighter" if name == "highlighter" else "stroke"), self._context.page)

    def motion(
        self, pointer: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> Effects:
        """Continue a gesture at (x, y)."""
        active = self._active.get(pointer)
        return active.drag(x, y, at=at, pressure=pressure) if active is not None else ()

    def straighten(self, pointer: str, x: float, y: float, *, at: float = 0.0) -> Effects:
        """Make the stroke a straight line to (x, y)."""
        active = self._active.get(pointer)
        return active.straighten(x, y, at=at) if active is not None else ()

    def end(self, pointer: str) -> Effects:
        """End a gesture where its pointer was last."""
        self.finished.append(pointer)
        active = self._active.pop(pointer, None)
        return active.lift() if active is not None else ()

    def cancel(self, pointer: str = "") -> tuple[CancelEffect, ...]:
        """Discard the gesture of `pointer`; "" discards all."""
        effects: tuple[CancelEffect, ...] = ()
        for name in [pointer] if pointer else list(self._active):
            if (active := self._active.pop(name, None)) is not None:
                self.finished.append(name)
                effects += active.discard()
        return effects

    def forget(self, view: str) -> Effects:
        """End the gestures of all pointers whose names begin with `view`, which closed."""
        effects: Effects = ()
        for pointer in [pointer for pointer in self._active if pointer.startswith(view)]:
            effects += self.end(pointer)
        return effects

    def resend(self) -> Effects:
        """Return all previews from their beginning, for peers that have received nothing of them."""
        return tuple(effect for active in self._active.values() for effect in active.resend())

    def _hits(self, x: float, y: float, radius: float) -> Hits:
        hit = [element for element in self._context.elements() if element.hit(x, y, radius)]
        erasable = [element.key for element in hit if self._context.may_erase(element)]
        return Hits(erasable, len(erasable) < len(hit))

    # --- what a view shows of them ------------------------------------------------------------------------

    def ink(self, author: str) -> list[tuple[str, Element]]:
        """Return the wet ink of these gestures, each element with its pointer."""
        return [
            (pointer, element)
            for pointer, active in self._active.items()
            for element in active.elements(author)
        ]

    def hidden(self) -> set[str]:
        """Return the keys that are being erased."""
        erasers = [active for active in self._active.values() if isinstance(active, Eraser)]
        return {key for eraser in erasers for key in eraser.touched}

    # --- the style ----------------------------------------------------------------------------------------

    def choose(self, tool: str = "", **changes: Any) -> None:
        """Take another tool, or another style (`changes`: fields of `Style`)."""
        if changes:
            self.style = replace(self.style, **changes)
        if tool in TOOLS:
            self.tool = tool
