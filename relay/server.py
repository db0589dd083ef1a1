"""Sockets, timers and shutdown around the pure rooms.

A connection has one reader task and one writer task. The reader hands messages to the room; at the end of the
pass of the event loop every touched room proposes what is queued, and its writers wake. A writer pulls the next
frame only when the last one has left, so what a slow peer gets is coalesced and its memory bounded.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import __version__
from .log import Store, StoreError
from .protocol import (
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    CLOSE_RESTART,
    MAX_FRAME,
    OLDEST_VERSION,
    PROTOCOL_VERSION,
    Bad,
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
"""Seconds a peer may take to accept one frame before its connection is aborted."""
WRITE_LIMIT = 64 << 10
MAX_QUEUE = 16


@dataclass(eq=False, slots=True)
class _Seat:
    """One joined connection: its socket, its peer, and the bell its writer waits for."""

    socket: ServerConnection
    room: Room
    peer: Peer
    bell: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """A relay on `host`:`port` (0: any free port) that keeps rooms in `store`.

    `token`: only who knows it may join. `idle_exit`: seconds without a connection after which `finished` is set.
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
        self._token = token
        self._idle_exit = idle_exit
        self._log = log or logging.getLogger("relay")
        self._rooms: dict[str, asyncio.Future[Room]] = {}
        self._seats: dict[Room, set[_Seat]] = {}
        self._touched: set[Room] = set()
        self._flush_scheduled = False
        self._work = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="relay-store")
        self._server: Server | None = None
        self._committer: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._connections = 0
        self._stopping = False
        self._load_error: str | None = None

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self._server = await serve(
            self._serve,
            self._host,
            self.port,
            compression=None,
            max_size=MAX_FRAME,
            max_queue=MAX_QUEUE,
            write_limit=WRITE_LIMIT,
            origins=[None],
            open_timeout=JOIN_DEADLINE,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=1,
            process_request=self._request,
            process_response=self._response,
            server_header=f"ipysketch-relay/{__version__}",
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._committer = asyncio.create_task(self._commit_forever())
        self._watch_idleness()

    async def stop(self) -> None:
        """Stop accepting, make durable what came, tell everybody to come back, and close; within 5 seconds."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()
        assert self._server is not None and self._committer is not None
        self._server.close(close_connections=False)
        loop = asyncio.get_running_loop()
        end = loop.time() + 2.0
        while any(room.busy for room in self._seats) and loop.time() < end:
            self._work.set()
            await asyncio.sleep(0.005)
        for room, seats in self._seats.items():
            room.goodbye("the relay is restarting", 1.0)
            for seat in seats:
                seat.bell.set()
        seats = [seat for seats in self._seats.values() for seat in seats]
        await asyncio.gather(
            *(self._close(seat.socket, CLOSE_RESTART, "the relay is restarting", 1.0) for seat in seats)
        )
        self._committer.cancel()
        await asyncio.gather(self._committer, return_exceptions=True)
        await loop.run_in_executor(self._disk, self._store.close)
        self._disk.shutdown()
        self._log.info("stopped")

    def _watch_idleness(self) -> None:
        if self._idle_exit is not None and not self._connections and not self._stopping:
            self._idle = asyncio.get_running_loop().call_later(self._idle_exit, self.finished.set)

    # --- HTTP ---------------------------------------------------------------------------------------------

    def _request(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.path == "/healthz":
            return self._response(socket, request, socket.respond(HTTPStatus.OK, "ok\n"))
        if "upgrade" not in request.headers.get("Connection", "").lower():
            text = "This is an ipysketch relay; connect to it from a notebook with %sketch connect.\n"
            return socket.respond(HTTPStatus.UPGRADE_REQUIRED, text)
        return None

    def _response(self, socket: ServerConnection, request: Request, response: Response) -> Response:
        challenge = request.headers.get("X-Ipysketch-Challenge")
        if challenge and self._token:
            response.headers["X-Ipysketch-Proof"] = _proof(self._token, challenge)
        return response

    def _admitted(self, socket: ServerConnection, join: Join) -> bool:
        if not self._token:
            return True
        headers = socket.request.headers if socket.request else {}
        challenge = headers.get("X-Ipysketch-Challenge", "")
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        good = [self._token, _proof(self._token, "join:" + challenge)] if challenge else [self._token]
        return any(
            hmac.compare_digest(said.encode(), known.encode())
            for said in (join.token, bearer)
            for known in good
        )

    # --- one connection -----------------------------------------------------------------------------------

    async def _serve(self, socket: ServerConnection) -> None:
        self._connections += 1
        if self._idle is not None:
            self._idle.cancel()
        seat: _Seat | None = None
        reason = "left"
        try:
            seat = await self._enter(socket)
            if seat is not None:
                reason = await self._read(seat)
        except ConnectionClosed as closed:
            reason = _why(closed)
        finally:
            if seat is not None:
                self._exit(seat, reason)
            self._connections -= 1
            self._watch_idleness()

    async def _enter(self, socket: ServerConnection) -> _Seat | None:
        try:
            async with asyncio.timeout(JOIN_DEADLINE):
                frame = await socket.recv()
        except TimeoutError:
            await self._refuse(socket, Bad("join-first", "no join message came in time"), CLOSE_PROTOCOL)
            return None
        code = CLOSE_PROTOCOL
        try:
            if isinstance(frame, bytes):
                raise Bad("binary", "a client sends no binary frames; send a JSON array of messages")
            [join, *rest] = decode_client(frame) or [None]
            if isinstance(join, Bad):
                raise join
            if not isinstance(join, Join):
                raise Bad("join-first", "the first message must be join")
            if not join.version >= OLDEST_VERSION:
                raise Bad("version", f"protocol version {join.version} is too old; upgrade ipysketch")
            if join.version > PROTOCOL_VERSION + 1:
                raise Bad(
                    "version",
                    f"this relay speaks protocol version {PROTOCOL_VERSION}, not {join.version}; upgrade the relay",
                )
            code = CLOSE_REFUSED
            if not self._admitted(socket, join):
                raise Bad("token", "the token is wrong or missing; ask who runs the relay for one")
            room = await self._room(check_room(join.room))
            if self._stopping:
                raise Bad("stopping", "the relay is restarting")
            seat = _Seat(socket, room, peer := room.join(join, time.time()))
        except Bad as bad:
            await self._refuse(socket, bad, code)
            return None
        except StoreError as error:
            self._log.error(
                "load failed room=%r reason=%r", join.room if isinstance(join, Join) else "", str(error)
            )
            await self._refuse(socket, Bad("store", str(error)), CLOSE_REFUSED)
            return None
        self._seats.setdefault(room, set()).add(seat)
        self._log.info(
            "join room=%r peer=%s name=%r from=%s peers=%d",
            room.name,
            peer.id,
            peer.name,
            _address(socket),
            len(room.peers),
        )
        for message in rest:
            self._take(seat, message)
        self._touch(room)
        return seat

    async def _read(self, seat: _Seat) -> str:
        writer = asyncio.create_task(self._write(seat))
        try:
            async for frame in seat.socket:
                if isinstance(frame, bytes):
                    bad = Bad("binary", "a client sends no binary frames; send a JSON array of messages")
                    await self._refuse(seat.socket, bad, CLOSE_PROTOCOL)
                    return "sent a binary frame"
                try:
                    messages = decode_client(frame)
                except Bad as bad:
                    await self._refuse(seat.socket, bad, CLOSE_PROTOCOL)
                    return "sent a frame that is not JSON"
                for message in messages:
                    self._take(seat, message)
                self._touch(seat.room)
                if seat.peer.gone:
                    return seat.peer.closing[1] if seat.peer.closing else "left"
            return _closed(seat.socket)
        finally:
            writer.cancel()

    def _take(self, seat: _Seat, message: object) -> None:
        if self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("message room=%r peer=%s %.400r", seat.room.name, seat.peer.id, message)
        try:
            if isinstance(message, Bad):
                raise message
            seat.room.receive(seat.peer, message, time.time())  # type: ignore[arg-type]  # decoded just now
        except Bad as bad:
            self._log.info(
                "refused room=%r peer=%s name=%r code=%s",
                seat.room.name,
                seat.peer.id,
                seat.peer.name,
                bad.code,
            )
            seat.room.error(seat.peer, bad)

    async def _write(self, seat: _Seat) -> None:
        socket, room, peer = seat.socket, seat.room, seat.peer
        try:
            while True:
                await seat.bell.wait()
                seat.bell.clear()
                while (frame := room.collect(peer)) is not None:
                    async with asyncio.timeout(NO_PROGRESS):
                        await socket.send(frame)
                if peer.closing is not None:
                    await self._close(socket, *peer.closing, 1.0)
                    return
        except TimeoutError:
            self._log.warning(
                "aborted room=%r peer=%s name=%r reason='took nothing for %d s'",
                room.name,
                peer.id,
                peer.name,
                NO_PROGRESS,
            )
            socket.transport.abort()
        except ConnectionClosed:
            return  # The reader sees it too, and says why.

    def _exit(self, seat: _Seat, reason: str) -> None:
        room = seat.room
        seats = self._seats.get(room, set())
        seats.discard(seat)
        room.leave(seat.peer)
        self._log.info(
            "leave room=%r peer=%s name=%r reason=%r peers=%d",
            room.name,
            seat.peer.id,
            seat.peer.name,
            reason,
            len(seats),
        )
        self._touch(room)

    async def _refuse(self, socket: ServerConnection, bad: Bad, code: int) -> None:
        self._log.info("refused from=%s code=%s reason=%r", _address(socket), bad.code, bad.reason[:200])
        try:
            async with asyncio.timeout(1.0):
                await socket.send(encode([Error(bad.code, bad.reason, fatal=True)]), text=True)
        except (TimeoutError, ConnectionClosed):
            return
        await self._close(socket, code, bad.reason, 1.0)

    async def _close(self, socket: ServerConnection, code: int, reason: str, timeout: float) -> None:
        # A peer that does not read would keep close() waiting for as long as it likes.
        try:
            async with asyncio.timeout(timeout):
                await socket.close(code, reason.encode()[:120].decode(errors="ignore"))
        except TimeoutError:
            socket.transport.abort()


def _proof(token: str, challenge: str) -> str:
    return hmac.new(token.encode(), challenge.encode(), hashlib.sha256).hexdigest()


def _address(socket: ServerConnection) -> str:
    address = socket.remote_address
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address or "?")


def _why(closed: ConnectionClosed) -> str:
    if closed.rcvd is not None:
        return f"closed with {closed.rcvd.code} {closed.rcvd.reason}".strip()
    if closed.sent is not None:
        return f"closed by the relay with {closed.sent.code} {closed.sent.reason}".strip()
    return "connection lost"


def _closed(socket: ServerConnection) -> str:
    return f"closed with {socket.close_code} {socket.close_reason or ''}".strip()
