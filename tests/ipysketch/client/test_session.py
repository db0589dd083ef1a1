"""Where a session looks for its relay, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from ipysketch.client import session as module
from ipysketch.client.connection import Target
from ipysketch.client.opening import Stop
from ipysketch.client.session import Session
from ipysketch.errors import STARTING, SketchError

from .joined import FakeConnection, Joined


@pytest.mark.parametrize(
    ("code", "was_in", "raised"),
    [("", False, Stop), (STARTING, False, SketchError), ("", True, SketchError)],
    ids=["cannot-start", "starts-slowly", "was-in"],
)
def test_a_board_goes_on_trying_where_a_relay_may_yet_answer(
    code: str, was_in: bool, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve() -> Target:
        raise SketchError("no relay could be started", code)

    async def run() -> None:
        session = Joined().session if was_in else Session(name="Ada", color="#d1495b", secret="s")
        monkeypatch.setattr(module, "Connection", lambda _: FakeConnection())
        session.connect("algebra", resolve)
        with pytest.raises(raised, match="no relay could be started"):
            await session.target()

    asyncio.run(run())
