from __future__ import annotations

import pytest

from ipysketch.client.connection_state import Connected, Connecting, Ended, Offline, State, Waiting
from ipysketch.client.status import describe

URL = "ws://127.0.0.1:8765"


@pytest.mark.parametrize(
    ("state", "waiting", "progress", "words"),
    [
        (Connected(URL), 0, None, "connected · room algebra · 3 here"),
        (Connected(URL), 2, 0.25, "loading room algebra · 25 %"),
        (Connecting(URL), 1, None, "connecting · room algebra; 1 stroke waiting"),
        (
            Waiting(12.0, "the relay is down"),
            4,
            None,
            "the relay is down; reconnecting in 2 s; 4 strokes waiting",
        ),
        (Waiting(3.0, "the relay is down"), 0, None, "the relay is down; reconnecting in 1 s"),
        (Ended("the token is wrong"), 0, None, "not connected: the token is wrong"),
        (Offline(), 0, None, "solo · not connected"),
    ],
)
def test_the_connection_in_words(state: State, waiting: int, progress: float | None, words: str) -> None:
    assert describe(state, room="algebra", here=3, waiting=waiting, now=10.0, progress=progress) == words
