"""Rows about ink on its way: what a drawn point costs, how late it comes, how many people fit on a core.

Everybody sends one message per frame, 60 a second, unless a row says otherwise: drawing is presence on our relay and
a broadcast on the others. A delivery is one point heard by one other person.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from ..dialects import Ours
from ..load import Beat, Crowd
from ..results import Result
from ..samples import DIALECTS, TITLES, Sample, drive
from ..servers import Server, apart
from . import Effort

STROKE = 50
"""Points of a stroke that is committed."""


def committing() -> Ours:
    """People who lift the pen: each stroke of 50 points is committed when it ends."""
    return Ours(STROKE)


def _entry(name: str, sample: Sample, **more: object) -> dict[str, Any]:
    return {"server": TITLES[name], **more, **sample.figures()}


def _say(entry: dict[str, Any]) -> dict[str, Any]:
    print("  " + ", ".join(f"{name} {value}" for name, value in entry.items()), flush=True)
    return entry


def _median(entries: list[dict[str, Any]], figure: str, **where: object) -> float:
    return statistics.median(
        float(entry[figure]) for entry in entries if all(entry[name] == value for name, value in where.items())
    )


# --- the generator itself ------------------------------------------------------------------------------------


def generator(effort: Effort) -> Result:
    """What the generator can do where there is no server to wait for."""
    entries = []
    for _ in range(effort.rounds):
        with (
            apart(),
            Server("sink", "0", "60") as server,
            Crowd(DIALECTS["sink"], server.port, ["a"] * 200) as crowd,
        ):
            run = crowd.draw(effort.seconds, settle=0)
        entries.append(
            _say(
                {
                    "what": "200 people at 60 Hz into a sink",
                    "sent_per_second": round(run.sent / run.seconds),
                    "generator_core_share": round(run.busy, 3),
                    "generator_late_p99_ms": round(1e3 * run.late, 2),
                }
            )
        )
    for size in (60, 16_000):
        for _ in range(effort.rounds):
            entries.append(_say(_absorb(size)))
    sends = _median(entries, "generator_core_share", what="200 people at 60 Hz into a sink")
    small = _median(entries, "frames_per_core_second", what="frames of 60 bytes taken in")
    large = _median(entries, "megabytes_per_core_second", what="frames of 16000 bytes taken in")
    return Result(
        row="generator",
        what="What the load generator itself can do on its core",
        reference="a sink, no server",
        figure=f"12,000 sends a second in {100 * sends:.0f} % of a core; {small / 1e3:,.0f} thousand small frames, "
        f"or {large:,.0f} MB of large ones, heard in a second of CPU",
        target="more than any server delivers",
        reached=True,
        samples=entries,
    )


def _absorb(size: int) -> dict[str, Any]:
    """Take in ready frames as fast as they come."""
    total, people = 128 << 20, 50
    with apart(), Server("sink", str(total // people), str(size)) as server:
        begun, used = time.perf_counter(), time.process_time()
        with Crowd(DIALECTS["sink"], server.port, ["a"] * people) as crowd:
            crowd.wait(lambda: sum(person.received for person in crowd.people) >= 0.95 * total)
            seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    return {
        "what": f"frames of {size} bytes taken in",
        "frames_per_second": round(crowd.frames / seconds),
        "frames_per_core_second": round(crowd.frames / cpu),
        "megabytes_per_core_second": round(total / cpu / 1e6),
    }


# --- rows ----------------------------------------------------------------------------------------------------


def relay_cpu(effort: Effort) -> Result:
    """CPU of the server per point delivered, 50 people drawing in one room."""
    people = ["a"] * 50
    entries = []
    for _ in range(effort.rounds):
        for name in ("ours", "socketio", "ws", "plain", "python_socketio"):
            entries.append(_say(_entry(name, drive(name, people, effort.seconds, settle=5))))
        sample = drive("ours", people, effort.seconds, make=committing)
        entry = {**_entry("ours", sample), "server": "ipysketch, strokes committed"}
        # A stroke's last points come with its commit where both are told in one beat.
        entry["with_the_commit"] = entry.pop("missing")
        entries.append(_say(entry))
    ours, theirs, ws = (
        _median(entries, "cpu_us_per_point", server=TITLES[name]) for name in ("ours", "socketio", "ws")
    )
    kept = _median(entries, "cpu_us_per_point", server="ipysketch, strokes committed")
    return Result(
        row="relay-cpu",
        what="CPU of the relay per drag point delivered, 50 people drawing at 60 Hz in one room",
        reference=f"Socket.IO {theirs:.1f} µs, ws {ws:.1f} µs",
        figure=f"{ours:.2f} µs, 1/{theirs / ours:.0f} of Socket.IO ({kept:.2f} µs with each stroke committed)",
        target="≤ 1/12 of Socket.IO",
        reached=ours <= theirs / 12,
        short="half of it is system calls: one for each message that comes, one for each person in each beat of 1/60 s",
        samples=entries,
    )


def people(effort: Effort) -> Result:
    """How many people can draw in one room before a point comes later than 50 ms, or not at all."""
    entries: list[dict[str, Any]] = []
    most = {}
    for name, numbers in {
        "socketio": range(16, 80, 4),
        "ws": range(24, 120, 6),
        "ours": [100, 125, *range(150, 500, 10)],
    }.items():
        most[name] = 0
        for number in numbers:
            for _ in range(effort.rounds):
                sample = drive(name, ["a"] * number, effort.seconds, settle=5)
                entry = _say(_entry(name, sample, people=number))
                entries.append(entry)
                good = entry["p99_ms"] <= 50 and not entry["missing"] and not entry["again"]
                if good:
                    most[name] = number
                    break
            else:
                break
    return Result(
        row="people",
        what="People drawing at 60 Hz in one room on one core, every point delivered, p99 ≤ 50 ms",
        reference=f"Socket.IO {most['socketio']}, ws {most['ws']}",
        figure=f"{most['ours']} people",
        target="≥ 150",
        reached=most["ours"] >= 150,
        short="taking in 60 messages a second of each person, on one thread",
        samples=entries,
    )


def quiet_latency(effort: Effort) -> Result:
    """How late a point comes in a room of two."""
    entries = []
    for _ in range(max(5, effort.rounds)):
        for name in ("ours", "ws", "socketio", "plain"):
            entries.append(_say(_entry(name, drive(name, ["a"] * 2, effort.seconds, quiet=True))))
    figures = {
        (name, figure): _median(entries, figure, server=TITLES[name])
        for name in ("ours", "ws", "socketio")
        for figure in ("p50_ms", "p99_ms")
    }
    half, most = (figures["ours", figure] / figures["ws", figure] for figure in ("p50_ms", "p99_ms"))
    return Result(
        row="quiet-latency",
        what="From one person's socket to the other's in a room of two, p50 and p99, median of five runs",
        reference=" and ".join(f"{figures['ws', figure]:.2f}" for figure in ("p50_ms", "p99_ms"))
        + " ms by ws, "
        + " and ".join(f"{figures['socketio', figure]:.2f}" for figure in ("p50_ms", "p99_ms"))
        + " by Socket.IO",
        figure=f"{figures['ours', 'p50_ms']:.2f} and {figures['ours', 'p99_ms']:.2f} ms: "
        f"{half:.2f} and {most:.2f} × ws",
        target="≤ 1.2 × ws at p50, ≤ 1.5 × at p99",
        reached=half <= 1.2 and most <= 1.5,
        short="a message is decoded, checked and encoded anew, where ws passes on what came",
        samples=entries,
    )


def many_rooms(effort: Effort) -> Result:
    """200 rooms of five, in each of which one after the other draws."""
    seats = [f"room-{number}" for number in range(200) for _ in range(5)]
    beats = {"60 Hz": Beat(60, 1, 0.2), "20 Hz": Beat(20, 3, 0.2)}
    entries = []
    for _ in range(effort.rounds):
        for name in ("ours", "socketio", "ws"):
            for title, beat in beats.items():
                entries.append(_say(_entry(name, drive(name, seats, effort.seconds, beat), beat=title)))
    costs = {
        (name, title): _median(entries, "cpu_us_per_point", server=TITLES[name], beat=title)
        for name in ("ours", "socketio", "ws")
        for title in beats
    }
    even = costs["ours", "60 Hz"] / costs["socketio", "60 Hz"]
    # Our kernels send 20 times a second; what is drawn over Socket.IO sends every point.
    batched = costs["ours", "20 Hz"] / costs["socketio", "60 Hz"]
    return Result(
        row="rooms",
        what="CPU per point delivered in 200 rooms of 5, each drawing a fifth of the time",
        reference=f"Socket.IO {costs['socketio', '60 Hz']:.1f} µs at 60 Hz, {costs['socketio', '20 Hz']:.1f} at 20",
        figure=f"{costs['ours', '60 Hz']:.1f} µs at 60 Hz ({even:.2f} ×), "
        f"{costs['ours', '20 Hz']:.1f} with 20 messages of 3 points a second ({batched:.2f} ×)",
        target="≤ 0.5 × Socket.IO at 60 Hz",
        reached=even <= 0.5,
        short="in a room of five a frame holds the ink of one person: a system call for each, as with the others",
        samples=entries,
    )
