"""What becomes of each message of one peer: rate limits, its room, the plugins, or a request beside the reader."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from ..limits import Limits
from ..observability.metrics import Metrics
from ..protocol import (
    Accompany,
    ClientMessage,
    Erase,
    Event,
    Invite,
    Join,
    Lock,
    Mint,
    Operate,
    Preview,
    Read,
    RemoteError,
    Share,
    Want,
    decode_event,
    encode_message,
    request_id,
)
from ..protocol import Presence as PresenceMessage
from ..records import StoreError
from ..room.costs import BYTE, REFUSAL
from ..room.peer import Peer
from ..room.permissions import Role
from .fast_connection import FrameCache
from .open_room import OpenRoom, peer_event
from .plugins import PluginEvent, Plugins
from .rate_limit import Bucket
from .requests import Request, Requests
from .rooms import Rooms

WATCHING_RATE = 30.0
"""Presence messages a second from a viewer, on average: twice as many as a moving cursor makes."""
LOGGED = 4.0
"""Refusals of one peer that are logged a second, on average; the next line counts the others as `unlogged`."""


@dataclass(eq=False, slots=True)
class Shared:
    """Objects that all connections of one relay use."""

    rooms: Rooms
    requests: Requests
    plugins: Plugins
    limits: Limits
    metrics: Metrics
    log: logging.Logger
    frames: FrameCache = field(default_factory=FrameCache)


class Dispatcher:
    """Handles the messages of `peer` in the room `opened`."""

    __slots__ = (
        "_event_rate",
        "_log",
        "_log_rate",
        "_opened",
        "_peer",
        "_presence_rate",
        "_request",
        "_room",
        "_shared",
        "_unlogged",
    )

    def __init__(self, opened: OpenRoom, peer: Peer, shared: Shared) -> None:
        self._opened = opened
        self._room = opened.room
        self._peer = peer
        self._shared = shared
        self._log = shared.log
        rate = shared.limits.presence_rate
        own = Bucket(min(rate, WATCHING_RATE) if peer.role is Role.VIEWER else rate)
        self._presence_rate = opened.presence_rates.setdefault(peer.id, own)
        self._event_rate = Bucket(shared.limits.event_rate)
        self._log_rate = Bucket(LOGGED)
        self._unlogged = 0
        self._request: asyncio.Task[None] | None = None

    def handle(self, message: ClientMessage | RemoteError, now: float) -> None:
        """Handle one message at `now` (loop time, seconds). An error in it is sent back."""
        if self._log.isEnabledFor(logging.DEBUG):
            peer_event(self._log, logging.DEBUG, "message", self._opened, self._peer, message=_shown(message))
        try:
            match message:
                case Preview() | PresenceMessage():  # Nearly all messages.
                    self._check_rate(now)
                    self._room.receive(self._peer, message)
                case Operate():  # Those that come too fast wait: see `PeerConnection.run`.
                    self._room.receive(self._peer, message)
                case Event():
                    self._handle_event(message, now)
                case RemoteError():
                    raise message
                case Invite():
                    self._check_rate(now)
                    self._room.check_allowed(self._peer, message)
                    self._room.invite(self._peer, now, message.id)
                case Want():
                    self._check_rate(now)
                    self._room.check_allowed(self._peer, message)
                    # All of it may have to be encoded for this peer alone.
                    self._peer.client.budget.spend(BYTE * self._room.presence_bytes, now)
                    self._room.want(self._peer, message.previews, message.id)
                case Lock() | Read() | Mint() | Share() | Erase():
                    self._check_rate(now)
                    self._room.check_allowed(self._peer, message)
                    self._begin_request(message)
                case _:
                    self._check_rate(now)
                    self._room.receive(self._peer, message)
        except RemoteError as error:
            self._send_error(error, request_id(message))

    def _check_rate(self, now: float) -> None:
        if not self._presence_rate.take(now):
            rate = self._presence_rate.rate
            raise RemoteError("too-fast", f"at most {rate:g} messages a second are taken; send fewer")

    def _send_error(self, error: RemoteError, re: int = 0) -> None:
        """Send an error; `re` is the id of the request that it answers, 0 if it answers none."""
        self._shared.metrics.refusals.labels(error.code).inc()
        self._peer.client.budget.spend(REFUSAL, now := asyncio.get_running_loop().time())
        if self._log_rate.take(now):
            peer_event(
                self._log,
                logging.INFO,
                "refused",
                self._opened,
                self._peer,
                code=error.code,
                reason=error.reason[:200],
                unlogged=self._unlogged or None,
            )
            self._unlogged = 0
        else:
            self._unlogged += 1
        self._room.send_error(self._peer, error, re)

    # --- named events -------------------------------------------------------------------------------------

    def _handle_event(self, message: Event, now: float) -> None:
        if not self._event_rate.take(now):
            rate = self._shared.limits.event_rate
            raise RemoteError("too-fast", f"at most {rate:g} events a second are passed on; send fewer")
        room, peer, plugins = self._room, self._peer, self._shared.plugins
        if not plugins:
            room.receive(peer, message)
            return
        room.check_allowed(peer, message)
        decode_event(message)
        passing = PluginEvent(room.name, peer.id, peer.name, message.name, message.data, message.to)
        plugins.offer(passing, self._forward_event)

    def _forward_event(self, passing: PluginEvent) -> None:
        """Forward an event as the plugins left it."""
        room, peer = self._room, self._peer
        if peer.gone:
            return
        try:
            for name, data in passing.answers:
                room.send_event(peer, name, data)
            if not passing.dropped:
                room.receive(peer, Event(passing.name, passing.data, passing.to))
        except RemoteError as error:
            self._send_error(error)
        self._shared.rooms.touch(self._opened)

    # --- requests -----------------------------------------------------------------------------------------

    def _begin_request(self, request: Request) -> None:
        """Answer beside the reader; one request of a peer at a time."""
        # Also while its answer is being sent: what nobody collects may not pile up.
        if self._peer.is_reading or (self._request is not None and not self._request.done()):
            raise RemoteError("busy", "your last request is still being worked on; wait for its answer")
        if isinstance(request, Read):
            self._room.check_read(request.first, request.last)
        self._request = asyncio.create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            await self._shared.requests.answer(self._opened, self._peer, request)
        except RemoteError as error:
            self._send_error(error, request.id)
        except StoreError as error:
            self._send_error(RemoteError("store", str(error)), request.id)
        self._shared.rooms.touch(self._opened)


def _shown(message: ClientMessage | RemoteError) -> str:
    """Return a message as the debug log shows it: without secrets."""
    if isinstance(message, Join | Accompany | Share):
        return f"{type(message).__name__}(…)"
    if isinstance(message, Operate):  # Its values are still encoded.
        return bytes(encode_message(message)).decode()
    return repr(message)
