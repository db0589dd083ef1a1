"""The state of a connection in words that tell people what is so and what will be. Pure."""

from __future__ import annotations

import math

from .connection_state import Connected, Connecting, Ended, State, Waiting


def describe(
    state: State, *, room: str, here: int, waiting: int, now: float, progress: float | None, mode: str = ""
) -> str:
    """One line for people: `here` peers, `waiting` own operations not yet at the relay, `now` in loop time
    (seconds), `progress` of a snapshot from 0 to 1 or None; `mode` is why this one cannot draw."""
    behind = f"; {waiting} {'stroke' if waiting == 1 else 'strokes'} waiting" if waiting else ""
    match state:
        case Connected() if progress is not None:
            return f"loading room {room} · {round(100 * progress)} %"
        case Connected():
            return f"connected · room {room} · {here} here" + (f" · {mode}" if mode else "")
        case Connecting():
            return f"connecting · room {room}{behind}"
        case Waiting(until=until, reason=reason):
            return f"{reason}; reconnecting in {max(1, math.ceil(until - now))} s{behind}"
        case Ended(reason=reason):
            return f"not connected: {reason}{behind}"
        case _:
            return f"solo · not connected{behind}"
