"""The rows of the table: each is measured alone, beside what it is compared with in the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..results import Result


@dataclass(frozen=True)
class Effort:
    """How long each run takes, and how often each is repeated; medians are taken."""

    seconds: float = 8.0
    rounds: int = 3


Row = Callable[[Effort], Result]


def rows() -> dict[str, Row]:
    """All rows, by name, in the order of the table."""
    from . import drawing, exports, growth, keeping, seen, stalls

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
        "frames": seen.frames,
        "busy-kernel": seen.busy_kernel,
        "undo": seen.undo,
        "kernel-stall": stalls.kernel_stall,
        "exports": exports.exports,
        "growth": growth.growth,
    }
