"""Smooth lines along points, and polylines for them."""

from __future__ import annotations

import numpy as np
import pytest

from ipysketch.model import curves

Pairs = list[tuple[float, float]]


def test_a_smooth_line_begins_and_ends_exactly_at_the_points() -> None:
    points = np.array([(0, 0), (10, 3), (20, -5), (31, 7.5)], dtype=float)
    line = curves.through(points)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [31, 7.5]
    assert len(line) == 1 + 2 * 4


@pytest.mark.parametrize("points", [[(3, 4)], [(3, 4), (5, 6)]])
def test_dots_and_segments_are_left_alone(points: Pairs) -> None:
    line = curves.polyline(curves.through(np.array(points, dtype=float)), 0.1)
    assert line.tolist() == [list(point) for point in points]


def test_a_straight_line_stays_straight_and_needs_no_more_points() -> None:
    points = np.array([(x, 2 * x) for x in range(20)], dtype=float)
    line = curves.polyline(curves.through(points), 0.1)
    assert np.allclose(line[:, 1], 2 * line[:, 0])
    assert (np.diff(line[:, 0]) >= 0).all()
    assert len(line) == len(points) + 1


def test_a_new_point_changes_only_the_end_of_the_line() -> None:
    points = np.random.default_rng(1).uniform(0, 100, (12, 2))
    before, after = curves.through(points[:-1]), curves.through(points)
    assert np.array_equal(before[:-2], after[: len(before) - 2])


def test_a_few_points_far_apart_are_no_polygon() -> None:
    line = curves.polyline(curves.through(np.array([(0.0, 0.0), (300.0, 400.0), (600.0, 0.0)])), 0.1)
    steps = np.diff(line, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < np.radians(5)


def test_smooth_lines_together_are_as_each_alone() -> None:
    random = np.random.default_rng(4)
    ways = [random.normal(0, 9, (n, 2)) for n in (1, 7, 2, 3, 1, 40)]
    lines, rows = curves.all_through(np.concatenate(ways), np.array(list(map(len, ways))))
    for way, line in zip(ways, np.split(lines, np.cumsum(rows)[:-1]), strict=True):
        alone, together = curves.through(way), line
        if len(way) != 2:  # A straight line has its middle twice.
            assert np.array_equal(alone, together)
        assert curves.box(together) == curves.box(alone)
        assert np.array_equal(together[[0, -1]], way[[0, -1]])


def test_chains_of_any_lengths_are_made_polylines_together() -> None:
    random = np.random.default_rng(2)
    chains = [curves.through(random.normal(0, 9, (n, 2))) for n in (1, 5, 2, 1, 9)]
    points, counts = curves.polylines(np.concatenate(chains), np.array(list(map(len, chains))), 0.05)
    for chain, line in zip(chains, np.split(points, np.cumsum(counts)[:-1]), strict=True):
        assert np.array_equal(line, curves.polyline(chain, 0.05))
    assert len(curves.polylines(np.empty((0, 2)), np.empty(0, dtype=int), 0.1)[0]) == 0
