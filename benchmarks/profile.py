"""``python -m benchmarks.profile [--name NAME] [--tree PATH]``: where the time of a relay goes, by py-spy.

50 people draw at 60 Hz in one room, as in the row `relay-cpu`. Each sample counts for the innermost frame that one of
`STAGES` knows; CPU per delivered point is measured in the same run and divided in the same shares. `--tree` is another
check-out whose relay is to be looked at: what is kept under one name is a bar of the picture.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .dialects import Ours
from .load import Crowd
from .plots import IMAGES
from .results import HERE
from .servers import ROOT, Server, apart

FILE = HERE / "profile.json"
PEOPLE = 50

STAGES = {
    "sending (the system call)": r"\b(write|send) \(asyncio/selector_events",
    "receiving (the system call)": r"_read_ready__data_received \(asyncio/selector_events",
    "websocket frames": r"\(websockets/|\(relay/server/fast_connection\.py",
    "messages to and from JSON": r"\(relay/protocol/",
    "the room": r"\(relay/room/",
    "connections and beats": r"\(relay/",
    "the event loop": r"\(asyncio/|\(selectors\.py",
}
OTHER = "the rest"
WAITING = r"\bselect \((selectors|relay/server/batching_loop)\.py|\b_worker \(concurrent/futures/thread\.py"
"""Where the innermost frame is this, nothing is done: not every system tells py-spy so."""
COLORS = ("#1b4965", "#2a9d8f", "#e9c46a", "#f4a261", "#d1495b", "#8d6a9f", "#9aa5b1", "#c9ced6")


def stages(stacks: Iterable[str]) -> Counter[str]:
    """Samples by stage, of py-spy's raw lines: ``outer;…;inner count``. Pure."""
    found: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if re.search(WAITING, frames[-1]):
            continue
        for frame in reversed(frames):
            stage = next((name for name, pattern in STAGES.items() if re.search(pattern, frame)), None)
            if stage is not None:
                break
        found[stage or OTHER] += int(count)
    return found


def measure(tree: Path, seconds: float) -> dict[str, float]:
    """µs of CPU per delivered point, by stage."""
    spy = shutil.which("py-spy")
    if spy is None:
        raise SystemExit("py-spy is not installed; run: pip install py-spy")
    with (
        apart(),
        tempfile.TemporaryDirectory() as folder,
        Server("ours", tree=tree) as server,
        Crowd(Ours, server.port, ["a"] * PEOPLE) as crowd,
    ):
        crowd.draw(1.0)
        raw = Path(folder) / "raw"
        command = [spy, "record", "--pid", str(server.pid), "--format", "raw", "--output", str(raw)]
        used = 0.0

        def begun() -> None:
            nonlocal used
            used = -server.cpu()

        def ended() -> None:
            nonlocal used
            used += server.cpu()

        with subprocess.Popen(
            [*command, "--rate", "200", "--duration", str(round(seconds))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ):
            run = crowd.draw(seconds, begun=begun, ended=ended)
        found = stages(raw.read_text().splitlines())
    whole = sum(found.values())
    return {name: round(1e6 * used / run.delivered * found[name] / whole, 4) for name in (*STAGES, OTHER)}


def _draw(kept: dict[str, dict[str, float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.2 + 0.6 * len(kept)), layout="constrained")
    axes = figure.subplots()
    names = list(kept)
    left = [0.0] * len(names)
    for stage, color in zip((*STAGES, OTHER), COLORS, strict=True):
        widths = [kept[name].get(stage, 0.0) for name in names]
        axes.barh(names, widths, left=left, color=color, label=stage, height=0.6)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for name, end in zip(names, left, strict=True):
        axes.annotate(f" {end:.1f} µs", (end, name), va="center")
    axes.invert_yaxis()
    axes.set(xlabel="CPU of the relay per delivered point, µs; 50 people at 60 Hz in one room")
    axes.set_xlim(0, 1.12 * max(left))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.45, -0.35), fontsize="small")
    figure.savefig(IMAGES / "profile.png", dpi=110, metadata={"Software": None})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--name", default="now", help="of the bar (default: %(default)s)")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the check-out whose relay is measured")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    options = parser.parse_args()
    found = measure(options.tree.resolve(), options.seconds)
    for stage, micros in found.items():
        print(f"  {micros:6.3f} µs  {stage}")
    if not options.dry:
        kept = json.loads(FILE.read_text()) if FILE.exists() else {}
        kept[options.name] = found
        FILE.write_text(json.dumps(kept, indent=1) + "\n")
        _draw(kept)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
