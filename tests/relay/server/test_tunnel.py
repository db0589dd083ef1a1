"""What is passed on of a connection, and what is not."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from websockets.protocol import State

from relay.protocol import CLOSE_RESTART
from relay.server.tunnel import forward


class Upstream:
    """A connection to another relay."""

    close_code = CLOSE_RESTART
    close_reason = ""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.is_closed = False

    async def send(self, frame: str) -> None:
        self.sent.append(frame)

    async def close(self) -> None:
        self.is_closed = True


class Gone:
    """A connection that was closed while its join waited."""

    state = State.CLOSED


def test_the_join_of_who_is_gone_is_not_passed_on() -> None:
    """Its client may have joined by another way meanwhile: a second join would end that connection for good."""
    upstream = Upstream()
    code, _ = asyncio.run(forward(cast("Any", Gone()), "[join]", cast("Any", upstream)))
    assert code == CLOSE_RESTART
    assert upstream.sent == []
    assert upstream.is_closed
