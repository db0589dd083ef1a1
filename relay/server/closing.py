"""How a websocket is ended: in bounded time, whatever its peer does."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..protocol import Error, RemoteError, encode

CLOSE_TIMEOUT = 1.0
"""Seconds that a closing handshake may take."""


async def refuse(socket: ServerConnection, bad: RemoteError) -> None:
    """Send a fatal error to a connection that is about to be closed, in bounded time."""
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.send(encode([Error(bad.code, bad.reason, fatal=True)]), text=True)


async def close(socket: ServerConnection, code: int, reason: str = "") -> None:
    """Close, in bounded time: a peer that does not read would keep close() waiting for as long as it likes."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code, reason.encode()[:120].decode(errors="ignore"))
    except (TimeoutError, AttributeError):
        # AttributeError: asyncio cannot abort a transport that closed after its last data left.
        abort(socket)


def abort(socket: ServerConnection) -> None:
    """End a connection without waiting for its peer."""
    if socket.state is not State.CLOSED:
        socket.transport.abort()
