"""Any fields at all, and elements of every kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipysketch.elements import Page, Path, decode
from ipysketch.elements.fields import MAX_WIDTH, REACH
from ipysketch.elements.text import MAX_SIZE

from ..vectors.make_elements import STROKE

KINDS = ("stroke", "highlighter", "line", "arrow", "rectangle", "ellipse", "text", "image", "page")

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
numbers = st.lists(st.integers() | st.integers(-9, 9) | json, max_size=12)
# Mostly nearly right, so that the checks behind the first one are reached.
nearly = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS) | json},
    optional={
        "points": numbers | json,
        "times": numbers | json,
        "pressure": numbers | json,
        "box": st.lists(st.integers(-9, 9), min_size=4, max_size=4) | numbers | json,
        "at": st.lists(st.integers(-9, 9), min_size=2, max_size=2) | numbers | json,
        "text": st.text(max_size=9) | json,
        "size": st.integers(-2, MAX_SIZE + 2) | json,
        "mime": st.just("image/png") | json,
        "data": st.just("AAAA") | json,
        "name": st.text(max_size=9) | json,
        "color": st.just("#0a0b0c") | json,
        "fill": st.just("#0a0b0c") | json,
        "width": st.integers(-2, MAX_WIDTH + 2) | json,
        "opacity": st.integers(-2, 102) | json,
        "dash": st.sampled_from(["dashed", "dotted"]) | json,
        "offset": numbers | json,
        "group": st.text(max_size=9) | json,
    },
)


@settings(max_examples=400)
@given(nearly | st.dictionaries(st.text(max_size=6), json, max_size=5))
@example({**STROKE, "points": [REACH, 0, REACH, 0]})
@example({**STROKE, "points": [10**400, 0]})
@example({**STROKE, "offset": [10**400, math.nan]})
def test_decode_is_total_and_what_it_gives_can_be_used(fields: dict[str, Any]) -> None:
    element = decode("k", fields)
    if element is None or isinstance(element, Page):
        return
    box = element.bounds
    assert all(map(math.isfinite, (box.x0, box.y0, box.x1, box.y1)))
    assert box.x0 <= box.x1
    assert box.y0 <= box.y1
    for part in element.display:
        if isinstance(part, Path):
            assert np.isfinite(part.points).all()
            assert element.hit(*part.points[0], 0.0)
            assert (part.points >= (box.x0, box.y0)).all()
            assert (part.points <= (box.x1, box.y1)).all()
    assert not element.hit(box.x1 + 2, box.y1 + 2, 1)


coordinate = st.integers(-REACH // 2, REACH // 2)
point = st.tuples(coordinate, coordinate)


def track(least: int) -> st.SearchStrategy[list[int]]:
    """Flat points that stay within reach."""
    flat = st.lists(point, min_size=least, max_size=20).map(np.array)
    return flat.map(lambda points: np.diff(points, axis=0, prepend=[[0, 0]]).ravel().tolist())


colors = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
style: dict[str, st.SearchStrategy[Any]] = {"color": colors, "width": st.integers(1, MAX_WIDTH)}
box = st.tuples(coordinate, coordinate, st.integers(0, REACH // 4), st.integers(0, REACH // 4)).map(list)
dashes = st.sampled_from(["dashed", "dotted"])
common: dict[str, st.SearchStrategy[Any]] = {
    "opacity": st.integers(1, 99),
    "offset": st.tuples(st.integers(1, REACH // 4), st.integers(-REACH // 4, 0)).map(list),
    "group": st.text(min_size=1, max_size=64),
}


def kind(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Valid fields of a kind, as `encode` writes them; the last are there or not."""
    optional = {key: fields.pop(key) for key in ("dash", "fill") if key in fields}
    return st.fixed_dictionaries({"kind": st.just(name), **fields}, optional={**optional, **common})


@st.composite
def timed(draw: st.DrawFn, name: str, pressed: bool) -> dict[str, Any]:
    fields: dict[str, Any] = draw(kind(name, points=track(1), **style))
    count = len(fields["points"]) // 2
    if draw(st.booleans()):
        fields["times"] = draw(st.lists(st.integers(0, 10**5), min_size=count, max_size=count))
    if pressed and draw(st.booleans()):
        fields["pressure"] = draw(st.lists(st.integers(0, 255), min_size=count, max_size=count))
    return fields


valid = st.one_of(
    timed("stroke", True),
    timed("highlighter", False).filter(lambda fields: fields.get("opacity") != 40),
    kind("line", points=track(2), dash=dashes, **style),
    kind("arrow", points=track(2), dash=dashes, **style),
    kind("rectangle", box=box, dash=dashes, fill=colors, **style),
    kind("ellipse", box=box, dash=dashes, fill=colors, **style),
    kind("text", at=point.map(list), text=st.text(min_size=1), color=colors, size=st.integers(1, MAX_SIZE)),
    kind("image", box=box, mime=st.just("image/jpeg"), data=st.just("AAAA")),
    st.fixed_dictionaries({"kind": st.just("page"), "name": st.text(max_size=80)}),
)


@settings(max_examples=400)
@given(valid)
def test_encode_gives_back_what_decode_was_given(fields: dict[str, Any]) -> None:
    element = decode("k", fields, "ada", 7)
    assert element is not None
    assert element.encode() == fields
    assert (element.key, element.author, element.seq) == ("k", "ada", 7)
