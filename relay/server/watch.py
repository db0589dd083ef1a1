"""What a relay looks at each second: connections that take nothing, tokens that expire, memory, and its store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from ..observability.event_log import LineQuota, event
from ..observability.metrics import Metrics
from ..records import StoreError
from ..store.worker import StoreThread
from .clock import StoreClock
from .closing import abort
from .connection import MAX_BUFFERED, PeerConnection
from .http import HttpEndpoint
from .rooms import Rooms

INTERVAL = 1.0
"""Seconds between two looks."""


@dataclass(eq=False)
class Watch:
    """Looks at the `peers` of a relay, at all its open `sockets`, and at its `rooms`."""

    peers: Collection[PeerConnection]
    sockets: Collection[ServerConnection]
    rooms: Rooms
    http: HttpEndpoint
    metrics: Metrics
    log: logging.Logger

    async def connections(self, quota: LineQuota) -> None:
        """Send pages a beat, abort peers that take nothing, and end those whose tokens have expired.

        Keepalive does not notice peers that take nothing, and closing would wait for them; the clock may have jumped
        past the expiry of a token.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(INTERVAL)
            quota.tell()
            for connection in list(self.peers):
                if connection.is_page:
                    connection.beat(loop.time())
                connection.abort_if_stalled(loop.time())
                connection.end_if_expired()
            self.rooms.weigh(sum(map(_unsent, self.sockets)))
            self._end_slowest(loop.time())
            for socket in self.sockets:
                if _unsent(socket) > MAX_BUFFERED:
                    address = self.http.address(socket)
                    event(
                        self.log,
                        logging.WARNING,
                        "abort",
                        source=address,
                        address=address,
                        reason="reads nothing",
                    )
                    self.metrics.aborted.inc()
                    abort(socket)

    def _end_slowest(self, now: float) -> None:
        """While memory is full, abort the peers that have taken nothing for longest of what is in their sockets."""
        excess = self.rooms.memory.held - self.rooms.memory.limit
        if excess <= 0:
            return
        slow = now - 2 * INTERVAL
        for connection in sorted(self.peers, key=PeerConnection.waits_since):
            unsent = _unsent(connection.socket)
            if excess > 0 and unsent and connection.waits_since() < slow:
                connection.log_event(logging.WARNING, "abort", reason="the relay's memory is full")
                self.metrics.aborted.inc()
                abort(connection.socket)
                excess -= unsent

    async def store(self, thread: StoreThread, clock: StoreClock) -> None:
        """Notice within seconds, also when nobody draws, that the store cannot be written any more: that its files are
        no longer those that it opened."""
        suspended = ""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await thread.ask(thread.store.check_files)
                await clock.compare()
            except StoreError as error:
                if str(error) != suspended:
                    suspended = str(error)
                    event(self.log, logging.ERROR, "writing suspended", reason=suspended)
            else:
                if suspended:
                    suspended = ""
                    event(self.log, logging.WARNING, "writing resumed")


def _unsent(socket: ServerConnection) -> int:
    """Return the bytes that wait in a socket."""
    return socket.transport.get_write_buffer_size()
