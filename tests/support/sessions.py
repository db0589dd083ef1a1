"""The session behind a board, for tests that act as a hand does, or look at what a view is shown."""

from __future__ import annotations

from ipysketch import Sketch
from ipysketch.client.loop_thread import OnLoop
from ipysketch.client.session import Session


def session_of(board: Sketch) -> OnLoop[Session]:
    """Return the session of `board` on its loop thread, which has no public name."""
    return board._session  # noqa: SLF001
