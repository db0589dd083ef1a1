"""Strategies of hypothesis for the fields of elements: valid ones, nearly valid ones, and any at all."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ipysketch.model.elements.fields import MAX_WIDTH, REACH
from ipysketch.model.elements.typeset import MAX_SIZE

Fields = dict[str, Any]
Strategy = st.SearchStrategy[Any]

KINDS = ("stroke", "highlighter", "line", "arrow", "rectangle", "ellipse", "area", "text", "image", "page")


looks = st.sampled_from(["flow", "flow", "even"])


def values(*, finite: bool) -> Strategy:
    """Any value of JSON; without `finite` also the floats that JSON has no word for."""
    floats = st.floats(allow_nan=not finite, allow_infinity=not finite)
    return st.recursive(
        st.none() | st.booleans() | st.integers() | floats | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
        max_leaves=12,
    )


def near(value: Strategy) -> dict[str, Strategy]:
    """For each field of any kind, values that are nearly right, or else `value`."""
    numbers = st.lists(st.integers(-9, 9), max_size=5) | st.lists(
        st.integers() | st.integers(-9, 9) | value, max_size=12
    )
    return {
        "points": numbers | value,
        "contours": st.lists(numbers | value, max_size=3) | value,
        "rule": st.just("evenodd") | value,
        "times": numbers | value,
        "pressure": numbers | value,
        "box": st.lists(st.integers(-9, 9), min_size=4, max_size=4) | numbers | value,
        "at": st.lists(st.integers(-9, 9), min_size=2, max_size=2) | numbers | value,
        "text": st.text(max_size=9) | value,
        "size": st.integers(-2, MAX_SIZE + 2) | value,
        "wrap": st.integers(-2, 2_000) | st.integers(-2, REACH + 2) | value,
        "ink": st.just("#0d0e0f") | value,
        "mime": st.just("image/png") | value,
        "data": st.just("AAAA") | value,
        "name": st.text(max_size=9) | value,
        "color": st.just("#0a0b0c") | value,
        "fill": st.just("#0a0b0c") | value,
        "width": st.integers(-2, MAX_WIDTH + 2) | value,
        "opacity": st.integers(-2, 102) | value,
        "dash": st.sampled_from(["dashed", "dotted"]) | value,
        "look": looks | value,
        "offset": numbers | value,
        "transform": st.lists(st.integers(-3, 3) | st.integers(-200_000, 200_000), min_size=4, max_size=4)
        | numbers
        | value,
        "group": st.text(max_size=9) | value,
    }


any_value = values(finite=False)
# Mostly nearly right, so that the checks behind the first one are reached.
nearly = st.fixed_dictionaries({"kind": st.sampled_from(KINDS) | any_value}, optional=near(any_value))
any_fields = nearly | st.dictionaries(st.text(max_size=6), any_value, max_size=5)

coordinate = st.integers(-REACH // 2, REACH // 2)
point = st.tuples(coordinate, coordinate)


def track(least: int) -> st.SearchStrategy[list[int]]:
    """Flat points that stay within reach."""
    flat = st.lists(point, min_size=least, max_size=20).map(np.array)
    return flat.map(lambda points: np.diff(points, axis=0, prepend=[[0, 0]]).ravel().tolist())


# Of a box within reach, none of which leaves it.
transforms = st.sampled_from(
    [[-65536, 0, 0, 65536], [32768, 0, 0, -32768], [0, 32768, -32768, 0], [1, 20000, 9, 9]]
)
contours = st.lists(track(1), min_size=1, max_size=4)
colors = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
style: dict[str, Strategy] = {"color": colors, "width": st.integers(1, MAX_WIDTH)}
box = st.tuples(coordinate, coordinate, st.integers(0, REACH // 4), st.integers(0, REACH // 4)).map(list)
dashes = st.sampled_from(["dashed", "dotted"])
common: dict[str, Strategy] = {
    "opacity": st.integers(1, 99),
    "offset": st.tuples(st.integers(1, REACH // 4), st.integers(-REACH // 4, 0)).map(list),
    "group": st.text(min_size=1, max_size=64),
}


def kind(name: str, **fields: Strategy) -> st.SearchStrategy[Fields]:
    """Valid fields of a kind, as `encode` writes them; the last are there or not."""
    optional: dict[str, Strategy] = {
        **common,
        **{
            key: fields.pop(key)
            for key in ("dash", "fill", "rule", "look", "transform", "wrap", "ink")
            if key in fields
        },
    }
    required: dict[str, Strategy] = {"kind": st.just(name), **fields}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def timed(draw: st.DrawFn, name: str, pressed: bool) -> Fields:
    """A stroke or a highlighter, with or without its times, and with `pressed` perhaps with its pressure."""
    more = {"look": looks} if name == "stroke" else {}
    fields: Fields = draw(kind(name, points=track(1), **style, **more))
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
    kind("rectangle", box=box, dash=dashes, fill=colors, transform=transforms, **style),
    kind("ellipse", box=box, dash=dashes, fill=colors, transform=transforms, **style),
    kind("rectangle", box=box, text=st.text(min_size=1), ink=colors, transform=transforms, **style),
    kind("area", contours=contours, dash=dashes, fill=colors, rule=st.just("evenodd"), **style),
    st.fixed_dictionaries(
        {"kind": st.just("area"), "contours": contours, "fill": colors},
        optional={**common, "rule": st.just("evenodd")},
    ),
    kind(
        "text",
        at=point.map(list),
        text=st.text(min_size=1),
        color=colors,
        size=st.integers(1, MAX_SIZE),
        transform=transforms,
        wrap=st.integers(1, REACH),
    ),
    kind("image", box=box, mime=st.just("image/jpeg"), data=st.just("AAAA"), transform=transforms),
    st.fixed_dictionaries({"kind": st.just("page"), "name": st.text(max_size=80)}),
)

# --- for both languages: what JSON can carry --------------------------------------------------------------

BLANK = " \t\u00a0\u3000\ufeff"
"""What is shown, but some language calls white space."""
LETTERS = BLANK + "\r\0\x1b\x85\xad\u200b\ufffe\uffffiIlmMW@a0漢한⌚😀é"
"""And what is not shown, and characters of every width."""

row = st.text(BLANK, min_size=1, max_size=2) | st.text(
    st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs"]), max_size=6
)
words = st.lists(row, min_size=1, max_size=4).map("\n".join)
small = st.integers(-80, 80)
flat_points = st.lists(small, min_size=2, max_size=16).map(lambda numbers: numbers[: len(numbers) // 2 * 2])
usual: dict[str, Strategy] = {
    # Points repeat, lines end in themselves, and strokes are wide for their length.
    "points": flat_points,
    "contours": st.lists(flat_points, min_size=1, max_size=3),
    "rule": st.just("evenodd"),
    "box": st.tuples(small, small, st.integers(0, 80), st.integers(0, 80)).map(list),
    "at": st.tuples(small, small).map(list),
    "text": words,
    "size": st.integers(1, 200),
    "wrap": st.integers(1, 600),
    "ink": colors,
    "mime": st.just("image/png"),
    "data": st.just("AAAA"),
    "name": words,
    "color": colors,
    "fill": colors,
    "width": st.integers(1, 12) | st.integers(1, 40),
    "opacity": st.integers(1, 100),
    "dash": dashes,
    "look": looks,
    "offset": st.tuples(small, small).map(list),
    "group": words,
}
"""Valid values of small drawings. Those of `times` and `pressure` depend on the points."""
wrong = near(values(finite=True))
POINTS, BOX = ("points", "color", "width"), ("box", "color", "width")
REQUIRED = {
    **dict.fromkeys(("stroke", "highlighter", "line", "arrow"), POINTS),
    **dict.fromkeys(("rectangle", "ellipse"), BOX),
    "area": ("contours",),
    "text": ("at", "text", "color", "size"),
    "image": ("box", "mime", "data"),
    "page": ("name",),
}


@st.composite
def nearly_valid(draw: st.DrawFn, kind: str) -> Fields:
    """Fields of `kind`: mostly an element, the others none because of a field or two."""
    fields: Fields = {"kind": kind}
    for name in REQUIRED[kind]:
        chance = draw(st.integers(0, 15))
        if chance:
            fields[name] = draw(wrong[name] if chance == 1 else usual[name])
    more = {"text": ("wrap",), "rectangle": ("text", "size", "ink"), "ellipse": ("text", "size", "ink")}
    for name in ("opacity", "dash", "fill", "offset", "group", "look", *more.get(kind, ())):
        chance = draw(st.integers(0, 5))
        if chance < 3:
            fields[name] = draw(wrong[name] if chance == 0 else usual[name])
    if kind == "area":
        for name in ("fill", "color", "width", "rule"):
            chance = draw(st.integers(0, 9))
            if chance < 8:
                fields[name] = draw(wrong[name] if chance == 0 else usual[name])
    points = fields.get("points")
    count = len(points) // 2 if isinstance(points, list) else 0
    for name in ("times", "pressure"):
        chance = draw(st.integers(0, 5))
        if chance < 3:
            steps = st.integers(0, 20) if name == "times" else st.integers(0, 255)
            column = st.lists(steps, min_size=count, max_size=count)
            fields[name] = draw(wrong[name] if chance == 0 else column)
    return fields
