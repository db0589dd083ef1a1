"""The plots for the documents, from what `results` keeps."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parents[1] / "docs" / "images"
OURS, THEIRS = "#1b4965", "#d1495b"


def draw(rows: dict[str, Any]) -> None:
    """Draw those that there are figures for."""
    if "growth" in rows:
        _growth(rows["growth"]["samples"])


def _medians(samples: list[dict[str, Any]], x: str, y: str, server: str) -> tuple[list[float], list[float]]:
    found: dict[float, list[float]] = {}
    for sample in samples:
        if x in sample and sample["server"] == server:
            found.setdefault(sample[x], []).append(sample[y])
    places = sorted(found)
    return places, [statistics.median(found[place]) for place in places]


def _growth(samples: list[dict[str, Any]]) -> None:
    # Not at the head: who measures one row need not have what draws.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for server, color in (("ipysketch", OURS), ("Socket.IO", THEIRS)):
        left.plot(*_medians(samples, "people", "cpu_us_per_point", server), "o-", color=color, label=server)
    left.set(
        xscale="log", yscale="log", xlabel="people drawing in one room", ylabel="CPU per delivered point, µs"
    )
    left.legend(frameon=False)
    right.plot(*_medians(samples, "strokes", "cpu_us_per_stroke", "ipysketch"), "o-", color=OURS)
    right.set(xscale="log", xlabel="strokes on the board", ylabel="CPU per committed stroke, µs")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / "growth.png", dpi=110, metadata={"Software": None})
