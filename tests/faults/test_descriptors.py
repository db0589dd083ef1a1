"""Idle connections that use descriptors: peers that are connected go on, and others can still connect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.protocol import Commit

from ..integration.test_origins import fetch
from ..support.raw_client import create, joined
from ..support.waiting import DEADLINE
from .altered import FEW
from .raw import HANDSHAKE
from .running import Running, troubles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lowers a limit that other systems raise")

ENOUGH = 2 * FEW
LONGEST_LOG = 64 << 10
PATIENT = ("--handshake-seconds", "1000", "--join-seconds", "1000")
"""Long enough that no connection times out on a busy machine while others still connect."""


@contextlib.asynccontextmanager
async def crowd(port: int, says: bytes) -> AsyncIterator[None]:
    """Open connections that send `says`, if anything, and then stay idle."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        for _ in range(ENOUGH):
            bare = stack.enter_context(socket.socket())
            bare.setblocking(False)
            await loop.sock_connect(bare, ("127.0.0.1", port))
            if says:
                with contextlib.suppress(ConnectionError):
                    await loop.sock_sendall(bare, says)
        yield


async def serves(port: int) -> bool:
    """Return whether a request is answered."""
    try:
        return (await fetch(port, "/healthz"))[0] == 200
    except (OSError, IndexError):
        return False


@pytest.mark.parametrize("says", [b"", HANDSHAKE[:20], HANDSHAKE], ids=["nothing", "half", "a handshake"])
def test_idle_connections_shut_nobody_out(tmp_path: Path, says: bytes) -> None:
    async def run(relay: Running) -> None:
        async with joined(relay.port) as (ada, _), crowd(relay.port, says):
            assert await serves(relay.port)
            await ada.say(create(1, "drawn"))
            await ada.hear(Commit)
            if says != HANDSHAKE:
                async with joined(relay.port) as (bob, _):
                    await bob.say(create(1, "drawn too"))
                    await bob.hear(Commit)
            else:
                with pytest.raises(InvalidStatus) as caught:
                    await connect(f"ws://127.0.0.1:{relay.port}", proxy=None)
                assert caught.value.response.status_code == 429, "this address has its share"

    with Running("--db", tmp_path / "relay.sqlite", *PATIENT, alteration="few_descriptors") as relay:
        asyncio.run(asyncio.wait_for(run(relay), DEADLINE))
        assert f"few descriptors descriptors={FEW}" in relay.text()
        assert troubles(relay.text()) == []
        assert len(relay.text()) < LONGEST_LOG


def test_without_the_gate_they_do(tmp_path: Path) -> None:
    async def run(relay: Running) -> None:
        async with crowd(relay.port, b""):
            assert not await serves(relay.port)

    with Running("--db", tmp_path / "relay.sqlite", *PATIENT, alteration="few_descriptors+open_gate") as relay:
        asyncio.run(asyncio.wait_for(run(relay), DEADLINE))
        assert "turned away" in relay.text()
        assert len(relay.text()) < LONGEST_LOG, "also then it does not log each attempt"
