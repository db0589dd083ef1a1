"""Elements are the same in both languages: whatever the fields, the previews, and the gestures.

``SEEDS=2000 pytest tests/simulation/test_elements_javascript.py`` looks at more examples than by default.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st

from ipysketch.editing.style import SHAPES, Style
from ipysketch.editing.tools import CommitEffect, Pen, PreviewEffect
from ipysketch.model.elements import DisplayImage, Element, Fill, Path, Primitive, TextRun, decode
from ipysketch.model.elements.image import MAX_DATA
from ipysketch.model.elements.line import MAX_CORNERS
from ipysketch.model.elements.page import MAX_NAME
from ipysketch.model.elements.preview import preview_fields
from ipysketch.model.elements.stroke import MAX_POINTS
from ipysketch.model.elements.typeset import MAX_TEXT
from relay.protocol import Create

from ..contract.make_elements import AREA, IMAGE, LINE, PAGE, STROKE, TEXT, discs
from ..support.node import WEB, Different, Script
from ..support.seeds import seeds
from .fields import KINDS, Fields, colors, dashes, nearly_valid, valid

ACTOR = File(__file__).with_name("elements.mjs")
EXAMPLES = len(seeds(60))
"""Of each kind."""
NEAR = 1e-6
"""Board units, or parts of a large number, by which the languages may differ."""

Gesture = tuple[str, Style, list[list[float]], list[float] | None]
"""A tool, a style, samples x, y, milliseconds and perhaps pressure, and where the line is straightened to."""

fuzz = settings(max_examples=EXAMPLES)


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    process = Script(str(ACTOR), str(WEB))
    yield process
    process.close()


# --- what the two are asked -------------------------------------------------------------------------------


def description(element: Element, hits: list[bool]) -> dict[str, Any]:
    """What people can see and touch of `element`."""
    box = element.bounds
    columns = {name: getattr(element, name, None) for name in ("points", "pressure", "t")}
    return {
        **{
            name: getattr(element, name, None)
            for name in ("key", "kind", "author", "seq", "name", "color", "width", "look")
        },
        "multiplies": element.multiplies,
        **{name: None if column is None else column.tolist() for name, column in columns.items()},
        "group": getattr(element, "group", ""),
        "opacity": element.opacity,
        "bounds": [box.x0, box.y0, box.x1, box.y1],
        "display": [primitive(part) for part in element.display],
        "hits": hits,
    }


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    """As JavaScript has them: what is not there has no name."""
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    return {name: value for name, value in lists.items() if value is not None}


def primitive(part: Primitive) -> dict[str, Any]:
    match part:
        case Path():
            return {**part._asdict(), "points": part.points.tolist(), "dash": list(part.dash)}
        case Fill(contours, color, even_odd, curved):
            return {
                "contours": [one.tolist() for one in contours],
                "color": color,
                "evenOdd": even_odd,
                "curved": curved,
            }
        case TextRun():
            return without_none({**part._asdict(), "middle": part.middle or None})
        case DisplayImage(box=box):
            return without_none({**part._asdict(), "box": [box.x0, box.y0, box.x1, box.y1]})


def compare(script: Script, name: str, arguments: list[object], element: Element | None) -> None:
    """Raise `Different` unless JavaScript makes `element` of the same arguments."""
    asked = [] if element is None else list(discs(element))
    theirs = script.ask([name, [*arguments, asked]])
    ours = None if element is None else description(element, [element.hit(*disc) for disc in asked])
    if not alike(ours, theirs):
        raise Different(f"{name} of {arguments}:\n{theirs} in JavaScript,\n{ours} in Python")


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal but for the rounding of floats."""
    if isinstance(ours, dict):
        return (
            isinstance(theirs, dict)
            and ours.keys() == theirs.keys()
            and all(alike(value, theirs[name]) for name, value in ours.items())
        )
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, int | float):
        return abs(ours - theirs) <= NEAR * max(1.0, abs(ours))
    return type(ours) is type(theirs) and bool(ours == theirs)


def check_fields(script: Script, fields: Fields) -> None:
    compare(script, "decode", [fields], decode("k", fields, "ada", 7))


def check_preview(script: Script, preview: tuple[Fields, list[int]]) -> None:
    fields, points = preview
    compare(script, "live", [fields, points], decode("k", preview_fields(fields, points), "ada", 7))


