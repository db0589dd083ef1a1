"""What an operator asks a running relay, over a socket beside its database that only its owner can open.

A request is one line of JSON; the answer is lines of JSON, the last of them ``{"done": …}`` or ``{"error": …}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket as sockets
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

from .log import Checkpoint, LogRow, Past, RoomInfo, Store, StoreError
from .protocol import Bad, check_room
from .rooms import Rooms

MAX_LINE = 64 << 20
PAGE = 2_000
"""Entries of the log that are read at a time."""
LONGEST = 100
"""Bytes in the path of a socket that every system takes."""

Line = dict[str, Any]


class Relay(Protocol):
    """What of the relay an operator needs."""

    async def rooms(self) -> list[tuple[RoomInfo, int]]: ...
    async def delete(self, room: str) -> None: ...
    async def revoke(self, token: str, until: float) -> int: ...
    def store(self) -> tuple[Store, Rooms]: ...


def socket_path(database: Path) -> Path:
    """Where the relay of `database` can be asked."""
    return database.with_name(database.name + ".admin")


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for `path` that fits into a socket's address, however deep the directory lies."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


class Admin:
    """Answers operators for `relay` at `path` until it is closed."""

    def __init__(self, relay: Relay, path: Path) -> None:
        self._relay = relay
        self._path = path

    async def start(self) -> None:
        """Listen; what a killed relay left behind is replaced. Raises OSError."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o077)
        try:
            with _short(self._path) as name:
                self._server = await asyncio.start_unix_server(self._serve, name, limit=MAX_LINE)
        finally:
            os.umask(before)

    async def close(self) -> None:
        self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for line in answers(self._relay, json.loads(await reader.readline()), reader):
                writer.write(json.dumps(line).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, asyncio.LimitOverrunError):
            pass  # The operator's command ended, or was none; the relay has nothing to do for it.
        finally:
            writer.close()


async def answers(relay: Relay, request: Line, more: asyncio.StreamReader | None = None) -> AsyncIterator[Line]:
    """The lines that answer `request`."""
    try:
        async for line in _answers(relay, request, more):
            yield line
    except (StoreError, Bad) as error:
        yield {"error": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        yield {"error": f"the request is not one this relay knows ({error})"}


async def _answers(relay: Relay, request: Line, more: asyncio.StreamReader | None) -> AsyncIterator[Line]:
    store, rooms = relay.store()
    match request["command"]:
        case "rooms":
            for info, peers in await relay.rooms():
                yield {**info._asdict(), "peers": peers}
            yield {"done": True}
        case "delete":
            await relay.delete(request["room"])
            yield {"done": True}
        case "revoke":
            yield {"done": await relay.revoke(request["token"], float(request["until"]))}
        case "vacuum":
            await rooms.ask(store.vacuum)
            yield {"done": True}
        case "backup":
            await rooms.ask(store.backup, Path(request["file"]), lambda: secrets.token_hex(8))
            yield {"done": True}
        case "export":
            async for line in _export(store, rooms, request["room"]):
                yield line
            yield {"done": True}
        case "import":
            name = check_room(request["room"])
            past = await _past(more, request["lines"])
            await rooms.ask(store.restore, name, secrets.token_hex(8), past)
            rooms.forget_names()
            yield {"done": len(past.rows)}
        case other:
            yield {"error": f"this relay does not know the command {other!r}; it may be older than yours"}


async def _export(store: Store, rooms: Rooms, room: str) -> AsyncIterator[Line]:
    """A room as lines: where it begins, then each entry of its log."""
    infos = {info.name: info for info in await rooms.ask(store.rooms)}
    if room not in infos:
        raise StoreError(f"there is no room {room!r}; see ipysketch-relay rooms")
    info = infos[room]
    first = info.first
    past = Past(None, ())
    while first <= info.last:
        last = min(info.last, first + PAGE - 1)
        past = await rooms.ask(store.read, room, first, last)
        if first == info.first:
            yield {"ipysketch": 1, "room": room, "last": info.last, "begin": _point_line(past.checkpoint)}
        for row in past.rows:
            if row.seq >= first:
                yield {**row._asdict(), "body": row.body.decode()}
        first = last + 1
    if info.first > info.last:
        loaded = await rooms.ask(store.load, room, "")
        yield {"ipysketch": 1, "room": room, "last": info.last, "begin": _point_line(loaded.checkpoint)}


def _point_line(point: Checkpoint | None) -> Line | None:
    return None if point is None else {**point._asdict(), "body": zlib.decompress(point.body).decode()}


async def _past(more: asyncio.StreamReader | None, count: int) -> Past:
    if more is None:
        raise ValueError("there is nothing to read")
    return parse_export([await more.readline() for _ in range(count)])


def parse_export(lines: list[bytes]) -> Past:
    """What an exported file holds; raises ValueError with a sentence when it is none, or not whole."""
    if not lines:
        raise ValueError("the file is empty")
    head = json.loads(lines[0])
    if not isinstance(head, dict) or head.get("ipysketch") != 1:
        raise ValueError("the file is no room exported by ipysketch-relay")
    point = None
    if (begin := head["begin"]) is not None:
        point = Checkpoint(**{**begin, "body": zlib.compress(begin["body"].encode(), 1)})
    rows = [LogRow(**{**row, "body": row["body"].encode()}) for row in map(json.loads, lines[1:])]
    start = point.seq if point else 0
    if [row.seq for row in rows] != list(range(start + 1, head["last"] + 1)):
        raise ValueError("the file is not whole: entries are missing; export the room again")
    return Past(point, rows)


def ask(path: Path, request: Line, lines: list[bytes] | None = None) -> Iterator[Line]:
    """The answer of the relay at `path`; raises ConnectionError or FileNotFoundError when none listens there."""
    with sockets.socket(sockets.AF_UNIX) as socket:
        with _short(path) as name:
            socket.connect(name)
        with socket.makefile("rwb") as file:
            file.write(json.dumps(request).encode() + b"\n")
            for line in lines or ():
                file.write(line.rstrip(b"\n") + b"\n")
            file.flush()
            for answer in file:
                yield json.loads(answer)
