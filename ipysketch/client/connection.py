"""The websockets client: connect, join, back off with full jitter, resume. It lives on the loop thread.

It moves messages and knows when to try again; what they mean is the session's business. A relay that was started for
this user is recognised by a proof: both sides show that they know the token of the runtime file, and neither sends it.
"""

from __future__ import annotations

import asyncio
import hmac
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from relay.protocol import (
    MAX_MESSAGES,
    TERMINAL_CODES,
    Error,
    Goodbye,
    Join,
    RemoteError,
    ServerMessage,
    Welcome,
    check_room,
    decode_server,
    encode,
    prove,
)

from ..model.weight import MAX_FRAME_WEIGHT, MAX_WEIGHT, weigh
from .browser_socket import BrowserSocket, open_browser_socket
from .connection_state import Connected, Connecting, Ended, Offline, State, Waiting
from .cutting import SendLimits
from .opening import OPEN_TIMEOUT, Stop, explain, open_socket
from .threads import THREADS

BACKOFF_BASE = 0.5
BACKOFF_CAP = 15.0
BREACHES = 3
"""Connections one after the other in which the relay broke the protocol, until it is given up."""
HEAVIEST = 40
"""Bytes that a byte of JSON takes decoded, at most."""
SEPARATE = 56
"""Bytes that each message of a frame takes besides: anything between two commas may be one."""
SMALL_FRAME = 64 << 10
MAX_GROWTH = 96 << 20
"""The most by which messages may let grow what is held; then the drawing has to come as a snapshot."""
SPARE = 16 << 20
"""What must be free of the most that is held, so that it is not measured at each frame."""
PUBLIC_URL, MAX_URL = "X-Ipysketch-Public-Url", 2000
LONG = 60.0
"""Seconds of a connection after which the relay is trusted anew."""


@dataclass(frozen=True)
class Target:
    """The address of a relay. With `proof`, `token` is a secret shared with a local relay and is never sent. `which`
    says which relay that is, `note` what people should know of it besides, `apart` why others are probably not in it:
    each in one sentence, or "". `room` stands in the address that is asked for, so that whatever stands before several
    relays finds the one that has it."""

    url: str
    token: str = ""
    proof: bool = False
    note: str = ""
    which: str = ""
    apart: str = ""
    header_only: bool = False
    """The token goes with the request for the websocket, and into no message."""
    room: str = ""

    @property
    def query(self) -> str:
        """What is asked for behind the address. Nothing where no room can be called so: the relay says why."""
        try:
            check_room(self.room)
        except RemoteError:
            return ""
        return f"{'&' if '?' in self.url else '?'}room={quote(self.room, safe='')}"


class ConnectionHandler(Protocol):
    """The callbacks of a `Connection`; all run on the loop thread."""

    def target(self) -> Awaitable[Target]:
        """Find out where the relay is, before each try."""
        ...

    def join(self, token: str) -> Join:
        """Return the first message of a new connection."""
        ...

    def held(self) -> int:
        """Return about how many bytes all takes that was received and is still of use."""
        ...

    def receive(self, messages: list[ServerMessage | bytes]) -> None:
        """Handle the messages of one frame; a `RemoteError` ends the connection, and it is tried again."""
        ...

    def state(self, state: State) -> None:
        """Handle a change of state."""
        ...


_own_random = random.Random()
"""Not the numbers that a user's `random.seed` promises: a connection draws from its own, on a thread of its own."""


