"""A websocket as the relay uses one: texts are handed over as they arrive, and a frame for many peers is made once.

The library's own way, a task that waits for each message and a lock for each that is sent, costs more than the
message. It is kept for everything out of the ordinary: a message that must wait, a socket that does not take more,
and releases of the library that this has not been tested with, for it rests on their insides. What exactly must be
checked at an upgrade: docs/decisions/0012-the-fast-connection-stays.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.version import version

from .security_headers import secure

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

TESTED = range(15, 18)
"""Major versions of the library with which the tests of `FastConnection` pass."""

AT_ONCE = 16
"""Messages handled of what arrives in one piece, and frames posted at a time: no peer keeps the others waiting."""

READ_BYTES = 64 << 10
"""Bytes asked of the system at a time: a buffer that the allocator has at hand, unlike asyncio's 256 KiB, which it
maps and unmaps for every message."""

_TEXT = 0x80 | Opcode.TEXT
"""The first byte of a text in one frame, uncompressed."""
_MASKED = 0x80
_TWO_BYTES = 126
"""A length that stands for one in the next two bytes; shorter ones stand for themselves."""
_UNKNOWN = 1 << 62
_OPEN = State.OPEN

_DATA = frozenset([Opcode.TEXT, Opcode.BINARY, Opcode.CONT])


def framed(message: str | bytes) -> bytes:
    """Return the frame of a message from a server, for any connection without compression."""
    if isinstance(message, bytes):
        return Frame(Opcode.BINARY, message).serialize(mask=False)
    text = message.encode()
    # RFC 6455, 5.2: nearly all frames are put together here, for each beat of each room.
    if len(text) < _TWO_BYTES:
        return bytes((_TEXT, len(text))) + text
    if len(text) < 1 << 16:
        return bytes((_TEXT, _TWO_BYTES, len(text) >> 8, len(text) & 255)) + text
    return Frame(Opcode.TEXT, text).serialize(mask=False)


@dataclass(eq=False, slots=True)
class FrameCache:
    """The message framed last and its frame: one message goes to many sockets."""

    message: str | bytes = ""
    frame: bytes = b""


class PlainConnection(ServerConnection):
    """A connection that does everything in the library's way: the `listener` is never called, nothing is posted."""

    listener: Callable[[str], bool] | None = None
    max_message = 1 << 20
    """Bytes of a message at most: the library's `max_size`."""

    def __init__(self, protocol: ServerProtocol, *arguments: Any, **named: Any) -> None:
        super().__init__(protocol, *arguments, **named)
        send = (
            protocol.send_response
        )  # Every answer goes this way, also those that the library makes by itself.

        def send_response(response: Response) -> None:
            secure(response)
            send(response)

        protocol.send_response = send_response  # type: ignore[method-assign]

    def mark_handled(self) -> None:
        """Say that a message received by `recv` has been handled: to be called for each."""

    @property
    def clear(self) -> bool:
        """Whether a frame can be posted: nothing waits to be sent before it."""
        return False

    def post(self, frame: bytes) -> None:
        """Write what `framed` returned, now. The connection must be `clear`, and no `send` under way."""
        raise NotImplementedError


class FastConnection(PlainConnection):
    """A connection that calls its `listener` with each text as it arrives. The listener returns whether it handled the
    text; if not, `recv` returns it, and all that follows until its reader has called `mark_handled`.

    A text that arrives whole, in one frame, as nearly all do, is read here. The library reads everything else."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unread = 0
        self._is_fragmented = False
        self._left_at_once = 0
        # Bytes of a frame that the library holds a part of: only where there are none can a frame be read here.
        self._held = _UNKNOWN

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = READ_BYTES
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._left_at_once = AT_ONCE
        if not (self._held or self._unread or self._is_fragmented):
            data = self._read_texts(data)
            if not data:
                return
        if self.request is None:
            # How much the library reads of what follows a request in one piece is not known; then it reads it all.
            head, _, _ = data.partition(b"\r\n\r\n")
            self._held = 0 if len(head) == len(data) - 4 else _UNKNOWN
        else:
            self._held += len(data)
        super().data_received(data)

    def _read_texts(self, data: bytes) -> bytes:
        """Call the listener with the whole texts that `data` begins with; returns the bytes after them."""
        at = 0
        while self._left_at_once and self.listener is not None and self.protocol.state is _OPEN:
            if len(data) < at + 8 or data[at] != _TEXT:
                break
            length, mask = data[at + 1] - _MASKED, at + 2
            if length == _TWO_BYTES:
                length, mask = int.from_bytes(data[mask : mask + 2], "big"), mask + 2
            elif length > _TWO_BYTES:
                break
            start = mask + 4
            end = start + length
            if not 0 <= length <= self.max_message or len(data) < end:
                break
            try:
                text = apply_mask(data[start:end], data[mask:start]).decode()
            except UnicodeDecodeError:
                break
            if not self.listener(text):
                break
            self._left_at_once -= 1
            at = end
        return data[at:]

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame):
            length = len(event.data)
            self._held -= length + (6 if length < _TWO_BYTES else 8 if length < 1 << 16 else 14)
        if isinstance(event, Frame) and event.opcode in _DATA:
            if self._listener_handles(event):
                return
            # A fragmented message counts once.
            self._is_fragmented = not event.fin
            self._unread += event.fin
        super().process_event(event)

    def _listener_handles(self, frame: Frame) -> bool:
        if self._unread or not self._left_at_once or self.listener is None:
            return False
        if frame.opcode is not Opcode.TEXT or not frame.fin:
            return False
        self._left_at_once -= 1
        try:
            text = str(frame.data, "utf-8")
        except UnicodeDecodeError:
            return False  # `recv` raises for this, and the library closes.
        return self.listener(text)

    def mark_handled(self) -> None:
        self._unread -= 1

    @property
    def clear(self) -> bool:
        transport = self.transport
        return (
            not transport.get_write_buffer_size()
            and self.protocol.state is _OPEN
            and not transport.is_closing()
        )

    def post(self, frame: bytes) -> None:
        self.transport.write(frame)


def connection_class() -> type[PlainConnection]:
    """Return `FastConnection` with a tested release of the library, else `PlainConnection`: slower, right with any."""
    major = version.partition(".")[0]
    has_methods = all(
        hasattr(ServerConnection, name) for name in ("connection_made", "data_received", "process_event")
    )
    is_tested = major.isdecimal() and int(major) in TESTED
    if is_tested and has_methods and not issubclass(ServerConnection, asyncio.BufferedProtocol):
        return FastConnection
    return PlainConnection
