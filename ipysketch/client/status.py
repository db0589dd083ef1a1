"""The state of a connection in words for people: what it is, and what will happen next. Pure."""

from __future__ import annotations

import math

from .connection_state import Connected, Connecting, Ended, State, Waiting


def describe(
    state: State, *, room: str, here: int, waiting: int, now: float, progress: float | None, mode: str = ""
) -> str:
    """Return one line for people. `here` is the number of peers, `waiting` that of own operations that are not at the
    relay yet, `now` the loop's time in seconds, `progress` that of a snapshot from 0 to 1 or None; `mode` says why this
    client may not draw."""
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
