from __future__ import annotations

import numpy as np
import pytest

from ipysketch.geometry import PER_SEGMENT, Rect, distance, smooth


def test_smooth_starts_and_ends_exactly_at_the_samples() -> None:
    points = np.array([(0, 0), (10, 3), (20, -5), (31, 7.5)], dtype=float)
    line = smooth(points)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [31, 7.5]
    assert len(line) == 3 + 2 * PER_SEGMENT


@pytest.mark.parametrize("points", [[(3, 4)], [(3, 4), (5, 6)]])
def test_smooth_leaves_dots_and_segments_alone(points: list[tuple[int, int]]) -> None:
    assert smooth(np.array(points, dtype=float)).tolist() == [list(point) for point in points]


def test_smooth_stays_on_a_straight_line_and_within_the_samples() -> None:
    points = np.array([(x, 2 * x) for x in range(20)], dtype=float)
    line = smooth(points)
    assert np.allclose(line[:, 1], 2 * line[:, 0])
    assert (np.diff(line[:, 0]) >= 0).all()


def test_a_new_sample_changes_only_the_end_of_the_line() -> None:
    points = np.random.default_rng(1).uniform(0, 100, (12, 2))
    before, after = smooth(points[:-1]), smooth(points)
    assert np.array_equal(before[:-1], after[: len(before) - 1])


def test_distance_to_a_dot_a_segment_and_its_ends() -> None:
    assert distance(np.array([(1.0, 1.0)]), 4, 5) == 5
    line = np.array([(0.0, 0.0), (10.0, 0.0)])
    assert distance(line, 5, 3) == 3
    assert distance(line, 13, 4) == 5
    assert distance(line, -3, -4) == 5


def test_distance_with_repeated_points() -> None:
    assert distance(np.array([(2.0, 2.0), (2.0, 2.0), (2.0, 6.0)]), 0, 2) == 2


def test_rectangles() -> None:
    one = Rect.around(np.array([(1.0, 5.0), (3.0, 2.0)]))
    assert one == Rect(1, 2, 3, 5)
    assert one.union(Rect(0, 3, 2, 9)) == Rect(0, 2, 3, 9)
    assert one.inflate(1) == Rect(0, 1, 4, 6)
    assert one.intersects(Rect(3, 5, 8, 8))
    assert not one.intersects(Rect(3.1, 5, 8, 8))
    assert one.contains(1, 2)
    assert not one.contains(0.9, 2)
