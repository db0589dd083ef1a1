"""One client in one room: it connects, dispatches what the relay sends, and submits what people and code do.

The path of a stroke: `pointer_down / pointer_move / pointer_up` reach `Gestures`, which returns effects; `_apply`
gives previews to the connection and operations to `Sync`, and from there to the connection. What the relay sends goes
to `Sync` and `Peers`. The `Presenter` shows all of it on the views.

Everything here runs on the loop thread; other threads reach a session through `loop_thread.Owned` only.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from relay.protocol import (
    Action,
    Cancel,
    Clear,
    ClientMessage,
    Code,
    Commit,
    Create,
    Delete,
    Done,
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
    Preview,
    Refused,
    RemoteError,
    RoomState,
    ServerMessage,
    Snapshot,
    Ticket,
    Welcome,
    encode,
    encode_entries,
)

from ..editing.gestures import Gestures
from ..editing.style import Style
from ..editing.tools import CancelEffect, CommitEffect, Effect, PreviewEffect, SparedEffect
from ..errors import STARTING, SketchError
from ..model.archive import PAGES, Item, LoadReport, creations, items, size_of
from ..model.connector import released
from ..model.document import Gap
from ..model.elements import Element, Line
from ..model.history import Film
from ..model.palette import free_color
from ..model.scene import Scene
from ..model.weight import Weight
from . import past
from .callbacks import Callbacks
from .connection import Connection, Target
from .connection_state import Connected, Ended, Offline, State, Waiting
from .membership import MODERATORS, Membership
from .opening import Stop
from .own_presence import OwnPresence
from .peers import Peers
from .presenter import Presenter, person
from .requests import Requests
from .road import offer
from .scenes import Scenes
from .sync import Lost, Sync, lost_in_words
from .tabs import Tabs, tab_of
from .threads import beside
from .view import BoardView, RoadOffer, SceneChanges
from .wanted import WantedPreviews

MAX_DRAWN = 64
"""Keys remembered of ink that this client sent."""
PAGES_THEMSELVES = "pages"
"""The view, for all of them, of ink that pages of this client sent past it."""
RETRY_AFTER = 1.0
"""Seconds after which an operation is sent again that the relay could not store."""


def new_key() -> str:
    """Return a key that no other element has."""
    return secrets.token_hex(8)


class Session:
    """The parts of one board, and the paths between them. It is the `BoardActions` of its views, the
    `GestureContext` of its gestures and the `ConnectionHandler` of its connection."""

    def __init__(self, *, name: str, color: str, secret: str, color_chosen: bool = True) -> None:
        self.color_chosen = color_chosen
        self._alike = False
        """Whether this client has joined, and has not looked yet whether somebody has its colour."""
        self.sync = Sync()
        self.scenes = Scenes(self.sync)
        self.peers = Peers()
        self.own_previews = Peers()
        """Ink under the hands of this client's views: "peers" are the views."""
        self.membership = Membership()
        self.presence = OwnPresence(self.peers, self._send, name, color)
        self.tabs = Tabs()
        self.gestures = Gestures(self, new_key, Style(color))
        self.requests = Requests(self._send_joined)
        self._previews = WantedPreviews(self.requests, self.changed)
        self.presenter = Presenter(
            self.sync,
            self.scenes,
            self.peers,
            self.presence,
            gestures=self.gestures,
            membership=self.membership,
            own_previews=self.own_previews,
            previews=self._previews,
            tabs=self.tabs,
        )
        self.callbacks = Callbacks(self._callback_failed)
        self.answered = asyncio.Event()
        """Set when the relay let this client in, or it is known that it does not."""
        self.settled = asyncio.Event()
        """Set when the drawing has arrived too."""
        self._secret = secret
        self._asking: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._resolve: Callable[[], Target] | None = None
        self._connection: Connection | None = None
        self._drawn: OrderedDict[str, None] = OrderedDict()
        """Keys of the latest ink that this client itself sent."""
        self._expected = 0
        self._retrying: asyncio.TimerHandle | None = None
        self._ghosts: asyncio.TimerHandle | None = None
        self._suspended = ""
        """The notice that the relay cannot store anything, while something waits for that."""
        self._leaving: asyncio.Task[None] | None = None
        self._told = 0

    # --- connecting ---------------------------------------------------------------------------------------

    def connect(self, room: str, resolve: Callable[[], Target]) -> None:
        """Join `room` at the relay that `resolve` returns (called on a worker thread before every try)."""
        self.membership.room, self._resolve = room, resolve
        self.answered.clear()
        self.settled.clear()
        self._connection = Connection(self)

    def rename(self, name: str, color: str, *, color_chosen: bool = True) -> None:
        """Be shown under another name and colour; one that nobody chose may become another.

        The pen keeps what was chosen for it, unless the colour is a new one.
        """
        self.color_chosen = color_chosen
        if color != self.presence.color:
            self.gestures.style = replace(self.gestures.style, color=color)
        self.presence.rename(name, color)
        self.presenter.refresh()

    async def disconnect(self, flush: float = 1.0) -> None:
        """Leave, after waiting up to `flush` seconds for pending operations to be durable."""
        connection = self._connection
        if connection is None:
            return
        await self.flush(flush)
        self._connection = None
        connection.send([Leave()])
        await connection.close()

    def leave_soon(self) -> None:
        """Leave as `disconnect` does, without anybody who waits for it."""
        # asyncio alone does not keep a task.
        self._leaving = self._loop.create_task(self.disconnect())

    def rejoin(self) -> None:
        """Join the room that was left again, if there is one."""
        if self._connection is None and self._resolve is not None:
            self.connect(self.membership.room, self._resolve)

    async def flush(self, timeout: float) -> bool:
        """Wait until nothing is pending; False when `timeout` seconds did not suffice, or no relay is joined."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while self.sync.pending and self.membership.connected and loop.time() < end:
            await asyncio.sleep(0.005)
        return not self.sync.pending

    async def trips(self, count: int) -> list[float]:
        """Return `count` round trips to the relay, in seconds; fewer, or none, when it is not there."""
        connection = self._connection
        trips = [await connection.trip() for _ in range(count)] if connection is not None else []
        return [seconds for seconds in trips if seconds is not None]

    # --- the handler of the connection --------------------------------------------------------------------

    async def target(self) -> Target:
        """Find out where the relay is."""
        assert self._resolve is not None
        try:
            target = await beside(self._resolve)
        except SketchError as error:
            if self.sync.client or error.code == STARTING:
                raise  # People draw on meanwhile; it may be there again, or yet.
            raise Stop(str(error), error.code) from None
        self.membership.url = target.url
        self.membership.relay_note = target.note or self.membership.relay_note
        self.membership.which, self.membership.apart = target.which, target.apart
        self.membership.admitted = bool(target.token)
        return replace(target, room=self.membership.room)

    def join(self, token: str) -> Join:
        """Return the first message of a new connection."""
        presence = self.presence
        return self.sync.join(
            self.membership.room, name=presence.name, color=presence.color, secret=self._secret, token=token
        )

    def state(self, state: State) -> None:
        """Handle a change of the connection's state."""
        self.membership.connection = state
        if isinstance(state, Offline | Ended):
            self.peers.forget()
        elif not isinstance(state, Connected):
            self._lose_peers()
        if not isinstance(state, Connected):
            self.own_previews.forget_peer(PAGES_THEMSELVES)
            self.sync.joined = False
            self.requests.lost()
        if isinstance(state, Ended | Waiting):
            self.answered.set()
            self.settled.set()
        self.presenter.refresh()

    def _lose_peers(self) -> None:
        """Show the others as they were, for a while: they may be back in a moment, and so may this client."""
        self.peers.lose(self._loop.time())
        self._await_ghosts()

    def _await_ghosts(self) -> None:
        if self._ghosts is not None:
            self._ghosts.cancel()
        due = self.peers.due
        self._ghosts = self._loop.call_at(due, self._expire_ghosts) if due is not None else None

    def _expire_ghosts(self) -> None:
        if self.peers.expire(self._loop.time()):
            self.presenter.refresh()
        self._await_ghosts()

    def held(self) -> int:
        """Return about how many bytes the drawing and the others' presence take."""
        weight, entries = Weight(), list(self.sync.document.entries.values())
        for start in range(0, len(entries), 1000):
            weight.add(encode_entries(entries[start : start + 1000]))
        return weight.add(encode(self.peers.peers.values())) + self.peers.weight()

    def receive(self, messages: list[ServerMessage | bytes]) -> None:
        """Handle the messages of one frame; raises `RemoteError` when they break the protocol."""
        try:
            for message in messages:
                self._handle(message)
        except Gap as gap:
            raise RemoteError("gap", f"the relay skipped something ({gap})") from None
        self.peers.dry(self.sync.document.entries)
        if self.membership.connected and self.sync.document.seq >= self._expected:
            self.settled.set()  # Code that reads the drawing right after joining gets all of it.
        if self._alike and self.peers.me in self.peers.peers:
            self._alike = False
            self._differ()
        self._send_pending()
        if not self.sync.pending:
            self.presence.settle()
            if self._suspended and self.membership.notice == self._suspended:
                self.membership.notice = ""
            self._suspended = ""
        self._changed()

    def _differ(self) -> None:
        """Take a colour that nobody else here has, where this user chose none."""
        if self.color_chosen:
            return
        presence = self.presence
        others = (person.color for person in self.presenter.people() if not person.me)
        color = free_color(presence.color, others)
        if color != presence.color:
            if self.gestures.style.color == presence.color:
                self.gestures.style = replace(self.gestures.style, color=color)
            presence.rename(presence.name, color)

    def _handle(self, message: ServerMessage | bytes) -> None:  # noqa: C901, PLR0912  # a case for each message
        match message:
            case bytes():
                if (read := self.sync.chunk(message)) is not None:
                    self.requests.answered(read)
                elif self.sync.progress is None and self._connection is not None:
                    self._connection.measure()
            case History():
                self.sync.history(message)
            case Snapshot():
                self.sync.snapshot(message)
            case Commit():
                known = len(self.sync.lost)
                self.callbacks.committed(message, self.sync.commit(message))
                self.peers.committed(message.changes)
                self._tell_lost(self.sync.lost[known:])
                self._show_undone()
            case PeerState() | PeerLeft():
                self._handle_peer(message)
            case PeerPreview() | PeerCancel():
                self.peers.receive(message)
                if message.peer == self.peers.me:
                    self._handle_own(message)
            case Welcome():
                self._handle_welcome(message)
            case Refused():
                self._handle_refused(message)
            case Error(reason=reason):
                if not self.requests.refused(message):
                    self.membership.notice = reason
                    self._suspended = reason if message.code == "store" else ""
            case RoomState(locked=locked, pens=pens):
                self.membership.locked, self.membership.pens = locked, frozenset(pens)
                if not self.can_draw:
                    self._apply(self.gestures.cancel())
                self.requests.answered(message)
            case Minted() | Done() | Ticket() | Code():
                self.requests.answered(message)
            case PeerEvent(peer=peer, name=name, data=data):
                sender = next((each for each in self.presenter.people() if peer and each.peer == peer), None)
                self.callbacks.fire(f"event {name}", data, sender)
            case Goodbye():
                pass  # It only lengthens the connection's back-off.

    def _show_undone(self) -> None:
        """Turn to what an undo changed, where it is on another page."""
        pages, self.sync.turned = self.sync.turned, ()
        there = [page for page in pages if any(page == each.key for each in self.scenes.pages())]
        if there and self.presence.page not in pages:
            self.turn(there[0])

    def _handle_own(self, message: PeerPreview | PeerCancel) -> None:
        """Handle ink of a page that sent it by a way of its own: other views of this client see it from here."""
        if isinstance(message, PeerCancel):
            self.own_previews.end(message.key)
        elif message.key not in self._drawn:
            self.own_previews.receive(msgspec.structs.replace(message, peer=PAGES_THEMSELVES))

    def _handle_welcome(self, welcome: Welcome) -> None:
        self._alike = True
        replaced = welcome.reset and welcome.epoch != self.sync.document.epoch
        given_up = self.sync.welcome(welcome)
        membership = self.membership
        membership.room = welcome.room or membership.room  # A Hub's relay adds the course.
        membership.role, membership.locked, membership.oldest = welcome.role, welcome.locked, welcome.oldest
        membership.max_elements, membership.max_drawing = welcome.max_elements, welcome.max_drawing
        membership.companions, membership.codes = welcome.companions, welcome.codes
        membership.notice = ""
        self._tell_lost(given_up)
        if replaced and self.sync.previous:
            membership.notice = "The relay's drawing was replaced; yours from before is in board.previous."
        self.requests.named = welcome.request_ids
        self._previews.joined()
        self.peers.me = membership.peer = welcome.peer
        membership.pens = frozenset()
        self._expected = welcome.seq
        self.answered.set()
        self.presence.resend()
        self._apply(self.gestures.resend())

    def _handle_refused(self, refused: Refused) -> None:
        lost = self.sync.refused(refused)
        if lost is not None:
            self._tell_lost([lost])
        elif not refused.final:
            self.membership.notice = f"Not saved yet: {refused.reason}; trying again."
            if self._retrying is None:
                self._retrying = self._loop.call_later(RETRY_AFTER, self._retry)

    def _tell_lost(self, lost: Sequence[Lost]) -> None:
        if lost:
            self.membership.notice = lost_in_words(self.sync.lost)

    def moderate(
        self,
        *,
        locked: bool | None = None,
        pens: Sequence[str] = (),
        lead: bool | None = None,
        remove: str = "",
    ) -> None:
        """See `BoardActions`."""
        if lead is not None:
            self.presence.lead(lead)
            self.presenter.refresh()
        if locked is not None:
            self._ask(self.requests.lock(locked, pens))
        if remove:
            self._ask(self.requests.remove(remove))

    def _ask(self, request: Coroutine[Any, Any, None]) -> None:
        """Have the relay do something; a refusal is shown."""

        async def ask() -> None:
            try:
                await request
            except SketchError as refused:
                self.membership.notice = str(refused)
                self.presenter.refresh()

        task = self._loop.create_task(ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _go_with(self, message: PeerState, before: PeerState | None) -> None:
        """Follow a moderator who begins to ask for it, until they end it; whoever does not want to follows nobody."""
        leads = message.state.get("leading") is True and message.role in MODERATORS
        led = before is not None and before.state.get("leading") is True
        if leads and not led and message.peer != self.peers.me:
            self.follow(message.peer)
        elif led and not leads and self.presence.following == message.peer:
            self.follow("")

    def _handle_peer(self, message: PeerState | PeerLeft) -> None:
        before = self.peers.peers.get(message.peer)
        self.peers.receive(message)
        if isinstance(message, PeerState):
            self._go_with(message, before)
        if isinstance(message, PeerLeft):
            if before is not None:
                self.callbacks.fire("leave", person(before))
            self.requests.answered(message)
            return
        if message.peer == self.presence.following:
            self._follow_leader()
        if before is None and message.peer != self.peers.me:
            self.callbacks.fire("join", person(message))

    def _callback_failed(self, sentence: str) -> None:
        """Show what is wrong with a function of the user; from any thread."""

        def show() -> None:
            self.membership.notice = sentence
            self.presenter.refresh()

        self._loop.call_soon_threadsafe(show)

    def _retry(self) -> None:
        self._retrying = None
        lost = self.sync.retry()
        self.membership.notice = ""
        self._tell_lost([lost] if lost is not None else [])
        self._send_pending()
        self._changed()

    # --- towards the relay --------------------------------------------------------------------------------

    def _send(self, message: ClientMessage) -> None:
        """Send what is of no use later; it is dropped while no room is joined."""
        if self._connection is not None:
            self._connection.send([message])

    def _send_preview(self, preview: Preview[Any]) -> None:
        self._drawn[preview.key] = None
        if len(self._drawn) > MAX_DRAWN:
            self._drawn.popitem(last=False)
        self._send(preview)

    def _send_joined(self, message: ClientMessage) -> None:
        """Send what must not be dropped; raises `SketchError` when no room is joined."""
        if self._connection is None or not self.membership.connected:
            raise SketchError("the board is not connected; begin with %sketch connect")
        self._connection.send([message])

    def _send_pending(self) -> None:
        if self._connection is not None:
            self._connection.send(self.sync.outgoing())

    def emit(self, event: Event) -> None:
        """Send a named event; raises `SketchError` when nobody can receive it."""
        if not self.membership.connected:
            raise SketchError("the board is not connected, and events are not kept; begin with %sketch connect")
        if (size := len(encode([event]))) > (most := self.sync.limits.frame):
            raise SketchError(
                f"an event of {size} bytes is larger than the relay takes ({most}); send less at a time"
            )
        self._send(event)

    def submit(self, actions: Sequence[Action], view: str = "") -> int:
        """Do `actions` as one operation, at once here and as soon as possible everywhere; return its number.

        Raises `RemoteError`, and does nothing, when an action alone is larger than the relay takes.
        """
        op = self.sync.submit(actions, tab_of(view), self.tabs.others(view))
        for action in actions:
            if isinstance(action, Create):
                self.own_previews.end(action.key)
        self._send_pending()
        self._changed()
        return op

    def undo(self, view: str = "") -> bool:
        """Revert the last own operation that is not undone, none of other tabs'; False when there is none."""
        return self._reverted(self.sync.undo(self.tabs.others(view)))

    def redo(self, view: str = "") -> bool:
        """Revert the last own undo; False when there is none."""
        return self._reverted(self.sync.redo(self.tabs.others(view)))

    def _reverted(self, done: bool) -> bool:
        self._send_pending()
        self._changed()
        return done

    def clear(self) -> None:
        """Delete everything on the page."""
        if self.elements():
            self.submit([Clear(self.page)])

    def add(self, report: LoadReport) -> LoadReport:
        """Add what a file holds to the page, and its further pages after ours, as one thing to undo.

        Returns what was added, without what cannot be. Raises `SketchError`, and adds nothing, when the room cannot
        hold it.
        """
        report, creates = creations(report, new_key, self.page, largest=self.sync.limits.largest)
        self._check_room_for(creates)
        if creates:
            self.submit(creates)
        return report

    def _check_room_for(self, creates: Sequence[Create[Any]]) -> None:
        most, size = self.membership.max_elements, self.membership.max_drawing
        if most and (count := len(self.sync.entries) + len(creates)) > most:
            raise SketchError(f"the drawing would have {count} elements, and this room takes {most}; load less")
        if size and (total := size_of([*self.sync.entries.values(), *creates])) > size:
            raise SketchError(
                f"the drawing would have {total} bytes and more, and this room takes {size}; load less"
            )

    def _apply(self, effects: Sequence[Effect]) -> None:
        """Send what a gesture came to, in order."""
        for effect in effects:
            match effect:
                case PreviewEffect(key=key, start=start, points=points, fields=fields):
                    self._send_preview(Preview(key, start, tuple(points), fields))
                case CommitEffect(actions=actions):
                    try:
                        self.sync.submit(actions)
                    except RemoteError as error:
                        self.membership.notice = f"That was not drawn: {error.reason}."
                        self._cancel_previews(actions)
                    self._send_pending()
                case CancelEffect(key=key):
                    self._send(Cancel(key))
                case SparedEffect():
                    self.membership.notice = "Only a moderator may erase what others drew."
        self._changed()

    def _cancel_previews(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Create):
                self.end_preview(action.key)

    def _changed(self) -> None:
        """Something that people see may have changed."""
        page = self.page
        if page and page not in self.sync.entries:
            self.turn("")  # Somebody deleted the page.
        self.presenter.refresh()

    # --- what gestures and code read ----------------------------------------------------------------------

    @property
    def page(self) -> str:
        """The key of the page that is shown."""
        return self.presence.page

    @property
    def can_draw(self) -> bool:
        """Whether the room lets this client draw."""
        return self.membership.capabilities.draw

    def may_erase(self, element: Element) -> bool:
        """Whether the room lets this client erase `element`."""
        return self.membership.capabilities.erase_others or element.author == self.sync.author

    def elements(self) -> tuple[Element, ...]:
        """Return what this client sees on its page, bottom first; the same object as long as nothing changes."""
        return self.scenes.of(self.page)

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        """Return the fields of an element and its place in the drawing order; None when there is no such element."""
        return self.scenes.entry(key)

    def let_go(self, key: str) -> list[Action]:
        """Return what leaves the lines where they are that are bound to an element, and may be changed."""
        return [
            Patch(element.key, released(element, key))
            for element in self.elements()
            if isinstance(element, Line)
            and any(end is not None and end.key == key for end in element.ends)
            and self.may_erase(element)
        ]

    def items(self) -> list[Item]:
        """Return all pages and their elements, for a file."""
        return items(self.sync.entries.values())

    async def at(self, when: int | float) -> tuple[Element, ...]:
        """Return the page after the entry `when` of the log; or, a float, at that time in seconds since 1970."""
        oldest, newest = self.membership.oldest, self.sync.document.seq
        document = await past.document_at(when, self.requests.read, oldest, newest)
        return Scene().of(document.entries, self.page)

    async def film(self, progress: Callable[[float], None]) -> Film:
        """Return all of the log that the relay keeps; `progress` is called with the part that has come, 0 to 1."""
        oldest, newest = self.membership.oldest, self.sync.document.seq
        return await past.film(self.requests.read, oldest, newest, progress)

    def scene(self, since: int) -> SceneChanges:
        # `entries` before `touched`: asking for them lays what is pending over the rest.
        entries = self.sync.entries
        return SceneChanges(self.sync.version, self.page, entries, self.sync.touched(since))

    # --- what people do on a view -------------------------------------------------------------------------

    def operate(self, actions: Sequence[Action], view: str = "") -> None:
        try:
            self.submit(actions, view)
        except RemoteError as error:
            self.membership.notice = f"That was not drawn: {error.reason}."
            self._cancel_previews(actions)
            self._changed()

    def preview(
        self, key: str, start: int, points: Sequence[int], fields: Mapping[str, Any] | None, view: str = ""
    ) -> None:
        if not self.can_draw:
            return
        style = dict(fields) if fields is not None else None
        if start == 0:
            self.own_previews.end(key)  # It came by another way before.
        self._send_preview(Preview(key, start, tuple(points), style))
        self.own_previews.receive(PeerPreview(view, key, start, tuple(points), style))
        self.presenter.refresh()

    def end_preview(self, key: str) -> None:
        self._send(Cancel(key))
        self.own_previews.end(key)
        self.presenter.refresh()

    async def road(self, view: str) -> RoadOffer:
        return await offer(self.membership, self.requests, self.tabs.guest(view), self.presenter.people())

    def want_previews(self, wanted: bool) -> None:
        if self.membership.companions:
            self._previews.want(wanted)

    def drag(self, offsets: Mapping[str, Sequence[int]]) -> None:
        self.presence.drag(offsets)
        if not offsets and not self.sync.pending:
            self.presence.settle()

    def attach(self, view: BoardView) -> None:
        """Show this board on `view` from now on."""
        self.presenter.attach(view)

    def detach(self, view: BoardView) -> None:
        """Show nothing on `view` any more."""
        self.presenter.detach(view)

    @property
    def joining(self) -> bool:
        """Whether this board has joined a room, or tries to."""
        return self._connection is not None

    def ready(self) -> None:
        self.presenter.refresh()

    def changed(self) -> None:
        self.presenter.refresh()

    def turn(self, page: str) -> None:
        """Show another page, and draw on it, from now on; the first where there is none of that key."""
        page = page if any(page == each.key for each in self.scenes.pages()) else ""
        if page == self.page:
            return
        cancelled = self.gestures.cancel()
        self.presence.turn(page)
        self._apply(cancelled)

    def add_page(self, name: str) -> str:
        """Add a page at the end; return its key."""
        key = new_key()
        self.submit([Create(key, {"kind": "page", "name": name}, PAGES)])
        return key

    def rename_page(self, key: str, name: str) -> None:
        """Give a page another name."""
        self.submit([Patch(key, {"name": name})])

    def remove_page(self, key: str) -> None:
        """Delete a page with its elements, as one operation; the first page is only cleared."""
        self.submit([Clear(key), Delete((key,))] if key else [Clear()])

    def follow(self, peer: str) -> None:
        """Turn pages with a peer from now on, and see what they see; "" for nobody."""
        self.presence.follow(peer)
        self._follow_leader()
        self.presenter.refresh()

    def _follow_leader(self) -> None:
        if (page := self.presence.leader_page()) is not None:
            self.turn(page)

    def look(self, view: Sequence[float] | None) -> None:
        self.presence.look(view)

    def point_at(self, x: float, y: float) -> None:
        self.presence.point_at(x, y)

    def point_away(self) -> None:
        self.presence.point_away()

    def choose(self, view: str = "", **changes: Any) -> None:
        self.tabs.chooser = tab_of(view)
        self.gestures.choose(**changes)
        self._changed()

    def pointer_down(self, pointer: str, x: float, y: float, **options: Any) -> None:
        self._apply(self.gestures.begin(pointer, x, y, **options))

    def pointer_move(
        self, pointer: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> None:
        self.presence.point_at(x, y)
        self._apply(self.gestures.motion(pointer, x, y, at=at, pressure=pressure))

    def pointer_straighten(self, pointer: str, x: float, y: float, *, at: float = 0.0) -> None:
        self._apply(self.gestures.straighten(pointer, x, y, at=at))

    def pointer_up(self, pointer: str) -> None:
        self._apply(self.gestures.end(pointer))

    def pointer_cancel(self, pointer: str = "") -> None:
        self._apply(self.gestures.cancel(pointer))

    def enter_view(self, view: str) -> None:
        self.tabs.enter(view)

    def forget_view(self, view: str) -> None:
        self.tabs.leave(view.removesuffix("/"))
        for key in self.own_previews.forget_peer(view.removesuffix("/")):
            self._send(Cancel(key))
        self._apply(self.gestures.forget(view))
