"""What the soak calls flat: leaks that were planted in made-up figures are found, what fills up and stays is none."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from benchmarks.soak import Moment, judge

STROKES = 60.0
"""A second, of all people."""


def series(
    mib: Callable[[float], float] = lambda minutes: 0.0,
    descriptors: Callable[[float], int] = lambda minutes: 0,
    wrong: int = 0,
) -> list[Moment]:
    """Half an hour, a round each 22 seconds, with the noise of an allocator and so much more at each minute."""
    chance = random.Random(1)
    return [
        Moment(
            minutes=minutes,
            mib=90 + chance.uniform(-2, 2) + mib(minutes),
            descriptors=64 + descriptors(minutes),
            threads=2,
            cpu=13.0 * minutes,
            database_mib=2 * minutes,
            points=3_000_000,
            wrong=wrong if number == 7 else 0,
        )
        for number, minutes in enumerate(22 * turn / 60 for turn in range(1, 83))
    ]


def test_noise_is_no_growth() -> None:
    assert judge(series()) == ""


def test_what_fills_up_and_stays_is_no_leak() -> None:
    assert judge(series(lambda minutes: 80 * min(1.0, minutes / 14))) == ""


@pytest.mark.parametrize(
    "leak", [0.5, 60 * STROKES * 1024 / (1 << 20)], ids=["half a MiB a minute", "1 KiB a stroke"]
)
def test_a_leak_of_memory_is_found(leak: float) -> None:
    assert "MiB of memory" in judge(series(lambda minutes: leak * minutes))


def test_a_leak_of_descriptors_is_found() -> None:
    assert "descriptors" in judge(series(descriptors=lambda minutes: round(minutes / 10)))


def test_a_lost_stroke_is_found() -> None:
    assert judge(series(wrong=1)) == "1 strokes or points were lost or told twice"


def test_too_little_to_judge_by_is_not_flat() -> None:
    assert "too few" in judge(series()[:5])
