"""The settings of the websockets library for a relay's connections."""

from __future__ import annotations

import logging
import socket as sockets
import ssl
from collections.abc import Awaitable, Callable

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from .. import __version__
from ..limits import Limits
from ..protocol import SUBPROTOCOL
from .accepting import BACKLOG
from .closing import CLOSE_TIMEOUT
from .fast_connection import PlainConnection
from .http import HttpEndpoint
from .library_log import library_logger

WRITE_LIMIT = 32 << 10
MAX_QUEUE = 16
PING_INTERVAL = 20
"""Seconds between two pings of a connection. The files of docs/deploy have proxies wait for three of them."""


async def listen(
    listener: sockets.socket,
    serve_one: Callable[[ServerConnection], Awaitable[None]],
    *,
    kind: type[PlainConnection],
    encryption: ssl.SSLContext | None,
    limits: Limits,
    http: HttpEndpoint,
    log: logging.Logger,
) -> Server:
    """Serve each connection of `listener` by `serve_one`, after its handshake; `http` answers other requests."""
    return await serve(
        serve_one,
        sock=listener,
        ssl=encryption,
        ssl_handshake_timeout=limits.handshake_seconds if encryption else None,
        backlog=BACKLOG,
        # Live frames are small and many: compressing them costs more than it saves.
        compression=None,
        create_connection=kind,
        max_size=limits.max_message,
        max_queue=MAX_QUEUE,
        write_limit=WRITE_LIMIT,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        select_subprotocol=lambda _, offered: Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None,
        open_timeout=limits.handshake_seconds,
        ping_interval=PING_INTERVAL,
        ping_timeout=20,
        close_timeout=CLOSE_TIMEOUT,
        process_request=http.request,
        process_response=http.response,
        logger=library_logger(log, http.address),
        server_header=f"ipysketch-relay/{__version__}",
    )
