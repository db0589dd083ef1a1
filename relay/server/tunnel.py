"""Passes a connection on to the worker, or to the relay, that has its room: for clients whose address does not name it.

The owner is asked with the headers that came, and decides about token, origin and role itself; here only whole messages
go to and fro, in bounded numbers. Closes are passed on too. While the owner starts anew, the join waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.http11 import Request
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol

from ..cluster.asking import NotThereError
from ..protocol import CLOSE_RESTART, SUBPROTOCOL, RemoteError
from .closing import CLOSE_TIMEOUT
from .fast_connection import PlainConnection
from .unix_sockets import short_name

ADDRESS = "X-Ipysketch-Address"
"""The header with the address at the other end of the tunnel; it is believed of other workers only."""
PASSED_ON = ("Authorization", "X-Ipysketch-Challenge", "X-Forwarded-For")
RETRY = 0.1
"""Seconds between two tries to reach the owner."""
OPEN = 1.5
"""Seconds in which another relay must take a connection: its lease may have ended meanwhile."""
MAX_QUEUE = 16
KEEPALIVE = 4.0
"""Seconds between two pings to the owner, and until one without an answer ends the tunnel."""
AWAY = (1005, 1006)
"""Close codes that nobody sent: the other end is gone."""


class MovedError(Exception):
    """A relay does not take a connection, because it is not what it was: look again who has the room."""


async def forward(socket: PlainConnection, frame: str | bytes, upstream: ClientConnection) -> tuple[int, str]:
    """Pass `socket` on, whose first `frame` has come, to the process at the end of `upstream`. Returns how to close
    it."""
    try:
        if socket.state is not State.OPEN:
            # Its client may have joined by another way: a second join would end that connection.
            return CLOSE_RESTART, ""
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
        return CLOSE_RESTART, "the process that has this room is starting anew"
    return code, upstream.close_reason or ""


async def connect_worker(request: Request, owner: Path, address: str, seconds: float) -> ClientConnection:
    """Return a connection like the one of `request`, from `address`, to the worker at `owner`, for which to wait at
    most so many `seconds`. Raises `RemoteError` when it does not take it."""
    headers = _headers(request, {ADDRESS: address})
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        try:
            with short_name(owner) as name:
                return await unix_connect(
                    name,
                    uri=f"ws://{request.headers['Host']}{request.path}",
                    origin=_origin(request),
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


async def connect_relay(request: Request, relay: str, headers: Mapping[str, str]) -> ClientConnection:
    """Return a connection like the one of `request`, with more `headers`, to the relay at the address `relay`. Raises
    `NotThereError` when nothing listens there, `MovedError`, `RemoteError` when it refuses, and OSError or
    TimeoutError."""
    where = urlsplit(relay)
    try:
        return await connect(
            f"ws://{request.headers['Host']}{request.path}",
            host=where.hostname,
            port=where.port,
            proxy=None,
            origin=_origin(request),
            additional_headers=_headers(request, headers),
            user_agent_header=request.headers.get("User-Agent"),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            open_timeout=OPEN,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=KEEPALIVE,
            ping_timeout=KEEPALIVE,
            max_size=None,  # It is one of ours.
            max_queue=MAX_QUEUE,
        )
    except InvalidStatus as refusal:
        said = refusal.response.body.decode(errors="replace").strip()
        if refusal.response.status_code == HTTPStatus.MISDIRECTED_REQUEST:
            raise MovedError(said) from None
        raise RemoteError("refused", said or "the relay that has this room refused it") from None
    except ConnectionRefusedError:
        raise NotThereError(f"nothing listens at {relay}") from None
    except (EOFError, InvalidMessage) as error:  # It ended while it was asked.
        raise MovedError(str(error)) from None


def _headers(request: Request, more: Mapping[str, str]) -> Headers:
    """Return the headers of a request that are passed on, and `more`."""
    headers = Headers(more)
    for name in PASSED_ON:
        for value in request.headers.get_all(name):
            headers[name] = value
    return headers


def _origin(request: Request) -> Origin | None:
    origins = request.headers.get_all("Origin")
    return Origin(origins[0]) if origins else None


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
