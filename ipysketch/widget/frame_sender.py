"""Sends frames to the pages that show a board. On the loop thread.

Pages pace it by their acknowledgements, for ipycanvas has no backpressure: a closed laptop would otherwise make the
Jupyter server collect frames without bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ..client.session import Session
from ..client.view import BoardState
from ..local.doctor import PageHealth
from .frontend import Frontend
from .ink_feed import InkFeed
from .pacing import MAX_VIEWS, ViewPacer
from .page_messages import (
    ControlState,
    CursorPlace,
    FrameShown,
    FrameState,
    Road,
    RoadReport,
    ViewReport,
    encode,
)
from .page_state import Size, control_state, cursor_places, frame_state
from .renderer import Renderer
from .roads import Roads
from .scene_feed import SceneFeed

CURSOR_INTERVAL = 1 / 15
"""Seconds between two updates of others' cursors, if nothing else is sent."""
CURSOR_REST = 0.1
"""Seconds after which a cursor's last place is sent in any case; sooner, it goes with ink."""

ASK, GONE = 4.0, 8.0
"""Seconds of a page's silence after which it is asked whether it is there, and taken not to be."""


class FrameSender:
    """Paints states with `renderer` and sends what lies above the ink to `frontend`.

    `session` is told when a state that could not be sent can be; `resized` is called when the canvas has another size.
    """

    def __init__(
        self,
        renderer: Renderer,
        frontend: Frontend,
        size: Size,
        session: Session,
        resized: Callable[[], None],
    ) -> None:
        self._renderer, self._frontend, self._size = renderer, frontend, size
        self._changed, self._scene, self._resized = session.presenter.refresh, session.drawing.changes, resized
        self._want_previews = session.previews.want
        self._pacer = ViewPacer()
        self._ink_feed = InkFeed()
        self._scene_feed = SceneFeed()
        self._roads = Roads()
        self._controls: ControlState | None = None
        self._choices: dict[str, int] = {}
        self._above: FrameState | None = None
        self._cursors: tuple[CursorPlace, ...] = ()
        self._cursors_after = 0.0
        self._cursor_timer: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        # Whether a page said that its canvas is there: it asks for everything then, which would be painted twice.
        self._ready = False
        self._repaint_after: int | None = None
        self._acknowledged = asyncio.Event()

    @property
    def in_sight(self) -> int:
        """How many views people can see."""
        return self._pacer.in_sight

    # --- from pages ---------------------------------------------------------------------------------------

    def received(self, off_main: bool) -> None:
        """Note that a page sent something; `off_main` if it came on another thread than the one that runs cells."""
        self._pacer.received(_now(), off_main)

    def page_ready(self) -> None:
        """Paint everything for a page whose canvas is new, and so empty."""
        self._ready = True
        self._repaint()

    def report(self, report: ViewReport) -> None:
        """Take account of how a view is."""
        if self._pacer.report(report.view, report.ratio, report.visible, _now(), report.pixels):
            self._ink_feed.forget()
        self._weigh_roads()
        if self._renderer.scale != (scale := self._pacer.scale()):
            self._rescale(scale)
        self._changed()

    def close(self, view: str) -> None:
        """Forget a view that closed."""
        self._pacer.close(view)
        self._choices.pop(view, None)
        self._scene_feed.close(view)
        self._roads.close(view)
        self._weigh_roads()

    def offer_road(self, road: Road) -> None:
        """Send a view what it needs for a way of its own to the relay."""
        self._frontend.send({"road": encode(road)})

    def take_road(self, report: RoadReport) -> None:
        """Take account of the way by which the live ink of a view goes."""
        if self._roads.report(report):
            # Whoever sees others' ink from here again begins with all of it.
            self._ink_feed.forget()
        self._weigh_roads()
        self._changed()

    def _weigh_roads(self) -> None:
        """Have the kernel receive others' ink, or not: it need not while each view in sight has it from the relay, and
        while none is in sight, whatever was before holds."""
        if self._pacer.visible or not self._pacer.views:
            self._want_previews(not self._roads.cover(self._pacer.visible))

    def chosen(self, view: str, number: int) -> None:
        """Tell the view with the next state that its choice of tool or style is in it, or was not taken."""
        self._choices.pop(view, None)
        self._choices[view] = number
        if len(self._choices) > MAX_VIEWS:
            del self._choices[next(iter(self._choices))]
        self._changed()

    def acknowledge(self, message: FrameShown) -> None:
        """Take account of a frame that is on a view's screen."""
        self._pacer.acknowledge(message.view, message.frame, _now())
        self._acknowledged.set()
        if self._repaint_after is not None and self._pacer.on_screen(self._repaint_after):
            self._repaint_after = None
            self._repaint()
        self._changed()

    def resend_ink(self) -> None:
        """Send all ink of others with the next frame."""
        self._ink_feed.forget()
        self._changed()

    def attended(self) -> bool:
        """Return whether a page is there that shows this board. One that was silent for `ASK` seconds is asked to
        acknowledge an empty frame, and after `GONE` taken to have closed without a message. Call it now and then."""
        silence = self._pacer.silence(_now())
        if ASK < silence < GONE:
            self._number_frame(acknowledge=True)
        return silence < GONE

    def resend_scene(self) -> None:
        """Send the whole scene from the next frame on, and its changes after that."""
        self._scene_feed.restart()
        self._changed()

    def applied(self, view: str, number: int) -> None:
        """Tell the view with the next scene that its operation is in it, or was not taken."""
        self._scene_feed.applied(view, number)
        self._changed()

    async def examine(self, count: int, patience: float) -> PageHealth:
        """Return how the pages are, after `count` empty frames that they acknowledge within `patience` seconds.

        Where none answers, for the kernel is too busy to receive it, the round trips are those of before. Where none is
        in sight, nobody knows by which way an answer would come.
        """
        answered = 0
        try:
            async with asyncio.timeout(patience):
                while answered < count and self._pacer.in_sight:
                    self._acknowledged.clear()
                    self._number_frame(acknowledge=True)
                    number = self._frontend.frame
                    while not self._pacer.on_screen(number):
                        await self._acknowledged.wait()
                        self._acknowledged.clear()
                    answered += 1
        except TimeoutError:
            pass
        roads = self._roads.of(self._pacer.visible)
        off_main = self._pacer.off_main if answered or self._pacer.in_sight else None
        return PageHealth(self._pacer.in_sight, self._pacer.trips[-answered:], off_main, roads)

    # --- to pages -----------------------------------------------------------------------------------------

    def show(self, state: BoardState) -> bool:
        """Send `state`; False when pages cannot take a frame now. Their toolbars are brought up to date in any case."""
        self._send_controls(control_state(state, self._choices))
        delay = self._pacer.delay(_now()) if self._ready else None
        if delay is None:
            return False
        if delay > 0:
            if self._retry is None:
                self._retry = asyncio.get_running_loop().call_later(delay, self._try_again)
            return False
        self._paint(state)
        if covered := self._roads.cover(self._pacer.visible):
            # All pages in sight have what is live from the relay.
            state = replace(state, live=(), lasers=())
            self._cursors = ()
        else:
            self._cursors = self._cursor_places(state)
        above = frame_state(state, self._cursors, self._size)
        # What has yet to come again would be shown as gone.
        known = state.live_is_here or covered
        update = self._ink_feed.update(state.live) if self.in_sight and known else None
        scene = self._scene_feed.update(self._scene) if self.in_sight else None
        # The paper is sent first: else a frame could show a stroke that dries neither there nor above it.
        if self._renderer.flush() or update is not None or scene is not None or above != self._above:
            self._above = above
            if scene is not None:
                self._frontend.send({"scene": encode(scene)})
            if update is not None:
                self._frontend.send({"live": encode(update)})
            with self._frontend.hold_sync():
                self._frontend.update(above)
                self._number_frame()
        if scene is not None and scene.more:
            self._changed()
        return True

    def _send_controls(self, controls: ControlState) -> None:
        if controls != self._controls:
            self._controls = controls
            with self._frontend.hold_sync():
                self._frontend.update(controls)

    def _paint(self, state: BoardState) -> None:
        self._renderer.paint(state.elements)
        # A view that is the only one shows its own wet ink by itself.
        own = [ink for pointer, ink in state.mine if not self._pacer.is_alone(pointer.partition("/")[0])]
        # Our front end paints others' ink from updates; without it, ipycanvas' upper layer does.
        others = () if self.in_sight else (ink.element for ink in state.live if ink.element is not None)
        self._renderer.live((*others, *own))

    def _cursor_places(self, state: BoardState) -> tuple[CursorPlace, ...]:
        """Return others' cursors; a class moves all the time, so they are updated less often than ink."""
        now = _now()
        if self._cursors_after > now:
            if self._cursor_timer is None:
                at = self._cursors_after + CURSOR_REST
                self._cursor_timer = asyncio.get_running_loop().call_at(at, self._cursors_due)
            return self._cursors
        places = cursor_places(state, self._size)
        if places != self._cursors:
            self._cursors_after = now + CURSOR_INTERVAL
        return places

    def _cursors_due(self) -> None:
        self._cursor_timer = None
        self._changed()

    def _try_again(self) -> None:
        self._retry = None
        self._changed()

    def _rescale(self, scale: float) -> None:
        self._renderer.rescale(scale)
        self._resized()
        # The new size empties the canvas on a comm of its own, perhaps after a repaint that is sent now. So one is
        # sent now, and one when a page has seen this frame.
        self._repaint()
        self._number_frame(acknowledge=True)
        self._repaint_after = self._frontend.frame

    def _repaint(self) -> None:
        self._renderer.repaint()
        self._renderer.flush()

    def _number_frame(self, *, acknowledge: bool = False) -> None:
        """Count a frame that leaves; pages are asked to acknowledge it when that is due, or with `acknowledge`."""
        now = _now()
        self._pacer.sent(now)
        if (number := self._pacer.to_acknowledge(now, anyway=acknowledge)) is not None:
            self._frontend.frame = number


def _now() -> float:
    return asyncio.get_running_loop().time()
