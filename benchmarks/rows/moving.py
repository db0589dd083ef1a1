"""Rows about relays that end while people draw in their rooms: how long these have no verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from .. import moving, neighbours
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


def revocation(effort: Effort) -> Result:
    """A token that is made void at one of three relays."""
    entry = _say(_entry("revocation", neighbours.revoked(4 * effort.rounds)))
    return Result(
        row="revocation",
        what="A token is made void at one of three relays: until everybody who came by it is away, at all of them",
        reference="a beat each 1.5 s",
        figure=_in_words(entry),
        target="p99 ≤ 3 s",
        reached=entry["p99_s"] <= 3,
        samples=[entry],
    )


def neighbour(effort: Effort) -> Result:
    """A room whose holder sleeps, and another room of the relay that waits for it."""
    times = dict(zip(("before", "meanwhile"), neighbours.beside_a_sleeper(effort.rounds), strict=True))
    before, meanwhile = (_say(_milliseconds(what, seconds)) for what, seconds in times.items())
    more = meanwhile["p99_ms"] - before["p99_ms"]
    return Result(
        row="neighbour",
        what="Verdicts in a room while its relay waits for another room, whose holder sleeps, and takes that over",
        reference=f"before: p50 {before['p50_ms']} ms, p99 {before['p99_ms']} ms",
        figure=f"p50 {meanwhile['p50_ms']} ms, p99 {meanwhile['p99_ms']} ms",
        target="p99 at most 50 ms later",
        reached=more <= 50,
        samples=[before, meanwhile],
    )


def _milliseconds(what: str, seconds: Sequence[float]) -> dict[str, Any]:
    ordered = [1000 * each for each in sorted(seconds)]
    return {
        "what": what,
        "times": len(ordered),
        "p50_ms": round(statistics.median(ordered), 1),
        "p99_ms": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 1),
        "most_ms": round(ordered[-1], 1),
    }
