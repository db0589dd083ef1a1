"""What the load generator makes of what it heard."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import Any

from benchmarks.dialects import SPAN
from benchmarks.load import Crowd, Run


def worked_out(before: list[int], drawn: list[int], heard: list[tuple[int, tuple[int, int, int]]]) -> Run:
    """The run of people in one room who had drawn so many points before it and after it; `heard` has who heard a frame,
    and of whom, from which point on, and how many."""
    crowd: Any = Crowd.__new__(Crowd)
    crowd.people = [SimpleNamespace(number=number, room="a", drawn=count) for number, count in enumerate(drawn)]
    crowd._sent = {
        number * SPAN + point: 1.0
        for number, count in enumerate(drawn)
        for point in range(before[number], count)
    }
    crowd._read = [[read] for _, read in heard]
    crowd._when = array("d", [2.0] * len(heard))
    crowd._who = array("l", [who for who, _ in heard])
    crowd._what = array("l", range(len(heard)))
    sent = sum(drawn) - sum(before)
    run: Run = crowd._work_out(
        dict(enumerate(before)), 1.0, sent, len(heard), taken=0, busy=0.0, lates=[0.0], own=False
    )
    return run


def test_each_point_is_counted_once() -> None:
    run = worked_out([0, 0], [10, 10], [(1, (0, 0, 10)), (0, (1, 0, 10))])
    assert (run.delivered, run.missing, run.again) == (20, 0, 0)


def test_what_is_missing_or_heard_twice_is_told() -> None:
    run = worked_out([0, 0], [10, 10], [(1, (0, 0, 10)), (0, (1, 0, 4)), (0, (1, 3, 3))])
    assert (run.missing, run.again) == (4, 1)


def test_what_was_drawn_before_and_comes_late_does_not_count() -> None:
    late = [(0, (1, 80, 15)), (1, (0, 90, 10)), (1, (0, 100, 10)), (0, (1, 100, 10))]
    run = worked_out([100, 95], [110, 110], [*late, (0, (1, 95, 5))])
    assert (run.delivered, run.missing, run.again) == (25, 0, 0)
