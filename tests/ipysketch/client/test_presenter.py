"""When a board shows its next frame: 60 times a second at most, and in step with what comes."""

from __future__ import annotations

import itertools

import pytest

from ipysketch.client.presenter import FRAME, SLACK, next_frame


def shown(times: list[float]) -> list[float]:
    """When frames are shown of what comes at `times`: at once, or as soon as the next frame may be."""
    due, frames = 0.0, []
    for time in times:
        now = max(time, due)
        due = next_frame(due, now)
        frames.append(now)
    return frames


def test_no_more_than_sixty_a_second() -> None:
    frames = shown([1 + number / 1000 for number in range(1000)])
    within = sum(time < 2.0 for time in frames)
    assert within <= 61
    assert all(after - before >= FRAME - SLACK - 1e-9 for before, after in itertools.pairwise(frames))


def test_after_a_frame_that_was_late_the_next_ones_are_in_step_again() -> None:
    beats = [1 + number * FRAME for number in range(60)]
    late = beats[10]
    beats[10] += SLACK
    frames = shown(beats)
    assert frames[10] == late + SLACK
    assert frames[11:] == pytest.approx(beats[11:])


def test_a_board_at_rest_shows_what_comes_at_once() -> None:
    assert shown([1.0, 3.0, 3.5]) == [1.0, 3.0, 3.5]
