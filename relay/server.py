"""Sockets, timers and shutdown around the rooms.

A connection has one reader and one writer task. The reader hands messages to the room; at the end of that
pass of the event loop the writers of every touched room wake. A writer pulls the next frame only when the last
one has left, so what a slow peer gets is coalesced and its memory bounded; one that takes nothing is aborted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as sockets
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from . import __version__
from .admission import Admission
from .log import Store, StoreError
from .protocol import (
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    CLOSE_RESTART,
    MAX_FRAME,
    OLDEST_VERSION,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    WINDOW,
    Bad,
    ClientMessage,
    Error,
    Join,
    check_room,
    decode_client,
    encode,
)
from .room import Peer
from .rooms import OpenRoom, Rooms

JOIN_DEADLINE = 10.0
NO_PROGRESS = 10.0
"""Seconds for which a peer may take nothing of what waits for it before its connection is aborted."""
CLOSE_TIMEOUT = 1.0
RESTARTING = "the relay is restarting"
WRITE_LIMIT = 32 << 10
SEND_BUFFER = 64 << 10
"""Bytes asked of the system for what waits in one connection; left alone it takes megabytes, unmerged: minutes
for a slow reader, which would also answer no ping in time, and one that stalls would not be noticed."""
MAX_QUEUE = 16
MAX_BUFFERED = 4 << 20
"""Bytes that may wait in a socket: one frame, and answers to pings nobody reads."""
MAX_BACKLOG = 2 << 20
"""Bytes of one peer that may wait for the store before no more is read from it."""


@dataclass(eq=False, slots=True)
class _Seat:
    """One joined connection: its socket, its peer, and the bell its writer waits for."""

    socket: ServerConnection
    opened: OpenRoom
    peer: Peer
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    eased: asyncio.Event = field(default_factory=asyncio.Event)
    backlog: int = 0
    sending: bool = False
    left: int = 0
    progress: float = 0.0

    @property
    def overloaded(self) -> bool:
        """Whether more was read than the store, or the peer itself, has yet taken."""
        if not self.peer.unsettled:
            self.backlog = 0
        return self.backlog > MAX_BACKLOG or len(self.peer.direct) > WINDOW


class Relay:
    """A relay on `host`:`port` (0: any free port) that keeps rooms in `store`, and closes it in `stop`.

    `token`: only who knows it may join. `idle_exit`: seconds without a connection until `finished` is set.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        idle_exit: float | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        self.finished = asyncio.Event()
        self.port = port
        self._store = store
        self._host = host
        self._admission = Admission(token)
        self._idle_exit = idle_exit
        self._log = log or logging.getLogger("relay")
        self._connections: dict[ServerConnection, asyncio.Task[None] | None] = {}
        self._seats: set[_Seat] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._stopping = False
        self._farewell = False

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self._server: Server = await serve(
            self._serve,
            self._host,
            self.port,
            compression=None,
            max_size=MAX_FRAME,
            max_queue=MAX_QUEUE,
            write_limit=WRITE_LIMIT,
            # Kernels send no origin; a page that does is not ours.
            origins=[None],
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            select_subprotocol=lambda _, offered: Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None,
            open_timeout=JOIN_DEADLINE,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=CLOSE_TIMEOUT,
            process_request=_request,
            process_response=self._response,
            server_header=f"ipysketch-relay/{__version__}",
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._rooms = Rooms(self._store, self._log)
        self._watcher = asyncio.create_task(self._watch())
        self._watch_idleness()

    async def stop(self) -> None:
        """Stop accepting, make durable what came, tell everybody to come back, and close; within 5 seconds."""
        self._stopping = True
        self._watch_idleness()
        self._server.close(close_connections=False)
        await self._rooms.settle(2.0)
        for room in {seat.opened.room for seat in self._seats}:
            room.goodbye(RESTARTING, 1.0)
        self._farewell = True
        seated = {seat.socket for seat in self._seats}
        for seat in self._seats:
            seat.bell.set()  # Its writer says what is left to say, and closes.
        closing = [_close(socket, CLOSE_RESTART) for socket in self._connections if socket not in seated]
        tasks = [task for task in self._connections.values() if task is not None]
        if tasks:
            await asyncio.wait([*tasks, *map(asyncio.ensure_future, closing)], timeout=1.5)
        for socket in list(self._connections):
            _abort(socket)
        self._watcher.cancel()
        await self._rooms.close()
        self._log.info("stopped")

    async def _watch(self) -> None:
        """Abort who takes nothing: keepalive does not notice them, and closing would wait for them."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, NO_PROGRESS / 4))
            for seat in self._seats:
                left = seat.socket.transport.get_write_buffer_size()
                if not seat.sending or left < seat.left:
                    seat.left, seat.progress = left, loop.time()
                elif loop.time() - seat.progress > NO_PROGRESS:
                    self._log.warning(
                        "abort room=%r peer=%s name=%r reason='took nothing for %g s'",
                        *(seat.opened.room.name, seat.peer.id, seat.peer.name, NO_PROGRESS),
                    )
                    _abort(seat.socket)
            for socket in self._connections:
                if socket.transport.get_write_buffer_size() > MAX_BUFFERED:
                    self._log.warning("abort from=%s reason='reads nothing'", _address(socket))
                    _abort(socket)

    def _watch_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._idle_exit is not None and not self._connections and not self._stopping:
            self._idle = asyncio.get_running_loop().call_later(self._idle_exit, self.finished.set)

    # --- HTTP ---------------------------------------------------------------------------------------------

    def _response(self, socket: ServerConnection, request: Request, response: Response) -> Response:
        if answer := self._admission.answer(_header(request, "X-Ipysketch-Challenge")):
            response.headers["X-Ipysketch-Proof"] = answer
        return response

    def _admitted(self, socket: ServerConnection, join: Join) -> bool:
        assert socket.request is not None  # It was there before the handshake was answered.
        challenge = _header(socket.request, "X-Ipysketch-Challenge")
        return self._admission.admits(join.token, _header(socket.request, "Authorization"), challenge)

    # --- one connection -----------------------------------------------------------------------------------

    async def _serve(self, socket: ServerConnection) -> None:
        self._connections[socket] = asyncio.current_task()
        self._watch_idleness()
        system: sockets.socket = socket.transport.get_extra_info("socket")
        system.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, SEND_BUFFER)
        seat: _Seat | None = None
        try:
            if (seat := await self._enter(socket)) is not None:
                await self._read(seat)
        except ConnectionClosed:
            pass  # `_exit` says why.
        finally:
            if seat is not None:
                self._exit(seat)
            # Returning would close the socket too, but wait for a peer that reads nothing for ever.
            await _close(socket, *((seat and seat.peer.closing) or (1000, "")))
            del self._connections[socket]
            self._watch_idleness()

    async def _enter(self, socket: ServerConnection) -> _Seat | None:
        code = CLOSE_PROTOCOL
        try:
            try:
                async with asyncio.timeout(JOIN_DEADLINE):
                    frame = await socket.recv()
            except TimeoutError:
                raise Bad("join-first", "no join message came in time") from None
            messages = _decode(frame)
            join = messages[0] if messages else None
            if isinstance(join, Bad):
                raise join
            if not isinstance(join, Join):
                raise Bad("join-first", "the first message must be join")
            _check_version(join.version)
            code = CLOSE_REFUSED
            if not self._admitted(socket, join):
                raise Bad("token", "the token is wrong or missing; ask who runs the relay for one")
            try:
                opened = await self._rooms.get(check_room(join.room))
            except StoreError as error:
                raise Bad("store", str(error)) from None
            if self._stopping:
                await _close(socket, CLOSE_RESTART, RESTARTING)
                return None
            peer = opened.room.join(join, time.time())
        except Bad as bad:
            await self._refuse(socket, bad, code)
            return None
        seat = _Seat(socket, opened, peer)
        self._seats.add(seat)
        opened.bells.add(seat.bell)
        self._log.info(
            "join room=%r peer=%s name=%r from=%s peers=%d",
            *(opened.room.name, peer.id, peer.name, _address(socket), len(opened.bells)),
        )
        for message in messages[1:]:
            self._take(seat, message)
        self._rooms.touch(opened)
        return seat

    async def _read(self, seat: _Seat) -> None:
        writer = asyncio.create_task(self._write(seat))
        try:
            async for frame in seat.socket:
                try:
                    messages = _decode(frame)
                except Bad as bad:
                    seat.peer.closing = seat.peer.closing or (CLOSE_PROTOCOL, bad.reason)
                    await self._refuse(seat.socket, bad, CLOSE_PROTOCOL)
                    return
                for message in messages:
                    self._take(seat, message)
                self._rooms.touch(seat.opened)
                seat.backlog += len(frame)
                while seat.overloaded and not writer.done():
                    seat.eased.clear()
                    await seat.eased.wait()
                if seat.peer.gone:
                    return
        finally:
            writer.cancel()

    def _take(self, seat: _Seat, message: ClientMessage | Bad) -> None:
        room, peer = seat.opened.room, seat.peer
        if self._log.isEnabledFor(logging.DEBUG):
            shown = "Join(…)" if isinstance(message, Join) else f"{message!r:.400}"
            self._log.debug("message room=%r peer=%s %s", room.name, peer.id, shown)
        try:
            if isinstance(message, Bad):
                raise message
            room.receive(peer, message, time.time())
        except Bad as bad:
            self._log.info(
                "refused room=%r peer=%s name=%r code=%s reason=%r",
                *(room.name, peer.id, peer.name, bad.code, bad.reason[:200]),
            )
            room.error(peer, bad)

    async def _write(self, seat: _Seat) -> None:
        socket, room, peer = seat.socket, seat.opened.room, seat.peer
        loop = asyncio.get_running_loop()
        try:
            while True:
                await seat.bell.wait()
                seat.bell.clear()
                seat.eased.set()
                while (frame := room.collect(peer)) is not None:
                    seat.left, seat.progress, seat.sending = MAX_BUFFERED, loop.time(), True
                    await socket.send(frame)
                    seat.sending = False
                    seat.eased.set()
                if self._farewell:
                    peer.closing = peer.closing or (CLOSE_RESTART, RESTARTING)
                if peer.closing is not None:
                    await _close(socket, *peer.closing)
                    return
        except ConnectionClosed:
            return  # The reader sees it too, and says why.
        except Exception:
            if socket.state is not State.CLOSED:
                self._log.exception("writer failed room=%r peer=%s", room.name, peer.id)
            _abort(socket)
        finally:
            seat.sending = False
            seat.eased.set()

    def _exit(self, seat: _Seat) -> None:
        opened, peer = seat.opened, seat.peer
        if peer.closing is not None:
            reason = peer.closing[1]
        elif peer.gone:
            reason = "left"
        else:
            reason = f"connection closed ({seat.socket.close_code} {seat.socket.close_reason or ''})"
        self._seats.discard(seat)
        opened.bells.discard(seat.bell)
        opened.room.leave(peer)
        self._log.info(
            "leave room=%r peer=%s name=%r reason=%r peers=%d",
            *(opened.room.name, peer.id, peer.name, reason, len(opened.bells)),
        )
        self._rooms.touch(opened)

    async def _refuse(self, socket: ServerConnection, bad: Bad, code: int) -> None:
        self._log.info("refused from=%s code=%s reason=%r", _address(socket), bad.code, bad.reason[:200])
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await socket.send(encode([Error(bad.code, bad.reason, fatal=True)]), text=True)
        await _close(socket, code, bad.reason)


def _request(socket: ServerConnection, request: Request) -> Response | None:
    if request.path == "/healthz":
        return socket.respond(HTTPStatus.OK, "ok\n")
    if "upgrade" not in request.headers.get("Connection", "").lower():
        text = "This is an ipysketch relay; connect to it from a notebook with %sketch connect.\n"
        response = socket.respond(HTTPStatus.UPGRADE_REQUIRED, text)
        response.headers["Upgrade"] = "websocket"
        return response
    return None


async def _close(socket: ServerConnection, code: int, reason: str = "") -> None:
    """Close, in bounded time: a peer that does not read would keep close() waiting for as long as it likes."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code, reason.encode()[:120].decode(errors="ignore"))
    except (TimeoutError, AttributeError):
        # AttributeError: asyncio cannot abort a transport that closed after its last data left.
        _abort(socket)


def _abort(socket: ServerConnection) -> None:
    if socket.state is not State.CLOSED:
        socket.transport.abort()


def _decode(frame: str | bytes) -> list[ClientMessage | Bad]:
    if isinstance(frame, bytes):
        raise Bad("binary", "a client sends no binary frames; send a JSON array of messages")
    return decode_client(frame)


def _check_version(version: int) -> None:
    # A client one version ahead knows ours too, and `Welcome` tells it to speak that.
    if not OLDEST_VERSION <= version <= PROTOCOL_VERSION + 1:
        older = "the relay" if version > PROTOCOL_VERSION else "ipysketch"
        spoken = f"this relay speaks protocol version {PROTOCOL_VERSION}, not {version}"
        raise Bad("version", f"{spoken}; upgrade {older}")


def _header(request: Request, name: str) -> str:
    """The header's value; nothing if it is missing or there twice."""
    values = request.headers.get_all(name)
    return values[0] if len(values) == 1 else ""


def _address(socket: ServerConnection) -> str:
    address = socket.remote_address
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address or "?")
