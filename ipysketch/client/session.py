"""One client in one room: its parts, and its connection.

What people and code do goes through `Hands` and `Operations` to `Sync` and `OwnInk`, and from there to the `Outbox`.
What the relay sends goes through the `Inbox` to `Sync` and `Peers`. What the `Projection` makes of all of it, the
`Presenter` shows on the views. Each part knows those that are made before it, and none that is made after it.

Everything here runs on the loop thread; other threads reach a session through `loop_thread.OnLoop` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from relay.protocol import Join, Leave, ServerMessage, encode, encode_entries

from ..editing.gestures import Gestures
from ..editing.style import Style
from ..errors import STARTING, SketchError
from ..model.elements import Element
from ..model.history import Film
from ..model.scene import Scene
from ..model.weight import Weight
from . import past
from .callbacks import Callbacks
from .connection import Connection, Target
from .connection_state import Connected, Ended, Offline, State, Waiting
from .dragged import Dragged
from .drawing import Drawing
from .ghost_timer import GhostTimer
from .hands import Hands
from .inbox import Inbox
from .membership import Membership
from .moderation import Moderation
from .opening import Stop
from .operations import Operations, new_key
from .outbox import Outbox
from .own_color import OwnColor
from .own_ink import OwnInk
from .own_presence import OwnPresence
from .page_turner import PageTurner
from .peers import Peers
from .presenter import Presenter
from .projection import Projection
from .requests import Requests
from .road import offer
from .scenes import Scenes
from .sync import Sync
from .tabs import Tabs
from .threads import beside
from .verdicts import Verdicts
from .view import RoadOffer
from .wanted import WantedPreviews


class Session:
    """The parts of one board; it is the `ConnectionHandler` of its connection."""

    def __init__(self, *, name: str, color: str, secret: str, color_chosen: bool = True) -> None:
        # What is known.
        self.sync = sync = Sync()
        self.scenes = scenes = Scenes(sync)
        self.peers = peers = Peers()
        self.membership = membership = Membership()
        self.tabs = tabs = Tabs()
        # The way out, and what of this client is not kept.
        self.outbox = outbox = Outbox(sync, membership)
        self.requests = Requests(outbox.send_joined)
        self.presence = presence = OwnPresence(peers, outbox.send, name, color)
        self.ink = ink = OwnInk(outbox)
        self.drawing = drawing = Drawing(sync, scenes, membership, presence)
        self.gestures = gestures = Gestures(drawing, new_key, Style(color))
        # What is shown.
        self.dragged = Dragged(scenes, peers, membership)
        self.projection = projection = Projection(
            sync,
            scenes,
            peers,
            presence,
            dragged=self.dragged,
            gestures=gestures,
            membership=membership,
            own_previews=ink.previews,
            tabs=tabs,
        )
        self.presenter = presenter = Presenter(projection, scenes, presence, membership)
        self.ghosts = GhostTimer(peers, presenter.refresh)
        self.previews = WantedPreviews(peers, membership, self.requests, presenter.refresh)
        self.color = OwnColor(peers, gestures, presence, projection, presenter, chosen=color_chosen)
        # What people and code do.
        self.pages = pages = PageTurner(
            sync, scenes, peers, presence, gestures=gestures, ink=ink, presenter=presenter
        )
        self.moderation = Moderation(self.requests, presence, membership, presenter)
        self.operations = Operations(
            sync, drawing, outbox, ink=ink, pages=pages, membership=membership, tabs=tabs
        )
        self.hands = Hands(
            gestures,
            self.operations,
            ink,
            presence,
            sync=sync,
            drawing=drawing,
            membership=membership,
            tabs=tabs,
            presenter=presenter,
        )
        # What the relay sends.
        self.callbacks = Callbacks(self._callback_failed)
        self.inbox = Inbox(
            sync,
            peers,
            membership,
            outbox=outbox,
            requests=self.requests,
            previews=self.previews,
            callbacks=self.callbacks,
            presence=presence,
            ink=ink,
            projection=projection,
            color=self.color,
            pages=pages,
            verdicts=Verdicts(sync, outbox, membership, pages),
            hands=self.hands,
        )
        self.answered = asyncio.Event()
        """Set when the relay let this client in, or it is known that it does not."""
        self.settled = asyncio.Event()
        """Set when the drawing has arrived too."""
        self._secret = secret
        self._loop = asyncio.get_running_loop()
        self._resolve: Callable[[], Target] | None = None
        self._leaving: asyncio.Task[None] | None = None

    # --- joining and leaving ------------------------------------------------------------------------------

    def connect(self, room: str, resolve: Callable[[], Target]) -> None:
        """Join `room` at the relay that `resolve` returns (called on a worker thread before every try)."""
        self.membership.room, self._resolve = room, resolve
        self.answered.clear()
        self.settled.clear()
        self.outbox.connection = Connection(self)

    @property
    def joining(self) -> bool:
        """Whether this board has joined a room, or tries to."""
        return self.outbox.connection is not None

    def rejoin(self) -> None:
        """Join the room that was left again, if there is one."""
        if not self.joining and self._resolve is not None:
            self.connect(self.membership.room, self._resolve)

    async def disconnect(self, flush: float = 1.0) -> None:
        """Leave, after waiting up to `flush` seconds for pending operations to be durable."""
        connection = self.outbox.connection
        if connection is None:
            return
        await self.flush(flush)
        self.outbox.connection = None
        connection.send([Leave()])
        await connection.close()

    def leave_soon(self) -> None:
        """Leave as `disconnect` does, without anybody who waits for it."""
        # asyncio alone does not keep a task.
        self._leaving = self._loop.create_task(self.disconnect())

    async def flush(self, timeout: float) -> bool:
        """Wait until nothing is pending; False when `timeout` seconds did not suffice, or no relay is joined."""
        end = self._loop.time() + timeout
        while self.sync.pending and self.membership.connected and self._loop.time() < end:
            await asyncio.sleep(0.005)
        return not self.sync.pending

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

    def receive(self, messages: list[ServerMessage | bytes]) -> None:
        """Handle the messages of one frame; raises `RemoteError` when they break the protocol."""
        if self.inbox.receive(messages) and self.outbox.connection is not None:
            self.outbox.connection.measure()
        if self.membership.connected:
            self.answered.set()
            if self.sync.document.seq >= self.membership.newest:
                self.settled.set()  # Code that reads the drawing right after joining gets all of it.

    def held(self) -> int:
        """Return about how many bytes the drawing and the others' presence take."""
        weight, entries = Weight(), list(self.sync.document.entries.values())
        for start in range(0, len(entries), 1000):
            weight.add(encode_entries(entries[start : start + 1000]))
        return weight.add(encode(self.peers.peers.values())) + self.peers.weight()

    def state(self, state: State) -> None:
        """Handle a change of the connection's state."""
        self.membership.connection = state
        if isinstance(state, Offline | Ended):
            self.peers.forget()
        elif not isinstance(state, Connected):
            self.ghosts.lose()
        if not isinstance(state, Connected):
            self.ink.lose_pages()
            self.sync.joined = False
            self.requests.lost()
        if isinstance(state, Ended | Waiting):
            self.answered.set()
            self.settled.set()
        self.presenter.refresh()

    # --- what code and pages ask for ----------------------------------------------------------------------

    async def trips(self, count: int) -> list[float]:
        """Return `count` round trips to the relay, in seconds; fewer, or none, when it is not there."""
        connection = self.outbox.connection
        trips = [await connection.trip() for _ in range(count)] if connection is not None else []
        return [seconds for seconds in trips if seconds is not None]

    async def at(self, when: int | float) -> tuple[Element, ...]:
        """Return the page after the entry `when` of the log; or, a float, at that time in seconds since 1970."""
        oldest, newest = self.membership.oldest, self.sync.document.seq
        document = await past.document_at(when, self.requests.read, oldest, newest)
        return Scene().of(document.entries, self.presence.page)

    async def film(self, progress: Callable[[float], None]) -> Film:
        """Return all of the log that the relay keeps; `progress` is called with the part that has come, 0 to 1."""
        oldest, newest = self.membership.oldest, self.sync.document.seq
        return await past.film(self.requests.read, oldest, newest, progress)

    async def road(self, view: str) -> RoadOffer:
        """Return what one page needs to send and receive live ink past this kernel."""
        return await offer(self.membership, self.requests, self.tabs.guest(view), self.projection.people())

    def _callback_failed(self, sentence: str) -> None:
        """Show what is wrong with a function of the user; from any thread."""

        def show() -> None:
            self.membership.notice = sentence
            self.presenter.refresh()

        self._loop.call_soon_threadsafe(show)
