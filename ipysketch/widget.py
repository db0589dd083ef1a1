"""The widget people see: toolbar, paper, cursors.

Jupyter calls back on the main thread or on a subshell's; every callback only posts to the loop thread, and all
else here runs there. The page is paced by its own acknowledgements, for ipycanvas has no backpressure: a closed
laptop would otherwise make the Jupyter server collect frames without bound.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display
from ipywidgets import Box, VBox

from .board_state import Actions, BoardState
from .doctor import PageHealth
from .elements import Element, Text
from .elements.fields import EIGHTHS
from .front import Bar, Overlay
from .growing import Growing
from .pages import Pages
from .poster import Poster
from .renderer import Renderer

Post = Callable[[Callable[[], None]], None]
MOUSE = "mouse"
"""The hand that ipycanvas tells of, which does not say which one it is."""
MOST_SAMPLES = 5_000
MOST_FRAMES = 500
POINT_EVERY = 1 / 15
"""Seconds between two places of others' cursors; sooner than `POINTS_REST` after that the last one comes with ink."""
POINTS_REST = 0.1
FRAME_ROOM = 6.0
"""Board units between what is chosen and the frame around it."""
TRAIL = 40
"""Places of a laser's trail that a page is told of: a second and more of a hand's."""
COLOR = re.compile(r"#[0-9a-f]{6}")


