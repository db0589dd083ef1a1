"""Whatever comes, and however it is cut, is heard once and in its order: by the listener or by `recv`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode

import relay.server.fast_connection
from relay.protocol import Commit, Event, PeerEvent, PeerPreview, Preview
from relay.server.fast_connection import FastConnection, PlainConnection, connection_class, framed
from relay.store import MemoryStore

from ..support.raw_client import create, joined, relay_on
from ..support.waiting import DEADLINE

END = "the end"
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Server:
    """One connection, as the relay reads it: `heard` is what its listener took, and what its reader got."""

    def __init__(self, takes: Callable[[], bool]) -> None:
        self.takes = takes
        self.heard: list[str | bytes] = []
        self.listened = 0
        self.came: asyncio.Future[FastConnection] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self, socket: ServerConnection) -> None:
        assert isinstance(socket, FastConnection)
        socket.listener = self.listen
        self.came.set_result(socket)
        try:
            async for message in socket:
                self.hear(message)
                socket.mark_handled()
        finally:
            if not self.ended.done():
                self.ended.set_result(None)

    def listen(self, text: str) -> bool:
        if not self.takes():
            return False
        self.listened += 1
        self.hear(text)
        return True

    def hear(self, message: str | bytes) -> None:
        self.heard.append(message)
        if message == END:
            self.ended.set_result(None)


@asynccontextmanager
async def connected(
    takes: Callable[[], bool],
) -> AsyncIterator[tuple[Server, FastConnection, ClientConnection]]:
    server = Server(takes)
    async with (
        asyncio.timeout(DEADLINE),
        serve(server.serve, "127.0.0.1", 0, create_connection=FastConnection, compression=None) as listening,
        connect(f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}", proxy=None) as client,
    ):
        yield server, await server.came, client


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def compressed(data: bytes) -> bytes:
    """What was not agreed on: a text with the bit that says it is compressed."""
    frame = masked(Opcode.TEXT, data)
    return bytes([frame[0] | 0x40]) + frame[1:]


def long_winded(text: bytes) -> bytes:
    """A small text whose length is written in two bytes more than it needs."""
    return bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") + bytes(4) + text


def anything(pick: random.Random, number: int) -> tuple[bytes, str | bytes | None]:
    """Frames, and the message that they are if they are one."""
    choice = pick.random()
    if choice < 0.5:
        text = f"{number} é".ljust(pick.choice([6, 20, 124, 125, 126, 300, 70_000]), "x")
        return masked(Opcode.TEXT, text.encode()), text
    if choice < 0.6:
        data = bytes([number % 256]) * pick.choice([0, 5, 200])
        return masked(Opcode.BINARY, data), data
    if choice < 0.7:
        return masked(Opcode.PING, b"p"), None
    if choice < 0.75:
        return masked(Opcode.PONG, b""), None
    if choice < 0.8:
        text = f"{number} in many words"
        return long_winded(text.encode()), text
    parts = [f"{number}.{part} " for part in range(pick.randrange(2, 5))]
    frames = b""
    for place, part in enumerate(parts):
        opcode = Opcode.TEXT if place == 0 else Opcode.CONT
        frames += masked(opcode, part.encode(), fin=place == len(parts) - 1)
        if pick.random() < 0.3:
            frames += masked(Opcode.PING, b"between")
    return frames, "".join(parts)


@pytest.mark.parametrize("seed", range(40), ids="seed{}".format)
def test_all_is_heard_once_and_in_order(seed: int) -> None:
    pick = random.Random(seed)
    made = [anything(pick, number) for number in range(60)]
    sent = [message for _, message in made if message is not None]
    frames = [frame for frame, _ in made] + [masked(Opcode.TEXT, END.encode())]

    async def play() -> None:
        async with connected(lambda: pick.random() < 0.8) as (server, wire, _):
            pieces = cut(pick, frames)
            for piece in pieces:
                wire.data_received(piece)
                if pick.random() < 0.5:
                    await asyncio.sleep(0)  # The reader may have its turn.
            await server.ended
            assert server.heard == [*sent, END]
            assert server.listened

    asyncio.run(play())


def cut(pick: random.Random, frames: list[bytes]) -> list[bytes]:
    """The same bytes as a network may deliver them: frame by frame, several together, or in the middle of one."""
    pieces, held = [], b""
    for frame in frames:
        held += frame
        while held:
            choice = pick.random()
            if choice < 0.6:
                pieces.append(held)
                held = b""
            elif choice < 0.8 and len(held) > 1:
                place = pick.randrange(1, len(held))
                pieces.append(held[:place])
                held = held[place:]
            else:
                break
    return [*pieces, held] if held else pieces


def test_the_end_of_a_frame_that_looks_like_one_is_none() -> None:
    fake = bytes([0x81, 0x84]) + bytes(4) + b"fake"
    data = bytes(300) + fake
    header = bytes([0x82, 0x80 | 126]) + len(data).to_bytes(2, "big") + bytes(4)

    async def play() -> None:
        async with connected(lambda: True) as (server, wire, _):
            wire.data_received(header + data[: -len(fake)])
            wire.data_received(fake)
            wire.data_received(masked(Opcode.TEXT, END.encode()))
            await server.ended
            assert server.heard == [data, END]

    asyncio.run(play())


def test_a_text_alone_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes ink cheap: the library never sees it. Fails when a release of it no longer lets that be."""
    read: list[bytes] = []
    library = ServerConnection.data_received

    def spy(self: Any, data: bytes) -> None:
        read.append(data)
        library(self, data)

    monkeypatch.setattr(ServerConnection, "data_received", spy)

    async def play() -> None:
        async with connected(lambda: True) as (server, wire, client):
            await client.send("by the network")
            await (await client.ping())
            assert server.heard == ["by the network"]
            before = len(read)
            texts = ["at once", "a stroke " * 14, "many strokes " * 5_000]
            for text in texts:
                wire.data_received(masked(Opcode.TEXT, text.encode()))
            assert server.heard == ["by the network", *texts]
            assert len(read) == before

    asyncio.run(play())


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([masked(Opcode.TEXT, b"\xff\xfe")], 1007),
        ([masked(Opcode.TEXT, b"one ", fin=False), masked(Opcode.TEXT, b"two")], 1002),
        ([Frame(Opcode.TEXT, b"bare").serialize(mask=False)], 1002),
        ([compressed(b"packed")], 1002),
    ],
    ids=["no-utf-8", "in-between", "unmasked", "compressed"],
)
def test_what_is_wrong_ends_as_the_library_ends_it(frames: list[bytes], code: int) -> None:
    async def play() -> None:
        async with connected(lambda: True) as (server, wire, client):
            wire.data_received(masked(Opcode.TEXT, b"good"))
            for frame in frames:
                wire.data_received(frame)
            with pytest.raises(ConnectionClosedError) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
            await server.ended
            assert server.heard == ["good"]

    asyncio.run(play())


