"""The rows of the table: each is measured alone, beside what it is compared with in the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..results import Result


@dataclass(frozen=True)
class Effort:
    """How long each run takes, and how often each is repeated; medians are taken. `busy`: other processes keep all
    cores busy meanwhile."""

    seconds: float = 8.0
    rounds: int = 3
    busy: bool = False


Row = Callable[[Effort], Result]


def rows() -> dict[str, Row]:
    """All rows, by name, in the order of the table."""
    from . import drawing, exports, growth, keeping, moving, seen, stalls, starting

    return {
        "generator": drawing.generator,
        "relay-cpu": drawing.relay_cpu,
        "people": drawing.people,
        "quiet-latency": drawing.quiet_latency,
        "rooms": drawing.many_rooms,
        "committed": keeping.committed,
        "memory": keeping.memory,
        "late-join": keeping.late_join,
        "late-join-painted": seen.late_join_seen,
        "local-ink": seen.local_ink,
        "remote-ink": seen.remote_ink,
        "remote-ink-crowded": seen.remote_ink_crowded,
        "remote-ink-computing": seen.remote_ink_computing,
        "frames": seen.frames,
        "busy-kernel": seen.busy_kernel,
        "kernel-cpu": seen.kernel_cpu,
        "first-cell": starting.first_cell,
        "undo": seen.undo,
        "kernel-stall": stalls.kernel_stall,
        "exports": exports.exports,
        "growth": growth.growth,
        "hand-over": moving.hand_over,
        "takeover": moving.takeover,
        "revocation": moving.revocation,
        "neighbour": moving.neighbour,
    }


SEEN = (
    "local-ink",
    "remote-ink",
    "remote-ink-crowded",
    "remote-ink-computing",
    "frames",
    "busy-kernel",
    "kernel-cpu",
    "first-cell",
    "undo",
    "late-join-painted",
)
"""The rows of what people see, which have a busy mode: a classroom's laptop is a busy machine."""