class Connection:
    """Keeps one client joined to its room until `close`."""

    def __init__(
        self, client: ConnectionHandler, *, uniform: Callable[[float, float], float] = _own_random.uniform
    ) -> None:
        self._client = client
        self._uniform = uniform
        self._socket: ClientConnection | BrowserSocket | None = None
        self._outbox: list[msgspec.Struct] = []
        self._flushing: asyncio.Task[None] | None = None
        self._retry_hint = 0.0
        self._joined = False
        self._limits = SendLimits()
        self._took: int | None = None
        self._largest = 0
        self._held = self._base = 0
        self._measuring = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    # --- out ----------------------------------------------------------------------------------------------

    def send(self, messages: Iterable[msgspec.Struct]) -> None:
        """Send `messages` with whatever else is sent in this pass of the loop; dropped when no room is joined."""
        if not self._joined:
            return
        self._outbox.extend(messages)
        if self._outbox and self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._outbox and self._socket is not None:
                ready, self._outbox = self._outbox, []
                for frame in frames(ready, self._limits.usual):
                    self._largest = max(self._largest, len(frame))
                    await self._socket.send(frame, text=True)
        except ConnectionClosed:
            self._outbox.clear()  # `_run` notices too; pending operations are sent again after the next join.
        finally:
            self._flushing = None

    async def close(self) -> None:
        """Leave for good; bounded in time."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing], timeout=0.5)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._client.state(Offline())

    async def trip(self) -> float | None:
        """Return the seconds of a round trip to the relay; None when it is not there."""
        try:
            return await (await self._socket.ping()) if self._socket is not None and self._joined else None
        except ConnectionClosed:
            return None

    # --- connecting -------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt = breaches = 0
        loop = asyncio.get_running_loop()
        while True:
            url = ""
            began = loop.time()
            self._retry_hint = 0.0
            try:
                target = await self._client.target()
                url = target.url
                self._client.state(Connecting(url))
                await self._talk(target)
                reason = "the relay closed the connection"
            except Stop as stop:
                self._client.state(Ended(str(stop), stop.code))
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:  # Whatever it was, the board must come back; people see the reason.
                reason = explain(error, url)
                if isinstance(error, RemoteError) and error.code != "no-proof":
                    breaches += 1
                    if breaches >= BREACHES:
                        self._client.state(
                            Ended(f"{reason}; the relay at {url} is broken, ask who runs it", error.code)
                        )
                        return
            if loop.time() - began > LONG:
                breaches = 0
            if self._joined:
                attempt = 0
                self._joined = False
            delay = self._uniform(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt)) + self._retry_hint
            attempt = min(attempt + 1, 10)
            self._client.state(Waiting(loop.time() + delay, reason))
            await asyncio.sleep(delay)

    async def _talk(self, target: Target) -> None:
        challenge = secrets.token_hex(16)
        token, headers = target.token, {}
        if target.proof:
            headers["X-Ipysketch-Challenge"] = challenge
            token = prove(target.token, "join:" + challenge)
        elif token:
            headers["Authorization"] = f"Bearer {token}"
        if THREADS:
            socket: ClientConnection | BrowserSocket = await open_socket(target.url, headers, target.query)
        else:
            socket = await open_browser_socket(target.url + target.query, OPEN_TIMEOUT)
        self._socket = socket
        try:
            if target.proof and not self._proved(socket, target.token, challenge):
                raise RemoteError("no-proof", "what answers at the local relay's port is not your relay")
            await socket.send(encode([self._client.join("" if target.header_only else token)]), text=True)
            await self._listen(socket, target.url)
        finally:
            self._socket = None
            self._outbox.clear()
            try:
                async with asyncio.timeout(1.0):
                    await socket.close()
            except (TimeoutError, AttributeError):
                # A transport that ended under `close` has no loop any more (asyncio in Python 3.11).
                socket.transport.abort()

    def _known(self, message: ServerMessage | RemoteError) -> ServerMessage | RemoteError:
        """Return `message`; a welcome with what is known of this relay's limits, whatever it says."""
        if isinstance(message, Welcome):
            if self._took is not None:
                message = msgspec.structs.replace(message, max_message=min(message.max_message, self._took))
            self._limits = SendLimits(message.max_message, message.max_actions)
            self._largest = 0
            self.measure()
        return message

    def _weigh(self, frame: str) -> None:
        """Raise `RemoteError` when a frame, or all that has come and is still held, is more than a client may take."""
        # Most frames are small: they need not be looked at.
        weight = HEAVIEST * len(frame)
        if len(frame) >= SMALL_FRAME:
            weight = weigh(frame.encode()) + SEPARATE * frame.count(",")
        if weight > MAX_FRAME_WEIGHT:
            raise RemoteError("too-large", "the relay sent more at once than this client takes")
        self._held += weight
        if self._held - self._base > MAX_GROWTH or self._held > MAX_WEIGHT:
            self._held = self._client.held()
            if self._measuring:
                self._base, self._measuring = self._held, False
            if self._held > MAX_WEIGHT - SPARE or self._held - self._base > MAX_GROWTH - SPARE:
                raise RemoteError("too-large", "the relay sent more than this client can hold")

    def measure(self) -> None:
        """Ask the client how much it holds before the next frame is read: it begins anew, or got much at once."""
        self._held = MAX_WEIGHT + 1
        self._measuring = True

    def _learn(self) -> None:
        """Note that the relay takes no frame as large as the largest that was sent: what is pending is cut accordingly.

        After the second time less is tried each time, so that this ends soon.
        """
        self._took = self._largest - 1 if self._took is None else self._largest // 2

    @staticmethod
    def _proved(socket: ClientConnection | BrowserSocket, token: str, challenge: str) -> bool:
        answer = socket.response.headers.get("X-Ipysketch-Proof", "") if socket.response else ""
        return hmac.compare_digest(answer, prove(token, challenge))

    async def _listen(self, socket: ClientConnection | BrowserSocket, url: str) -> None:
        fatal = Error("", "")
        try:
            async for frame in _frames(socket):
                if isinstance(frame, bytes):
                    self._client.receive([frame])
                    continue
                self._weigh(frame)
                messages: list[ServerMessage | bytes] = []
                for message in map(self._known, decode_server(frame)):
                    match message:
                        case RemoteError():
                            continue  # From a newer relay; the messages beside it still count.
                        case Goodbye(retry=retry):
                            self._retry_hint = retry
                        case Error(fatal=True):
                            fatal = message
                        case Welcome():
                            self._joined = True
                            public = socket.response.headers.get(PUBLIC_URL, "") if socket.response else ""
                            self._client.state(Connected(url, public[:MAX_URL]))
                    messages.append(message)
                self._client.receive(messages)
        finally:
            close = socket.protocol.close_rcvd
            if close is not None and close.code == CloseCode.MESSAGE_TOO_BIG and self._largest:
                self._learn()
            if socket.close_code in TERMINAL_CODES or fatal.reason:
                reason = fatal.reason or socket.close_reason or "the relay ended the connection for good"
                raise Stop(reason, fatal.code or str(socket.close_code))


def frames(messages: Iterable[msgspec.Struct], room: int) -> list[bytes]:
    """Return `messages` in as few text frames of `room` bytes as may be; a larger message has one of its own."""
    result: list[bytes] = []
    batch: list[msgspec.Raw] = []
    size = 0
    for message in messages:
        raw = msgspec.Raw(msgspec.json.encode(message))
        length = len(bytes(raw))
        if batch and (size + length > room or len(batch) == MAX_MESSAGES):
            result.append(encode(batch))
            batch, size = [], 0
        batch.append(raw)
        size += length + 1
    if batch:
        result.append(encode(batch))
    return result


async def _frames(socket: ClientConnection | BrowserSocket) -> AsyncIterator[str | bytes]:
    try:
        async for frame in socket:
            yield frame
    except ConnectionClosed:
        # Who is told so says it back.
        sent = socket.protocol.close_sent if socket.protocol.close_rcvd is None else None
        if sent is not None and sent.code == CloseCode.MESSAGE_TOO_BIG:
            raise RemoteError("too-large", "the relay sent more at once than this client takes") from None
        raise
