"""The connections of a relay, each from its handshake until it is closed.

One that has joined a room is a `PeerConnection`; what happens before that and after it is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as sockets
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ..observability.event_log import event
from ..observability.metrics import Metrics
from ..protocol import CLOSE_PROTOCOL, CLOSE_REFUSED, CLOSE_RESTART, RemoteError
from .accepting import Gate
from .admission import RESTARTING, Admission
from .closing import abort, close, refuse
from .connection import PeerConnection
from .crossing import ElsewhereError, SendOnError
from .fast_connection import PlainConnection
from .http import HttpEndpoint
from .tunnel import forward

SEND_BUFFER = 64 << 10
"""Bytes asked of the system for what waits in one connection; left alone it takes megabytes, unmerged: minutes
for a slow reader, which would also answer no ping in time, and one that stalls would not be noticed."""
CLOSE_WAIT = 1.5
"""Seconds for which a relay that stops waits for its connections."""
NOT_THE_PROTOCOL = frozenset({"not-json", "binary", "join-first", "bad-message", "version"})
"""Errors before the join that end a connection because it does not speak the protocol; others refuse its owner."""


class OpenConnections:
    """All connections of one relay: `sockets`, and of these the `peers` in rooms and the number of `tunnels`.

    `changed` is called when there is one more, and one less.
    """

    def __init__(
        self,
        admission: Admission,
        gate: Gate,
        http: HttpEndpoint,
        metrics: Metrics,
        log: logging.Logger,
        *,
        changed: Callable[[], None],
    ) -> None:
        self.sockets: dict[ServerConnection, asyncio.Task[None] | None] = {}
        self.peers: set[PeerConnection] = set()
        self.tunnels = 0
        self._admission = admission
        self._gate = gate
        self._http = http
        self._metrics = metrics
        self._log = log
        self._changed = changed

    async def serve(self, socket: ServerConnection) -> None:
        """Serve a connection whose handshake is done; returns when it is closed."""
        assert isinstance(socket, PlainConnection)
        address = self._http.count_in(socket)
        self.sockets[socket] = asyncio.current_task()
        self._changed()
        system: sockets.socket = socket.transport.get_extra_info("socket")
        self._gate.answered(system.fileno())
        system.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, SEND_BUFFER)
        closing = (1000, "")
        try:
            frame = await self._admission.first_frame(socket)
            async with contextlib.AsyncExitStack() as stack:
                connection, more = await self._admission.join(socket, frame, stack)
                self.peers.add(connection)
                connection.enter(address, more)
                try:
                    await connection.run()
                finally:
                    self.peers.discard(connection)
                    connection.leave()
                    closing = connection.peer.closing or closing
        except RemoteError as error:
            closing = (CLOSE_PROTOCOL if error.code in NOT_THE_PROTOCOL else CLOSE_REFUSED, error.reason)
            self._log_refusal(address, error)
            await refuse(socket, error)
        except ElsewhereError as elsewhere:
            self.tunnels += 1
            try:
                closing = await forward(socket, frame, elsewhere.upstream)
            finally:
                self.tunnels -= 1
        except SendOnError as why:
            closing = (CLOSE_RESTART, str(why))
        except ConnectionClosed:
            pass  # `leave` has logged why.
        finally:
            # Returning would close the socket too, but wait for a peer that reads nothing for ever.
            await close(socket, *closing)
            del self.sockets[socket]
            self._http.count_out(address)
            self._changed()

    def _log_refusal(self, address: str, error: RemoteError) -> None:
        self._metrics.refusals.labels(error.code).inc()
        event(
            self._log,
            logging.INFO,
            "refused",
            source=address,
            address=address,
            code=error.code,
            reason=error.reason[:200],
        )

    async def close(self) -> None:
        """Have everybody join anew elsewhere or later: the relay stops. Returns in `CLOSE_WAIT`."""
        joined = {connection.socket for connection in self.peers}
        for connection in self.peers:
            connection.finish(CLOSE_RESTART, RESTARTING)
        closing = [close(socket, CLOSE_RESTART) for socket in self.sockets if socket not in joined]
        tasks = [task for task in self.sockets.values() if task is not None]
        if tasks:
            await asyncio.wait([*tasks, *map(asyncio.ensure_future, closing)], timeout=CLOSE_WAIT)
        for socket in list(self.sockets):
            abort(socket)
