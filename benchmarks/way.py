"""``python -m benchmarks.way``: from a hand in one notebook to an eye in another by the long road, stage by stage.

The kernels note when a point comes by: in the page's preview, in `Preview` on the way out and in, and when pages are
told of it.
Points are told apart by where they are. Medians of the moves of one line, in a real JupyterLab; all clocks are the
machine's.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from .notebooks import LIVE, OVERLAY, run, scene, seen
from .plots import IMAGES
from .results import HERE
from .rows.seen import COLOR, LONG_ROAD, MOVES, board, eyes, line, watch

FILE = HERE / "way.json"
STAGES = (
    "hand to kernel: pen, comm, Jupyter server",
    "kernel: pen to wire",
    "relay, there and on",
    "kernel: wire to frame",
    "frame to pixel: Jupyter server, page",
)
COLORS = ("#f4a261", "#2a9d8f", "#1b4965", "#8d6a9f", "#d1495b")

NOTE = """
import time
from ipysketch.widget.ink_feed import InkFeed
from ipysketch.client.hands import Hands
from ipysketch.client.inbox import Inbox
from ipysketch.client.outbox import Outbox
from relay.protocol import PeerPreview, Preview
noted = []
def note(cls, name, read):
    plain = getattr(cls, name)
    def noting(self, *given, **more):
        at = 1e3 * time.time()
        result = plain(self, *given, **more)
        found = read(result, *given)
        if found is not None:
            noted.append((name, at, found))
        return result
    setattr(cls, name, noting)
def furthest(points):
    return max(points[::3]) / 8 if points else None  # x, y and a time of each.
def reach(message, kind):
    return furthest(message.points) if isinstance(message, kind) else None
note(Hands, "preview", lambda _, key, start, points, *more: furthest(points))
note(Outbox, "send", lambda _, message: reach(message, Preview))
note(Inbox, "_handle", lambda _, message: reach(message, PeerPreview))
note(InkFeed, "update", lambda news, *_: 0.0 if news else None)
"""
TELL = "import json\nprint(json.dumps(noted))"

Noted = list[tuple[str, float, float]]


def stages(hand: float, x: float, sender: Noted, receiver: Noted, eye: float) -> list[float] | None:
    """Milliseconds in each of `STAGES` of the point at `x`, moved at `hand` and seen at `eye`; None when a note of it
    is missing. Pure."""

    def first(notes: Noted, name: str, suits: Callable[[float, float], bool]) -> float | None:
        return next((at for what, at, place in notes if what == name and suits(at, place)), None)

    def there(_: float, place: float) -> bool:
        return place > x - 2

    times = [hand]
    for notes, name in ((sender, "preview"), (sender, "send"), (receiver, "_handle")):
        if (at := first(notes, name, there)) is None:
            return None
        times.append(at)
    if (shown := first(receiver, "update", lambda at, _: at >= times[-1])) is None:
        return None
    times += [shown, eye]
    return [after - before for before, after in pairwise(times)]


def measure() -> dict[str, float]:
    """The median of each stage."""
    with scene() as stage:
        ada, grace = (board(stage, name, "way", NOTE, TELL, before=LONG_ROAD) for name in ("ada", "grace"))
        for notebook in (ada, grace):
            run(notebook, 2)
        places = line(100.0)
        watch(grace.page, LIVE, eyes(places), color=COLOR)
        moved: list[float] = ada.page.evaluate("([...given]) => window.draw(...given)", [OVERLAY, places, {}])
        saw: list[float] = seen(grace.page, MOVES)["seen"]
        sender, receiver = (json.loads(run(notebook, 3)) for notebook in (ada, grace))
    found = [
        times
        for hand, (x, _), eye in zip(moved, places[1:], saw, strict=True)
        if (times := stages(hand, x, sender, receiver, eye)) is not None
    ]
    return {
        name: round(statistics.median(column), 2)
        for name, column in zip(STAGES, zip(*found, strict=True), strict=True)
    }


def _draw(kept: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.4), layout="constrained")
    axes = figure.subplots()
    left = 0.0
    for stage, color in zip(STAGES, COLORS, strict=True):
        axes.barh(
            [""], [kept[stage]], left=left, color=color, label=f"{stage} {kept[stage]:.1f} ms", height=0.6
        )
        left += kept[stage]
    axes.set(
        xlabel=f"milliseconds from a move of the hand to the pixel in the other notebook; {left:.0f} together"
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(frameon=False, ncols=2, loc="outside lower center", fontsize="small")
    figure.savefig(IMAGES / "way.png", dpi=110, metadata={"Software": None})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.way", description=__doc__)
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    options = parser.parse_args()
    found = measure()
    for stage, milliseconds in found.items():
        print(f"  {milliseconds:6.2f} ms  {stage}")
    if not options.dry:
        FILE.write_text(json.dumps(found, indent=1) + "\n")
        _draw(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
