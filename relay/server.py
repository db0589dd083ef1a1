"""Sockets, timers and shutdown around the rooms.

What comes is handed to the room as it comes; a connection's reader task has what must wait. When a room's bells
ring, each seat whose socket is clear pulls its next frame and posts it; where the last one has not left yet, the
writer task pulls when it has. So what a slow peer gets is coalesced and its memory bounded; one that takes
nothing is aborted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as sockets
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Subprotocol

from . import __version__
from .admission import Admission
from .doors import Doors
from .limits import Bucket, Limits
from .log import RoomInfo, Store, StoreError
from .logs import event
from .metrics import Metrics
from .plugins import Passing, Plugin, Plugins
from .protocol import (
    CLOSE_EXPIRED,
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    CLOSE_RESTART,
    CLOSE_REVOKED,
    OLDEST_VERSION,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    WINDOW,
    Bad,
    ClientMessage,
    Erase,
    Error,
    Event,
    Join,
    Leave,
    Lock,
    Mint,
    Minted,
    Operate,
    Preview,
    Read,
    check_event,
    check_room,
    decode_client,
    encode,
    encode_message,
)
from .protocol import Presence as PresenceMessage
from .reception import Reception, header
from .roles import role
from .room import Peer
from .rooms import OpenRoom, Rooms
from .tokens import Grant
from .wire import AT_ONCE, PlainWire, Wire, chosen, framed

NO_PROGRESS = 7.5
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
ENDING = frozenset({"not-json", "binary", "join-first", "bad-message", "version"})
"""What ends a connection because it does not speak the protocol; other refusals at the door are its owner's."""


class _Restarting(Exception):
    """The relay is going down; who comes now is sent to come back."""


@dataclass(eq=False, slots=True)
class _Seat:
    """One joined connection: its socket, its peer, and the bell its writer waits for. Its operations came too
    fast if nothing more should be taken before `rested`."""

    socket: PlainWire
    opened: OpenRoom
    peer: Peer
    grant: Grant
    operations: Bucket
    presence: Bucket
    events: Bucket
    ring: Callable[[], int] = field(init=False)
    expiry: asyncio.TimerHandle | None = None
    reading: asyncio.Task[None] | None = None
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    eased: asyncio.Event = field(default_factory=asyncio.Event)
    backlog: int = 0
    sending: bool = False
    left: int = 0
    progress: float = 0.0
    rested: float = 0.0

    @property
    def overloaded(self) -> bool:
        """Whether more was read than the store, or the peer itself, has yet taken."""
        if not self.peer.unsettled:
            self.backlog = 0
        return self.backlog > MAX_BACKLOG or len(self.peer.direct) > WINDOW

    def stalled(self, left: int, now: float) -> bool:
        """Whether its peer takes nothing: looked at now and then, with what is left in its socket."""
        if not (self.sending or left) or left < self.left:
            self.left, self.progress = left, now
        return now - self.progress > NO_PROGRESS