class BoardWidget(VBox):
    """Shows what `show` is told and tells `actions` what hands do, in board units.

    `post` hands a callable to the loop thread, from any thread; `actions` and `show` belong to that thread, and every
    other one may ask for the `elements` and, sooner answered, for their `count`.
    """

    def __init__(
        self,
        post: Post,
        actions: Actions,
        elements: Callable[[], tuple[Element, ...]],
        count: Callable[[], int],
        width: int,
        height: int,
    ) -> None:
        self._post, self._actions = post, actions
        self._size = (width, height)
        self._renderer = Renderer(width, height)
        self._pages = Pages()
        self._growing = Growing()
        self._in_sight = threading.Event()
        self._poster = Poster((width, height), elements, count, self._in_sight)
        self._shown: tuple[object, ...] = ()
        self._pointed: list[list[Any]] = []
        self._point_after = 0.0
        self._repoint: asyncio.TimerHandle | None = None
        # Whether a page has said that its canvas is there: it wants everything then, which would be painted twice.
        self._came = False
        self._retry: asyncio.TimerHandle | None = None
        self._repaint_after: int | None = None
        self._acked = asyncio.Event()
        canvas = self._renderer.canvas
        self._bar = Bar(input_model=canvas.model_id)
        self._overlay = Overlay(input_model=canvas.model_id)
        desk = Box([canvas, self._overlay], _dom_classes=("ipysketch-desk",))
        super().__init__([self._bar, desk], _dom_classes=("ipysketch-board",))
        self._listen()
        self._free_route()

    async def examine(self, count: int, patience: float) -> PageHealth:
        """How the pages that show this are, after so many empty frames that they are asked to acknowledge, within
        `patience` seconds; where none answers, for the kernel is too busy to hear it, what is remembered. On the
        loop thread."""
        answered = 0
        try:
            async with asyncio.timeout(patience):
                while answered < count and self._pages.in_sight:
                    self._acked.clear()
                    self._next_frame(told=True)
                    number = self._overlay.frame
                    while not self._pages.on_screen(number):
                        await self._acked.wait()
                        self._acked.clear()
                    answered += 1
        except TimeoutError:
            pass
        trips = self._pages.trips
        return PageHealth(self._pages.in_sight, trips[-answered:], self._pages.beside)

    def present(self) -> bool:
        """Show the widget, and the picture that stays when it is gone, as outputs of the cell that runs; False where
        there are no such outputs."""
        if getattr(get_ipython(), "kernel", None) is None:
            return False
        bundle = self._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        # Where there are no widgets, the picture says enough.
        display({**data, "text/plain": ""}, raw=True)
        self._poster.hang()
        return True

    # --- from Jupyter, on any thread ----------------------------------------------------------------------

    def _listen(self) -> None:
        canvas = self._renderer.canvas
        canvas.on_client_ready(lambda: self._hand_over(self._page_came))
        canvas.on_mouse_down(lambda x, y: self._hand_over(self._down, x, y))
        canvas.on_mouse_move(lambda x, y: self._hand_over(self._move, x, y))
        canvas.on_mouse_up(lambda x, y: self._hand_over(self._up, x, y))
        canvas.on_mouse_out(lambda x, y: self._hand_over(self._out, x, y))
        canvas.on_touch_start(lambda touches: self._hand_over(self._touch, touches))
        canvas.on_touch_move(lambda touches: self._hand_over(self._drag, touches))
        canvas.on_touch_end(lambda touches: self._hand_over(self._lift))
        canvas.on_touch_cancel(lambda touches: self._hand_over(self._actions.cancel, MOUSE))
        canvas.on_msg(self._on_message)

    def _hand_over(self, function: Callable[..., None], *arguments: Any) -> None:
        beside = threading.current_thread() is not threading.main_thread()

        def run() -> None:
            self._pages.heard(asyncio.get_running_loop().time(), beside)
            function(*arguments)

        self._post(run)

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, dict) and isinstance(kind := content.get("ipysketch"), str):
            self._hand_over(self._take, kind, content)

    def _free_route(self) -> None:
        """Let a page's messages reach a subshell while a cell runs.

        ipykernel sends them to the shell that last sent on their comm: the one whose cell opened it. The
        attribute is private; without it, and in front ends without subshells, hands wait for the cell as ever.
        """
        for widget in (self._renderer.canvas, *self._renderer.canvas._canvases):
            if hasattr(widget.comm, "_reply_subshell_id"):
                del widget.comm._reply_subshell_id

    # --- the pen of our front-end part, on the loop thread ---------------------------------------------------

    def _pen(self, content: dict[str, Any]) -> None:
        """What one pointer did since the last display frame."""
        view, pointer, phase = content.get("view"), content.get("pointer"), content.get("phase")
        samples = content.get("samples")
        if not isinstance(view, str) or type(pointer) is not int or not isinstance(samples, list):
            return
        hand = f"{view}/{pointer}"
        for number, sample in enumerate(samples[:MOST_SAMPLES]):
            if (found := _sample(sample)) is None:
                continue
            x, y, at, pressure = found
            if phase == "begin" and number == 0:
                tool, more = str(content.get("tool") or ""), content.get("more") is True
                style = _style(content)
                self._actions.begin(hand, x, y, tool=tool, style=style, at=at, pressure=pressure, more=more)
            elif content.get("straight") is True:
                self._actions.straighten(hand, x, y, at=at)
            else:
                self._actions.motion(hand, x, y, at=at, pressure=pressure)
        if content.get("last") is True:
            self._actions.end(hand)
        elif phase == "cancel":
            self._actions.cancel(hand)

    # --- ipycanvas' own events, where our part is not there, on the loop thread -----------------------------

    def _units(self, x: float, y: float) -> tuple[float, float]:
        return x / self._renderer.scale, y / self._renderer.scale

    def _down(self, x: float, y: float) -> None:
        self._actions.begin(MOUSE, *self._units(x, y))

    def _move(self, x: float, y: float) -> None:
        self._actions.motion(MOUSE, *self._units(x, y))

    def _up(self, x: float, y: float) -> None:
        self._actions.motion(MOUSE, *self._units(x, y))
        self._actions.end(MOUSE)

    def _out(self, x: float, y: float) -> None:
        """It left: the stroke ends at the point where it did, for its release may never be told."""
        self._up(x, y)
        self._actions.point_away()

    def _touch(self, touches: list[tuple[float, float]]) -> None:
        """The first finger draws; a second one on the paper means something else than drawing."""
        if len(touches) == 1:
            self._down(*touches[0])
        else:
            self._actions.cancel(MOUSE)

    def _drag(self, touches: list[tuple[float, float]]) -> None:
        if touches:
            self._move(*touches[0])

    def _lift(self) -> None:
        """A finger left, and the message only names those that remain: the stroke ends where it was last."""
        self._actions.end(MOUSE)
        self._actions.point_away()

    # --- the page, on the loop thread ---------------------------------------------------------------------

    def _page_came(self) -> None:
        self._came = True
        self._free_route()
        self._repaint()
        self._actions.ready()

    def _take(self, kind: str, content: dict[str, Any]) -> None:
        """One message of our own front-end part; what it does not know is from another version."""
        now = asyncio.get_running_loop().time()
        match kind:
            case "view":
                if self._pages.view(
                    str(content.get("view")), content.get("ratio"), content.get("visible"), now
                ):
                    self._growing.forget()
                self._in_sight.set()
                self._match_ratio()
                self._actions.changed()
            case "gone":
                self._pages.gone(str(content.get("view")))
                if not self._pages.in_sight:
                    self._in_sight.clear()
                self._actions.forget_hands(f"{content.get('view')}/")
                self._actions.changed()
            case "ack":
                self._pages.ack(str(content.get("view")), content.get("frame"), now)
                self._acked.set()
                if self._repaint_after is not None and self._pages.on_screen(self._repaint_after):
                    self._repaint_after = None
                    self._repaint()
                self._actions.changed()
            case "lost":
                self._growing.forget()
                self._actions.changed()
            case "pen":
                self._pen(content)
            case "cursor":
                where = _sample([content.get("x"), content.get("y"), 0])
                if where is not None:
                    self._actions.point_at(*where[:2])
                else:
                    self._actions.point_away()
            case "cancel":
                self._actions.cancel()
            case "undo":
                self._actions.undo()
            case "redo":
                self._actions.redo()
            case "clear":
                self._actions.clear()
            case "turn":
                self._actions.turn(str(content.get("page", "")))
            case "add page":
                self._actions.turn(self._actions.add_page(""))
            case "rename page":
                if isinstance(name := content.get("name"), str) and (page := content.get("page")):
                    self._actions.rename_page(str(page), name[:80])
            case "remove page":
                self._actions.remove_page(str(content.get("page", "")))
            case "follow":
                self._actions.follow(str(content.get("peer", "")))
            case "look":
                self._actions.look(_view(content.get("view")))
            case "act":
                self._actions.act(str(content.get("what")))
            case "text":
                where, text = _sample([content.get("x"), content.get("y"), 0]), content.get("text")
                if where is not None and isinstance(text, str):
                    self._actions.type_text(*where[:2], text)
            case "rewrite":
                key, text = content.get("key"), content.get("text")
                if isinstance(key, str) and isinstance(text, str):
                    self._actions.rewrite(key, text)
            case "choose":
                self._choose(content)

    def _choose(self, content: dict[str, Any]) -> None:
        style = _style(content)
        if isinstance(tool := content.get("tool"), str):
            style["tool"] = tool
        if style:
            self._actions.choose(**style)

    def _match_ratio(self) -> None:
        if self._renderer.scale != (scale := self._pages.scale()):
            self._renderer.rescale(scale)
            self._free_route()
            # The new size empties the canvas on a comm of its own, perhaps after a repaint sent now.
            # So one is sent now, and one when the page has seen this frame.
            self._repaint()
            self._next_frame(told=True)
            self._repaint_after = self._overlay.frame

    def _repaint(self) -> None:
        self._renderer.repaint()
        self._renderer.flush()

    def _next_frame(self, *, told: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        self._pages.sent(now)
        if (number := self._pages.tell(now, anyway=told)) is not None:
            self._overlay.frame = number

    # --- showing, on the loop thread ----------------------------------------------------------------------

    def show(self, state: BoardState) -> bool:
        """Show `state`; False when the page cannot take another frame now: `Actions.changed` says when it can.

        The words of the toolbar are brought up to date in either case.
        """
        self._show_bar(state)
        self._poster.show(state.elements)
        loop = asyncio.get_running_loop()
        wait = self._pages.wait(loop.time()) if self._came else None
        if wait is None:
            return False
        if wait > 0:
            if self._retry is None:
                self._retry = loop.call_later(wait, self._again)
            return False
        self._renderer.paint(state.elements)
        # A page that is the only one shows its own wet ink by itself.
        mine = [element for hand, element in state.mine if not self._pages.is_alone(hand.partition("/")[0])]
        # And others' ink, by what we tell it; a front end without our part has a canvas of ipycanvas for that.
        ours = bool(self._pages.in_sight)
        theirs = () if ours else (ink.element for ink in state.live if ink.element is not None)
        self._renderer.live((*theirs, *mine))
        cursors = self._cursors(state, loop.time())
        frames, lasers = self._frames(state), self._lasers(state)
        written = self._written(state.written)
        new = (cursors, state.finished, frames, lasers, written)
        news = self._growing.news(state.live) if ours else None
        # The paper first: what is dry there goes from above it afterwards.
        if self._renderer.flush() or news or new != self._shown:
            self._shown = new
            if news:
                self._overlay.send({"live": news})
            with self._overlay.hold_sync():
                self._overlay.cursors = cursors
                self._overlay.finished = list(state.finished)
                self._overlay.frames, self._overlay.lasers = frames, lasers
                self._overlay.written = written
                self._next_frame()
        return True

    def _point_again(self) -> None:
        self._repoint = None
        self._actions.changed()

    def _again(self) -> None:
        self._retry = None
        self._actions.changed()

    def _cursors(self, state: BoardState, now: float) -> list[list[Any]]:
        """Where others are; a class moves all the time, so its cursors are shown anew less often than ink."""
        if self._point_after > now:
            if self._repoint is None:
                at = self._point_after + POINTS_REST
                self._repoint = asyncio.get_running_loop().call_at(at, self._point_again)
            return self._pointed
        width, height = self._size
        found = [
            [round(person.cursor[0] / width, 4), round(person.cursor[1] / height, 4), person.name, person.color]
            for person in state.people
            if person.cursor is not None and not person.me and person.page == state.page
        ]
        if found != self._pointed:
            self._pointed, self._point_after = found, now + POINT_EVERY
        return found

    def _frames(self, state: BoardState) -> list[list[Any]]:
        """The boxes around what is chosen, and the one that chooses."""
        width, height = self._size
        boxes = [(box.inflate(FRAME_ROOM), "chosen") for box in state.chosen[:MOST_FRAMES]]
        boxes += [(state.band, "band")] if state.band is not None else []
        return [
            [
                round(box.x0 / width, 4),
                round(box.y0 / height, 4),
                round((box.x1 - box.x0) / width, 4),
                round((box.y1 - box.y0) / height, 4),
                kind,
            ]
            for box, kind in boxes
        ]

    def _written(self, text: Text | None) -> dict[str, Any]:
        """What a page has to know of a text to change it."""
        if text is None:
            return {}
        x, y = (round(value / side, 4) for value, side in zip(text.at, self._size, strict=True))
        return {"key": text.key, "x": x, "y": y, "text": text.text, "color": text.color, "size": text.size}

    def _lasers(self, state: BoardState) -> list[list[Any]]:
        """The ends of others' trails; what is older has faded."""
        width, height = (EIGHTHS * side for side in self._size)
        found: list[list[Any]] = []
        for laser in state.lasers:
            points = laser.points[-2 * TRAIL :]
            places = [
                round(value / (width if number % 2 == 0 else height), 4) for number, value in enumerate(points)
            ]
            found.append([laser.name, laser.color, len(laser.points) // 2, *places])
        return found

    def _show_bar(self, state: BoardState) -> None:
        bar, overlay = self._bar, self._overlay
        with overlay.hold_sync():
            overlay.tool, overlay.ink = state.tool, asdict(state.style)
            overlay.can_draw, overlay.others = state.can_draw, len(state.people) > 1
            overlay.following = state.following
            overlay.view_box = list(state.view) if state.view is not None else None
        with bar.hold_sync():
            bar.tool, bar.ink, bar.chosen = state.tool, asdict(state.style), len(state.chosen)
            bar.can_undo, bar.can_redo = state.can_undo, state.can_redo
            bar.can_draw, bar.can_clear = state.can_draw, state.can_clear
            bar.status, bar.connected, bar.notice = state.status, state.connected, state.notice
            bar.progress = state.progress
            bar.people = [
                {
                    "name": person.name,
                    "color": person.color,
                    "me": person.me,
                    "peer": person.peer,
                    "page": person.page,
                }
                for person in state.people
            ]
            bar.pages = [[page.key, page.name] for page in state.pages]
            bar.page, bar.following = state.page, state.following


def _style(content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a `Style` in a page's message, as far as they are such."""
    style: dict[str, Any] = {}
    for name in ("color", "fill"):
        value = content.get(name)
        if isinstance(value, str) and (COLOR.fullmatch(value) or (name == "fill" and not value)):
            style[name] = value
    width, opacity, dash = content.get("width"), content.get("opacity"), content.get("dash")
    if isinstance(width, int | float) and 0.125 <= width <= 200:
        style["width"] = float(width)
    if type(opacity) is int and 0 <= opacity <= 100:
        style["opacity"] = opacity
    if dash in ("", "dashed", "dotted"):
        style["dash"] = dash
    return style


def _view(view: object) -> list[float] | None:
    """x, y, width and height in board units."""
    if (
        isinstance(view, list)
        and len(view) == 4
        and all(isinstance(v, int | float) and abs(v) < 1e5 for v in view)
    ):
        return [float(value) for value in view]
    return None


def _sample(sample: object) -> tuple[float, float, float, float | None] | None:
    """A sample of a pointer: x, y in board units, its time in seconds, and its pressure if it has one."""
    if not isinstance(sample, list) or not 3 <= len(sample) <= 4:
        return None
    if not all(isinstance(value, int | float) and abs(value) < 1e12 for value in sample):
        return None
    x, y, milliseconds, *rest = sample
    pressure = min(1.0, max(0.0, float(rest[0]))) if rest else None
    return float(x), float(y), milliseconds / 1000, pressure
