"""The account of a relay's memory, and what is given up when it is full."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from relay.limits import Limits
from relay.observability.metrics import Metrics
from relay.protocol import Create, Delete, Join, Operate, Refused, RemoteError, decode_server
from relay.room.peer import Peer
from relay.room.room import Room
from relay.server.memory import Memory
from relay.server.rooms import Rooms
from relay.store import MemoryStore
from relay.store.worker import StoreThread

from ...support.waiting import DEADLINE

LIMIT = 1_000_000
TEXT = msgspec.Raw(b'"%s"' % (b"x" * 100_000))


def test_a_large_room_is_opened_only_where_there_is_room_and_a_small_one_always() -> None:
    memory = Memory(1_000)
    memory.open_room(900)
    with pytest.raises(RemoteError) as refusal:
        memory.open_room(300)
    assert refusal.value.code == "relay-full"
    memory.open_room(200)
    assert memory.is_full
    memory.open_room(100)
    assert memory.rooms == 3
    memory.weigh(1, 500)
    memory.open_room(300)
    assert not memory.is_full


def test_the_past_is_read_only_where_there_is_room() -> None:
    memory = Memory(1_000)
    memory.read(600)
    with pytest.raises(RemoteError) as refusal:
        memory.read(600)
    assert refusal.value.code == "busy"


def test_shares_together_are_a_quarter() -> None:
    for rooms in (1, 7, 10_000):
        memory = Memory(1 << 30)
        memory.weigh(rooms, 2 << 30)
        assert memory.most * rooms <= memory.limit / 4
    memory.weigh(1, 0)
    assert memory.most == float("inf")


def refusals(room: Room, peer: Peer) -> list[str]:
    codes = []
    while (frame := room.delivery.collect(peer)) is not None:
        if isinstance(frame, str):
            codes += [message.code for message in decode_server(frame) if isinstance(message, Refused)]
    return codes


def test_a_full_relay_closes_what_nobody_uses_and_lets_large_drawings_grow_no_more() -> None:
    async def scene() -> None:
        thread = StoreThread(MemoryStore())
        rooms = Rooms(thread, logging.getLogger("test"), Limits(max_memory=LIMIT), Metrics())
        op = dict.fromkeys(["large", "small"], 0)

        async def do(room: Room, peer: Peer, action: Create[msgspec.Raw] | Delete) -> list[str]:
            op[room.name] += 1
            room.receive(peer, Operate(op[room.name], (action,)))
            rooms.touch(opened[room.name])
            await rooms.settle(DEADLINE)
            return refusals(room, peer)

        try:
            async with rooms.visit("unused"):
                pass
            async with rooms.visit("large") as large, rooms.visit("small") as small:
                opened = {"large": large, "small": small}
                ada, grace = large.room.join(Join("large")), small.room.join(Join("small"))
                assert len(rooms) == 3
                drawn = 0
                while await do(large.room, ada, Create(f"k{drawn}", {"text": TEXT})) == []:
                    drawn += 1
                assert LIMIT // 300_000 < drawn < LIMIT // 100_000
                rooms.weigh(0)
                assert rooms.memory.is_full
                assert len(rooms) == 2
                assert await do(large.room, ada, Create("more", {"text": msgspec.Raw(b'""')})) == ["board-full"]
                assert await do(small.room, grace, Create("more", {"text": msgspec.Raw(b'""')})) == []
                assert await do(large.room, ada, Delete(tuple(f"k{number}" for number in range(drawn)))) == []
        finally:
            await rooms.close()
            await thread.close()

    asyncio.run(asyncio.wait_for(scene(), DEADLINE))
