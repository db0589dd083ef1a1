"""What waits for a peer that does not read waits in the room, where it is merged, not in the system's buffers."""

from __future__ import annotations

import asyncio
from typing import Any

from relay.protocol import Join, PeerState, Presence, Welcome, decode_server, encode
from relay.store import MemoryStore

from ..faults.raw import BINARY, RawPeer
from ..support.raw_client import joined, relay_on
from ..support.waiting import DEADLINE

MOVES = 800
PADDING = "x" * 1000


def test_what_a_peer_has_not_read_is_merged() -> None:
    """800 KB of cursor moves while a peer sleeps: it wakes up to the last few, not to all of them."""
    heard: list[Any] = []
    asleep: list[RawPeer] = []
    current = asyncio.Event()

    def hear(opcode: int, payload: bytes) -> None:
        if opcode != BINARY:
            heard.extend(decode_server(payload))
            if isinstance(heard[0], Welcome) and not asleep[0].transport.is_closing() and len(heard) == 1:
                asleep[0].transport.pause_reading()
            last = heard[-1]
            if isinstance(last, PeerState) and last.state.get("cursor") == [MOVES - 1, 0]:
                current.set()

    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port, name="Ada") as (ada, welcome),
            joined(relay.port, name="Bob") as (bob, _),
        ):
            sleeper = RawPeer(hear)
            asleep.append(sleeper)
            await sleeper.connect(relay.port, receive_buffer=8 << 10)
            sleeper.send(encode([Join("algebra", name="Carl")]))
            for move in range(MOVES):
                await ada.say(Presence({"cursor": [move, 0], "viewport": PADDING}))

                def is_there(peer: PeerState, move: int = move) -> bool:
                    return peer.peer == welcome.peer and peer.state.get("cursor") == [move, 0]

                await bob.hear(PeerState, is_there)
            sleeper.transport.resume_reading()
            await current.wait()
            sleeper.close()
            await sleeper.closed

    asyncio.run(asyncio.wait_for(run(), DEADLINE))
    moves = [message for message in heard if isinstance(message, PeerState) and "viewport" in message.state]
    assert len(moves) < MOVES / 2, "the system's send buffer held what the room should have merged"
