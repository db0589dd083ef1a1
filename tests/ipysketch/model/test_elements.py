from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ipysketch.model.elements import Ellipse, Page, Path, Rectangle, Stroke, Text, decode, moved, restyled
from ipysketch.model.elements.fields import MAX_WIDTH, REACH
from ipysketch.model.elements.stroke import MAX_POINTS
from ipysketch.model.elements.typeset import MAX_TEXT
from ipysketch.model.geometry import Rect

from ...contract.make_elements import ELLIPSE, EVERY, IMAGE, LINE, PAGE, STROKE, TEXT, VECTORS, cases, vector

FIELDS: dict[str, Any] = {"kind": "stroke", "points": [80, 160, 8, -8], "color": "#D62728", "width": 32}


def test_points_are_steps_from_the_first_in_eighths() -> None:
    stroke = decode("k", FIELDS)
    assert isinstance(stroke, Stroke)
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
        {"points": [1, 2.5]},
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
        {"width": 8.5},
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
    assert one == one  # noqa: PLR0124


def test_the_vectors_are_what_the_elements_do() -> None:
    # After a change that is meant: ``python -m tests.contract.make_elements``.
    kept = json.loads(VECTORS.read_text())
    assert len(VECTORS.read_bytes()) < 400_000
    now = json.loads(json.dumps([vector(*case) for case in cases()]))
    assert [case["name"] for case in kept] == [case["name"] for case in now]
    for old, new in zip(kept, now, strict=True):
        assert old["fields"] == new["fields"]
        assert alike(old["element"], new["element"]), old["name"]


def alike(a: Any, b: Any) -> bool:
    """Whether two values of JSON are the same but for rounding."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return bool(a == b or (isinstance(a, float) and abs(a - b) < 1e-6))


@pytest.mark.parametrize("given", EVERY, ids=lambda fields: str(fields["kind"]))
def test_every_kind_keeps_its_fields(given: dict[str, Any]) -> None:
    full = {**given, "offset": [8, -16], "opacity": 55, "group": "g"} if given is not PAGE else given
    element = decode("k", full, "ada", 7)
    assert element is not None
    assert (element.key, element.author, element.seq) == ("k", "ada", 7)
    want = {**full, "color": full["color"].lower()} if "color" in full else full
    assert element.encode() == want


@pytest.mark.parametrize("given", EVERY[:-1], ids=lambda fields: str(fields["kind"]))
def test_moving_is_a_patch_of_the_offset(given: dict[str, Any]) -> None:
    here = decode("k", given)
    assert here is not None
    assert not isinstance(here, Page)
    there = decode("k", {**given, **moved(here, 3, -4.5)})
    assert there is not None
    assert not isinstance(there, Page)
    assert there.bounds.x0 == pytest.approx(here.bounds.x0 + 3)
    assert there.bounds.y1 == pytest.approx(here.bounds.y1 - 4.5)
    assert there.encode() == {**here.encode(), "offset": [24, -36]}
    assert moved(there, -3, 4.5) == {"offset": [0, 0]}


@pytest.mark.parametrize("far", [1e9, -1e9, 1e300])
def test_an_element_is_moved_only_as_far_as_it_can_be(far: float) -> None:
    for given in EVERY[:-1]:
        here = decode("k", given)
        assert here is not None
        assert not isinstance(here, Page)
        there = decode("k", {**given, **moved(here, far, far)})
        assert there is not None
        assert not isinstance(there, Page)
        assert np.abs(there.coordinates).max() == REACH / 8


def test_a_new_style_is_a_patch_of_what_changes() -> None:
    ellipse = decode("k", {**ELLIPSE, "fill": "#ffffff"})
    assert isinstance(ellipse, Ellipse)
    assert restyled(ellipse) == {}
    assert restyled(ellipse, color="#2CA02C", width=2, dash="", opacity=1, fill="#FFFFFF", size=3) == {}
    patch = restyled(ellipse, color="#000000", width=1e9, dash="dotted", opacity=0, fill="")
    assert patch == {"color": "#000000", "width": MAX_WIDTH, "dash": "dotted", "opacity": 1, "fill": None}
    after = decode("k", {**ellipse.encode(), **patch})
    assert isinstance(after, Ellipse)
    assert (after.fill, after.dash, after.opacity) == (None, "dotted", 0.01)
    text = decode("k", TEXT)
    assert isinstance(text, Text)
    assert restyled(text, size=10, width=3, dash="dashed") == {"size": 80}
    image = decode("k", IMAGE)
    assert image is not None
    assert not isinstance(image, Page)
    assert restyled(image, color="#123456", opacity=0.5) == {"opacity": 50}


def test_a_text_has_at_most_so_many_characters() -> None:
    assert decode("k", {**TEXT, "text": "😀" * MAX_TEXT}) is not None
    assert decode("k", {**TEXT, "text": "a" * (MAX_TEXT + 1)}) is None


def test_the_head_of_an_arrow_is_never_dashed() -> None:
    arrow = decode("k", {**LINE, "kind": "arrow", "dash": "dashed"})
    assert arrow is not None
    shaft, head = arrow.display
    assert isinstance(shaft, Path)
    assert isinstance(head, Path)
    assert (shaft.dash, head.dash) == ((12.0, 9.0), ())
    assert len(head.points) == 3
    assert head.points[1].tolist() == shaft.points[-1].tolist()


def test_the_inside_of_a_shape_is_hit_only_when_it_is_filled() -> None:
    hollow = Rectangle("k", Rect(0, 0, 100, 50), "#000000", 2)
    filled = Rectangle("k", Rect(0, 0, 100, 50), "#000000", 2, fill="#ffffff")
    assert not hollow.hit(50, 25, 20)
    assert hollow.hit(50, 25, 24.5)
    assert filled.hit(50, 25, 0)
    ellipse = Ellipse("k", Rect(0, 0, 100, 50), "#000000", 2, fill="#ffffff")
    assert ellipse.hit(50, 25, 0)
    assert not ellipse.hit(4, 4, 1)
    assert filled.hit(4, 4, 1)


def test_a_page_has_no_ink() -> None:
    page = decode("k", {"kind": "page", "name": "Two"})
    assert isinstance(page, Page)
    assert page.display == ()
    assert not page.hit(0, 0, 1e9)


def test_whole_numbers_may_be_written_as_fractions_are() -> None:
    assert decode("k", {**STROKE, "width": 8.0, "points": [8.0, 8.0]}) is not None
