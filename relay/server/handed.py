"""A worker's place of a listening socket: connections come from the front, which accepted them, as descriptors.

The event loop and the library take it for a socket that listens. The other end is the front's: one byte and one
descriptor for each connection. When the front is gone there is nothing more to come, and the worker ends.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from .accepting import Accepted, Gate

HANDED = b"c"
"""The byte that comes with a connection."""
READY = b"r"
"""The byte by which a worker says that it takes connections."""


class HandedListener(socket.socket):
    """The end, with the descriptor `fileno`, of a pair of sockets at whose other end the front is."""

    gate: Gate
    ended: Callable[[], None]
    """Called when the front is gone."""

    def __init__(self, fileno: int) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fileno)
        self.setblocking(False)

    def listen(self, _backlog: int = 0) -> None:
        """Tell the front that connections may come."""
        with contextlib.suppress(OSError):  # It is gone: `accept` notices.
            self.send(READY)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection, and the address at its other end; raises BlockingIOError when there is none."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self, 1, 1)
        except ConnectionError:
            data, descriptors = b"", []
        if not data:
            self.ended()
            raise BlockingIOError
        if not descriptors:  # There was none left for it: the system closed it.
            self.gate.say("?", "no descriptor is left")
            raise BlockingIOError
        bare = socket.socket(fileno=descriptors[0])
        accepted = Accepted(bare.family, bare.type, bare.proto, fileno=bare.detach())
        accepted.gate = self.gate
        try:
            address = accepted.getpeername()
        except OSError:  # It was closed on the way.
            accepted.close()
            raise BlockingIOError from None
        accepted.address = str(address[0])
        self.gate.let_in(accepted)
        return accepted, address
