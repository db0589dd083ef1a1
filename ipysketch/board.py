"""The public API: a `Sketch` is one board, usable from any thread of a notebook's kernel or of a plain script.

Every method validates its arguments in the caller and then runs on the loop thread. Reading does too, and so sees the
caller's own earlier writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from relay.protocol import Action, RemoteError

from .authoring import DrawingSurface
from .client.attendance import VisitorView
from .client.connection import Target
from .client.connection_state import Ended, Offline
from .client.loop_thread import OnLoop, loop_thread
from .client.session import Session
from .client.view import BoardView
from .errors import ArgumentError, SketchError
from .local import app_session, doors
from .local.doctor import Health, PageHealth
from .local.identity import author_secret
from .sketch.events import Events
from .sketch.files import Files
from .sketch.joining import check_room_name, identity, named_relay, normalize_token
from .sketch.leaving import attend, watch
from .sketch.pages import Pages
from .sketch.sharing import Sharing
from .sketch.state import HEIGHT, WIDTH
from .sketch.value import Value

if TYPE_CHECKING:
    from .widget.board import BoardWidget

T = TypeVar("T")

DEFAULT_ROOM = "main"

JOIN_WAIT = 10.0
"""Seconds that `connect` waits for a relay that does not answer; the board goes on trying."""
VISITOR_WAIT = 2.0
"""The same in an app server, whose other people wait meanwhile."""
LEAVE_WAIT = 5.0
TRIPS, TRIPS_WAIT = 5, 2.0


class Sketch(Pages, Sharing, Events, Files, Value, DrawingSurface):
    """A board: one shared drawing of one or more pages.

    Without `connect` it works alone; on connecting, what was drawn so far joins the drawing of the room. A cell that
    ends with a board shows it. Where there are widgets it is one: a child of boxes, with `layout`, and with the traits
    `tool`, `color`, `value`, `page`, `people` and `seq` to observe and link. All coordinates and lengths are in board
    units: a board has 1280 × 720, x to the right and y downwards from its upper left corner.

    Args:
        name: how the others see this user, at most 64 characters; a generated name if None.
        color: ``#rrggbb`` or a name of CSS, of the cursor and, to begin with, of the pen; derived from the name if
                None.

    Raises:
        SketchError: the name or colour is not allowed.
    """

    def __new__(cls, **_identity: str | None) -> Sketch:
        """Return a board that is a widget too, where there is a notebook to show it in."""
        chosen = _widget_class() if cls is Sketch and _shows_widgets() else cls
        return super(Sketch, chosen).__new__(chosen)

    def __init__(self, *, name: str | None = None, color: str | None = None) -> None:
        super().__init__()
        self._visit = app_session.current()
        self._color_chosen = color is not None
        self._name, self._color = identity(name or (self._visit.name if self._visit else None), color)
        secret = self._visit.secret if self._visit else author_secret()
        self._session = OnLoop(
            loop_thread(),
            lambda: Session(name=self._name, color=self._color, secret=secret, color_chosen=self._color_chosen),
        )
        self._widget: BoardWidget | None = None
        self._view: BoardView | None = None
        self._joined: tuple[str | None, str] | None = None
        watch(self, self._session)
        if self._visit is not None:
            attend(
                self._session,
                self._visit,
                weakref.WeakMethod(self._in_view),
                weakref.WeakMethod(self._visit_ended),
            )

    # --- connecting ---------------------------------------------------------------------------------------

    def connect(
        self,
        url: str | None = None,
        room: str = DEFAULT_ROOM,
        *,
        name: str | None = None,
        color: str | None = None,
        token: str | None = None,
    ) -> Sketch:
        """Join a room, and wait until its drawing is here.

        While a relay is merely down, this returns after 10 seconds; the board goes on trying, and `status` says so.

        Args:
            url: of the relay, such as ``ws://127.0.0.1:8765``; http and https are taken as ws and wss. If None:
                ``IPYSKETCH_URL`` of the environment, else the one that the Jupyter server's configuration names, else
                the Hub's, else this user's own, which is started if none runs; `relay` says which.
            room: the name of the room.
            name: as in `rename`.
            color: as in `rename`.
            token: what the relay asks for; ``IPYSKETCH_TOKEN`` of the environment if None.

        Returns:
            This board.

        Raises:
            SketchError: an argument is not allowed, the relay refused, or this user's relay cannot be started.
        """
        self._begin(url, room, name, color, token)
        self.settle()
        return self

    def _begin(
        self, url: str | None, room: str, name: str | None, color: str | None, token: str | None
    ) -> None:
        """Join as `connect` does, without waiting for the drawing."""
        check_room_name(room)
        token = normalize_token(token or os.environ.get("IPYSKETCH_TOKEN", ""))
        named = named_relay(url)
        if name or color:
            self.rename(name, color)
        joined = (named.url if named is not None else None, room)
        if self._joined == joined and not isinstance(self._state(), Ended | Offline):
            return
        if self._joined is not None:
            self.disconnect()
        self._joined = joined

        def resolve() -> Target:
            door = doors.find(named, token)
            return Target(door.url, door.token, door.proof, door.note, door.which, door.apart, door.header_only)

        self._session.call(lambda session: session.connect(room, resolve))
        self._wait(lambda session: session.answered)

    def settle(self) -> None:
        """Wait until the drawing of the room is here, or it is known that the relay is down.

        Raises:
            SketchError: the relay refused.
        """
        self._wait(lambda session: session.settled)

    def _wait(self, event: Callable[[Session], asyncio.Event]) -> None:
        try:
            # The thread of an app server serves other people too.
            patience = VISITOR_WAIT if self._visit is not None else JOIN_WAIT
            self._session.run(lambda session: event(session).wait(), patience)
        except TimeoutError:
            return  # Still trying: `status` says what it waits for.
        state = self._state()
        if isinstance(state, Ended):
            self._joined = None
            raise SketchError(state.reason, state.code)

    def disconnect(self) -> None:
        """Leave the room, after waiting up to a second for pending operations to be durable. The drawing stays here."""
        self._joined = None
        with contextlib.suppress(TimeoutError):  # In a browser that cannot wait; it leaves all the same.
            self._session.run(lambda session: session.disconnect(), LEAVE_WAIT)
        for joined in [joined for joined, board in _joined.items() if board is self]:
            _left[joined] = _joined.pop(joined)

    def _in_view(self) -> bool:
        return self._widget is not None and self._widget.attended()

    def _visit_ended(self) -> None:
        """Be no visitor's board any more: their session at the app server has ended, and the board has left."""
        for joined in [joined for joined, board in tuple(_joined.items()) if board is self]:
            _joined.pop(joined, None)
        if self._widget is not None:
            # There is no page to tell any more, and libraries object to that.
            with contextlib.suppress(Exception):
                self._widget.close_parts()

    def rename(self, name: str | None = None, color: str | None = None) -> None:
        """Be shown under another name or colour from now on.

        Args:
            name: how the others see this user, at most 64 characters; as before if None.
            color: ``#rrggbb`` or a name of CSS, of the pen and the cursor; as before if None.

        Raises:
            SketchError: the name or colour is not allowed.
        """
        self._color_chosen = self._color_chosen or color is not None
        name, color = identity(name or self._name, color or self._color)
        self._name, self._color = name, color
        chosen = self._color_chosen
        self._session.call(lambda session: session.color.rename(name, color, chosen=chosen))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all own operations are durable at the relay.

        Args:
            timeout: seconds to wait.

        Returns:
            False if that did not suffice, or no relay is connected.
        """
        try:
            return self._session.run(lambda session: session.flush(timeout), timeout + 5.0)
        except TimeoutError:
            return False

    # --- drawing: see also `DrawingSurface` ---------------------------------------------------------------

    def _submit(self, actions: Sequence[Action]) -> None:
        try:
            self._session.call(lambda session: session.operations.submit(actions))
        except RemoteError as bad:
            raise ArgumentError(bad.reason, bad.code) from None

    def _lowest_place(self) -> float:
        return self._session.call(lambda session: session.scenes.lowest_place(session.presence.page))

    def _entry_fields(self, key: str) -> Mapping[str, Any] | None:
        entry = self._session.call(lambda session: session.scenes.entry(key))
        return entry[0] if entry is not None else None

    def _let_go(self, key: str) -> list[Action]:
        return self._session.call(lambda session: session.drawing.let_go(key))

    def _own_group(self, group: str) -> tuple[str, ...]:
        return self._session.call(lambda session: session.scenes.own_group(group))

    def _page(self) -> str:
        return self._session.call(lambda session: session.presence.page)

    def _pen_color(self) -> str:
        return self.color

    def undo(self) -> bool:
        """Undo this user's last operation, whatever others have done since.

        Returns:
            False when there is none.
        """
        return self._session.call(lambda session: session.operations.undo())

    def redo(self) -> bool:
        """Take back this user's last undo.

        Returns:
            False when there is none.
        """
        return self._session.call(lambda session: session.operations.redo())

    def clear(self) -> None:
        """Delete everything on the page, as one operation."""
        self._session.call(lambda session: session.operations.clear())

    # --- showing ------------------------------------------------------------------------------------------

    @property
    def widget(self) -> BoardWidget:
        """The widget that shows this board; the same one each time, until it is closed."""
        if self._widget is None or self._widget.is_closed:
            from .widget.board import BoardWidget

            if (closed := self._widget) is not None and (view := self._view) is not None:
                self._session.post(lambda session: session.presenter.detach(view))
                closed.close_parts()
            self._widget = widget = BoardWidget(
                self._session.thread.post,
                self._session.object,
                elements=lambda: self.elements,
                count=lambda: self._session.call(lambda session: len(session.sync.entries)),
                size=(WIDTH, HEIGHT),
            )
            shown: BoardView = widget
            if self._visit is not None:
                # A library sends to the session, or to the document, of the context that it is called in.
                shown = VisitorView(widget, contextvars.copy_context(), self._visit.sent)
            self._view = shown
            # Not waited for: a large drawing may be on its way, and pages begin to load what they need.
            self._session.post(lambda session: session.presenter.attach(shown))
        return self._widget

    def health(self) -> Health:
        """Measure this board's connections, by a few round trips to the relay and to the views; at most 5 seconds.

        Returns:
            What ``%sketch doctor`` judges.
        """
        try:
            trips = self._session.run(lambda session: session.trips(TRIPS), TRIPS_WAIT)
        except TimeoutError:
            trips = []
        pages = PageHealth(0, (), None)
        if self._widget is not None:
            examined = self._widget.examine(TRIPS, TRIPS_WAIT)
            pages = self._session.thread.run(examined, TRIPS_WAIT + 1.0)
        return Health(self.room, self.status, self.connected, trips, *pages)

    def _ipython_display_(self) -> None:
        if not self.widget.present(self._shown()):
            print(repr(self))

    def _shown(self) -> Any:
        """Return the widget that a cell shows."""
        return self.widget

    def __repr__(self) -> str:
        return f"<Sketch: {self.status}>"


def _shows_widgets() -> bool:
    """Return whether this process is a kernel with ipywidgets, or an app server that has loaded them."""
    if "ipywidgets" in sys.modules:
        return True
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None and find_spec("ipywidgets") is not None


@cache
def _widget_class() -> type[Sketch]:
    """Return the class of boards that are widgets. Scripts and bots have boards without these libraries."""
    from .widget.traits import BoardTraits, Live

    class Both(type(Sketch), type(BoardTraits)):  # type: ignore[misc]  # one is abstract, the other has traits
        pass

    class WidgetSketch(Sketch, BoardTraits, metaclass=Both):
        tool, color, value, page, people, seq = (
            Live(getattr(Sketch, name)) for name in ("tool", "color", "value", "page", "people", "seq")
        )

        def _shown(self) -> Any:
            self.come_up()
            return self

    return WidgetSketch


_joined: dict[tuple[str, str | None, str], Sketch] = {}
"""Boards by the session of an app server ("" in a notebook), the relay's address and the room."""
_left: weakref.WeakValueDictionary[tuple[str, str | None, str], Sketch] = weakref.WeakValueDictionary()
"""Boards that are not joined any more, while somebody has them."""


