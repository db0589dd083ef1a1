"""The websockets client: connect, join, back off with full jitter, resume. It lives on the loop thread.

It moves messages and knows when to try again; what they mean is `Sync`'s business. A relay started for this
user is recognised by a proof: it shows that it knows the token of the runtime file, and so do we, neither
saying it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

from relay.protocol import (
    MAX_FRAME,
    TERMINAL_CODES,
    Bad,
    Error,
    Goodbye,
    Join,
    ServerMessage,
    Welcome,
    decode_server,
    encode,
)

from .connection_state import Connected, Connecting, Ended, Offline, State, Waiting

BACKOFF_BASE = 0.5
BACKOFF_CAP = 15.0
OPEN_TIMEOUT = 10.0
FRAME_ROOM = MAX_FRAME - 4096
MAX_ANSWER = 16 << 20
"""Largest frame taken from a relay, in bytes."""


@dataclass(frozen=True)
class Target:
    """Where a relay is. With `proof`, `token` is a secret shared with a local relay and is never sent."""

    url: str
    token: str = ""
    proof: bool = False


class Client(Protocol):
    """Who uses a connection. All methods are called on the loop thread."""

    def target(self) -> Awaitable[Target]: ...
    def join(self, token: str) -> Join: ...
    def receive(self, messages: list[ServerMessage | bytes]) -> None: ...
    def state(self, state: State) -> None: ...


class _Stop(Exception):
    """The relay said something that another try would not change; `code` is its word for it."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class _TurnedAway(Exception):
    """The relay has no room for this connection now."""


class Connection:
    """Keeps one client joined to its room until `close`."""

    def __init__(self, client: Client, *, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._client = client
        self._uniform = uniform
        self._socket: ClientConnection | None = None
        self._outbox: list[msgspec.Struct] = []
        self._flushing: asyncio.Task[None] | None = None
        self._retry_hint = 0.0
        self._joined = False
        self._wake = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    # --- out ----------------------------------------------------------------------------------------------

    def send(self, messages: Iterable[msgspec.Struct]) -> None:
        """Send `messages` with whatever else is ready in this pass of the loop; dropped when not joined."""
        if not self._joined:
            return
        self._outbox.extend(messages)
        if self._outbox and self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._outbox and self._socket is not None:
                ready, self._outbox = self._outbox, []
                for frame in frames(ready):
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
        """Seconds to the relay and back; None when it is not there."""
        try:
            return await (await self._socket.ping()) if self._socket is not None and self._joined else None
        except ConnectionClosed:
            return None

    def retry_now(self) -> None:
        """Do not wait for the end of the back-off."""
        self._wake.set()

    # --- the life of a connection -------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            url = ""
            self._retry_hint = 0.0
            try:
                target = await self._client.target()
                url = target.url
                self._client.state(Connecting(url))
                await self._talk(target)
                reason = "the relay closed the connection"
            except _Stop as stop:
                self._client.state(Ended(str(stop), stop.code))
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:  # Whatever it was, the board must come back: it is told in words.
                reason = explain(error, url)
            if self._joined:
                attempt = 0
                self._joined = False
            delay = self._uniform(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt)) + self._retry_hint
            attempt = min(attempt + 1, 10)
            self._client.state(Waiting(loop.time() + delay, reason))
            self._wake.clear()
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                pass  # The back-off is over: this is the way it usually ends.

    async def _talk(self, target: Target) -> None:
        challenge = secrets.token_hex(16)
        token, headers = target.token, {}
        if target.proof:
            headers["X-Ipysketch-Challenge"] = challenge
            token = proof(target.token, "join:" + challenge)
        elif token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            socket = await connect(
                target.url,
                compression=None,
                proxy=None if is_loopback(target.url) else True,
                max_size=MAX_ANSWER,
                additional_headers=headers,
                open_timeout=OPEN_TIMEOUT,
                close_timeout=1.0,
                ping_interval=20,
                ping_timeout=20,
            )
        except InvalidURI:
            raise _Stop(
                f"{target.url!r} is not the address of a relay; use one like ws://127.0.0.1:8765"
            ) from None
        except InvalidMessage as error:
            if isinstance(error.__cause__, EOFError | OSError):
                raise  # It went away in the middle: a relay that restarts does that.
            raise _Stop(f"{target.url} is no ipysketch relay; check the address") from None
        except InvalidStatus as error:
            code = error.response.status_code
            if error.response.headers.get("Server", "").startswith("ipysketch-relay/"):
                said = error.response.body.decode(errors="replace").strip()[:200]
                if code in (429, 503):
                    raise _TurnedAway(said) from None
                raise _Stop(f"{target.url} turned this connection away: {said}") from None
            if code in (502, 503, 504):
                raise
            raise _Stop(
                f"{target.url} answered with HTTP {code}, so it is no ipysketch relay; check the address"
            ) from None
        self._socket = socket
        try:
            if target.proof and not self._proved(socket, target.token, challenge):
                raise Bad("no-proof", "what answers at the local relay's port is not your relay")
            await socket.send(encode([self._client.join(token)]), text=True)
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

    @staticmethod
    def _proved(socket: ClientConnection, token: str, challenge: str) -> bool:
        answer = socket.response.headers.get("X-Ipysketch-Proof", "") if socket.response else ""
        return hmac.compare_digest(answer, proof(token, challenge))

    async def _listen(self, socket: ClientConnection, url: str) -> None:
        fatal = Error("", "")
        try:
            async for frame in socket:
                if isinstance(frame, bytes):
                    self._client.receive([frame])
                    continue
                messages: list[ServerMessage | bytes] = []
                for message in decode_server(frame):
                    match message:
                        case Bad():
                            continue  # From a newer relay; the messages beside it still count.
                        case Goodbye(retry=retry):
                            self._retry_hint = retry
                        case Error(fatal=True):
                            fatal = message
                        case Welcome():
                            self._joined = True
                            self._client.state(Connected(url))
                    messages.append(message)
                self._client.receive(messages)
        finally:
            if socket.close_code in TERMINAL_CODES or fatal.reason:
                reason = fatal.reason or socket.close_reason or "the relay ended the connection for good"
                raise _Stop(reason, fatal.code or str(socket.close_code))


