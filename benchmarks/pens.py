"""Strokes as a pen makes them: smooth ways of a hand, sampled 60 times a second. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, sin, tau
from random import Random
from typing import Any

SAMPLE = 1000 / 60
"""Milliseconds between two samples of a hand."""


def way(chance: Random, points: int) -> list[int]:
    """Flat x0, y0 and then steps, in eighths of a board unit, as elements keep them."""
    x, y = chance.uniform(800, 9400), chance.uniform(800, 4900)
    heading, bend, speed = chance.uniform(0, tau), 0.0, chance.uniform(10, 60)
    flat = [round(x), round(y)]
    before = (flat[0], flat[1])
    for _ in range(points - 1):
        bend = 0.8 * bend + chance.gauss(0, 0.08)
        heading += bend
        speed = min(90.0, max(4.0, speed * chance.uniform(0.85, 1.18)))
        x, y = x + speed * cos(heading), y + speed * sin(heading)
        now = (round(x), round(y))
        flat += [now[0] - before[0], now[1] - before[1]]
        before = now
    return flat


def stroke(chance: Random, points: int, *, timed: bool = False) -> dict[str, Any]:
    """The fields of a stroke; with `timed`, when each of its points was drawn."""
    fields: dict[str, Any] = {
        "kind": "stroke",
        "points": way(chance, points),
        "color": chance.choice(["#1b4965", "#d1495b", "#edae49", "#00798c"]),
        "width": chance.choice([16, 32, 64]),
    }
    if timed:
        steps = [round(SAMPLE + chance.gauss(0, 0.7)) for _ in range(points - 1)]
        fields["times"] = [0, *(max(1, step) for step in steps)]
    return fields


def strokes(count: int, points: int, *, timed: bool = False, seed: int = 1) -> Iterator[dict[str, Any]]:
    """So many strokes; the same for the same seed."""
    chance = Random(seed)
    return (stroke(chance, points, timed=timed) for _ in range(count))