def connect(
    url: str | None = None,
    *,
    room: str = DEFAULT_ROOM,
    name: str | None = None,
    color: str | None = None,
    token: str | None = None,
) -> Sketch:
    """Join a room, and wait until its drawing is here; called again for the same room, return the same board.

    In an app server (Panel, Bokeh, Shiny, Solara, Streamlit) each session has boards of its own; they leave the room
    when its page is gone.

    Args:
        url: as in `Sketch.connect`.
        room: as in `Sketch.connect`.
        name: as in `Sketch.rename`.
        color: as in `Sketch.rename`.
        token: as in `Sketch.connect`.

    Returns:
        The board, joined or still trying: `Sketch.status` says which.

    Raises:
        SketchError: as in `Sketch.connect`.
    """
    board = begin(url, room=room, name=name, color=color, token=token)
    board.settle()
    return board


def begin(
    url: str | None = None,
    *,
    room: str = DEFAULT_ROOM,
    name: str | None = None,
    color: str | None = None,
    token: str | None = None,
) -> Sketch:
    """Join a room as `connect` does, without waiting for its drawing."""
    named, visit = named_relay(url), app_session.current()
    joined = (visit.key if visit is not None else "", named.url if named is not None else None, room)
    board = _joined.get(joined) or _left.pop(joined, None)
    if board is None or board._session.lost:  # noqa: SLF001  # of this module
        board = Sketch(name=name, color=color)
    board._begin(url, room, name, color, token)  # noqa: SLF001  # of this module
    _joined[joined] = board
    return board


def boards() -> tuple[Sketch, ...]:
    """Return the boards of `connect`; in an app server, those of the caller's session.

    Returns:
        One board for each room, the latest last; those that left their room first, while somebody has them.
    """
    visit = app_session.current()
    key = visit.key if visit is not None else ""
    return tuple(
        board for boards in (_left, _joined) for joined, board in tuple(boards.items()) if joined[0] == key
    )