def check_gesture(script: Script, gesture: Gesture) -> None:
    tool, style, samples, straight = gesture
    wet = dataclasses.asdict(style)
    fields = script.ask(["drawn", [tool, wet, samples, straight]])
    if fields is not None:  # A shape of no extent is nothing.
        compare(script, "wet", [tool, wet, samples, straight], decode("k", fields, "ada", 7))
    if tool in SHAPES:
        return
    # Python's pen, where the front end cannot load, draws the same.
    drawing = Pen(style.fields("stroke" if tool == "pen" else tool))
    (x, y, at, *pressure), *others = samples
    drawing.press(x, y, key="k", at=at / 1000, pressure=pressure[0] if pressure else None)
    for x, y, at, *pressure in others:
        drawing.drag(x, y, at=at / 1000, pressure=pressure[0] if pressure else None)
    if straight is not None:
        x, y, at = straight
        drawing.straighten(x, y, at=at / 1000)
    [element] = drawing.elements("ada")
    compare(script, "wet", [tool, wet, samples, straight], decode("k", element.encode(), "ada", 7))


def check_pen(script: Script, gesture: Gesture) -> None:
    tool, style, samples, straight = gesture
    kind = "stroke" if tool == "pen" else tool
    drawing = Pen(style.fields(kind))
    (x, y, at, *pressure), *others = samples
    effects = [*drawing.press(x, y, key="k", at=at / 1000, pressure=pressure[0] if pressure else None)]
    for x, y, at, *pressure in others:
        effects += drawing.drag(x, y, at=at / 1000, pressure=pressure[0] if pressure else None)
    if straight is not None:
        x, y, at = straight
        effects += drawing.straighten(x, y, at=at / 1000)
    live: Fields | None = None
    for effect in effects:
        assert isinstance(effect, PreviewEffect)
        points = list(effect.points)
        live = (
            {"fields": live["fields"], "points": live["points"] + points}
            if effect.start and live
            else {"fields": dict(effect.fields or {}), "points": points}
        )
    [commit] = drawing.lift()
    assert isinstance(commit, CommitEffect)
    [create] = commit.actions
    assert isinstance(create, Create)
    ours = {"live": live, "fields": dict(create.fields)}
    theirs = script.ask(["pen", [kind, dataclasses.asdict(style), samples, straight]])
    if not alike(ours, theirs):
        raise Different(f"pen of {gesture}:\n{theirs} in JavaScript,\n{ours} in Python")
    # Others see live what is committed in the end.
    if live is not None:
        shown = decode("k", preview_fields(live["fields"], live["points"]), "ada", 7)
        done = decode("k", create.fields)
        assert shown is not None
        assert done is not None
        assert [primitive(part) for part in shown.display] == [primitive(part) for part in done.display]


# --- what is drawn at random ------------------------------------------------------------------------------

numbers = st.integers(0, 255) | st.integers(256, 300)
timed = st.lists(st.tuples(numbers, numbers, st.integers(256, 300)), max_size=8).map(
    lambda rows: [n for row in rows for n in row]
)
points = st.lists(numbers, min_size=4, max_size=4) | st.lists(numbers, max_size=14)


def previews(kind: str) -> st.SearchStrategy[tuple[Fields, list[int]]]:
    """The style of a preview, with a stride or without, and its points."""
    style = nearly_valid(kind)
    return st.tuples(style | style.map(lambda fields: {**fields, "stride": 3}), points | timed)


eighths = (st.integers(-8000, 8000) | st.integers(-9, 9)).map(lambda value: value / 8)
"""Where hands are: both languages round what lies between, but not always at the same time."""


@st.composite
def gestures(draw: st.DrawFn, tool: str) -> Gesture:
    style = Style(
        draw(colors),
        draw(st.integers(1, 100)) / 8,
        draw(st.just("") | colors),
        draw(st.just("") | dashes),
        draw(st.integers(0, 100)),
        draw(st.booleans()),
    )
    pressures = (
        st.tuples(st.integers(0, 255).map(lambda value: value / 255)) if draw(st.booleans()) else st.just(())
    )
    samples = st.tuples(eighths, eighths, st.integers(0, 99), pressures).map(
        lambda sample: [*sample[:3], *sample[3]]
    )
    places = draw(st.lists(samples, min_size=1, max_size=8))
    straight = draw(st.none() | st.tuples(eighths, eighths, st.integers(0, 99)).map(list))
    # A line that is straightened to its own beginning is a dot, or two equal points: that looks alike.
    assume(tool in SHAPES or straight is None or straight[:2] != places[0][:2])
    return tool, style, places, straight


