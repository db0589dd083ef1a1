"""The widget people see: the bar, the canvas, and the overlay on it.

Jupyter's callbacks come on the main thread or a subshell's; each only posts to the loop thread. States come on
the loop thread, and are painted only as fast as a page acknowledges them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from .board_state import Actions, BoardState
from .front import Bar, Overlay
from .renderer import Renderer

UNACKNOWLEDGED = 2
"""Frames that may be on their way to a page at a time."""
PATIENCE = 30.0
"""Seconds that a page without the front-end part is painted for after its last event."""


class BoardWidget(ipywidgets.VBox):
    """One board of `width` × `height` units; `post` runs a function on the loop thread."""

    def __init__(
        self, post: Callable[[Callable[[], object]], None], actions: Actions, width: int, height: int
    ) -> None:
        self._post = post
        self._actions = actions
        self._size = (width, height)
        self._renderer = Renderer(width, height)
        self._bar = Bar()
        self._overlay = Overlay()
        self._sent = self._acknowledged = 0
        self._pages: dict[str, bool] = {}
        self._last_event = float("-inf")
        self._fresh = False
        self._bar_state: dict[str, Any] = {}
        self._cursors: list[Any] = []
        canvas = self._renderer.canvas
        canvas.layout = ipywidgets.Layout(width="100%", height="auto")
        stage = ipywidgets.Box([canvas, self._overlay])
        stage.add_class("ipysketch-stage")
        super().__init__([self._bar, stage])
        self.add_class("ipysketch")
        self._listen(canvas)

    def _listen(self, canvas: Any) -> None:
        actions = self._actions

        def pointer(action: Callable[[float, float], object]) -> Callable[[float, float], None]:
            def callback(x: float, y: float) -> None:
                self._post(lambda: self._point(action, x, y))

            return callback

        def touch(action: Callable[[float, float], object]) -> Callable[[list[tuple[float, float]]], None]:
            def callback(fingers: list[tuple[float, float]]) -> None:
                if fingers:
                    x, y = fingers[0]
                    self._post(lambda: self._point(action, x, y))

            return callback

        canvas.on_mouse_down(pointer(actions.down))
        canvas.on_mouse_move(pointer(actions.move))
        canvas.on_mouse_up(pointer(actions.up))
        canvas.on_mouse_out(pointer(actions.out))
        canvas.on_touch_start(touch(self._finger_down))
        canvas.on_touch_move(touch(self._finger_move))
        # Only the fingers that remain are told, so the stroke ends where the finger was last.
        canvas.on_touch_end(lambda _: self._post(self._finger_up))
        canvas.on_touch_cancel(lambda _: self._post(actions.cancel))
        canvas.on_client_ready(lambda: self._post(self._new_page))
        self._bar.on_msg(lambda _, message, __: self._post(lambda: self._from_bar(message)))
        self._overlay.on_msg(lambda _, message, __: self._post(lambda: self._from_overlay(message)))

    # --- from pages, on the loop thread -------------------------------------------------------------------

    _finger = (0.0, 0.0)

    def _point(self, action: Callable[[float, float], object], x: float, y: float) -> None:
        self._heard()
        action(x / self._renderer.scale, y / self._renderer.scale)

    def _finger_down(self, x: float, y: float) -> None:
        self._finger = (x, y)
        self._actions.down(x, y)

    def _finger_move(self, x: float, y: float) -> None:
        self._finger = (x, y)
        self._actions.move(x, y)

    def _finger_up(self) -> None:
        self._heard()
        self._actions.out(*self._finger)

    def _heard(self) -> None:
        self._last_event = time.monotonic()

    def _new_page(self) -> None:
        self._heard()
        self._acknowledged = self._sent
        self._fresh = True
        self._actions.ready()

    def _from_bar(self, message: Any) -> None:
        self._heard()
        actions = self._actions
        match message:
            case {"kind": "choose"}:
                actions.choose(message.get("tool"), message.get("color"), message.get("width"))
            case {"kind": "undo"}:
                actions.undo()
            case {"kind": "redo"}:
                actions.redo()
            case {"kind": "clear"}:
                actions.clear()

    def _from_overlay(self, message: Any) -> None:
        self._heard()
        actions = self._actions
        match message:
            case {"kind": "ack", "frame": int(frame)}:
                self._acknowledged = max(self._acknowledged, min(frame, self._sent))
                actions.changed()
            case {
                "kind": "page",
                "view": str(view),
                "visible": bool(visible),
                "ratio": int() | float() as ratio,
            }:
                self._page(view, visible, ratio)
            case {"kind": "key", "name": "pen" | "eraser" as tool}:
                actions.choose(tool, None, None)
            case {"kind": "key", "name": "undo"}:
                actions.undo()
            case {"kind": "key", "name": "redo"}:
                actions.redo()
            case {"kind": "key", "name": "cancel"}:
                actions.cancel()

    def _page(self, view: str, visible: bool, ratio: float) -> None:
        if visible:
            self._renderer.rescale(2 if ratio >= 2 or self._renderer.scale == 2 else 1)
        returns = visible and not any(self._pages.values())
        self._pages[view] = visible
        if returns:
            self._acknowledged = self._sent
            self._fresh = True
        self._actions.changed()

    # --- to pages, on the loop thread ---------------------------------------------------------------------

    def show(self, state: BoardState) -> bool:
        """Show `state`; False when no page can take it now, and `Actions.changed` will say when one can."""
        self._show_bar(state)
        if not self._ready():
            return False
        if self._fresh:
            self._fresh = False
            self._renderer.forget()
        self._show_cursors(state)
        painted = self._renderer.paint(state.elements)
        painted |= self._renderer.live(state.live)
        if painted:
            self._sent += 1
            self._overlay.send({"frame": self._sent})
        return True

    def _ready(self) -> bool:
        if self._pages:
            return any(self._pages.values()) and self._sent - self._acknowledged < UNACKNOWLEDGED
        return time.monotonic() - self._last_event < PATIENCE

    def _show_bar(self, state: BoardState) -> None:
        bar = {
            "status": state.status,
            "connected": state.connected,
            "tool": state.tool,
            "color": state.color,
            "width": state.width,
            "can_undo": state.can_undo,
            "can_redo": state.can_redo,
            "notice": state.notice,
            "people": [[person.name, person.color, person.me] for person in state.people],
        }
        if bar != self._bar_state:
            self._bar_state = self._bar.state = bar

    def _show_cursors(self, state: BoardState) -> None:
        width, height = self._size
        cursors: list[object] = [
            [person.name, person.color, person.cursor[0] / width, person.cursor[1] / height]
            for person in state.people
            if person.cursor is not None and not person.me
        ]
        if cursors != self._cursors:
            self._cursors = self._overlay.cursors = cursors
