"""Boards as tests see them: wait until one shows what it should."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ipysketch import Sketch
from ipysketch.client.view import BoardState

from .sessions import session_of
from .waiting import DEADLINE


def until(board: Sketch, count: int) -> None:
    """Wait until `board` shows `count` elements."""
    until_shown(board, lambda state: len(state.elements) == count, f"{count} elements")


def until_shown(board: Sketch, condition: Callable[[BoardState], bool], words: str) -> None:
    """Wait until what `board` shows fulfils `condition`, woken by what it receives."""
    arrived = threading.Event()

    class Eye:
        def show(self, state: BoardState) -> bool:
            if not arrived.is_set() and condition(state):
                arrived.set()
            return True

    eye = Eye()
    session_of(board).call(lambda session: session.presenter.attach(eye))
    assert arrived.wait(DEADLINE), f"never {words}"
