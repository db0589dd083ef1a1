"""A relay serves whoever comes, from the first moment at which somebody can."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from relay.protocol import Welcome
from relay.server import relay
from relay.server.listening import listen
from relay.store.memory import MemoryStore

from ...support.raw_client import joined, relay_on, wire


def test_who_comes_while_the_relay_begins_to_listen_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    let_in: list[Welcome] = []

    async def listening(*given: Any, **settings: Any) -> Any:
        server = await listen(*given, **settings)
        async with joined(server.sockets[0].getsockname()[1]) as (_, welcome):
            let_in.append(welcome)
        return server

    async def story() -> None:
        monkeypatch.setattr(relay, "listen", listening)
        async with relay_on(MemoryStore()):
            assert [welcome.room for welcome in let_in] == ["algebra"]

    asyncio.run(story())


def test_a_relay_that_stops_closes_those_in_rooms_and_those_before_them() -> None:
    async def story() -> None:
        async with AsyncExitStack() as clients:
            async with relay_on(MemoryStore()) as running:
                outside = await clients.enter_async_context(wire(running.port))
                inside, _ = await clients.enter_async_context(joined(running.port))
            assert [await each.closed() for each in (outside, inside)] == [1012, 1012]

    asyncio.run(story())
