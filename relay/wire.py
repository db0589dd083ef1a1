"""A connection as the relay uses one: what comes is handed over at once, and what goes to many is framed once.

The library's own way, a task that waits for each message and a lock for each that is sent, costs more than the
message. It is kept for everything out of the ordinary: a message that must wait, a socket that does not take more,
and a release of the library whose insides are not known here, for this rests on them. See `chosen`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.version import version

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

KNOWN = range(15, 18)
"""Major versions of the library that read and write as `Wire` expects; tests/integration/test_wire.py says so."""

AT_ONCE = 16
"""Messages handed over of what comes in one piece, so that nobody who sends a lot keeps the others waiting."""

READ_BYTES = 64 << 10
"""Bytes asked of the system at a time: a buffer that the allocator has at hand, unlike asyncio's 256 KiB, which it
maps and unmaps for every message."""

_TEXT = 0x80 | Opcode.TEXT
"""The first byte of a text in one piece, uncompressed."""
_MASKED = 0x80
_UNKNOWN = 1 << 62
_OPEN = State.OPEN

_DATA = frozenset([Opcode.TEXT, Opcode.BINARY, Opcode.CONT])


def framed(message: str | bytes) -> bytes:
    """The frame of a message from a server, for any connection without compression."""
    if isinstance(message, bytes):
        return Frame(Opcode.BINARY, message).serialize(mask=False)
    text = message.encode()
    # RFC 6455, 5.2: what nearly all frames are is put together here, for it is done for each beat of each room.
    if len(text) < 126:
        return bytes((_TEXT, len(text))) + text
    if len(text) < 1 << 16:
        return bytes((_TEXT, 126, len(text) >> 8, len(text) & 255)) + text
    return Frame(Opcode.TEXT, text).serialize(mask=False)


class PlainWire(ServerConnection):
    """A connection that does all in the library's way: the `listener` is never asked, and nothing can be posted."""

    listener: Callable[[str], bool] | None = None
    longest = 1 << 20
    """Bytes of a message at most: what the library was told as `max_size`."""

    def done(self) -> None:
        """A message that came by `recv` has been dealt with; every one must be."""

    @property
    def clear(self) -> bool:
        """Whether a frame can be posted: nothing waits to be sent before it."""
        return False

    def post(self, frame: bytes) -> None:
        """Write what `framed` made, now. The connection must be `clear`, and no `send` under way."""
        raise NotImplementedError


class Wire(PlainWire):
    """A connection with a `listener`, which is given each text as it comes and says whether it took it. One that
    it did not take is for `recv`, and so is what comes after it until its reader calls `done`.

    Texts that come whole, in one piece, as nearly all do, are read here; everything else is the library's to read."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unread = 0
        self._in_pieces = False
        self._credit = 0
        # The bytes of a frame that the library has begun to read: only where it has none can one be read here.
        self._begun = _UNKNOWN

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = READ_BYTES
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._credit = AT_ONCE
        if not (self._begun or self._unread or self._in_pieces):
            data = self._take_texts(data)
            if not data:
                return
        if self.request is None:
            # The library does not say how much it read of what follows a request at once; then it reads it all.
            head, _, _ = data.partition(b"\r\n\r\n")
            self._begun = 0 if len(head) == len(data) - 4 else _UNKNOWN
        else:
            self._begun += len(data)
        super().data_received(data)

    def _take_texts(self, data: bytes) -> bytes:
        """Hand over the texts in one piece that `data` begins with; returns what comes after them."""
        at = 0
        while self._credit and self.listener is not None and self.protocol.state is _OPEN:
            if len(data) < at + 8 or data[at] != _TEXT:
                break
            length, mask = data[at + 1] - _MASKED, at + 2
            if length == 126:
                length, mask = int.from_bytes(data[mask : mask + 2], "big"), mask + 2
            elif length > 126:
                break
            start = mask + 4
            end = start + length
            if not 0 <= length <= self.longest or len(data) < end:
                break
            try:
                text = apply_mask(data[start:end], data[mask:start]).decode()
            except UnicodeDecodeError:
                break
            if not self.listener(text):
                break
            self._credit -= 1
            at = end
        return data[at:]

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame):
            length = len(event.data)
            self._begun -= length + (6 if length < 126 else 8 if length < 1 << 16 else 14)
        if isinstance(event, Frame) and event.opcode in _DATA:
            if self._hand_over(event):
                return
            # A message in pieces counts once.
            self._in_pieces = not event.fin
            self._unread += event.fin
        super().process_event(event)

    def _hand_over(self, frame: Frame) -> bool:
        if self._unread or not self._credit or self.listener is None:
            return False
        if frame.opcode is not Opcode.TEXT or not frame.fin:
            return False
        self._credit -= 1
        try:
            text = str(frame.data, "utf-8")
        except UnicodeDecodeError:
            return False  # `recv` knows how to end this.
        return self.listener(text)

    def done(self) -> None:
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


def chosen() -> type[PlainWire]:
    """`Wire` where the library is one whose insides are known, else `PlainWire`: slower, and right with any."""
    major = version.partition(".")[0]
    whole = all(
        hasattr(ServerConnection, name) for name in ("connection_made", "data_received", "process_event")
    )
    known = major.isdecimal() and int(major) in KNOWN
    return Wire if known and whole and not issubclass(ServerConnection, asyncio.BufferedProtocol) else PlainWire
