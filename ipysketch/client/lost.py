"""Own operations that came to nothing, and how people are told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from relay.protocol import Action, Create


class Lost(NamedTuple):
    """An own operation that the relay refused for good, or cannot take. It is not part of the drawing any more."""

    actions: tuple[Action, ...]
    reason: str


def lost_in_words(lost: Sequence[Lost]) -> str:
    """Return one sentence about the latest of `lost`, with those that went just before it for the same reason."""
    reason = lost[-1].reason
    elements = changes = 0
    for each in takewhile(lambda each: each.reason == reason, reversed(lost)):
        created = sum(isinstance(action, Create) for action in each.actions)
        elements, changes = elements + created, changes + len(each.actions) - created
    if elements > 1:
        what = f"{elements} elements were refused: {reason}. They are kept"
    elif elements or changes == 1:
        what = f"A stroke was refused: {reason}. It is kept"
    else:
        what = f"{changes} changes were refused: {reason}. They are kept"
    return f"{what} in board.lost."
