"""What tools give back: previews and operations, in the order in which they are to be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from relay.protocol import Action

from ..elements.fields import EIGHTHS, REACH

Eighths = tuple[int, int]


class Preview(NamedTuple):
    """Live ink grew: `points` are flat absolute eighths, each with its pressure from 0 to 255 where the fields say
    "stride" 3, appended as number `start`."""

    key: str
    fields: dict[str, Any] | None
    start: int
    points: list[int]


class Commit(NamedTuple):
    """The gesture became an operation."""

    actions: tuple[Action, ...]


class Cancel(NamedTuple):
    """Live ink came to nothing."""

    key: str


class Moving(NamedTuple):
    """Elements are under way: the `offset` in eighths that each of these keys is shown with; none when it ended."""

    offsets: Mapping[str, Eighths]


Output = Preview | Commit | Cancel | Moving


def eighths(x: float, y: float) -> Eighths:
    """A place in board units as the wire has it, within reach."""
    return (
        max(-REACH, min(REACH, round(x * EIGHTHS))),
        max(-REACH, min(REACH, round(y * EIGHTHS))),
    )
