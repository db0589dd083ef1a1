"""Rows about relays that end while people draw in their rooms: how long these have no verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from .. import moving
from ..results import Result
from . import Effort
from .drawing import _say


def hand_over(effort: Effort) -> Result:
    """Relays that are stopped in order."""
    return _row(
        "hand-over",
        "Several relays, one is stopped in order: until its people have verdicts again",
        effort,
        most=1,
    )


def takeover(effort: Effort) -> Result:
    """Relays that are killed."""
    return _row(
        "takeover", "Several relays, one is killed: until its people have verdicts again", effort, most=3
    )


def _row(name: str, what: str, effort: Effort, *, most: float) -> Result:
    ends = {"hand-over": moving.stop, "takeover": moving.kill}
    found = moving.frozen(ends, 4 * effort.rounds)
    entries = [_say(_entry(each, seconds)) for each, seconds in found.items()]
    own, other = (entry for entry in sorted(entries, key=lambda entry: entry["what"] != name))
    return Result(
        row=name,
        what=f"{what} ({moving.PEOPLE} people in {moving.ROOMS} rooms, three relays, HAProxy)",
        reference=f"{other['what']} in the same run: {_in_words(other)}",
        figure=_in_words(own),
        target=f"p99 ≤ {most:g} s",
        reached=own["p99_s"] <= most,
        samples=entries,
    )


def _entry(what: str, seconds: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    return {
        "what": what,
        "times": len(ordered),
        "p50_s": round(statistics.median(ordered), 2),
        "p99_s": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 2),
        "most_s": round(ordered[-1], 2),
    }


def _in_words(entry: dict[str, Any]) -> str:
    return f"p50 {entry['p50_s']} s, p99 {entry['p99_s']} s, {entry['times']} times"
