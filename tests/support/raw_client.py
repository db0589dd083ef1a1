"""A raw client of a relay: what it says and hears, message by message, with a deadline on everything."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from relay.access.authentication import Authenticator
from relay.protocol import Create, Join, Operate, Welcome, decode_server, encode
from relay.records import Store
from relay.server.relay import Relay

from .waiting import DEADLINE


class RawClient:
    """One connection; `heard` has every message that was received, `chunks` the binary frames."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Any] = []
        self.chunks: list[bytes] = []
        self.read = 0

    async def say(self, *messages: msgspec.Struct) -> None:
        await self.socket.send(encode(messages), text=True)

    async def hear(self, kind: type | tuple[type, ...], where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next message of a kind, skipping others; each message is heard once."""
        async with asyncio.timeout(DEADLINE):
            while True:
                while self.read < len(self.heard):
                    self.read += 1
                    message = self.heard[self.read - 1]
                    if isinstance(message, kind) and where(message):
                        return message
                frame = await self.socket.recv()
                if isinstance(frame, bytes):
                    self.chunks.append(frame)
                else:
                    self.heard += decode_server(frame)

    async def closed(self) -> int | None:
        """The close code, once the relay has closed."""
        async with asyncio.timeout(DEADLINE):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    frame = await self.socket.recv()
                    if isinstance(frame, str):
                        self.heard += decode_server(frame)
        return self.socket.close_code

    async def snapshot(self, size: int) -> Any:
        """The entries of a snapshot of `size` bytes."""
        async with asyncio.timeout(DEADLINE):
            while sum(map(len, self.chunks)) < size:
                frame = await self.socket.recv()
                if isinstance(frame, bytes):
                    self.chunks.append(frame)
                else:
                    self.heard += decode_server(frame)
        return msgspec.json.decode(zlib.decompress(b"".join(self.chunks)))


@contextlib.asynccontextmanager
async def wire(port: int, path: str = "", **headers: str) -> AsyncIterator[RawClient]:
    """A connection that has not joined."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"ws://127.0.0.1:{port}{path}"
    socket = await connect(
        url,
        compression=None,
        proxy=None,
        open_timeout=DEADLINE,
        close_timeout=1,
        additional_headers=fields,
    )
    try:
        yield RawClient(socket)
    finally:
        # asyncio cannot abort a transport that closed after its last data left, and websockets tries.
        with contextlib.suppress(AttributeError):
            await socket.close()


@contextlib.asynccontextmanager
async def joined(
    port: int, join: Join | None = None, room: str = "algebra", **fields: Any
) -> AsyncIterator[tuple[RawClient, Welcome]]:
    """A connection that has joined, and the welcome it got."""
    async with wire(port) as connection:
        await connection.say(join or Join(room, **fields))
        yield connection, await connection.hear(Welcome)


@contextlib.asynccontextmanager
async def relay_on(store: Store, **options: Any) -> AsyncIterator[Relay]:
    """A relay in this process, on a free port, stopped at the end; `token` is its user's shared secret."""
    if token := options.pop("token", ""):
        options["authenticator"] = Authenticator(token)
    relay = Relay(store, **options)
    await relay.start()
    try:
        yield relay
    finally:
        async with asyncio.timeout(DEADLINE):
            await relay.stop()


def create(op: int, key: str) -> Operate[Any]:
    return Operate(op, (Create(key, {"kind": "stroke", "points": [8, 8, 16, 16]}),))


class Process:
    """A relay as operators run it; `port` is what it printed. Killed at the end if it still runs."""

    def __init__(
        self,
        *arguments: str | Path | int,
        says: str = "ws",
        command: Sequence[str | Path] = (sys.executable, "-m", "relay"),
    ) -> None:
        self.popen = subprocess.Popen(
            [*command, "--port", "0", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stderr is not None
        self.first = self.popen.stderr.readline()
        where = self.first.partition(f"listening on {says}://127.0.0.1:")[2]
        if not where:
            raise AssertionError(f"the relay did not start: {self.first}{self.popen.stderr.read()}")
        self.port = int(where.split()[0])

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()

    def until(self, words: str) -> None:
        """Read the log on to a line with `words`."""
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            if words in line:
                return
        raise AssertionError(f"the relay ended and never said {words!r}")

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; the exit code and the rest of the log."""
        self.popen.send_signal(number)
        _, log = self.popen.communicate(timeout=DEADLINE)
        return self.popen.returncode, log
