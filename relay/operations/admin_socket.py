"""The socket beside a database by which its owner, and nobody else, asks the relay that runs.

A request is one line of JSON; the answer is lines of JSON, the last of them ``{"done": …}`` or ``{"error": …}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket as sockets
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from ..access.codes import Opened
from ..protocol import (
    Commit,
    Create,
    Entry,
    RemoteError,
    Restore,
    check_room,
    decode_entries,
    normalize_action,
)
from ..records import Checkpoint, LogRange, LogRow, RoomInfo, StoreError
from ..server.unix_sockets import bind, short_name
from ..store.worker import StoreThread

MAX_LINE = 64 << 20
ENTRIES_AT_ONCE = 2_000
"""Entries of the log that are read at a time."""

Line = dict[str, Any]
T = TypeVar("T")


class Operated(Protocol):
    """What answers an operator: a relay, or a database that no relay holds."""

    store_thread: StoreThread

    async def rooms(self) -> list[tuple[RoomInfo, int]]:
        """Return all rooms, each with the number of its peers."""
        ...

    async def delete(self, room: str) -> None:
        """Delete a room."""
        ...

    async def restore(self, room: str, past: LogRange) -> None:
        """Make a new room of an exported one."""
        ...

    async def revoke(self, token: str, until: float) -> int:
        """Make a token void, by its id; returns the number of connections that ended with it."""
        ...

    async def drain(self, _wanted: bool, /) -> int:
        """Give all rooms to other relays, or take some again; returns how many it holds."""
        ...

    def of_a_fellow(self, _command: str, _subject: str, /) -> Opened | bool | None:
        """Return what another worker asks about word codes: see `relay.server.code_page`."""
        ...

    async def figures(self) -> str:
        """Return its own metrics, in Prometheus' text format."""
        ...

    async def problem(self) -> str:
        """Return what keeps its own store from being written, or ""."""
        ...


def socket_path(database: Path) -> Path:
    """Return the path of the socket of the relay of `database`."""
    return database.with_name(database.name + ".admin")


class AdminSocket:
    """Answers operators for `relay` at `path` until it is closed."""

    def __init__(self, relay: Operated, path: Path) -> None:
        self._relay = relay
        self._path = path

    async def start(self) -> None:
        """Listen, in place of a socket that a killed relay left behind. Raises OSError."""
        self._server = await asyncio.start_unix_server(self._serve, sock=bind(self._path), limit=MAX_LINE)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
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


