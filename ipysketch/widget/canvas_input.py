"""ipycanvas' mouse and touch events as pointers, where our own front end could not load.

They carry no button, pressure, pointer id or capture. Except `listen`, everything runs on the loop thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ipycanvas import MultiCanvas

from ..client.hands import Hands
from ..client.own_presence import OwnPresence

MOUSE = "mouse"
"""The pointer of these events, which do not say whose they are."""

Touches = list[tuple[float, float]]


class Post(Protocol):
    """Has a function called on the loop thread."""

    def __call__(self, function: Callable[..., None], *arguments: object) -> None: ...


class CanvasInput:
    """Gives the events of a canvas to `hands` and `presence`; `scale` returns its pixels per board unit."""

    def __init__(self, hands: Hands, presence: OwnPresence, scale: Callable[[], float]) -> None:
        self._hands, self._presence, self._scale = hands, presence, scale

    def listen(self, canvas: MultiCanvas, post: Post) -> None:
        """Subscribe to the events, which come on Jupyter's threads."""
        canvas.on_mouse_down(lambda x, y: post(self._down, x, y))
        canvas.on_mouse_move(lambda x, y: post(self._move, x, y))
        canvas.on_mouse_up(lambda x, y: post(self._up, x, y))
        canvas.on_mouse_out(lambda x, y: post(self._leave, x, y))
        canvas.on_touch_start(lambda touches: post(self._touch, touches))
        canvas.on_touch_move(lambda touches: post(self._move_touch, touches))
        canvas.on_touch_end(lambda _touches: post(self._lift))
        canvas.on_touch_cancel(lambda _touches: post(self._hands.pointer_cancel, MOUSE))

    def _units(self, x: float, y: float) -> tuple[float, float]:
        return x / self._scale(), y / self._scale()

    def _down(self, x: float, y: float) -> None:
        self._hands.pointer_down(MOUSE, *self._units(x, y))

    def _move(self, x: float, y: float) -> None:
        self._hands.pointer_move(MOUSE, *self._units(x, y))

    def _up(self, x: float, y: float) -> None:
        self._move(x, y)
        self._hands.pointer_up(MOUSE)

    def _leave(self, x: float, y: float) -> None:
        """The pointer left: the stroke ends here, for its release outside is never reported."""
        self._up(x, y)
        self._presence.point_away()

    def _touch(self, touches: Touches) -> None:
        """The first finger draws; a second one means something else than drawing."""
        if len(touches) == 1:
            self._down(*touches[0])
        else:
            self._hands.pointer_cancel(MOUSE)

    def _move_touch(self, touches: Touches) -> None:
        if touches:
            self._move(*touches[0])

    def _lift(self) -> None:
        """A finger left, and the event names only those that remain: the stroke ends where it was last."""
        self._hands.pointer_up(MOUSE)
        self._presence.point_away()
