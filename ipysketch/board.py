"""The public API: a `Sketch` is one shared drawing, usable from any thread, a notebook or a plain script.

Every method validates its arguments in the caller, then hands over to the loop thread; reading asks the loop
thread and so sees the caller's own earlier writes.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from relay.protocol import (
    Action,
    Bad,
    ClientMessage,
    Entry,
    Event,
    Lock,
    Mint,
    Minted,
    PeerLeft,
    Remove,
    RoomState,
    check_color,
    check_event,
    check_name,
    check_room,
)

from .board_state import Page, Person
from .callbacks import Callback, check
from .connection import Target
from .connection_state import Connected, Ended, Offline
from .doctor import Health, PageHealth
from .drawing import Drawing
from .elements import Element, Stroke
from .errors import SketchError
from .history import Film
from .identity import author_secret, default_color, default_name
from .items import Loaded
from .launch import ensure
from .loop import LoopThread, loop_thread
from .session import Answer, Session
from .share import Link, page_address, reach
from .sync import Lost

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

    from .replay import Replay
    from .widget import BoardWidget

DEFAULT_ROOM = "main"
WIDTH, HEIGHT = 1280, 720
"""The logical size of a board, in board units."""
JOIN_WAIT = 10.0
EXIT_FLUSH = 1.0
ANSWER_WAIT = 10.0
LOOK_WAIT = 60.0
TRIPS, TRIPS_WAIT = 5, 2.0


class Sketch(Drawing):
    """One drawing. Without `connect` it draws by itself; connecting brings what was drawn along.

    `name` is shown to the others, `color` (``#rrggbb``) is the first colour of the pen and of the cursor.
    Raises `SketchError` for a name or colour that cannot be.
    """

    def __init__(self, *, name: str | None = None, color: str | None = None) -> None:
        super().__init__()
        self._name, self._color = _identity(name, color)
        self._thread: LoopThread = loop_thread()
        secret = author_secret()
        self._session = self._thread.ask(lambda: Session(name=self._name, color=self._color, secret=secret))
        self._widget: BoardWidget | None = None
        self._where: tuple[str | None, str] | None = None
        self.started_relay: str = ""
        _living.add(self)

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
        """Join `room` of the relay at `url` and return this board, joined or still trying.

        Without `url`: ``IPYSKETCH_URL``, else this user's own relay, started if none runs. `token` is what the
        relay asks for, else ``IPYSKETCH_TOKEN``; `name` and `color` as in `rename`. Raises `SketchError` when
        the relay refuses, or an argument cannot be; while a relay is merely down the board keeps trying, and
        `status` says so.
        """
        self._begin(url, room, name, color, token)
        self.settle()
        return self

    def _begin(
        self, url: str | None, room: str, name: str | None, color: str | None, token: str | None
    ) -> None:
        """Join as `connect` does, and do not wait for the drawing."""
        try:
            check_room(room)
        except Bad as bad:
            raise SketchError(bad.reason) from None
        url = url or os.environ.get("IPYSKETCH_URL") or None
        if url is not None:
            _check_url(url)
        if name or color:
            self.rename(name, color)
        if self._where == (url, room) and not isinstance(self._state(), Ended | Offline):
            return
        if self._where is not None:
            self.disconnect()
        self._where = (url, room)
        token = token or os.environ.get("IPYSKETCH_TOKEN", "")

        def resolve() -> Target:
            if url is not None:
                return Target(url, token)
            local, started = ensure()
            if started:
                self.started_relay = f"started a relay of your own at {local.url}; its log is {local.log}"
            return Target(local.url, local.token, proof=True)

        self._thread.ask(lambda: self._session.connect(room, resolve))
        self._wait(self._session.answered)

    def settle(self) -> None:
        """Wait until the drawing is here, or nobody knows when it will be; raises `SketchError` as `connect` does."""
        self._wait(self._session.settled)

    def _wait(self, event: asyncio.Event) -> None:
        """Wait for the relay's word, or for a while; raises `SketchError` when it refused."""
        try:
            self._thread.run(event.wait(), JOIN_WAIT)
        except TimeoutError:
            return  # Still trying: `status` says what it waits for.
        state = self._state()
        if isinstance(state, Ended):
            self._where = None
            raise SketchError(state.reason, state.code)

    def disconnect(self) -> None:
        """Leave the room once what is pending is durable (at most a second). The drawing stays here."""
        self._where = None
        self._thread.run(self._session.disconnect(), 5.0)

    def rename(self, name: str | None = None, color: str | None = None) -> None:
        """Be shown under another name or colour from now on; raises `SketchError` when it cannot be."""
        name, color = _identity(name or self._name, color or self._color)
        self._name, self._color = name, color
        self._thread.ask(lambda: self._session.rename(name, color))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until the relay has everything; False if `timeout` seconds did not suffice."""
        return self._thread.run(self._session.flush(timeout), timeout + 5.0)

    # --- drawing ------------------------------------------------------------------------------------------

    def _submit(self, actions: Sequence[Action]) -> None:
        self._thread.ask(lambda: self._session.submit(actions))

    def _entry_fields(self, key: str) -> Mapping[str, Any] | None:
        found = self._thread.ask(lambda: self._session.entry(key))
        return found[0] if found is not None else None

    def _own_group(self, group: str) -> tuple[str, ...]:
        return self._thread.ask(lambda: self._session.own_group(group))

    def _page(self) -> str:
        return self._thread.ask(lambda: self._session.page)

    def _pen_color(self) -> str:
        return self._color

    def undo(self) -> bool:
        """Take back my own last operation; False when there is none."""
        return self._thread.ask(self._session.undo)

    def redo(self) -> bool:
        """Take back my own last undo; False when there is none."""
        return self._thread.ask(self._session.redo)

    def clear(self) -> None:
        """Take everything away, as one operation that `undo` takes back."""
        self._thread.ask(self._session.clear)

    # --- pages --------------------------------------------------------------------------------------------

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages of the board, in order."""
        return self._thread.ask(self._session.pages)

    @property
    def page(self) -> Page:
        """The page that this board shows and draws on."""
        key = self._page()
        return next(page for page in self.pages if page.key == key)

    def turn(self, page: Page | int | str) -> Page:
        """Show another page and draw on it from now on: one of `pages`, its number from 0, or its name. Others stay
        where they are, unless they follow. Raises `SketchError` when there is no such page."""
        found = self._find(page)
        self._thread.ask(lambda: self._session.turn(found.key))
        return found

    def add_page(self, name: str = "") -> Page:
        """Add a page at the end and turn to it."""
        name = _page_name(name)
        key = self._thread.ask(lambda: self._session.add_page(name))
        return self.turn(Page(key, name))

    def rename_page(self, page: Page | int | str, name: str) -> None:
        """Give a page another name; the first has none."""
        found, name = self._find(page), _page_name(name)
        if not found.key:
            raise SketchError("the first page has no name of its own; add a page for one that has")
        self._thread.ask(lambda: self._session.rename_page(found.key, name))

    def delete_page(self, page: Page | int | str) -> None:
        """Take a page away with all that is on it; `undo` brings it back. The first is only cleared."""
        found = self._find(page)
        self._thread.ask(lambda: self._session.remove_page(found.key))

    def follow(self, who: Person | str | None) -> None:
        """Turn pages with a person of `people`, by themselves or their name, and see what they see; None for nobody."""
        peer = "" if who is None else self._person(who).peer
        self._thread.ask(lambda: self._session.follow(peer))

    def _find(self, page: Page | int | str) -> Page:
        pages = self.pages
        for number, each in enumerate(pages):
            if page in (number, each.name or None) or (isinstance(page, Page) and page.key == each.key):
                return each
        raise SketchError(f"there is no page {page!r:.60}; this board has {len(pages)}, numbered from 0")

    def _person(self, who: Person | str) -> Person:
        found = [who] if isinstance(who, Person) else [each for each in self.people if each.name == who]
        if not found:
            raise SketchError(f"nobody here is called {who!r:.60}; see %sketch who")
        return found[0]

    # --- being told ---------------------------------------------------------------------------------------

    def on(self, name: str, function: Callback | None = None) -> Callable[[Callback], Callback]:
        """Be told: ``@board.on("stroke")`` (a `Stroke` was drawn), "delete" (the element that went), "clear" (the
        author), "join" and "leave" (a `Person`). By anybody, me too, once the relay has it.

        The functions run one after another on a thread of their own; one that fails is told of on the board.
        Raises `SketchError` for a name there is not.
        """

        check(name)

        def register(function: Callback) -> Callback:
            self._session.callbacks.on(name, function)
            return function

        if function is not None:
            register(function)
        return register

    def on_event(self, name: str, function: Callback | None = None) -> Callable[[Callback], Callback]:
        """Be told of the named events that others `emit`: ``@board.on_event("mouse")`` on a function of the data and
        the `Person` who sent it (None: the relay itself). It runs as those of `on` do."""

        def register(function: Callback) -> Callback:
            self._session.callbacks.on(f"event {name}", function)
            return function

        if function is not None:
            register(function)
        return register

    def emit(self, name: str, data: Any = None, to: str | Person = "others") -> None:
        """Send a named event with any `data` that JSON can hold `to` the "others", "all" (me too), or one `Person`.

        Nobody keeps it: who is not there does not hear of it. Raises `SketchError` when the board is not connected, or
        the name, data or `to` cannot be.
        """
        try:
            event = check_event(Event(name, data, to.peer if isinstance(to, Person) else to))
        except Bad as bad:
            raise SketchError(bad.reason, bad.code) from None
        self._thread.ask(lambda: self._session.emit(event))

    # --- for moderators and owners ------------------------------------------------------------------------

    def lock(self) -> None:
        """Let only moderators draw from now on. Raises `SketchError` when I am none, as do all of these."""
        self._ask(Lock(True), lambda answer: isinstance(answer, RoomState) and answer.locked)

    def unlock(self) -> None:
        """Let everybody draw again."""
        self._ask(Lock(False), lambda answer: isinstance(answer, RoomState) and not answer.locked)

    def remove(self, who: Person | str) -> None:
        """End the connection of a person of `people`, or of everybody of that name."""
        found = [who] if isinstance(who, Person) else [person for person in self.people if person.name == who]
        if not found:
            raise SketchError(f"nobody here is called {who!r}; see %sketch who")
        for person in found:
            self._ask(Remove(person.peer), partial(_has_left, person.peer))

    def invite(self, name: str = "", *, role: str = "editor", seconds: float = 8 * 3600) -> str:
        """A token that lets `name` into this room as `role` (viewer, editor, moderator, owner) for `seconds`."""
        minted = self._ask(Mint(role, name, float(seconds)), lambda answer: isinstance(answer, Minted))
        assert isinstance(minted, Minted)
        return minted.token

    def share(self, *, role: str = "viewer", seconds: float = 8 * 3600) -> Link:
        """The link to this room's page, for a phone or a projector, which shows itself with a QR code.

        Where the relay asks for tokens and I am an owner, the link carries one for `role` that lasts `seconds`; without
        them who opens it is what everybody is. Raises `SketchError` when the board is not connected.
        """
        if not self.connected:
            raise SketchError("the board is not connected; begin with %sketch connect")
        token = ""
        notes = [reach(self._session.url)]
        try:
            token = self.invite(role=role, seconds=seconds)
            notes.append(
                f"Who has it is {'an' if role[0] in 'eo' else 'a'} {role} for {seconds / 3600:g} hours."
            )
        except SketchError as error:
            if error.code == "role":
                notes.append("It asks for a token, which an owner of the room can give.")
            elif error.code != "no-tokens":
                raise
        return Link(page_address(self._session.url, self.room, token), " ".join(filter(None, notes)))

    def _ask(self, message: ClientMessage, answer: Callable[[Answer], bool]) -> Answer:
        try:
            return self._thread.run(self._session.ask(message, answer), ANSWER_WAIT)
        except TimeoutError:
            raise SketchError("the relay did not answer in time; try again") from None

    # --- reading ------------------------------------------------------------------------------------------

    def _state(self) -> object:
        return self._thread.ask(lambda: self._session.connection_state)

    @property
    def connected(self) -> bool:
        """Whether the board is joined to its room now."""
        return isinstance(self._state(), Connected)

    @property
    def status(self) -> str:
        """The connection in words."""
        return self._thread.ask(self._session.status)

    @property
    def role(self) -> str:
        """What I may do in the room: viewer, editor, moderator or owner."""
        return self._thread.ask(lambda: self._session.role)

    @property
    def locked(self) -> bool:
        """Whether only moderators may draw in the room now."""
        return self._thread.ask(lambda: self._session.locked)

    @property
    def room(self) -> str:
        """The name of the room, or "" before the first `connect`."""
        return self._session.room

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is here, this client first."""
        return self._thread.ask(self._session.people)

    @property
    def elements(self) -> tuple[Element, ...]:
        """What is on the board, bottom first, with this client's own pending work."""
        return self._thread.ask(self._session.elements)

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes of the page, bottom first: each has `points` (n, 2) in board units, `t` (n,) in seconds since it
        began and `pressure` (n,) from 0 to 1, or None where nobody measured them, `author`, `color` and `seq`."""
        return tuple(element for element in self.elements if isinstance(element, Stroke))

    def to_dataframe(self) -> pandas.DataFrame:
        """The strokes of the page as a pandas DataFrame, one row for each point: see `ipysketch.table.to_dataframe`."""
        from .table import to_dataframe

        return to_dataframe(self.strokes)

    def raster(self, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
        """The page as pixels, shape (height, width, 3), drawn here without a browser; white where there is no ink."""
        from .raster import raster

        return raster(self.elements, width, height, (WIDTH, HEIGHT))

    def save(self, path: str | os.PathLike[str], *, scale: float = 2.0) -> None:
        """Write the drawing as the end of `path` says: .json has all pages and can be loaded again, .pdf shows all
        pages, .png and .svg this one, .gif and .webp how it came to be; `scale` is pixels to a board unit. Raises
        `SketchError`."""
        suffix = Path(path).suffix.lower()
        if suffix in (".gif", ".webp"):
            from .timelapse import save_film

            save_film(self.film(), path, page=self._page(), board=(WIDTH, HEIGHT))
            return
        from .formats import save

        found = self._thread.ask(lambda: (self._session.items(), self._session.page))
        save(found[0], path, board=(WIDTH, HEIGHT), page=found[1], scale=scale)

    def load(self, path: str | os.PathLike[str]) -> Loaded:
        """Put what a .json, .svg or .excalidraw file holds on this page, as mine; printed, the answer says what could
        not be read. Raises `SketchError` for a file that cannot be, and nothing has changed then."""
        from .formats import load

        found = load(path, board=(WIDTH, HEIGHT))
        self._thread.ask(lambda: self._session.add(found.items))
        return found

    @property
    def seq(self) -> int:
        """The number of the latest operation in the room's log that this board knows."""
        return self._thread.ask(lambda: self._session.sync.document.seq)

    def at(self, when: int | datetime) -> tuple[Element, ...]:
        """The drawing as it was after operation number `when`, or at a time (one without a zone is local), bottom
        first. Raises `SketchError` when that past is not kept, not connected to, or not mine to see."""
        moment = when.timestamp() if isinstance(when, datetime) else int(when)
        try:
            return self._thread.run(self._session.at(moment), LOOK_WAIT)
        except TimeoutError:
            raise SketchError("the relay did not send the past in time; try again") from None

    def film(self, told: Callable[[float], None] = lambda part: None) -> Film:
        """The past of the room, as far as the relay keeps it; `told` hears how much of it has come, from 0 to 1. Raises
        `SketchError` when the board is not connected, or the past is not mine to see."""
        return self._thread.run(self._session.film(told), 10 * LOOK_WAIT)

    def replay(self, speed: float = 4.0) -> Replay:
        """A widget that draws this page again, `speed` times as fast; no pause in it is longer than a second."""
        from .replay import Replay

        if not 0.01 <= speed <= 1000:
            raise SketchError("a speed must lie between 0.01 and 1000")
        return Replay(self.film(), speed=speed, page=self._page(), post=self._thread.post, size=(WIDTH, HEIGHT))

    @property
    def pending(self) -> int:
        """How many own operations the relay has not confirmed yet."""
        return self._thread.ask(lambda: len(self._session.sync.pending))

    @property
    def lost(self) -> tuple[Lost, ...]:
        """Own operations that the relay refused for good, with the reason."""
        return self._thread.ask(lambda: tuple(self._session.sync.lost))

    @property
    def previous(self) -> tuple[Entry, ...]:
        """The drawing from before the relay's log was replaced by another one, if that happened."""
        return self._thread.ask(lambda: self._session.sync.previous)

    # --- showing ------------------------------------------------------------------------------------------

    @property
    def widget(self) -> BoardWidget:
        """The widget that shows this board; the same one each time."""
        if self._widget is None:
            from .widget import BoardWidget

            self._widget = widget = BoardWidget(
                self._thread.post,
                self._session,
                elements=lambda: self.elements,
                count=lambda: self._thread.ask(lambda: len(self._session.sync.entries)),
                width=WIDTH,
                height=HEIGHT,
            )
            # Not waited for: a large drawing may be on its way, and pages begin to load what they need.
            self._thread.post(lambda: self._session.attach(widget))
        return self._widget

    def health(self) -> Health:
        """How this board's connections are, measured now: takes a few round trips to the relay and to the pages, at
        most 2 seconds each."""
        try:
            trips = self._thread.run(self._session.trips(TRIPS), TRIPS_WAIT)
        except TimeoutError:
            trips = []
        pages = PageHealth(0, (), None)
        if self._widget is not None:
            pages = self._thread.run(self._widget.examine(TRIPS, TRIPS_WAIT), TRIPS_WAIT + 1.0)
        return Health(self.room, self.status, self.connected, trips, *pages)

    def _ipython_display_(self) -> None:
        if not self.widget.present():
            print(repr(self))

    def __repr__(self) -> str:
        return f"<Sketch: {self.status}>"


def _page_name(name: str) -> str:
    if not isinstance(name, str) or len(name) > 80:
        raise SketchError("a page's name may have at most 80 characters")
    return name


def _has_left(peer: str, answer: Answer) -> bool:
    return isinstance(answer, PeerLeft) and answer.peer == peer


_living: weakref.WeakSet[Sketch] = weakref.WeakSet()
_joined: dict[tuple[str | None, str], Sketch] = {}


def connect(
    url: str | None = None,
    *,
    room: str = DEFAULT_ROOM,
    name: str | None = None,
    color: str | None = None,
    token: str | None = None,
) -> Sketch:
    """The board of `room` at the relay `url`, joined; asked again for the same room, the same board.

    Arguments and errors as in `Sketch` and `Sketch.connect`.
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
    """As `connect`, without waiting for the drawing."""
    where = (url or os.environ.get("IPYSKETCH_URL") or None, room)
    board = _joined.get(where)
    if board is None or board._thread.pid != os.getpid():
        board = Sketch(name=name, color=color)
    board._begin(url, room, name, color, token)
    _joined[where] = board
    return board


def boards() -> tuple[Sketch, ...]:
    """The boards that `connect` made, the latest last."""
    return tuple(_joined.values())


def _identity(name: str | None, color: str | None) -> tuple[str, str]:
    try:
        name = check_name(name) if name else default_name()
        return name, check_color(color) if color else default_color(name)
    except Bad as bad:
        raise SketchError(bad.reason) from None


def _check_url(url: str) -> None:
    wrong = SketchError(f"{url!r} is not the address of a relay; use one like ws://127.0.0.1:8765")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise wrong


def _leave_all() -> None:
    """At the interpreter's end: what is pending gets a second to become durable."""
    for board in _sorted(_living):
        if board._thread.pid == os.getpid():
            try:
                board._thread.run(board._session.disconnect(EXIT_FLUSH), EXIT_FLUSH + 1.0)
            except TimeoutError:
                continue  # The relay did not answer in time; the process may not wait longer.


def _sorted(boards: Sequence[Sketch] | weakref.WeakSet[Sketch]) -> list[Sketch]:
    return sorted(boards, key=id)


atexit.register(_leave_all)
