"""Passes a connection on to the worker that has its room: for clients whose address does not name it.

The owner is asked with the headers that came, and decides about token, origin and role itself; here only whole messages
go to and fro, in bounded numbers. Closes are passed on too. While the owner starts anew, the join waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request
from websockets.typing import Origin, Subprotocol

from ..protocol import CLOSE_RESTART, SUBPROTOCOL, RemoteError
from .closing import CLOSE_TIMEOUT
from .fast_connection import PlainConnection
from .unix_sockets import short_name

ADDRESS = "X-Ipysketch-Address"
"""The header with the address at the other end of the tunnel; it is believed of other workers only."""
PASSED_ON = ("Authorization", "X-Ipysketch-Challenge", "X-Forwarded-For")
RETRY = 0.1
"""Seconds between two tries to reach the owner."""
MAX_QUEUE = 16
KEEPALIVE = 4.0
"""Seconds between two pings to the owner, and until one without an answer ends the tunnel."""
AWAY = (1005, 1006)
"""Close codes that nobody sent: the other end is gone."""


async def forward(
    socket: PlainConnection, frame: str | bytes, owner: Path, address: str, seconds: float
) -> tuple[int, str]:
    """Pass `socket` on, whose first `frame` has come from `address`, to the worker at `owner`, for which to wait at
    most so many `seconds`. Returns how to close it. Raises `RemoteError` when the owner does not take it."""
    assert socket.request is not None
    upstream = await _connect(socket.request, owner, address, seconds)
    try:
        await upstream.send(frame)
        up, down = asyncio.create_task(_up(socket, upstream)), asyncio.create_task(_down(upstream, socket))
        ways = [up, down, asyncio.create_task(upstream.wait_closed())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if not up.done():
                await asyncio.wait([down], timeout=CLOSE_TIMEOUT)  # What came last, if it is taken.
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    except ConnectionClosed:
        pass  # How it ended is seen below.
    finally:
        await upstream.close()
    code = upstream.close_code
    if code is None or code in AWAY:
        return CLOSE_RESTART, "the worker that has this room is starting anew"
    return code, upstream.close_reason or ""


async def _connect(request: Request, owner: Path, address: str, seconds: float) -> ClientConnection:
    headers = Headers({ADDRESS: address})
    for name in PASSED_ON:
        for value in request.headers.get_all(name):
            headers[name] = value
    origins = request.headers.get_all("Origin")
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        try:
            with short_name(owner) as name:
                return await unix_connect(
                    name,
                    uri=f"ws://{request.headers['Host']}{request.path}",
                    origin=Origin(origins[0]) if origins else None,
                    additional_headers=headers,
                    user_agent_header=request.headers.get("User-Agent"),
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    compression=None,
                    open_timeout=max(RETRY, end - loop.time()),
                    close_timeout=CLOSE_TIMEOUT,
                    ping_interval=KEEPALIVE,
                    ping_timeout=KEEPALIVE,
                    max_size=None,  # The owner is one of ours.
                    max_queue=MAX_QUEUE,
                )
        except InvalidStatus as refusal:
            said = refusal.response.body.decode(errors="replace").strip()
            raise RemoteError("refused", said or "the worker that has this room refused it") from None
        except (OSError, TimeoutError, EOFError):
            if loop.time() >= end:
                raise RemoteError("store", "the worker that has this room does not answer; try again") from None
            await asyncio.sleep(RETRY)


async def _up(socket: PlainConnection, upstream: ClientConnection) -> None:
    socket.mark_handled()
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await socket.recv()
            await upstream.send(message)
            socket.mark_handled()


async def _down(upstream: ClientConnection, socket: PlainConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.send(await upstream.recv())
