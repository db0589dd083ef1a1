"""The effects of tools: previews and operations, in the order in which they are sent. Pure.

Their names end in "Effect" because the protocol has messages of the same kinds: an effect is what a tool wants, a
message is what goes over the wire.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from relay.protocol import Action

from ...model.elements.fields import EIGHTHS, REACH

Eighths = tuple[int, int]


class PreviewEffect(NamedTuple):
    """Wet ink that grew: `points` are flat absolute eighths, each followed by its pressure from 0 to 255 where the
    fields say "stride" 3, appended at index `start`."""

    key: str
    fields: dict[str, Any] | None
    start: int
    points: list[int]


class CommitEffect(NamedTuple):
    """An operation of these `actions`."""

    actions: tuple[Action, ...]


class CancelEffect(NamedTuple):
    """A preview that came to nothing."""

    key: str


class SparedEffect(NamedTuple):
    """An eraser met only elements that this client may not erase."""


Effect = PreviewEffect | CommitEffect | CancelEffect | SparedEffect
Effects = tuple[Effect, ...]


def eighths(x: float, y: float) -> Eighths:
    """Return a point in board units as integers in eighths, clamped to the range of the wire."""
    return (
        max(-REACH, min(REACH, round(x * EIGHTHS))),
        max(-REACH, min(REACH, round(y * EIGHTHS))),
    )