def frames(messages: Iterable[msgspec.Struct]) -> list[bytes]:
    """`messages` as as few text frames as fit below the relay's limit."""
    result: list[bytes] = []
    batch: list[msgspec.Raw] = []
    size = 0
    for message in messages:
        raw = msgspec.Raw(msgspec.json.encode(message))
        length = len(bytes(raw))
        if batch and size + length > FRAME_ROOM:
            result.append(encode(batch))
            batch, size = [], 0
        batch.append(raw)
        size += length + 1
    if batch:
        result.append(encode(batch))
    return result


def proof(token: str, challenge: str) -> str:
    """HMAC-SHA256, in hex, that shows `token` is known without saying it."""
    return hmac.new(token.encode(), challenge.encode(), hashlib.sha256).hexdigest()


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine, which no proxy may stand between."""
    host = url.split("://", 1)[-1].split("/", 1)[0]
    host = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.rsplit(":", 1)[0]
    return host in ("localhost", "::1") or host.startswith("127.")


def explain(error: Exception, url: str) -> str:
    """One sentence for a connection that failed."""
    match error:
        case ConnectionRefusedError():
            return f"no relay answers at {url}; is it running?"
        case TimeoutError():
            return f"{url} does not answer"
        case ConnectionClosed():
            return "the connection to the relay was lost"
        case InvalidHandshake():
            return f"{url} answers, but not as a websocket relay"
        case Bad(reason=reason):
            return reason
        case _TurnedAway():
            return str(error)
        case OSError() if error.strerror:
            return f"{url} cannot be reached: {error.strerror.lower()}"
        case _:
            return f"{url} cannot be reached: {error}"
