"""``python -m benchmarks.soak``: 50 people draw in one room for half an hour; memory and descriptors stay flat.

They draw without a rest, 60 points a second each, and every stroke of 50 points is committed. Every 20 seconds the
drawing is cleared, for what is kept on purpose is no leak, and five others have come and gone. What a relay keeps for
those who are behind or undo fills up within the first half: 4 MiB of commits, 1,024 operations of each person.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from websockets.sync.client import connect

from relay.operations.runtime_file import user_file
from relay.protocol import Clear, Commit, Create, Join, Operate, Snapshot, Welcome, decode_server, encode

from .load import Crowd
from .plots import IMAGES, OURS, THEIRS
from .report import PAGE
from .results import HERE
from .rows.drawing import STROKE, committing
from .servers import Server, apart

FILE = HERE / "soak.json"
BEGIN, END = "<!-- soak: make soak -->", "<!-- end of soak -->"
ROOM, VISITED = "class", "corridor"
ROUND = 20.0
VISITORS = 5
JUDGED = 1 / 3
"""The part of the time, at its end, in which nothing may grow."""
GROWTH = 3.0
"""MiB by which memory may be more at the end of that than at its beginning, by the line through all of it."""


@dataclass(frozen=True)
class Moment:
    """What the relay had at the end of a round; `wrong` counts strokes that were not in the drawing then, or too many
    there, and points that somebody heard twice. (Points that others see first in the finished stroke are not wrong.)"""

    minutes: float
    mib: float
    descriptors: int
    threads: int
    cpu: float
    database_mib: float
    points: int
    wrong: int


def judge(moments: Sequence[Moment]) -> str:
    """What is not as it should be; empty when all is. Pure."""
    wrong = sum(moment.wrong for moment in moments)
    if wrong:
        return f"{wrong} strokes or points were lost or told twice"
    last = [moment for moment in moments if moment.minutes >= (1 - JUDGED) * moments[-1].minutes]
    if len(last) < 4:
        return f"{len(last)} rounds are too few to judge by"
    minutes = [moment.minutes for moment in last]
    for what, values, most in (
        ("MiB of memory", [moment.mib for moment in last], GROWTH),
        ("descriptors", [float(moment.descriptors) for moment in last], 0.5),
        ("threads", [float(moment.threads) for moment in last], 0.5),
    ):
        more = statistics.linear_regression(minutes, values).slope * (minutes[-1] - minutes[0])
        if more > most:
            return f"{more:.1f} more {what} in the last {minutes[-1] - minutes[0]:.0f} minutes"
    return ""


def _look(server: Server, begun: float, points: int, wrong: int) -> Moment:
    at = Path(f"/proc/{server.pid}")
    journal = server.database.with_name(server.database.name + "-wal")
    return Moment(
        minutes=round((time.monotonic() - begun) / 60, 3),
        mib=round(server.memory() / (1 << 20), 2),
        descriptors=len(os.listdir(at / "fd")),
        threads=len(os.listdir(at / "task")),
        cpu=server.cpu(),
        database_mib=round((server.database.stat().st_size + journal.stat().st_size) / (1 << 20), 1),
        points=points,
        wrong=wrong,
    )


def _clear(port: int, room: str) -> int:
    """Somebody comes, clears the drawing, waits until that is durable, and goes; how many elements there were."""
    found, me = 0, ""
    with connect(f"ws://127.0.0.1:{port}", proxy=None, max_size=None) as socket:
        # Only who runs a relay may clear what others drew.
        token = json.loads(user_file(port).read_text())["token"]
        socket.send(encode([Join(room, token=token), Operate(1, (Clear(),))]).decode())
        while True:
            frame = socket.recv(60)
            for message in decode_server(frame) if isinstance(frame, str) else ():
                match message:
                    case Welcome(client=client):
                        me = client
                    case Snapshot(count=count):  # Perhaps an older one, and commits that lead up to now.
                        found = count
                    case Commit(changes=(Create(), *_)):
                        found += 1
                    case Commit(client=client, changes=(Clear(), *_)):
                        if client == me:
                            return found
                        found = 0


def _strokes(crowd: Crowd) -> int:
    """Strokes that all of them have finished."""
    return sum(person.drawn // STROKE for person in crowd.people)


def soak(minutes: float, people: int) -> list[Moment]:
    """Let them draw for so long."""
    moments: list[Moment] = []
    begun = time.monotonic()
    with apart(), Server("ours") as server, Crowd(committing, server.port, [ROOM] * people) as crowd:
        while time.monotonic() - begun < 60 * minutes:
            had = _strokes(crowd)
            with Crowd(committing, server.port, [VISITED] * VISITORS) as visitors:
                visits = visitors.draw(2.0, settle=1.0)
                drawn = {VISITED: _strokes(visitors)}
            run = crowd.draw(ROUND, settle=1.0)
            drawn[ROOM] = _strokes(crowd) - had
            wrong = run.again + visits.again
            wrong += sum(abs(count - _clear(server.port, room)) for room, count in drawn.items())
            moments.append(_look(server, begun, run.delivered, wrong))
            print(
                "  " + ", ".join(f"{name} {value}" for name, value in asdict(moments[-1]).items()), flush=True
            )
    return moments


def sentence(moments: Sequence[Moment], people: int) -> str:
    """What came of it, for the page."""
    first, last = moments[0], moments[-1]
    middle = next(moment for moment in moments if moment.minutes >= (1 - JUDGED) * last.minutes)
    verdict = judge(moments)
    return (
        f"{people} people, {last.minutes:.0f} minutes, {sum(moment.points for moment in moments):,} points delivered: "
        f"memory {first.mib:.0f} MiB after the first round, {middle.mib:.0f} after {middle.minutes:.0f} minutes, "
        f"{last.mib:.0f} at the end; descriptors {middle.descriptors} and {last.descriptors}, threads {middle.threads} "
        f"and {last.threads}. {f'**Not flat**: {verdict}.' if verdict else 'Flat.'}"
    )


def _draw(moments: Sequence[Moment]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    minutes = [moment.minutes for moment in moments]
    left.plot(minutes, [moment.mib for moment in moments], color=OURS)
    left.set(xlabel="minutes", ylabel="memory of the relay, MiB")
    right.plot(minutes, [moment.descriptors for moment in moments], color=OURS, label="descriptors")
    right.plot(minutes, [moment.threads for moment in moments], color=THEIRS, label="threads")
    right.set(xlabel="minutes")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        axes.axvspan((1 - JUDGED) * minutes[-1], minutes[-1], color=OURS, alpha=0.08)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(IMAGES / "soak.png", dpi=110, metadata={"Software": None})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--date", default="", help="of the run, kept with its figures")
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    options = parser.parse_args()
    moments = soak(options.minutes, options.people)
    said = sentence(moments, options.people)
    print(said)
    if not options.dry:
        kept = {
            "date": options.date,
            "people": options.people,
            "moments": [asdict(moment) for moment in moments],
        }
        FILE.write_text(json.dumps(kept, indent=1) + "\n")
        _draw(moments)
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{said}\n{END}{rest.partition(END)[2]}")
    return 1 if judge(moments) else 0


if __name__ == "__main__":
    raise SystemExit(main())
