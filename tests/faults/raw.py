"""A websocket peer with no library in between: cheap enough for thousands, and able to read slowly or not at all.

Rules of this file: it knows frames, not messages; it masks with a key of zeros, which the standard allows a
receiver not to notice; it answers pings, and says the close code once the connection is over.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's whole frame."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Parser:
    """What a relay sends, cut into frames; the answer to the handshake comes first and is checked."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.open = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames completed by `data`: (opcode, payload); relays send each message as one frame."""
        buffer = self._buffer
        buffer += data
        at = 0
        if not self.open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101 "):
                raise ConnectionError(bytes(buffer[:200]).decode(errors="replace"))
            self.open = True
            at = end + 4
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if start > len(buffer) or start + length > len(buffer):
                break
            opcode = buffer[at] & 15
            payload = bytes(buffer[start : start + length])
            at = start + length
            yield opcode, payload
        del buffer[:at]


Heard = Callable[[int, bytes], None]


class RawPeer(asyncio.Protocol):
    """One connection; `heard` is called with the opcode and payload of each text and binary frame."""

    def __init__(self, heard: Heard) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[int | None] = loop.create_future()
        self.received = 0
        self._heard = heard
        self._parser = Parser()
        self._code: int | None = None
        self._room = asyncio.Event()
        self._room.set()

    async def connect(self, port: int, *, receive_buffer: int = 0) -> None:
        """Connect and shake hands; `receive_buffer` is what the system may keep for it, in bytes."""
        loop = asyncio.get_running_loop()
        bare = socket.socket()
        bare.setblocking(False)
        if receive_buffer:
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await loop.sock_connect(bare, ("127.0.0.1", port))
            await loop.create_connection(lambda: self, sock=bare)
        except BaseException:
            bare.close()
            raise
        self.transport.write(HANDSHAKE)
        await self.opened

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """One frame; nothing is sent on a connection that is over."""
        if not self.transport.is_closing():
            self.transport.write(frame(payload, opcode))

    async def drained(self) -> None:
        """Wait until what was sent has mostly left."""
        await self._room.wait()

    def close(self) -> None:
        """End at once."""
        self.transport.abort()

    # --- asyncio calls these ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        try:
            for opcode, payload in self._parser.feed(data):
                if opcode in (TEXT, BINARY):
                    self._heard(opcode, payload)
                elif opcode == PING:
                    self.send(payload, PONG)
                elif opcode == CLOSE:
                    self._code = int.from_bytes(payload[:2], "big") if payload else 1005
                    self.send(payload[:2], CLOSE)
        except ConnectionError as error:
            if not self.opened.done():
                self.opened.set_exception(error)
            self.transport.abort()
            return
        if self._parser.open and not self.opened.done():
            self.opened.set_result(None)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._room.set()
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed in the handshake"))
        if not self.closed.done():
            self.closed.set_result(self._code)


class PacedPeer:
    """A peer that takes at most `rate` bytes a second, until `rate` is changed. Its pace is the load it is."""

    STEP = 1024

    def __init__(self, heard: Heard, rate: float) -> None:
        self.rate = rate
        self.received = 0
        self._heard = heard
        self._parser = Parser()
        self._socket = socket.socket()
        self._opened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Whether the connection has ended."""
        return self._task is None or self._task.done()

    async def connect(self, port: int, *, receive_buffer: int) -> None:
        """Connect, shake hands, and go on reading at the pace."""
        loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await loop.sock_connect(self._socket, ("127.0.0.1", port))
        await loop.sock_sendall(self._socket, HANDSHAKE)
        self._task = asyncio.create_task(self._read())
        await self._opened.wait()

    async def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """One frame."""
        await asyncio.get_running_loop().sock_sendall(self._socket, frame(payload, opcode))

    async def close(self) -> None:
        """End at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while data := await loop.sock_recv(self._socket, self.STEP):
                self.received += len(data)
                for opcode, payload in self._parser.feed(data):
                    if opcode in (TEXT, BINARY):
                        self._heard(opcode, payload)
                    elif opcode in (PING, CLOSE):
                        await self.send(payload, PONG if opcode == PING else CLOSE)
                if self._parser.open:
                    self._opened.set()
                due = max(due, loop.time() - 1) + len(data) / self.rate
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
        except ConnectionError:
            pass  # The relay ended it; `over` says so.
        finally:
            self._opened.set()
