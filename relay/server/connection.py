"""One connection after its join: receives the peer's messages, sends what the room has for it, and ends.

A message is handled where it arrives; the reader task handles those that have to wait. `notify` writes the peer's
frames while the socket is clear. Otherwise the writer task pulls each frame once the one before it has left: what a
slow peer receives is merged, and its memory bounded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from enum import Enum

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..access.tokens import Grant
from ..observability.event_log import fault
from ..protocol import (
    CLOSE_EXPIRED,
    CLOSE_PROTOCOL,
    WINDOW,
    ClientMessage,
    Leave,
    Operate,
    RemoteError,
    decode_client,
)
from ..room.costs import BYTE, MESSAGE
from ..room.peer import JOINED, Peer
from .closing import abort, close
from .dispatch import Dispatcher, Shared
from .fast_connection import AT_ONCE, PlainConnection, framed
from .open_room import OpenRoom, peer_event
from .pieces import PIECE, Pieces, decode_frame
from .rate_limit import Bucket

NO_PROGRESS = 7.5
"""Seconds for which a peer may take nothing of what waits for it before its connection is aborted."""
SILENCE = 2.0
"""Seconds without a frame to a page after which it is sent an empty one. It is looked at each second."""
BEAT = framed("[]")
MAX_BUFFERED = 4 << 20
"""Bytes that may wait in a socket: one frame, and answers to pings nobody reads."""
MAX_BACKLOG = 2 << 20
"""Bytes of one peer that may wait for the store before no more is read from it."""


LONG = 16 << 10
"""Bytes of a frame from which on the reader handles it, in pieces."""
ORPHANED = 5.0
"""Seconds for which ink of a companion that is gone waits for its peer, or another companion, to go on with it."""


class Phase(Enum):
    """The life of a connection after its join. `FOLLOWING` has the transitions."""

    OPEN = "open"
    """`notify` writes frames to the socket itself."""
    DRAINING = "draining"
    """The writer task pulls frames: the socket did not take all, or it is to be closed."""
    CLOSING = "closing"
    """All was sent; the closing handshake is under way."""
    CLOSED = "closed"
    """It has left its room."""


FOLLOWING: Mapping[Phase, frozenset[Phase]] = {
    Phase.OPEN: frozenset([Phase.DRAINING, Phase.CLOSED]),
    Phase.DRAINING: frozenset([Phase.OPEN, Phase.CLOSING, Phase.CLOSED]),
    Phase.CLOSING: frozenset([Phase.CLOSED]),
    Phase.CLOSED: frozenset(),
}
_OPEN, _DRAINING = Phase.OPEN, Phase.DRAINING


class PeerConnection:
    """The connection of `peer` to the room `opened`, over `socket`, with the rights of `grant`."""

    __slots__ = (
        "_backlog",
        "_budget",
        "_delivery",
        "_expiry",
        "_first",
        "_frames",
        "_handle",
        "_log",
        "_loop",
        "_opened",
        "_operation_rate",
        "_paused_until",
        "_progress_at",
        "_received",
        "_room",
        "_rooms",
        "_sent",
        "_shared",
        "_silent_since",
        "_socket",
        "_unsent",
        "_wake_reader",
        "_wake_writer",
        "grant",
        "peer",
        "phase",
    )

    def __init__(
        self, socket: PlainConnection, opened: OpenRoom, peer: Peer, grant: Grant, shared: Shared
    ) -> None:
        self.peer = peer
        self.grant = grant
        self.phase = Phase.OPEN
        self._socket = socket
        self._opened = opened
        self._room = opened.room
        self._delivery = opened.room.delivery
        # Looked up for each message: not by way of `shared`.
        self._shared = shared
        self._rooms = shared.rooms
        self._log = shared.log
        self._frames = shared.frames
        self._handle = Dispatcher(opened, peer, shared).handle
        self._sent = shared.metrics.sent
        self._received = shared.metrics.received
        self._loop = asyncio.get_running_loop()
        # What was drawn while offline may arrive at once.
        self._operation_rate = Bucket(shared.limits.operation_rate, least=WINDOW)
        self._budget = peer.client.budget
        self._paused_until = 0.0
        self._backlog = 0
        self._unsent = 0
        self._progress_at = 0.0
        self._silent_since = 0.0
        self._wake_reader = asyncio.Event()
        self._wake_writer = asyncio.Event()
        self._expiry: asyncio.TimerHandle | None = None
        self._first: Pieces = iter(())

    # --- beginning and end --------------------------------------------------------------------------------

    @property
    def room_name(self) -> str:
        """The name of the peer's room."""
        return self._room.name

    @property
    def is_companion(self) -> bool:
        """Whether it is that of a page beside its kernel."""
        return self.peer.lead is not None

    @property
    def is_page(self) -> bool:
        """Whether it is that of a page in a browser; kernels send no origin."""
        request = self._socket.request
        return request is not None and "Origin" in request.headers

    @property
    def socket(self) -> PlainConnection:
        """The websocket."""
        return self._socket

    def enter(self, address: str, rest: Pieces) -> None:
        """Subscribe to the room, which the peer has joined from `address`; `run` handles the `rest` of that frame."""
        self._opened.subscribers.add(self)
        self.peer.address = address
        self.log_event(
            logging.INFO,
            "join",
            address=address,
            role=self.peer.role.word,
            token=self.grant.id or None,
            companion=self.is_companion or None,
            peers=len(self._opened.subscribers),
        )
        if self.grant.expires != float("inf"):
            # This clock does not jump, and that of the token does: `end_if_expired` asks it.
            self._expiry = self._loop.call_later(self.grant.expires - time.time(), self._expire)
        self._first = rest
        self._rooms.touch(self._opened)

    async def run(self) -> None:
        """Serve the peer until it leaves, is sent away, or the connection ends. Raises `RemoteError` when the peer
        does not speak the protocol, and `ConnectionClosed`."""
        socket = self._socket
        writer = asyncio.create_task(self._write())
        try:
            if not await self._handle_in_pieces(self._first, 0, writer):
                return
            self._first = iter(())
            socket.mark_handled()  # The join.
            socket.max_message = self._shared.limits.max_message
            socket.listener = self._handle_text
            async for frame in socket:
                await self._wait_to_read(writer)
                try:
                    pieces = decode_frame(frame)
                except RemoteError as error:
                    self.peer.close(CLOSE_PROTOCOL, error.reason)
                    raise
                if not await self._handle_in_pieces(pieces, len(frame), writer):
                    return
                socket.mark_handled()
        finally:
            socket.listener = None
            writer.cancel()

    async def _handle_in_pieces(self, pieces: Pieces, size: int, writer: asyncio.Task[None]) -> bool:
        """Handle the messages of one frame of `size` bytes; returns whether the peer is still there."""
        for number, piece in enumerate(pieces):
            if number:
                size = 0
            self._handle_all(piece, size, self._loop.time())
            if self.peer.gone:
                return False
            await self._wait_to_read(writer)  # Before the next piece is decoded.
        return True

    async def _wait_to_read(self, writer: asyncio.Task[None]) -> None:
        """Let the others have their turn, and wait as long as the peer came too fast, or spent too much."""
        await asyncio.sleep(0)
        while (wait := self._paused_until - self._loop.time()) > 0 and not writer.done():
            await asyncio.wait([writer], timeout=wait)
        while self._is_overloaded() and not writer.done():
            self._wake_reader.clear()
            await self._wake_reader.wait()

    def leave(self) -> None:
        """Unsubscribe and leave the room."""
        peer, socket = self.peer, self._socket
        if peer.closing is not None:
            reason = peer.closing[1]
        elif peer.gone:
            reason = "left"
        else:
            reason = f"connection closed ({socket.close_code} {socket.close_reason or ''})"
        self._become(Phase.CLOSED)
        self._opened.subscribers.discard(self)
        self._room.leave(peer)
        if peer.orphans:
            self._loop.call_later(ORPHANED, self._end_orphans)
        if self._expiry is not None:
            self._expiry.cancel()
        self.log_event(logging.INFO, "leave", reason=reason, peers=len(self._opened.subscribers))
        self._rooms.touch(self._opened)

    def _end_orphans(self) -> None:
        self._room.end_orphans(self.peer)
        self._rooms.touch(self._opened)

    def finish(self, code: int, reason: str) -> None:
        """Close with `code` and `reason` once everything that waits for the peer has been sent."""
        self.peer.close(code, reason)
        self._defer()

    def dismiss(self, code: int, reason: str) -> None:
        """Take the peer out of the room now and close with `code` and `reason`."""
        self.peer.close(code, reason)
        self._room.leave(self.peer)
        self._rooms.touch(self._opened)

    def end_if_expired(self) -> bool:
        """End the connection when its token has expired by the clock of the day; returns whether it has."""
        if (expired := self.grant.expires <= time.time()) and not self.peer.gone:
            self._expire()
        return expired

    def _expire(self) -> None:
        self.dismiss(CLOSE_EXPIRED, "the token has expired; ask who runs the relay for another")

    def beat(self, now: float) -> None:
        """Send a page an empty frame where nothing else was sent for a while: browsers do not notice a relay that is
        gone. Called each second, before `abort_if_stalled`."""
        if self._unsent == MAX_BUFFERED or not self._silent_since:  # Something was sent since the last call.
            self._silent_since = now
        elif now - self._silent_since >= SILENCE and self.phase is _OPEN and self._socket.clear:
            self._silent_since = now
            self._socket.post(BEAT)

    def abort_if_stalled(self, now: float) -> None:
        """Abort when the peer has taken nothing for `NO_PROGRESS` seconds; called now and then by the relay."""
        unsent = self._socket.transport.get_write_buffer_size()
        if self.is_stalled(unsent, now):
            self.log_event(logging.WARNING, "abort", reason=f"took nothing for {NO_PROGRESS:g} s")
            self._shared.metrics.aborted.inc()
            abort(self._socket)

    def is_stalled(self, unsent: int, now: float) -> bool:
        """Whether the peer takes nothing, with `unsent` bytes left in its socket."""
        if not (self.phase is Phase.DRAINING or unsent) or unsent < self._unsent:
            self._unsent, self._progress_at = unsent, now
        return now - self._progress_at > NO_PROGRESS

    def waits_since(self) -> float:
        """Return when it last took some of what waits for it, in loop time."""
        return self._progress_at

    def log_event(self, level: int, what: str, **more: object) -> None:
        """Log what happened to this peer."""
        peer_event(self._log, level, what, self._opened, self.peer, **more)

    def _become(self, phase: Phase) -> None:
        if phase is not self.phase:
            if phase not in FOLLOWING[self.phase]:
                raise RuntimeError(f"a connection that is {self.phase.value} cannot become {phase.value}")
            self.phase = phase

    # --- receiving ----------------------------------------------------------------------------------------

    def _is_overloaded(self) -> bool:
        """Whether more was read than the store, or the peer itself, has yet taken."""
        if not self.peer.unsettled:
            self._backlog = 0
        return self._backlog > MAX_BACKLOG or len(self.peer.direct) > WINDOW

    def _handle_text(self, text: str) -> bool:
        """Handle a frame as it arrives. False leaves it to the reader, which can wait, and end the connection."""
        now, peer = self._loop.time(), self.peer
        if peer.life is not JOINED or self._paused_until > now or len(text) > LONG:
            return False
        if (self._backlog or peer.direct) and self._is_overloaded():
            return False
        try:
            messages = decode_client(text)
        except RemoteError:
            return False
        if len(messages) > PIECE:
            return False
        for message in messages:
            if type(message) is Leave:
                return False
        try:
            self._handle_all(messages, len(text), now)
        except Exception:  # A fault of the relay ends this connection, not the others.
            fault(self._log, "handling failed", room=self._room.name, peer=peer.id)
            abort(self._socket)
        return True

    def _handle_all(self, messages: Sequence[ClientMessage | RemoteError], size: int, now: float) -> None:
        operations = 0
        if self._expiry is not None and self.end_if_expired():
            return
        for message in messages:
            self._handle(message, now)
            operations += type(message) is Operate
        self._budget.spend(MESSAGE * len(messages) + BYTE * size, now)
        self._rooms.serve(self._opened)
        self._received.value += size
        if wait := self._budget.wait(now):
            self._shared.metrics.paused.inc()
            self._paused_until = now + wait
        if operations and (wait := self._operation_rate.owe(operations, now)):
            self._shared.metrics.paused.inc()
            self._paused_until = max(self._paused_until, now + wait)
        if self.peer.unsettled:
            self._backlog += size

    # --- sending ------------------------------------------------------------------------------------------

    def notify(self) -> int:
        """Send what is new, or leave it to the writer when the socket does not take it. Returns the number of frames,
        with one for all that the writer will send."""
        peer = self.peer
        frames = 0
        if self.phase is _OPEN and peer.closing is None:
            delivery, socket, last = self._delivery, self._socket, self._frames
            try:
                while frames < AT_ONCE and socket.clear:
                    if (message := delivery.collect(peer)) is None:
                        self._wake_reader.set()
                        return frames
                    if last.message is not message:
                        last.message, last.frame = message, framed(message)
                    socket.post(last.frame)
                    self._unsent = MAX_BUFFERED  # All before it was taken: that is progress.
                    self._sent.value += len(message)
                    frames += 1
                    if delivery.is_up_to_date(peer):
                        self._wake_reader.set()
                        return frames
            except Exception:
                fault(self._log, "sending failed", room=self._room.name, peer=peer.id)
                abort(socket)
        self._defer()
        return frames + 1

    def _defer(self) -> None:
        if self.phase is _OPEN:
            self._become(_DRAINING)
        self._wake_writer.set()

    async def _write(self) -> None:
        """Send to a peer whose socket did not take all at once, and close it when the room says so."""
        socket, delivery, peer, loop = self._socket, self._delivery, self.peer, self._loop
        try:
            while True:
                await self._wake_writer.wait()
                self._wake_writer.clear()
                self._become(_DRAINING)
                self._wake_reader.set()
                while (frame := delivery.collect(peer)) is not None:
                    self._unsent, self._progress_at = MAX_BUFFERED, loop.time()
                    await socket.send(frame)
                    self._sent.value += len(frame)
                    self._wake_reader.set()
                self._rooms.draw(self._opened)
                if peer.closing is not None:
                    self._become(Phase.CLOSING)
                    await close(socket, *peer.closing)
                    return
                self._become(_OPEN)
        except ConnectionClosed:
            return  # The reader sees it too, and says why.
        except Exception:
            if socket.state is not State.CLOSED:
                fault(self._log, "writer failed", room=self._room.name, peer=peer.id)
            abort(socket)
        finally:
            self._wake_reader.set()
