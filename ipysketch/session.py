"""One client in one room, on the loop thread: hands and messages in, the relay and the widget out.

The way of a stroke: `begin / motion / end` of a hand feed its tool; previews and commits go to `Sync` and the
connection; what comes back goes to `Sync` and `Others`; `refresh` shows both on the widget, at most once a display
frame.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.protocol import (
    Action,
    Bad,
    Cancel,
    Clear,
    ClientMessage,
    Commit,
    Create,
    Delete,
    Error,
    Event,
    Goodbye,
    History,
    Join,
    Leave,
    Minted,
    Patch,
    PeerCancel,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Read,
    Record,
    Refused,
    RoomState,
    ServerMessage,
    Snapshot,
    Welcome,
    order,
)

from .board_state import BoardState, Page, Person, View
from .callbacks import Callbacks
from .connection import Connection, Target
from .connection_state import Connected, Ended, Offline, State, Waiting
from .document import Elements, Gap
from .elements import Element, Stroke, Text, decode
from .elements import Page as PageElement
from .errors import SketchError
from .hands import COLORED, TOOLS, Hands, Style
from .history import Film, Stretch
from .items import PAGES, Item, items, operations
from .others import Others
from .status import describe
from .sync import Sync
from .tools import Cancel as ToolCancel
from .tools import Commit as ToolCommit
from .tools import Moving
from .tools import Output as ToolOutput
from .tools import Preview as ToolPreview

Answer = ServerMessage | Stretch
"""What comes of a request: a message, or a stretch of the past."""
FRAME = 1 / 60
SLACK = FRAME / 2
"""Seconds by which a late frame does not put off the next: what comes in beats would else wait for ever as long as the
latest of its frames once did."""
CURSOR_INTERVAL = 1 / 15
CURSOR_RESTS = 0.1
RETRY_AFTER = 1.0
LOWEST = 250
"""Elements that are shown first of a large drawing that comes; twice as many with each frame."""
STRETCH = 5_000
"""Entries of the log that are read at a time."""


def following(due: float, now: float) -> float:
    """When the frame may be shown that follows one which was due at `due` and is shown now."""
    return max(due, now - SLACK) + FRAME


class Session:
    """All that belongs to one board; every method runs on the loop thread."""

    def __init__(self, *, name: str, color: str, secret: str) -> None:
        self.sync = Sync()
        self.callbacks = Callbacks(self._callback_failed)
        self.others = Others()
        self.room = ""
        self.url = ""
        self.name = name
        self.color = color
        self.page = ""
        self.following = ""
        self.hands = Hands(self, self._emit, lambda: secrets.token_hex(8), Style(color))
        self.connection_state: State = Offline()
        self.notice = ""
        self.role = "moderator"
        self.locked = False
        self.oldest = 1
        self.answered = asyncio.Event()
        """Set when the relay let us in, or it is known that it does not."""
        self.settled = asyncio.Event()
        """Set when the drawing is here too."""
        self._secret = secret
        self._loop = asyncio.get_running_loop()
        self._resolve: Callable[[], Target] | None = None
        self._connection: Connection | None = None
        self._elements: dict[str, Elements] = {}
        self._confirmed = Elements()
        self._seen: dict[str, tuple[int, tuple[Element, ...]]] = {}
        self._lowest = LOWEST
        self._views: list[View] = []
        self._resting = False
        self._expected = 0
        self._underway: dict[str, tuple[Element, tuple[int, int], Element]] = {}
        self._next_frame = 0.0
        self._scheduled: asyncio.TimerHandle | asyncio.Handle | None = None
        self._next_cursor = 0.0
        self._telling: asyncio.TimerHandle | None = None
        self._cursor: tuple[int, int] | None = None
        self._asked: asyncio.Future[Answer] | None = None
        self._answers: Callable[[Answer], bool] = lambda _: False
        self._ticking: asyncio.TimerHandle | None = None

    # --- connecting ---------------------------------------------------------------------------------------

    def connect(self, room: str, resolve: Callable[[], Target]) -> None:
        """Join `room` at what `resolve` says (called on a worker thread before every try)."""
        self.room, self._resolve = room, resolve
        self.answered.clear()
        self.settled.clear()
        self._connection = Connection(self)

    def rename(self, name: str, color: str) -> None:
        """Be shown under another name and colour."""
        self.name, self.color = name, color
        self.hands.style = replace(self.hands.style, color=color)
        if self._connection is not None:
            self._connection.send([Presence({"name": name, "color": color})])
        self.refresh()

    async def disconnect(self, flush: float = 1.0) -> None:
        """Leave, after waiting up to `flush` seconds for pending operations to be durable."""
        connection = self._connection
        if connection is None:
            return
        await self.flush(flush)
        self._connection = None
        connection.send([Leave()])
        await connection.close()

    async def flush(self, timeout: float) -> bool:
        """Wait until nothing is pending; False when `timeout` seconds did not suffice, or nobody listens."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while self.sync.pending and isinstance(self.connection_state, Connected) and loop.time() < end:
            await asyncio.sleep(0.005)
        return not self.sync.pending

    async def trips(self, count: int) -> list[float]:
        """Seconds to the relay and back, so many times; fewer, or none, when it is not there."""
        found = [await self._connection.trip() for _ in range(count)] if self._connection is not None else []
        return [seconds for seconds in found if seconds is not None]

    async def target(self) -> Target:
        assert self._resolve is not None
        target = await asyncio.to_thread(self._resolve)
        self.url = target.url
        return target

    def join(self, token: str) -> Join:
        self.others.forget()
        return self.sync.join(self.room, name=self.name, color=self.color, secret=self._secret, token=token)

    def state(self, state: State) -> None:
        self.connection_state = state
        if not isinstance(state, Connected):
            self.others.forget()
            self.sync.joined = False
            if self._asked is not None and not self._asked.done():
                self._asked.set_exception(SketchError("the connection was lost before the relay had answered"))
        if isinstance(state, Ended | Waiting):
            self.answered.set()
            self.settled.set()
        self.refresh()

    # --- from the relay -----------------------------------------------------------------------------------

    def receive(self, messages: list[ServerMessage | bytes]) -> None:
        try:
            for message in messages:
                self._take(message)
        except Gap as gap:
            raise Bad("gap", f"the relay skipped something ({gap})") from None
        if isinstance(self.connection_state, Connected) and self.sync.document.seq >= self._expected:
            self.settled.set()  # And so who asks for the drawing right after joining gets it.
        self._send_pending()
        if self._resting and not self.sync.pending and self._connection is not None:
            self._resting = False
            self._connection.send([Presence({"moving": None})])
        self.refresh()

    def _take(self, message: ServerMessage | bytes) -> None:
        match message:
            case bytes():
                if (stretch := self.sync.chunk(message)) is not None:
                    self._answer(stretch)
            case History():
                self.sync.history(message)
            case Commit():
                self._tell(message, self.sync.commit(message))
            case PeerState(peer=peer):
                new = peer not in self.others.peers
                self.others.receive(message)
                if peer == self.following:
                    self._go_along()
                if new and peer != self.others.me:
                    self.callbacks.fire("join", _person(message))
            case PeerPreview() | PeerCancel():
                self.others.receive(message)
            case Welcome():
                replaced = message.reset and message.epoch != self.sync.document.epoch
                self.sync.welcome(message)
                self.role, self.locked, self.oldest = message.role, message.locked, message.oldest
                self.notice = ""
                self.others.me = message.peer
                if replaced and self.sync.previous:
                    self.notice = "The relay's drawing was replaced; yours from before is in board.previous."
                self._expected = message.seq
                self.answered.set()
                self.hands.again()
            case Snapshot():
                self.sync.snapshot(message)
            case Refused(final=final, reason=reason):
                lost = self.sync.refused(message)
                if lost is not None:
                    self.notice = f"A stroke was refused: {reason}. It is kept in board.lost."
                elif not final:
                    self.notice = f"Not saved yet: {reason}; trying again."
                    asyncio.get_running_loop().call_later(RETRY_AFTER, self._retry)
            case Error(code=code, reason=reason):
                if self._asked is not None and not self._asked.done():
                    self._asked.set_exception(SketchError(reason, code))
                else:
                    self.notice = reason
            case RoomState(locked=locked):
                self.locked = locked
                if not self.can_draw:
                    self.hands.cancel()
                self._answer(message)
            case Minted():
                self._answer(message)
            case PeerLeft(peer=peer):
                if (gone := self.others.peers.get(peer)) is not None:
                    self.callbacks.fire("leave", _person(gone))
                self.others.receive(message)
                self._answer(message)
            case PeerEvent(peer=peer, name=name, data=data):
                self.callbacks.fire(f"event {name}", data, self._who(peer))
            case Goodbye():
                pass  # It only lengthens the connection's back-off.

    def _tell(self, commit: Commit, record: Record) -> None:
        """Tell the user's functions what an operation did."""
        for touch in record:
            if touch.before is None and touch.after is not None:
                element = decode(touch.key, touch.after.fields, touch.after.author, commit.seq)
                if isinstance(element, Stroke):
                    self.callbacks.fire("stroke", element)
        if any(isinstance(change, Clear) for change in commit.changes):
            self.callbacks.fire("clear", commit.author)
            return
        for touch in record:
            if touch.before is not None and touch.after is None:
                before = touch.before
                if (old := decode(touch.key, before.fields, before.author, before.first[0])) is not None:
                    self.callbacks.fire("delete", old)

    def _who(self, peer: str) -> Person | None:
        """Who a peer's id belongs to; None for the relay itself, and who has gone."""
        return next((person for person in self.people() if peer and person.peer == peer), None)

    def emit(self, event: Event) -> None:
        """Send a named event; raises `SketchError` when nobody can get it."""
        if self._connection is None or not isinstance(self.connection_state, Connected):
            raise SketchError("the board is not connected, and events are not kept; begin with %sketch connect")
        self._connection.send([event])

    def _callback_failed(self, sentence: str) -> None:
        loop = self._loop

        def show() -> None:
            self.notice = sentence
            self.refresh()

        loop.call_soon_threadsafe(show)

    async def ask(self, message: ClientMessage, answer: Callable[[Answer], bool]) -> Answer:
        """Send a request of a moderator or owner and wait for what answers it; raises `SketchError`."""
        if self._connection is None or not isinstance(self.connection_state, Connected):
            raise SketchError("the board is not connected; begin with %sketch connect")
        if self._asked is not None and not self._asked.done():
            raise SketchError("the last request has not been answered yet; try again")
        self._answers = answer
        self._asked = asyncio.get_running_loop().create_future()
        self._connection.send([message])
        return await self._asked

    def _answer(self, message: Answer) -> None:
        if self._asked is not None and not self._asked.done() and self._answers(message):
            self._asked.set_result(message)

    @property
    def can_draw(self) -> bool:
        """Whether the room lets this client draw."""
        return not self.mode

    @property
    def mode(self) -> str:
        """Why the room does not let this client draw, in words; "" when it does."""
        if self.role == "viewer":
            return "you are watching"
        if self.locked and self.role == "editor":
            return "locked by a moderator"
        return ""

    def _retry(self) -> None:
        self.sync.retry()
        self.notice = ""
        self._send_pending()

    def _send_pending(self) -> None:
        if self._connection is not None:
            self._connection.send(self.sync.outgoing())

    # --- what hands and code do ---------------------------------------------------------------------------

    def submit(self, actions: Sequence[Action]) -> int:
        """Do `actions` as one operation, now here and as soon as can be everywhere."""
        op = self.sync.submit(actions)
        self._send_pending()
        self.refresh()
        return op

    def undo(self) -> bool:
        done = self.sync.undo()
        self._send_pending()
        self.refresh()
        return done

    def redo(self) -> bool:
        done = self.sync.redo()
        self._send_pending()
        self.refresh()
        return done

    def clear(self) -> None:
        if self.elements():
            self.submit([Clear(self.page)])

    # --- pages --------------------------------------------------------------------------------------------

    def pages(self) -> tuple[Page, ...]:
        """The pages of the board, in order; the first has the key ""."""
        found = [Page("", "")]
        for element in self._elements_of(PAGES):
            if isinstance(element, PageElement):
                found.append(Page(element.key, element.name))
        return tuple(found)

    def turn(self, page: str) -> None:
        """Show another page, and draw on it, from now on; the first where there is none of that key."""
        page = page if any(page == each.key for each in self.pages()) else ""
        if page == self.page:
            return
        self.hands.cancel()
        self.hands.choose_none()
        self.page = page
        self._say(Presence({"page": page or None}))
        self.refresh()

    def add_page(self, name: str) -> str:
        """Add a page at the end; its key."""
        key = secrets.token_hex(8)
        self.submit([Create(key, {"kind": "page", "name": name}, PAGES)])
        return key

    def rename_page(self, key: str, name: str) -> None:
        """Give a page another name."""
        self.submit([Patch(key, {"name": name})])

    def remove_page(self, key: str) -> None:
        """Take a page away with all that is on it, as one operation that undo takes back; the first is only cleared."""
        self.submit([Clear(key), Delete((key,))] if key else [Clear()])

    def follow(self, peer: str) -> None:
        """Turn with a peer from now on, and see what they see; "" for nobody."""
        self.following = peer if peer in self.others.peers else ""
        self._go_along()
        self.refresh()

    def _go_along(self) -> None:
        leader = self.others.peers.get(self.following)
        if leader is None:
            self.following = ""
        elif isinstance(page := leader.state.get("page", ""), str):
            self.turn(page)

    def look(self, view: Sequence[float] | None) -> None:
        """This page shows `view`: x, y, width and height in board units; None for the whole board."""
        eighths = [round(8 * value) for value in view] if view is not None else None
        if len(self.others.peers) > 1:
            self._say(Presence({"view": eighths}))

    def choose(self, **changes: Any) -> None:
        """Take another tool, or another style: the fields of `Style`. What is chosen on the board changes with it."""
        tool = changes.pop("tool", None)
        hands = self.hands
        if changes:
            hands.style = replace(hands.style, **changes)
            if hands.chosen:
                hands.restyle(changes)
            elif "color" in changes and hands.tool not in COLORED:
                hands.tool = "pen"
        if tool in TOOLS:
            hands.tool = tool
            if tool != "select":
                hands.choose_none()
        self.refresh()

    def begin(
        self,
        hand: str,
        x: float,
        y: float,
        *,
        tool: str = "",
        style: Mapping[str, Any] | None = None,
        at: float = 0.0,
        pressure: float | None = None,
        more: bool = False,
    ) -> None:
        hands = self.hands
        chosen = replace(hands.style, **style) if style else hands.style
        taken = tool if tool in TOOLS else hands.tool
        hands.begin(hand, x, y, tool=taken, style=chosen, at=at, pressure=pressure, more=more)
        self.refresh()

    def motion(self, hand: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None) -> None:
        self.point_at(x, y)
        self.hands.motion(hand, x, y, at=at, pressure=pressure)
        self.refresh()

    def straighten(self, hand: str, x: float, y: float, *, at: float = 0.0) -> None:
        self.hands.straighten(hand, x, y, at=at)
        self.refresh()

    def end(self, hand: str) -> None:
        self.hands.end(hand)
        self.refresh()

    def cancel(self, hand: str = "") -> None:
        self.hands.cancel(hand)
        self.refresh()

    def forget_hands(self, page: str) -> None:
        self.hands.forget(page)
        self.refresh()

    def act(self, what: str) -> None:
        """Do to what is chosen: see `Hands.act`; "all" and "none" choose."""
        match what:
            case "all":
                self.hands.choose_all()
            case "none":
                self.hands.choose_none()
            case _:
                self.hands.act(what)
        self.refresh()

    def type_text(self, x: float, y: float, text: str) -> None:
        """Put a text on the board, its upper left corner at (x, y)."""
        self.hands.type_text(x, y, text, self.hands.style)

    def rewrite(self, key: str, text: str) -> None:
        """Change what a text says."""
        self.hands.rewrite(key, text)

    def point_away(self) -> None:
        self._cursor = None
        if self._connection is not None:
            self._connection.send([Presence({"cursor": None})])

    def ready(self) -> None:
        self.refresh()

    def changed(self) -> None:
        self.refresh()

    def _emit(self, outputs: Sequence[ToolOutput]) -> None:
        for output in outputs:
            match output:
                case ToolPreview(key=key, start=start, points=points, fields=fields):
                    self._say(Preview(key, start, tuple(points), fields))
                case ToolCommit(actions=actions):
                    self.submit(actions)
                case ToolCancel(key=key):
                    self._say(Cancel(key))
                case Moving(offsets=offsets):
                    # Where they rest is told by an operation, and until everybody has that they are shown there.
                    self._resting = not offsets
                    if offsets:
                        self._say(Presence({"moving": {key: list(at) for key, at in offsets.items()}}))
        self.refresh()

    def _say(self, message: ClientMessage) -> None:
        if self._connection is not None:
            self._connection.send([message])

    def point_at(self, x: float, y: float) -> None:
        if self._connection is None or len(self.others.peers) < 2:
            return
        self._cursor = (round(8 * x), round(8 * y))
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_cursor:
            self._tell_cursor()
        elif self._telling is None:
            # Sooner if it moves on: then it goes in one frame with the ink under it.
            self._telling = loop.call_at(self._next_cursor + CURSOR_RESTS, self._tell_cursor)

    def _tell_cursor(self) -> None:
        """The latest position, so that a hand that rests is shown where it rests."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self._next_cursor = asyncio.get_running_loop().time() + CURSOR_INTERVAL
        if self._connection is not None and self._cursor is not None:
            self._connection.send([Presence({"cursor": list(self._cursor)})])

    # --- what people see ----------------------------------------------------------------------------------

    def attach(self, view: View) -> None:
        """Show this session on `view` from now on."""
        self._views.append(view)
        self.refresh()

    def refresh(self) -> None:
        """Show what is, at most once a display frame: at once when the last frame is old enough."""
        if self._scheduled is not None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now >= self._next_frame:
            self._scheduled = loop.call_soon(self._show)
        else:
            self._scheduled = loop.call_at(self._next_frame, self._show)

    def _show(self) -> None:
        self._scheduled = None
        if not self._views:
            return
        loop = asyncio.get_running_loop()
        self._next_frame = following(self._next_frame, loop.time())
        elements = self._rising()
        state = self.board_state(elements)
        for view in self._views:
            view.show(state)
        if elements is not None:
            self.refresh()  # And the rest of it.
        if isinstance(self.connection_state, Waiting) and self._ticking is None:
            self._ticking = loop.call_later(0.5, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        self.refresh()

    def _rising(self) -> tuple[Element, ...] | None:
        """The lowest elements of a large drawing of which nothing has been shown yet, more with each call; None when
        it is to be shown as a whole. To decode all of it first would take as long as to begin to see it may."""
        version, known = self._seen.get(self.page, (-1, ()))
        found = None
        if not known and self.sync.touched(version) is None:
            elements = self._elements.setdefault(self.page, Elements())
            found = elements.lowest(self.sync.entries, self.page, self._lowest)
        self._lowest = LOWEST if found is None else 2 * self._lowest
        return found

    def board_state(self, shown: tuple[Element, ...] | None = None) -> BoardState:
        """All that people see, as one immutable value; `shown` instead of all elements, while these are coming."""
        entries, hands = self.sync.entries, self.hands
        if self.page and self.page not in entries:
            self.page = ""  # Somebody took the page away.
        elements: Sequence[Element] = self.elements() if shown is None else shown
        if hidden := hands.hidden():
            elements = [element for element in elements if element.key not in hidden]
        if moving := {**self.others.moving(), **hands.moving()}:
            elements = [self._moved(element, moving.get(element.key)) for element in elements]
        else:
            self._underway.clear()
        keys = set(hands.chosen)
        chosen = [element for element in elements if element.key in keys] if keys else []
        return BoardState(
            elements=tuple(elements),
            live=self.others.ink(entries, self.page),
            mine=tuple(hands.ink(self.sync.author)),
            finished=tuple(hands.finished),
            people=self.people(),
            pages=self.pages(),
            page=self.page,
            following=self.following,
            view=self.others.view(self.following),
            status=self.status(),
            progress=self.sync.progress,
            connected=isinstance(self.connection_state, Connected),
            tool=hands.tool,
            style=hands.style,
            chosen=tuple(element.bounds for element in chosen),
            written=chosen[0] if len(chosen) == 1 and isinstance(chosen[0], Text) else None,
            band=hands.band,
            lasers=self.others.lasers(self.page),
            can_undo=self.sync.can_undo,
            can_redo=self.sync.can_redo,
            notice=self.notice,
            can_draw=self.can_draw,
            can_clear=self.role in ("moderator", "owner"),
        )

    def confirmed(self) -> tuple[Element, ...]:
        """What everybody sees: the elements without this client's pending operations."""
        return self._confirmed.of(self.sync.document.entries)

    def elements(self) -> tuple[Element, ...]:
        """What this client sees on the page it has turned to; the same object as long as that stays the same."""
        return self._elements_of(self.page)

    def _elements_of(self, page: str) -> tuple[Element, ...]:
        version, found = self._seen.get(page, (-1, ()))
        if version != self.sync.version:
            entries = self.sync.entries  # Before what was touched: now all that is pending is laid.
            found = self._elements.setdefault(page, Elements()).of(entries, page, self.sync.touched(version))
            self._seen[page] = (self.sync.version, found)
        return found

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        """The fields of an element, and its place in the drawing order."""
        entry = self.sync.entries.get(key)
        return (entry.fields, order(entry)[0]) if entry is not None else None

    def own_group(self, group: str) -> tuple[str, ...]:
        """The keys of this author's elements that were drawn together as `group`."""
        author = self.sync.author
        return tuple(
            entry.key
            for entry in self.sync.entries.values()
            if entry.fields.get("group") == group and entry.author == author
        )

    def items(self) -> list[Item]:
        """All pages and what is on them, for a file."""
        return items(self.sync.entries.values())

    def add(self, found: Sequence[Item]) -> int:
        """Put what a file holds on the page that is turned to, and its further pages beside ours; how many operations
        that took."""
        made = operations(found, lambda: secrets.token_hex(8), self.page)
        for actions in made:
            self.submit(actions)
        return len(made)

    def _moved(self, element: Element, offset: tuple[int, int] | None) -> Element:
        """An element as it is shown on its way; the same one again while it rests there."""
        if offset is None:
            return element
        kept = self._underway.get(element.key)
        if kept is not None and kept[0] is element and kept[1] == offset:
            return kept[2]
        found = self.entry(element.key)
        fields = {**(found[0] if found else {}), "offset": list(offset)}
        made = decode(element.key, fields, element.author, element.seq) or element
        self._underway[element.key] = (element, offset, made)
        return made

    async def at(self, when: int | float) -> tuple[Element, ...]:
        """The drawing after the entry `when` of the log; or, a float, at that time in seconds since 1970."""
        newest = self.sync.document.seq
        if isinstance(when, float):
            seq = await self._seq_at(when, newest)
        else:
            seq = when
        if seq == 0:
            return ()
        if not self.oldest <= seq <= newest:
            raise SketchError(f"the past of this room goes from {self.oldest} to {newest}; {seq} is not in it")
        return Elements().of((await self._read(seq)).document(seq).entries, self.page)

    async def film(self, told: Callable[[float], None]) -> Film:
        """The whole past that the relay keeps; `told` hears how much of it has come, from 0 to 1."""
        newest = self.sync.document.seq
        if newest == 0:
            raise SketchError("nothing has been drawn in this room yet")
        stretches: list[Stretch] = []
        for first in range(self.oldest, newest + 1, STRETCH):
            stretches.append(await self._read(first, min(newest, first + STRETCH - 1)))
            told(min(1.0, (first + STRETCH) / (newest + 1)))
        return Film(stretches)

    async def _read(self, first: int, last: int | None = None) -> Stretch:
        last = first if last is None else last
        stretch = await self.ask(Read(first, last), lambda answer: isinstance(answer, Stretch))
        assert isinstance(stretch, Stretch)
        return stretch

    async def _seq_at(self, time: float, newest: int) -> int:
        """The latest entry committed by `time`; the one before the oldest when none was."""
        before, after = self.oldest - 1, newest + 1
        while after - before > 1:
            middle = (before + after) // 2
            if (await self._read(middle)).time <= time:
                before = middle
            else:
                after = middle
        return before

    def people(self) -> tuple[Person, ...]:
        """Who is here, this client first."""
        # A token may say that I am called otherwise.
        mine = self.others.peers.get(self.others.me)
        name = _person(mine).name if mine is not None else self.name
        people = [Person(name, self.color, True, None, self.others.me, self.page)]
        for peer, state in self.others.peers.items():
            if peer != self.others.me:
                people.append(_person(state))
        return tuple(people)

    def status(self) -> str:
        """The connection in words."""
        return describe(
            self.connection_state,
            room=self.room,
            here=max(1, len(self.others.peers)),
            waiting=0 if isinstance(self.connection_state, Offline) else len(self.sync.pending),
            now=asyncio.get_running_loop().time(),
            progress=self.sync.progress,
            mode=self.mode,
        )


def _person(state: PeerState) -> Person:
    name, color = state.state.get("name"), state.state.get("color")
    cursor = state.state.get("cursor")
    where: tuple[float, float] | None = None
    if isinstance(cursor, list) and len(cursor) == 2:
        x, y = cursor
        if isinstance(x, int | float) and isinstance(y, int | float):
            where = (x / 8, y / 8)
    page = state.state.get("page")
    return Person(
        name if isinstance(name, str) and name else "guest",
        color if isinstance(color, str) else "#666666",
        False,
        where,
        state.peer,
        page if isinstance(page, str) else "",
    )