# --- the tests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_the_same_element(script: Script, kind: str) -> None:
    @fuzz
    @given(nearly_valid(kind))
    def same(fields: Fields) -> None:
        check_fields(script, fields)

    same()


@fuzz
@given(valid)
@example({**STROKE, "points": [0] * 8, "width": 391, "pressure": [0, 29, 186, 127]})
def test_fields_of_a_large_drawing_are_the_same_element(script: Script, fields: Fields) -> None:
    check_fields(script, fields)


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_is_the_same_element(script: Script, kind: str) -> None:
    @fuzz
    @given(previews(kind))
    def same(preview: tuple[Fields, list[int]]) -> None:
        check_preview(script, preview)

    same()


@pytest.mark.parametrize("tool", ["pen", "highlighter", *SHAPES])
def test_ink_under_a_hand_is_the_element_it_will_be(script: Script, tool: str) -> None:
    @fuzz
    @given(gestures(tool))
    def same(gesture: Gesture) -> None:
        check_gesture(script, gesture)

    same()


@pytest.mark.parametrize("tool", ["pen", "highlighter"])
def test_a_pen_sends_and_commits_the_same(script: Script, tool: str) -> None:
    @fuzz
    @given(gestures(tool))
    def same(gesture: Gesture) -> None:
        check_pen(script, gesture)

    same()


@pytest.mark.parametrize("beyond", [0, 1], ids=["largest", "too large"])
@pytest.mark.parametrize(
    ("fields", "name", "unit", "most"),
    [
        (STROKE, "points", [3, -3], MAX_POINTS),
        (LINE, "points", [3, -3], MAX_CORNERS),
        (AREA, "contours", [[3, -3]], MAX_POINTS),
        (TEXT, "text", "😀", MAX_TEXT),
        (PAGE, "name", "😀", MAX_NAME),
        (IMAGE, "data", "AAAA", MAX_DATA // 4),
    ],
    ids=["stroke", "line", "area", "text", "page", "image"],
)
def test_both_have_the_same_limits(
    script: Script, fields: Fields, name: str, unit: Any, most: int, beyond: int
) -> None:
    fields = {**fields, name: unit * (most + beyond)}
    assert (decode("k", fields) is None) == bool(beyond)
    check_fields(script, fields)


@pytest.mark.parametrize(
    ("check", "examples", "module", "right", "wrong"),
    [
        (
            check_fields,
            nearly_valid("text"),
            "model/elements.js",
            "row\n      ? [{ run:",
            "row.trim()\n      ? [{ run:",
        ),
        (check_fields, nearly_valid("stroke"), "model/elements.js", "offset?.length === 2 ? ", "offset ? "),
        (check_fields, nearly_valid("line"), "model/elements.js", "Math.max(width, 1)", "width"),
        (
            check_fields,
            nearly_valid("area"),
            "model/elements.js",
            "evenOdd ? turns % 2 !== 0 : turns",
            "turns",
        ),
        (check_fields, nearly_valid("area"), "model/elements.js", "one.length > 2 ? [", "one.length > 4 ? ["),
        (check_fields, nearly_valid("page"), "model/elements.js", "const group = ink &&", "const group ="),
        (check_preview, previews("line"), "client/peers.js", "points.length & ~1", "points.length"),
        (check_preview, previews("stroke"), "model/ink.js", "0.4 + 1.2 *", "0.4 + 1.3 *"),
        (check_gesture, gestures("arrow"), "canvas/live_ink.js", "Math.PI / 12", "Math.PI / 8"),
    ],
    ids=[
        "blank row",
        "offset of one",
        "thin dash",
        "rule",
        "closed",
        "page's group",
        "half a point",
        "pressure",
        "straight line",
    ],
)
def test_the_fuzz_catches_a_wrong_line(
    tmp_path: File,
    check: Callable[[Script, Any], None],
    examples: st.SearchStrategy[Any],
    module: str,
    right: str,
    wrong: str,
) -> None:
    shutil.copytree(WEB, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / module).read_text()
    assert text.count(right) == 1
    (tmp_path / module).write_text(text.replace(right, wrong))
    script = Script(str(ACTOR), str(tmp_path))

    # The same examples each time, and none made smaller. Still hypothesis draws some from the constants of the modules
    # that are imported, which depend on the tests that ran before: so many that one of them catches it all the same.
    @settings(fuzz, max_examples=2000, derandomize=True, database=None, phases=[Phase.generate])
    @given(examples)
    def same(example: Any) -> None:
        check(script, example)

    try:
        with pytest.raises(Different):
            same()
    finally:
        script.close()
