"""What cannot be sent is an error at once."""

from __future__ import annotations

import asyncio

import pytest

from ipysketch.client.session import Session
from ipysketch.errors import SketchError
from relay.protocol import MAX_FRAME, Event

from .joined import Joined, run


def test_a_request_without_a_relay_is_an_error_at_once() -> None:
    async def story() -> None:
        session = Session(name="Ada", color="#d1495b", secret="s")
        with pytest.raises(SketchError, match="not connected"):
            await session.requests.lock(True)

    asyncio.run(story())


def test_an_event_that_no_frame_holds_is_an_error() -> None:
    def story() -> None:
        with pytest.raises(SketchError, match="larger than the relay takes"):
            Joined().session.outbox.emit(Event("large", "x" * MAX_FRAME))

    run(story)