async def answers(
    relay: Operated, request: Line, more: asyncio.StreamReader | None = None
) -> AsyncIterator[Line]:
    """Yield the lines that answer `request`; `more` has the lines that follow it."""
    try:
        async for line in _answers(relay, request, more):
            yield line
    except (StoreError, RemoteError) as error:
        yield {"error": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        yield {"error": f"the relay does not understand the request ({error})"}


async def _answers(relay: Operated, request: Line, more: asyncio.StreamReader | None) -> AsyncIterator[Line]:
    thread, store = relay.store_thread, relay.store_thread.store
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
        case "code" | "guess" | "right-guess" as command:
            yield {"done": relay.of_a_fellow(command, request["subject"])}
        case "figures" | "health" | "drain":
            yield {"done": await _of_the_process(relay, request)}
        case "vacuum":
            await thread.ask(store.vacuum)
            yield {"done": True}
        case "backup":
            await thread.ask(store.backup, Path(request["file"]), lambda: secrets.token_hex(8))
            yield {"done": True}
        case "export":
            async for line in _export(thread, request["room"]):
                yield line
            yield {"done": True}
        case "import":
            name = request["room"]
            check_room(name)
            past = await _read_export(more, request["lines"])
            await relay.restore(name, past)
            yield {"done": len(past.rows)}
        case other:
            yield {"error": f"this relay does not know the command {other!r}; it may be older than yours"}


async def _of_the_process(relay: Operated, request: Line) -> str | int:
    """Return the answer about the process that was asked, whatever its rooms."""
    match request["command"]:
        case "figures":
            return await relay.figures()
        case "health":
            return await relay.problem()
        case _:
            return await relay.drain(bool(request["wanted"]))


async def _export(thread: StoreThread, room: str) -> AsyncIterator[Line]:
    """Yield a room as lines: where it begins, then each commit of its log."""
    store = thread.store
    infos = {info.name: info for info in await thread.ask(store.rooms)}
    if room not in infos:
        raise StoreError(f"there is no room {room!r}; see ipysketch-relay rooms")
    info = infos[room]
    first = info.first
    past = LogRange(None, ())
    while first <= info.last:
        last = min(info.last, first + ENTRIES_AT_ONCE - 1)
        past = await thread.ask(store.read, room, first, last)
        if first == info.first:
            yield {"ipysketch": 1, "room": room, "last": info.last, "begin": _point_line(past.checkpoint)}
        for row in past.rows:
            if row.seq >= first:
                yield {**row._asdict(), "body": row.body.decode()}
        first = last + 1
    if info.first > info.last:
        loaded = await thread.ask(store.load, room)
        yield {"ipysketch": 1, "room": room, "last": info.last, "begin": _point_line(loaded.checkpoint)}


def _point_line(point: Checkpoint | None) -> Line | None:
    return None if point is None else {**point._asdict(), "body": zlib.decompress(point.body).decode()}


async def _read_export(more: asyncio.StreamReader | None, count: int) -> LogRange:
    if more is None:
        raise ValueError("no lines follow")
    return parse_export([await more.readline() for _ in range(count)])


def parse_export(lines: list[bytes]) -> LogRange:
    """Return the log in an exported file; raises ValueError with a sentence when it is none, or incomplete."""
    if not lines:
        raise ValueError("the file is empty")
    head = json.loads(lines[0])
    if not isinstance(head, dict) or head.get("ipysketch") != 1:
        raise ValueError("the file is not a room exported by ipysketch-relay")
    head = _part(lines[0], _Head, 1)
    point = None
    if (begin := head.begin) is not None:
        with _line(1):
            for entry in decode_entries(begin.body.encode()):
                _check_entry(entry)
        packed = zlib.compress(begin.body.encode(), 1)
        point = Checkpoint(begin.seq, begin.mark, begin.at, begin.entries, begin.logged, packed)
    rows = [_row(line, number) for number, line in enumerate(lines[1:], 2)]
    start = point.seq if point else 0
    if [row.seq for row in rows] != list(range(start + 1, head.last + 1)):
        raise ValueError("the file is incomplete: entries are missing; export the room again")
    return LogRange(point, rows)


class _Begin(msgspec.Struct):
    """A `Checkpoint` as a file has it."""

    seq: int
    mark: int
    at: float
    entries: int
    logged: int
    body: str


class _Head(msgspec.Struct):
    """The first line of a file."""

    last: int
    begin: _Begin | None


class _Row(msgspec.Struct):
    """A `LogRow` as a file has it."""

    seq: int
    mark: int
    at: float
    client: str
    op: int
    body: str


def _row(line: bytes, number: int) -> LogRow:
    """Return the row of a line. What it does was checked before it was exported, but a file may be damaged, or made by
    hand: what no client could read must not come into a log."""
    row = _part(line, _Row, number)
    commit = _part(row.body.encode(), Commit, number)
    with _line(number):
        if (commit.seq, commit.mark, commit.client, commit.op) != (row.seq, row.mark, row.client, row.op):
            raise ValueError("its numbers are not those of its entry")
        for change in commit.changes:
            if isinstance(change, Restore):
                for entry in change.entries:
                    _check_entry(entry)
            else:
                _check_place(getattr(normalize_action(change), "fields", {}))
    return LogRow(row.seq, row.mark, row.at, row.client, row.op, row.body.encode())


def _part(data: bytes, kind: type[T], number: int) -> T:
    with _line(number):
        return msgspec.json.decode(data, type=kind)


@contextlib.contextmanager
def _line(number: int) -> Iterator[None]:
    """Say in which line of a file something is wrong."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        why = str(error).splitlines()[0][:200]
        raise ValueError(f"line {number} is damaged ({why}); export the room again") from None


def _check_entry(entry: Entry) -> None:
    normalize_action(Create(entry.key, entry.fields, entry.page))
    _check_place(entry.fields)


def _check_place(fields: Mapping[str, Any]) -> None:
    place = fields.get("place", 0)
    if isinstance(place, bool) or not isinstance(place, int | float):
        raise ValueError("a place must be a number")


def ask(path: Path, request: Line, lines: list[bytes] | None = None) -> Iterator[Line]:
    """Yield the answer of the relay at `path`; raises ConnectionError or FileNotFoundError when none listens there."""
    with sockets.socket(sockets.AF_UNIX) as socket:
        with short_name(path) as name:
            socket.connect(name)
        with socket.makefile("rwb") as file:
            file.write(json.dumps(request).encode() + b"\n")
            for line in lines or ():
                file.write(line.rstrip(b"\n") + b"\n")
            file.flush()
            for answer in file:
                yield json.loads(answer)
