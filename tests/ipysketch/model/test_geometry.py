from __future__ import annotations

import numpy as np

from ipysketch.model.geometry import Rect, distance


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
    assert one.contains(1, 2)
    assert not one.contains(0.9, 2)
