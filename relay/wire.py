"""A connection as the relay uses one: what comes is handed over at once, and what goes to many is framed once.

The library's own way, a task that waits for each message and a lock for each that is sent, costs more than the
message. It is kept for everything out of the ordinary: a message that must wait, a socket that does not take more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

AT_ONCE = 16
"""Messages handed over of what comes in one piece, so that nobody who sends a lot keeps the others waiting."""

_DATA = frozenset([Opcode.TEXT, Opcode.BINARY, Opcode.CONT])


def framed(message: str | bytes) -> bytes:
    """The frame of a message from a server, for any connection without compression."""
    if isinstance(message, str):
        return Frame(Opcode.TEXT, message.encode()).serialize(mask=False)
    return Frame(Opcode.BINARY, message).serialize(mask=False)


class Wire(ServerConnection):
    """A connection with a `listener`, which is given each text as it comes and says whether it took it. One that
    it did not take is for `recv`, and so is what comes after it until its reader calls `done`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.listener: Callable[[str], bool] | None = None
        self._unread = 0
        self._credit = 0

    def data_received(self, data: bytes) -> None:
        self._credit = AT_ONCE
        super().data_received(data)

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and event.opcode in _DATA:
            if self._hand_over(event):
                return
            # A message in pieces counts once, and nothing else comes between them.
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
        """A message that came by `recv` has been dealt with; every one must be."""
        self._unread -= 1

    @property
    def clear(self) -> bool:
        """Whether a frame can be posted: nothing waits to be sent before it."""
        transport = self.transport
        return (
            not transport.get_write_buffer_size()
            and self.protocol.state is State.OPEN
            and not transport.is_closing()
        )

    def post(self, frame: bytes) -> None:
        """Write what `framed` made, now. The connection must be `clear`, and no `send` under way."""
        self.transport.write(frame)
