"""The widget that shows a board: canvas, front end, and the still image that stays in the notebook.

Jupyter calls back on the main thread or on a subshell's. Each callback only posts to the loop thread, where
`FrameSender`, `CanvasInput` and `page_input` do the rest.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display
from ipywidgets import Box, VBox, Widget

from ..client.session import Session
from ..client.view import BoardState
from ..local.doctor import PageHealth
from ..model.elements import Element
from .canvas_input import CanvasInput
from .frame_sender import FrameSender
from .frontend import Frontend
from .page_decoder import PageDecoder
from .page_input import perform
from .page_messages import (
    ChooseStyle,
    FrameShown,
    InkLost,
    Road,
    RoadReport,
    RoadWanted,
    SceneWanted,
    SubmitActions,
    ViewClosed,
    ViewReport,
)
from .renderer import Renderer
from .still_image import StillImage

Post = Callable[[Callable[[], None]], None]


class BoardWidget(VBox):
    """Shows the states that `show` receives, and does in `session` what people do on it, in board units.

    `post` hands a callable to the loop thread, from any thread; `session` and `show` belong to that thread. `elements`
    and `count` may be called on any other one: the elements on the page, and, answered sooner, how many there are.
    """

    def __init__(
        self,
        post: Post,
        session: Session,
        elements: Callable[[], tuple[Element, ...]],
        count: Callable[[], int],
        size: tuple[int, int],
    ) -> None:
        width, height = size
        self._post_to_loop, self._session = post, session
        self._renderer = Renderer(width, height)
        self._decoder = PageDecoder()
        self._offering: set[asyncio.Task[None]] = set()
        self._in_sight = threading.Event()
        self._still_image = StillImage(size, elements, count, self._in_sight)
        canvas = self._renderer.canvas
        self._frontend = Frontend(input_model=canvas.model_id)
        self._sender = FrameSender(self._renderer, self._frontend, size, session, self._free_route)
        # The front end adds the toolbar. The canvas is a widget of its own: it is shown also where ours cannot load.
        desk = Box([canvas, self._frontend], _dom_classes=("ipysketch-desk",))
        super().__init__([desk], _dom_classes=("ipysketch-board",))
        canvas.on_client_ready(lambda: self._post(self._page_ready))
        canvas.on_msg(self._on_message)
        CanvasInput(session.hands, session.presence, lambda: self._renderer.scale).listen(canvas, self._post)
        self._free_route()

    @property
    def is_closed(self) -> bool:
        """Whether somebody closed this widget, or a part of it: it cannot be shown any more."""
        canvas = self._renderer.canvas
        return any(widget.comm is None for widget in (self, *self.children, self._frontend, canvas))

    def close_parts(self) -> None:
        """Close what is left of a closed widget."""
        for widget in (self, *self.children, self._frontend, self._renderer.canvas):
            widget.close()

    # --- on the thread of a cell --------------------------------------------------------------------------

    def present(self, shown: Widget) -> bool:
        """Show `shown`, this widget or one around it, and the still image as outputs of the cell that runs; False where
        there are no outputs."""
        if getattr(get_ipython(), "kernel", None) is None:
            return False
        bundle = shown._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        # Where there are no widgets, the image says enough.
        display({**data, "text/plain": ""}, raw=True)
        self._still_image.add_output()
        return True

    # --- from Jupyter, on any thread ----------------------------------------------------------------------

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        """Call `function` on the loop thread, as a page asked for."""
        off_main = threading.current_thread() is not threading.main_thread()

        def run() -> None:
            if not off_main:
                # An answer on the canvas's comm, such as an echo of its state, has bound the route to cells again.
                self._free_route()
            self._sender.received(off_main)
            function(*arguments)

        self._post_to_loop(run)

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        # ipycanvas reports its events on this comm too.
        if isinstance(content, dict) and "ipysketch" in content:
            self._post(self._receive, content)

    # --- on the loop thread -------------------------------------------------------------------------------

    def show(self, state: BoardState) -> bool:
        """Show `state`; False when pages cannot take another frame now: `Presenter.refresh` is called when they can.

        Toolbar and status line are brought up to date in either case.
        """
        self._still_image.changed(state.elements)
        return self._sender.show(state)

    def attended(self) -> bool:
        """See `FrameSender.attended`."""
        return self._sender.attended()

    async def examine(self, count: int, patience: float) -> PageHealth:
        """See `FrameSender.examine`."""
        return await self._sender.examine(count, patience)

    def _page_ready(self) -> None:
        self._free_route()
        self._sender.page_ready()
        self._session.presenter.refresh()

    def _receive(self, content: dict[str, Any]) -> None:
        """Handle a message of our front end."""
        match message := self._decoder.decode(content):
            case None:
                return
            case ViewReport():
                self._in_sight.set()
                self._frontend.speak(message.language)
                self._session.hands.enter_view(message.view)
                self._sender.report(message)
            case ViewClosed(view=view):
                self._sender.close(view)
                if not self._sender.in_sight:
                    self._in_sight.clear()
                self._session.hands.close_view(view)
                self._session.presenter.refresh()
            case FrameShown():
                self._sender.acknowledge(message)
            case InkLost():
                self._sender.resend_ink()
            case RoadWanted() | RoadReport():
                self._take_road(message)
            case SceneWanted():
                self._sender.resend_scene()
            case SubmitActions(view=view, number=number):
                perform(message, self._session)
                self._sender.applied(view, number)
            case ChooseStyle(view=view, number=number):
                perform(message, self._session)
                if number:
                    self._sender.chosen(view, number)
            case _:
                perform(message, self._session)

    def _take_road(self, message: RoadWanted | RoadReport) -> None:
        if isinstance(message, RoadReport):
            self._sender.take_road(message)
            return
        self._sender.take_road(RoadReport(message.view, why="the page is looking for a way"))
        task = asyncio.get_running_loop().create_task(self._offer_road(message.view))
        self._offering.add(task)  # asyncio alone does not keep a task.
        task.add_done_callback(self._offering.discard)

    async def _offer_road(self, view: str) -> None:
        self._sender.offer_road(Road(view, **(await self._session.road(view))._asdict()))

    def _free_route(self) -> None:
        """Let a page's messages reach a subshell while a cell runs.

        ipykernel sends them to the shell that sent last on their comm: the one whose cell opened it. The attribute is
        private; without it, and in front ends without subshells, input waits for the end of the cell.
        """
        for widget in (self._renderer.canvas, *self._renderer.canvas._canvases):  # noqa: SLF001
            if hasattr(widget.comm, "_reply_subshell_id"):
                del widget.comm._reply_subshell_id  # noqa: SLF001
