"""What the fuzz found, each as the smallest scene that shows it."""

from __future__ import annotations

import asyncio

import pytest

from relay.protocol import SAFE_INTEGER, Error, PeerPreview, Preview
from relay.store import MemoryStore

from ..support.raw_client import joined, relay_on
from ..support.waiting import DEADLINE


@pytest.mark.parametrize("number", [SAFE_INTEGER + 1, -SAFE_INTEGER - 1, 10**40])
def test_ink_beyond_what_every_language_holds_is_refused_and_not_passed_on(number: int) -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port) as (bob, _),
        ):
            await ada.say(Preview("s", 0, (number, 8)), Preview("t", 0, (8, 8)))
            assert (await bob.hear(PeerPreview)).key == "t"
            assert (await ada.hear(Error)).code == "bad-value"

    asyncio.run(asyncio.wait_for(run(), DEADLINE))