def test_what_comes_with_the_request_is_heard() -> None:
    async def play() -> None:
        server = Server(lambda: True)
        async with (
            asyncio.timeout(DEADLINE),
            serve(
                server.serve, "127.0.0.1", 0, create_connection=FastConnection, compression=None
            ) as listening,
        ):
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname()[:2])
            writer.write(REQUEST + masked(Opcode.TEXT, b"early"))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(masked(Opcode.TEXT, END.encode()))
            await server.ended
            assert server.heard == ["early", END]
            writer.close()

    asyncio.run(play())


@pytest.mark.parametrize("message", ["", "é" * 70, "x" * 70_000, b"", b"\0" * 200])
def test_what_is_posted_is_what_was_meant(message: str | bytes) -> None:
    async def play() -> None:
        async with connected(lambda: True) as (_, wire, client):
            assert wire.clear
            wire.post(framed(message))
            assert await client.recv() == message

    asyncio.run(play())


class Held(FastConnection):
    """Its first bytes come cut at `places`."""

    def __init__(self, places: list[int], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = places

    def data_received(self, data: bytes) -> None:
        places, self.places = [0, *self.places, len(data)], []
        for begin, end in pairwise(places):
            super().data_received(data[begin:end])


@pytest.mark.parametrize("place", [1, 3, len(REQUEST) - 4, len(REQUEST) - 2, len(REQUEST)])
def test_a_frame_begun_behind_a_request_is_begun_however_that_is_cut(place: int) -> None:
    """The last part may be as short as the search for its end takes for found."""

    async def play() -> None:
        asked = asyncio.Event()

        def takes() -> bool:
            asked.set()
            return True

        class HeldAtPlace(Held):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__([place], *arguments, **named)

        server = Server(takes)
        async with (
            asyncio.timeout(DEADLINE),
            serve(server.serve, "127.0.0.1", 0, create_connection=HeldAtPlace, compression=None) as listening,
        ):
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname()[:2])
            # A text of one letter; what follows its first byte looks like an empty one.
            frame = bytes([0x81, 0x81, 0x80, 0, 0, 0, ord("e") ^ 0x80])
            writer.write(REQUEST + frame[:1])
            await reader.readuntil(b"\r\n\r\n")
            await server.came
            writer.write(frame[1:])
            await asked.wait()
            writer.write(masked(Opcode.TEXT, END.encode()))
            await server.ended
            assert server.heard == ["e", END]
            writer.close()
            await writer.wait_closed()

    asyncio.run(play())


def test_the_installed_library_is_known() -> None:
    """Fails when a release of it moves what `FastConnection` rests on; then look at it, and widen `TESTED` or mend."""
    assert connection_class() is FastConnection


def test_with_a_library_that_is_not_known_all_goes_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay.server.fast_connection, "TESTED", range(0))
    assert connection_class() is PlainConnection

    async def play() -> None:
        async with (
            asyncio.timeout(DEADLINE),
            relay_on(MemoryStore()) as running,
            joined(running.port, name="Ada") as (ada, _),
            joined(running.port, name="Bob") as (bob, _),
        ):
            for op in range(1, 41):
                await ada.say(Preview(f"s{op}", 0, (8, 8), {"kind": "stroke"}))
                await ada.say(create(op, f"s{op}"), Event("drawn", op))
            seen = [await bob.hear((PeerPreview, Commit, PeerEvent)) for _ in range(1)]
            while not isinstance(seen[-1], Commit) or seen[-1].seq < 40:
                seen.append(await bob.hear((PeerPreview, Commit, PeerEvent)))
            assert [one.seq for one in seen if isinstance(one, Commit)] == [*range(1, 41)]
            assert any(isinstance(one, PeerPreview) for one in seen)

    asyncio.run(play())
