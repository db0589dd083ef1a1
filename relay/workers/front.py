"""The front of several workers: accepts each connection, and hands it over to the one that has its room.

It only looks at the line of the request and takes nothing from the socket, so that the worker reads it all. What names
no room, or cannot be read before it is decrypted, goes to the workers in turn. A connection whose worker is starting
anew waits.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from ..limits import Limits, waiting_within
from ..observability.metrics import Metrics
from ..server.accepting import BACKLOG, Accepted, Gate, descriptors
from ..server.http import room_in
from ..store.shards import shard_of
from .worker import Worker

LONGEST_LINE = 4096
"""Bytes of a request that are looked at."""


class Front:
    """The listening sockets at `host`:`port` (0: any free port), before `workers`."""

    def __init__(
        self,
        host: str,
        port: int,
        workers: list[Worker],
        limits: Limits,
        log: logging.Logger,
        *,
        readable: bool,
    ) -> None:
        self.port = port
        self._host = host
        self._workers = workers
        self._limits = limits
        self._readable = readable
        self._gate = Gate(waiting_within(descriptors()), log, Metrics().turned_away)
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._unread: dict[Accepted, asyncio.TimerHandle] = {}
        self._turn = 0

    async def bind(self) -> None:
        """Take the port; raises OSError when another process has it."""
        self._listeners = await self._gate.listen(self._host, self.port)
        self.port = self._listeners[0].getsockname()[1]

    def listen(self) -> None:
        """Accept connections from now on."""
        for listener in self._listeners:
            listener.setblocking(False)
            listener.listen(BACKLOG)
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def close(self) -> None:
        """Accept no more, and close what was not handed over."""
        for listener in self._listeners:
            self._loop.remove_reader(listener.fileno())
            listener.close()
        for accepted in list(self._unread):
            self._forget(accepted)
            accepted.close()
        self._gate.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(BACKLOG):
            try:
                accepted, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            assert isinstance(accepted, Accepted)
            accepted.setblocking(False)
            if not self._readable:
                self._hand_over(accepted, "")
                continue
            descriptor = accepted.fileno()
            self._unread[accepted] = self._loop.call_later(
                self._limits.handshake_seconds, self._give_up, accepted
            )
            self._loop.add_reader(descriptor, self._look, accepted)

    def _look(self, accepted: Accepted) -> None:
        """Look at what has come of a request. Where that is not the whole line, any worker reads on."""
        try:
            seen = accepted.recv(LONGEST_LINE, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            seen = b""
        self._forget(accepted)
        if not seen:
            accepted.close()
            return
        self._hand_over(accepted, requested_room(seen))

    def _give_up(self, accepted: Accepted) -> None:
        self._forget(accepted)
        accepted.close()

    def _forget(self, accepted: Accepted) -> None:
        self._unread.pop(accepted).cancel()
        self._loop.remove_reader(accepted.fileno())

    def _hand_over(self, accepted: Accepted, room: str) -> None:
        if room:
            self._workers[shard_of(room, len(self._workers))].take(accepted)
            return
        ready = [worker for worker in self._workers if worker.is_ready] or self._workers
        self._turn += 1
        ready[self._turn % len(ready)].take(accepted)


def requested_room(request: bytes) -> str:
    """Return the room that the line of a request names; "" when it names none, or is not all there."""
    line, end, _ = request.partition(b"\r\n")
    words = line.split(b" ")
    if not end or len(words) != 3:  # GET /?room=algebra HTTP/1.1
        return ""
    return room_in(words[1].decode("ascii", "replace"))
