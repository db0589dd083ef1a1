"""Does it stay as cheap when there are more people, and more strokes?"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..dialects import Committing
from ..load import Crowd
from ..results import Result
from ..samples import TITLES, drive
from ..servers import Server, apart
from . import Effort
from .drawing import _entry, _median, _say
from .keeping import POINTS, WITHOUT_BOUNDS

PEOPLE = (10, 20, 50, 100, 150, 200)
STROKES = (1_000, 3_000, 10_000, 30_000, 100_000)
WATCHING = 5
"""People in the room whose strokes are counted, of whom one draws."""
TOLERANCE = 1.25
"""Twice the same run differs by as much on a machine that has other work."""


def growth(effort: Effort) -> Result:
    """The cost of a delivered point with more and more people, of a committed stroke with more and more of them."""
    entries: list[dict[str, Any]] = []
    for _ in range(effort.rounds):
        for number in PEOPLE:
            sample = drive("ours", ["a"] * number, effort.seconds, settle=5)
            entries.append(_say(_entry("ours", sample, people=number)))
        for number in PEOPLE[:2]:  # With more it is late, and what is not delivered costs nothing.
            sample = drive("socketio", ["a"] * number, effort.seconds, settle=5)
            entries.append(_say(_entry("socketio", sample, people=number)))
        entries += map(_say, _on_ever_larger_boards(effort.seconds))
    ours = {
        n: _median(_with(entries, "people"), "cpu_us_per_point", server=TITLES["ours"], people=n)
        for n in PEOPLE
    }
    theirs = {
        n: _median(_with(entries, "people"), "cpu_us_per_point", server=TITLES["socketio"], people=n)
        for n in PEOPLE[:2]
    }
    strokes = {n: _median(_with(entries, "strokes"), "cpu_us_per_stroke", strokes=n) for n in STROKES}
    few, many = PEOPLE[0], PEOPLE[-1]
    small, large = STROKES[0], STROKES[-1]
    wider, longer = ours[many] / ours[few], strokes[large] / strokes[small]
    return Result(
        row="growth",
        what="From 10 to 200 people: CPU per delivered point; from 1,000 to 100,000 strokes: per committed stroke",
        reference=f"Socket.IO {theirs[few]:.1f} µs with {few} people, {theirs[PEOPLE[1]]:.1f} with {PEOPLE[1]}",
        figure=f"{ours[few]:.2f} µs to {ours[many]:.2f} ({wider:.2f} ×); "
        f"{strokes[small]:.0f} µs to {strokes[large]:.0f} ({longer:.2f} ×)",
        target=f"neither grows (≤ {TOLERANCE} ×)",
        reached=wider <= TOLERANCE and longer <= TOLERANCE,
        short="; ".join(
            part
            for part, over in (
                ("with more people, what does not fit into one frame of a beat", wider > TOLERANCE),
                (
                    "with more strokes, the checkpoints, each of which writes the whole drawing",
                    longer > TOLERANCE,
                ),
            )
            if over
        ),
        samples=entries,
    )


def _with(entries: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if name in entry]


def _on_ever_larger_boards(seconds: float) -> list[dict[str, Any]]:
    """One room that fills; at each size, what a stroke costs while one person draws on and others watch."""
    entries = []
    with apart(), Server("ours", *WITHOUT_BOUNDS) as server:
        there = 0
        for size in STROKES:
            with Crowd(partial(Committing, POINTS), server.port, ["a"]) as crowd:
                crowd.people[0].drawn = there
                crowd.commit(size - there)
            make = partial(Committing, POINTS)
            with Crowd(make, server.port, ["a"] * WATCHING) as crowd:
                crowd.calm()
                count = min(round(400 * seconds), STROKES[1] - STROKES[0])
                used = server.cpu()
                crowd.people[0].drawn = size
                crowd.commit(count, together=20)
                used = server.cpu() - used
            there = size + count
            entries.append(
                {"server": TITLES["ours"], "strokes": size, "cpu_us_per_stroke": round(1e6 * used / count, 1)}
            )
    return entries
