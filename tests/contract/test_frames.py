"""What clients put into one frame: as much as a relay takes, and no more, in both languages."""

from __future__ import annotations

import json

import pytest

from ipysketch.client.connection import frames
from ipysketch.client.cutting import SendLimits
from relay.protocol import MAX_FRAME, MAX_MESSAGES, Event, Leave, RemoteError, decode_client

from ..support.node import WEB, says


def in_javascript(messages: str) -> list[list[int]]:
    """The number of messages and of bytes of each frame, in JavaScript."""
    script = f"""
        import {{ frames }} from {json.dumps((WEB / "model" / "messages.js").as_uri())};
        const sizes = frames({messages}, {SendLimits().usual}).map((frame) => [JSON.parse(frame).length, frame.length]);
        console.log(JSON.stringify(sizes));
    """
    sizes: list[list[int]] = json.loads(says(script=script))
    return sizes


def in_python(count: int, size: int) -> list[list[int]]:
    made = frames((Event("e", "x" * size) if size else Leave() for _ in range(count)), SendLimits().usual)
    assert not [
        message for frame in made for message in decode_client(frame) if isinstance(message, RemoteError)
    ]
    return [[len(json.loads(frame)), len(frame)] for frame in made]


@pytest.mark.parametrize(("count", "size"), [(2 * MAX_MESSAGES + 1, 0), (50, 60_000)])
def test_a_frame_is_what_a_relay_takes(count: int, size: int) -> None:
    message = f'{{type: "event", name: "e", data: "x".repeat({size})}}' if size else '{type: "leave"}'
    for made in (in_python(count, size), in_javascript(f"Array.from({{length: {count}}}, () => ({message}))")):
        assert sum(number for number, _ in made) == count
        assert max(number for number, _ in made) <= MAX_MESSAGES
        assert max(length for _, length in made) <= MAX_FRAME
        assert len(made) == 3 or size
