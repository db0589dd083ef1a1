from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipysketch.elements import Stroke, decode
from ipysketch.elements.stroke import MAX_POINTS, MAX_WIDTH, REACH

FIELDS: dict[str, Any] = {"kind": "stroke", "points": [80, 160, 8, -8], "color": "#D62728", "width": 32}

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
# Mostly nearly right, so that the checks behind the first one are reached.
fields = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.just("stroke") | json,
        "points": st.lists(st.integers() | st.integers(-9, 9) | json, max_size=12) | json,
        "color": st.just("#0a0b0c") | json,
        "width": st.integers(-2, MAX_WIDTH + 2) | json,
    },
)


@given(fields | st.dictionaries(st.text(max_size=6), json, max_size=5))
@example({**FIELDS, "points": [REACH, 0, REACH, 0]})
@example({**FIELDS, "points": [10**400, 0]})
def test_decode_is_total_and_what_it_gives_can_be_used(given_fields: dict[str, Any]) -> None:
    element = decode("k", given_fields)
    if element is not None:
        (path,) = element.display
        assert np.isfinite(path.points).all()
        assert element.bounds.contains(*element.points[0])
        assert element.hit(*element.points[0], 0.0)


coordinate = st.integers(-REACH, REACH)


@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=50),
    st.integers(0, 0xFFFFFF),
    st.integers(1, MAX_WIDTH),
)
def test_decode_gives_back_what_encode_was_given(points: list[tuple[int, int]], color: int, width: int) -> None:
    stroke = Stroke("k", np.array(points) / 8, f"#{color:06x}", width / 8, "ada", 7)
    again = decode("k", stroke.encode(), "ada", 7)
    assert again is not None
    assert again is not stroke
    assert np.array_equal(again.points, stroke.points)
    assert (again.color, again.width, again.author, again.seq) == (stroke.color, stroke.width, "ada", 7)
    assert again.encode() == stroke.encode()


def test_points_are_steps_from_the_first_in_eighths() -> None:
    stroke = decode("k", FIELDS)
    assert stroke is not None
    assert stroke.points.tolist() == [[10, 20], [11, 19]]
    assert (stroke.color, stroke.width) == ("#d62728", 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "spiral"},
        {"kind": ["stroke"]},
        {"points": []},
        {"points": [1]},
        {"points": [1, 2, 3]},
        {"points": [1, True]},
        {"points": [1, 2.0]},
        {"points": [0, 0] * (MAX_POINTS + 1)},
        {"points": [REACH + 1, 0]},
        {"points": [REACH, 0, 1, 0]},
        {"points": "12"},
        {"color": "red"},
        {"color": "#12345"},
        {"color": "#123456\n"},
        {"color": 0x123456},
        {"width": 0},
        {"width": MAX_WIDTH + 1},
        {"width": True},
        {"width": 8.0},
    ],
)
def test_what_is_no_stroke_is_nothing(wrong: dict[str, Any]) -> None:
    assert decode("k", {**FIELDS, **wrong}) is None
    assert decode("k", FIELDS) is not None


def test_hits_reach_the_edge_of_the_ink() -> None:
    stroke = Stroke("k", np.array([(0.0, 0.0), (10.0, 0.0)]), "#000000", 4)
    assert stroke.hit(5, 2, 0)
    assert stroke.hit(5, 4.9, 3)
    assert not stroke.hit(5, 5.1, 3)
    assert not stroke.hit(40, 0, 3)


def test_elements_are_told_apart_by_identity() -> None:
    one, other = decode("k", FIELDS), decode("k", FIELDS)
    assert one != other
    assert one == one