class Relay:
    """A relay on `host`:`port` (0: any free port) that keeps rooms in `store`, and closes it in `stop`.

    `admission` says who may join as what, `doors` by which names, `encryption` is its certificate; named events go
    through `plugins`, see `relay.plugins`.
    `idle_exit`: seconds without a connection until `finished` is set.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        admission: Admission | None = None,
        doors: Doors | None = None,
        limits: Limits | None = None,
        encryption: ssl.SSLContext | None = None,
        plugins: Sequence[Plugin] = (),
        idle_exit: float | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        self.finished = asyncio.Event()
        self.port = port
        self.metrics = Metrics()
        self._store = store
        self._host = host
        self._admission = admission or Admission()
        self._limits = limits or Limits()
        self._encryption = encryption
        self._idle_exit = idle_exit
        self._log = log or logging.getLogger("relay")
        self._plugins = Plugins(plugins, seconds=self._limits.plugin_seconds, log=self._log)
        self._posted: tuple[str | bytes, bytes] = ("", b"")
        self._connections: dict[ServerConnection, asyncio.Task[None] | None] = {}
        self._reception = Reception(
            doors or Doors(), self._limits, self._admission, self.metrics, self._log, self._probe
        )
        self._seats: set[_Seat] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._stopping = False
        self._farewell = False
        self.metrics.watch("peers", "Peers in all rooms.", lambda: len(self._seats))
        self.metrics.watch("connections", "Open connections.", lambda: len(self._connections))
        self.metrics.watch("rooms", "Rooms in memory.", lambda: len(self._rooms))
        self.metrics.watch("queued_operations", "Operations waiting for the store.", lambda: self._rooms.queued)

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self._loop = asyncio.get_running_loop()
        self._rooms = Rooms(self._store, self._log, self._limits, self.metrics)
        self._admission.revoked.update(await self._rooms.ask(self._store.revoked, time.time()))
        if (kind := chosen()) is not Wire:
            self._log.warning(
                "this release of websockets is not known to the relay: all works, but takes more time"
            )
        try:
            self._server: Server = await serve(
                self._serve,
                self._host,
                self.port,
                ssl=self._encryption,
                # Live frames are small and many: compressing them costs more than it saves.
                compression=None,
                create_connection=kind,
                max_size=self._limits.max_message,
                max_queue=MAX_QUEUE,
                write_limit=WRITE_LIMIT,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                select_subprotocol=lambda _, offered: (
                    Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None
                ),
                open_timeout=self._limits.handshake_seconds,
                ping_interval=20,
                ping_timeout=20,
                close_timeout=CLOSE_TIMEOUT,
                process_request=self._reception.request,
                process_response=self._reception.response,
                server_header=f"ipysketch-relay/{__version__}",
            )
        except BaseException:
            await self._rooms.close()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self._watcher = asyncio.create_task(self._watch())
        self._plugins.start()
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
        self._plugins.close()
        await self._rooms.close()
        self._log.info("stopped")

    async def _watch(self) -> None:
        """Abort who takes nothing: keepalive does not notice them, and closing would wait for them."""
        loop = self._loop
        while True:
            await asyncio.sleep(min(1.0, NO_PROGRESS / 4))
            for seat in self._seats:
                left = seat.socket.transport.get_write_buffer_size()
                if seat.stalled(left, loop.time()):
                    self._tell(seat, logging.WARNING, "abort", reason=f"took nothing for {NO_PROGRESS:g} s")
                    self.metrics.aborted.inc()
                    _abort(seat.socket)
            for socket in self._connections:
                if socket.transport.get_write_buffer_size() > MAX_BUFFERED:
                    event(
                        self._log,
                        logging.WARNING,
                        "abort",
                        address=self._reception.address(socket),
                        reason="reads nothing",
                    )
                    self.metrics.aborted.inc()
                    _abort(socket)

    def _watch_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._idle_exit is not None and not self._connections and not self._stopping:
            self._idle = self._loop.call_later(self._idle_exit, self.finished.set)

    def _tell(self, seat: _Seat, level: int, what: str, **more: object) -> None:
        """Log what happened to one peer."""
        room, peer = seat.opened.room, seat.peer
        event(self._log, level, what, room=room.name, peer=peer.id, name=peer.name, **more)

    # --- for operators ------------------------------------------------------------------------------------

    async def rooms(self) -> list[tuple[RoomInfo, int]]:
        """Every room, with how many peers are in it."""
        here = Counter(seat.opened.room.name for seat in self._seats)
        return [(info, here[info.name]) for info in await self._rooms.ask(self._store.rooms)]

    async def delete(self, room: str) -> None:
        """Delete a room; its peers are sent away. Raises `StoreError`."""
        await self._rooms.delete(room)
        event(self._log, logging.WARNING, "deleted", room=room)

    async def revoke(self, token: str, until: float) -> int:
        """Take a token back, by its id: nobody comes in with it any more, and who did leaves; how many did."""
        await self._rooms.ask(self._store.revoke, token, until)
        self._admission.revoked.add(token)
        found = [seat for seat in self._seats if seat.grant.id == token]
        for seat in found:
            self._dismiss(seat, CLOSE_REVOKED, "the token was taken back; ask who runs the relay for another")
        event(self._log, logging.WARNING, "revoked", token=token, peers=len(found))
        return len(found)

    def store(self) -> tuple[Store, Rooms]:
        """The store, and the rooms whose `ask` alone may call it."""
        return self._store, self._rooms

    def _dismiss(self, seat: _Seat, code: int, reason: str) -> None:
        seat.peer.closing = seat.peer.closing or (code, reason)
        seat.opened.room.leave(seat.peer)
        self._rooms.touch(seat.opened)

    # --- one connection -----------------------------------------------------------------------------------

    async def _probe(self) -> str:
        try:
            await self._rooms.ask(self._store.probe)
        except StoreError as error:
            return str(error)
        return ""

    def _admit(self, socket: ServerConnection, join: Join) -> Grant:
        assert socket.request is not None  # It was there before the handshake was answered.
        challenge = header(socket.request, "X-Ipysketch-Challenge")
        bearer = header(socket.request, "Authorization")
        return self._admission.admit(join.room, join.token, bearer, challenge, time.time())

    async def _serve(self, socket: ServerConnection) -> None:
        assert isinstance(socket, PlainWire)
        address = self._reception.arrive(socket)
        self._connections[socket] = asyncio.current_task()
        self._watch_idleness()
        system: sockets.socket = socket.transport.get_extra_info("socket")
        system.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, SEND_BUFFER)
        closing = (1000, "")
        try:
            frame = await self._first(socket)
            async with contextlib.AsyncExitStack() as stack:
                seat = await self._enter(socket, frame, stack)
                try:
                    await self._read(seat)
                finally:
                    self._exit(seat)
                    closing = seat.peer.closing or closing
        except Bad as bad:
            closing = (CLOSE_PROTOCOL if bad.code in ENDING else CLOSE_REFUSED, bad.reason)
            await self._refuse(socket, bad)
        except _Restarting:
            closing = (CLOSE_RESTART, RESTARTING)
        except ConnectionClosed:
            pass  # `_exit` says why.
        finally:
            # Returning would close the socket too, but wait for a peer that reads nothing for ever.
            await _close(socket, *closing)
            del self._connections[socket]
            self._reception.depart(address)
            self._watch_idleness()

    async def _first(self, socket: ServerConnection) -> str | bytes:
        try:
            async with asyncio.timeout(self._limits.join_seconds):
                return await socket.recv()
        except TimeoutError:
            raise Bad("join-first", "no join message came in time") from None

    async def _enter(self, socket: PlainWire, frame: str | bytes, stack: contextlib.AsyncExitStack) -> _Seat:
        messages = _decode(frame)
        join = messages[0] if messages else None
        if isinstance(join, Bad):
            raise join
        if not isinstance(join, Join):
            raise Bad("join-first", "the first message must be join")
        _check_version(join.version)
        check_room(join.room)
        grant = self._admit(socket, join)
        try:
            opened = await stack.enter_async_context(self._rooms.visit(join.room))
            found = await self._rooms.find(opened, join) if opened.room.lacks(join) else None
        except StoreError as error:
            raise Bad("store", str(error)) from None
        if self._stopping:
            raise _Restarting
        more = {"found": found} if found else {}
        peer = opened.room.join(
            join, time.time(), **more, role=grant.role, subject=grant.subject, called=grant.name
        )
        limits = self._limits
        seat = _Seat(
            socket,
            opened,
            peer,
            grant,
            # What was drawn alone may come along at once.
            Bucket(limits.operation_rate, least=WINDOW),
            Bucket(limits.presence_rate),
            Bucket(limits.event_rate),
        )
        seat.ring = partial(self._ring, seat)
        self._seats.add(seat)
        opened.bells.add(seat.ring)
        self._tell(
            seat,
            logging.INFO,
            "join",
            address=self._reception.address(socket),
            role=peer.role.word,
            token=grant.id or None,
            peers=len(opened.bells),
        )
        if grant.expires != float("inf"):
            seat.expiry = self._loop.call_later(
                grant.expires - time.time(),
                self._dismiss,
                *(seat, CLOSE_EXPIRED, "the token has expired; ask who runs the relay for another"),
            )
        for message in messages[1:]:
            self._take(seat, message, self._loop.time())
        self._rooms.touch(opened)
        return seat

    async def _read(self, seat: _Seat) -> None:
        """Take what cannot be taken as it comes, until the peer goes."""
        socket, loop = seat.socket, self._loop
        writer = asyncio.create_task(self._write(seat))
        try:
            socket.done()  # The join.
            socket.longest = self._limits.max_message
            socket.listener = partial(self._hear, seat)
            async for frame in socket:
                if (wait := seat.rested - loop.time()) > 0:
                    await asyncio.sleep(wait)
                while seat.overloaded and not writer.done():
                    seat.eased.clear()
                    await seat.eased.wait()
                try:
                    messages = _decode(frame)
                except Bad as bad:
                    seat.peer.closing = seat.peer.closing or (CLOSE_PROTOCOL, bad.reason)
                    raise
                self._receive(seat, messages, len(frame), loop.time())
                if seat.peer.gone:
                    return
                socket.done()
        finally:
            socket.listener = None
            writer.cancel()

    def _hear(self, seat: _Seat, text: str) -> bool:
        """Take a frame as it comes; False when it must wait for the reader, which knows how to wait and how to end."""
        now = self._loop.time()
        if seat.peer.gone or seat.overloaded or seat.rested > now:
            return False
        try:
            messages = decode_client(text)
        except Bad:
            return False
        for message in messages:
            if type(message) is Leave:
                return False
        try:
            self._receive(seat, messages, len(text), now)
        except Exception:  # One of ours: it ends this connection, not the others.
            self._log.exception("taking failed room=%r peer=%s", seat.opened.room.name, seat.peer.id)
            _abort(seat.socket)
        return True

    def _receive(self, seat: _Seat, messages: list[ClientMessage | Bad], size: int, now: float) -> None:
        operations = 0
        for message in messages:
            self._take(seat, message, now)
            operations += type(message) is Operate
        self._rooms.serve(seat.opened)
        self.metrics.received.value += size
        if operations and (wait := seat.operations.owe(operations, now)):
            self.metrics.paused.inc()
            seat.rested = now + wait
        if seat.peer.unsettled:
            seat.backlog += size

    def _take(self, seat: _Seat, message: ClientMessage | Bad, now: float) -> None:
        room, peer = seat.opened.room, seat.peer
        if self._log.isEnabledFor(logging.DEBUG):
            shown = "Join(…)" if isinstance(message, Join) else repr(message)
            if isinstance(message, Operate):  # Its values are still encoded.
                shown = bytes(encode_message(message)).decode()
            self._log.debug("message room=%r peer=%s %.400s", room.name, peer.id, shown)
        try:
            match message:
                case Preview() | PresenceMessage():  # Nearly all that comes.
                    self._check_rate(seat, now)
                    room.receive(peer, message)
                case Operate():  # These wait when they come too fast: see `_read`.
                    room.receive(peer, message)
                case Event():
                    if not seat.events.take(now):
                        rate = self._limits.event_rate
                        raise Bad("too-fast", f"at most {rate:g} events a second are passed on; send fewer")
                    if self._plugins:
                        self._offer(seat, message)
                    else:
                        room.receive(peer, message)
                case Bad():
                    raise message
                case Lock() | Read() | Mint() | Erase():
                    self._check_rate(seat, now)
                    room.allow(peer, message)
                    self._begin(seat, message)
                case _:
                    self._check_rate(seat, now)
                    room.receive(peer, message)
        except Bad as bad:
            self._refuse_message(seat, bad)

    def _check_rate(self, seat: _Seat, now: float) -> None:
        if not seat.presence.take(now):
            rate = self._limits.presence_rate
            raise Bad("too-fast", f"at most {rate:g} messages a second are taken; send fewer")

    def _offer(self, seat: _Seat, message: Event) -> None:
        """Let the plugins see an event before anybody hears it."""
        room, peer = seat.opened.room, seat.peer
        room.allow(peer, message)
        check_event(message)
        passing = Passing(room.name, peer.id, peer.name, message.name, message.data, message.to)
        self._plugins.offer(passing, partial(self._pass_on, seat))

    def _pass_on(self, seat: _Seat, passing: Passing) -> None:
        room, peer = seat.opened.room, seat.peer
        if peer.gone:
            return
        try:
            for name, data in passing.answers:
                room.answer(peer, name, data)
            if not passing.dropped:
                room.receive(peer, Event(passing.name, passing.data, passing.to))
        except Bad as bad:
            self._refuse_message(seat, bad)
        self._rooms.touch(seat.opened)

    def _refuse_message(self, seat: _Seat, bad: Bad) -> None:
        self.metrics.refusals.labels(bad.code).inc()
        self._tell(seat, logging.INFO, "refused", code=bad.code, reason=bad.reason[:200])
        seat.opened.room.error(seat.peer, bad)

    def _begin(self, seat: _Seat, message: Read | Lock | Mint | Erase) -> None:
        """Do what needs the store or the secret beside the reader; one such thing of a peer at a time."""
        if seat.reading is not None and not seat.reading.done():
            raise Bad("busy", "your last request is still being worked on; wait for its answer")
        if isinstance(message, Read):
            seat.opened.room.check_read(message.first, message.last)
        seat.reading = asyncio.create_task(self._do(seat, message))

    async def _do(self, seat: _Seat, message: Read | Lock | Mint | Erase) -> None:
        room, peer = seat.opened.room, seat.peer
        try:
            match message:
                case Lock(locked=locked):
                    await self._rooms.lock(seat.opened, locked)
                    self._tell(seat, logging.INFO, "locked" if locked else "unlocked")
                case Read(first=first, last=last):
                    past, stream = await self._rooms.read(seat.opened, first, last)
                    room.tell_past(peer, past, last, stream)
                case Mint():
                    peer.direct.append(self._mint(seat, message))
                case Erase(room=name):
                    if name != room.name:
                        raise Bad("bad-room", "repeat the name of the room that is to be deleted")
                    await self.delete(name)
        except Bad as bad:
            self._refuse_message(seat, bad)
        except StoreError as error:
            self._refuse_message(seat, Bad("store", str(error)))
        self._rooms.touch(seat.opened)

    def _mint(self, seat: _Seat, message: Mint) -> Minted:
        if self._admission.tokens is None:
            raise Bad("no-tokens", "this relay lets people in without tokens")
        if (wanted := role(message.role)) > seat.peer.role:
            raise Bad("role", f"a {seat.peer.role.word} may not make a {wanted.word}")
        token, grant = self._admission.tokens.mint(
            room=seat.opened.room.name,
            role=wanted,
            name=message.name,
            seconds=message.seconds,
            now=time.time(),
        )
        self._tell(seat, logging.INFO, "minted", token=grant.id, role=wanted.word, whose=grant.name or None)
        return Minted(token, grant.id)

    def _ring(self, seat: _Seat) -> int:
        """Tell a peer what is new, or have its writer do so when its socket takes more: how many frames that is."""
        room, peer, socket = seat.opened.room, seat.peer, seat.socket
        frames = 0
        try:
            while not (seat.sending or seat.bell.is_set() or peer.closing or self._farewell):
                if frames == AT_ONCE or not socket.clear:
                    break
                if (frame := room.collect(peer)) is None:
                    seat.eased.set()
                    return frames
                if self._posted[0] is not frame:
                    self._posted = (frame, framed(frame))
                socket.post(self._posted[1])
                seat.left = MAX_BUFFERED  # All before it was taken: that is progress.
                self.metrics.sent.value += len(frame)
                frames += 1
                if room.has_told(peer):
                    seat.eased.set()
                    return frames
        except Exception:
            self._log.exception("telling failed room=%r peer=%s", room.name, peer.id)
            _abort(socket)
        seat.bell.set()
        return frames + 1

    async def _write(self, seat: _Seat) -> None:
        """Tell a peer whose socket did not take all at once, and close it when the room says so."""
        socket, room, peer = seat.socket, seat.opened.room, seat.peer
        loop = self._loop
        try:
            while True:
                await seat.bell.wait()
                seat.bell.clear()
                seat.eased.set()
                while (frame := room.collect(peer)) is not None:
                    seat.left, seat.progress, seat.sending = MAX_BUFFERED, loop.time(), True
                    await socket.send(frame)
                    self.metrics.sent.value += len(frame)
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
        opened.bells.discard(seat.ring)
        # It knows its seat: the two would keep each other, and what the peer was to be sent, until a collection.
        del seat.ring
        opened.room.leave(peer)
        if seat.expiry is not None:
            seat.expiry.cancel()
        self._tell(seat, logging.INFO, "leave", reason=reason, peers=len(opened.bells))
        self._rooms.touch(opened)

    async def _refuse(self, socket: ServerConnection, bad: Bad) -> None:
        self.metrics.refusals.labels(bad.code).inc()
        event(
            self._log,
            logging.INFO,
            "refused",
            address=self._reception.address(socket),
            code=bad.code,
            reason=bad.reason[:200],
        )
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await socket.send(encode([Error(bad.code, bad.reason, fatal=True)]), text=True)


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
