"""Drawings as files, and files of other programs."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipysketch import given as checked
from ipysketch.elements import Arrow, Ellipse, Line, Rectangle, Stroke, Text
from ipysketch.errors import SketchError
from ipysketch.formats import load, read, save, written
from ipysketch.items import Item, Loaded, items, operations
from relay.protocol import MAX_COMMIT, Entry

from ..vectors.gallery import BOARD, everything, picture
from ..vectors.make_elements import EVERY, IMAGE, PAGE, RECTANGLE, STROKE, TEXT

DRAWING = [Item({**fields, "place": 1.5, "note": ["kept"]}, f"k{n}") for n, fields in enumerate(EVERY)]
PAGES = [*DRAWING, Item(STROKE, "on two", "k8"), Item(RECTANGLE, "also", "k8")]


def elements(loaded: Loaded) -> list[Any]:
    return [item.element for item in loaded.items]


@pytest.mark.parametrize(
    ("suffix", "begin"), [("json", b"{"), ("svg", b"<svg"), ("PNG", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_the_end_of_the_name_says_what_is_written(tmp_path: Path, suffix: str, begin: bytes) -> None:
    path = tmp_path / f"drawing.{suffix}"
    save(everything(), path, board=BOARD)
    assert path.read_bytes().startswith(begin)


def test_json_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "drawing.json"
    save(PAGES, path)
    assert load(path).items == tuple(PAGES)
    assert str(load(path)) == f"{len(PAGES)} elements read"
    save(load(path).items, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_page_is_written_alone_and_pdf_has_all() -> None:
    assert written(PAGES, ".svg", page="k8").count(b"<path") == 2
    assert written(PAGES, ".svg", page="").count(b"<path") > 2
    assert len(written(PAGES, ".pdf")) > len(written(DRAWING[:-1], ".pdf"))


def test_what_json_holds_besides_is_counted() -> None:
    content = json.loads(written(DRAWING[:2], ".json"))
    content["elements"] += [{"fields": {"kind": "spiral"}, "key": "s"}, 7, {"key": "x"}, {"fields": STROKE}]
    loaded = read(json.dumps(content).encode(), ".json")
    assert len(loaded.items) == 2
    assert loaded.skipped == {"element of kind 'spiral'": 1, "broken element": 3}
    assert str(loaded) == "2 elements read; left out: 3 × broken element, 1 × element of kind 'spiral'"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.json", b"\x89PNG\r\n", "'a.json' is not JSON"),
        ("a.json", b"[" * 100_000, "'a.json' is not JSON"),
        ("a.json", b'{"elements": [NaN]}', "'a.json' is not JSON"),
        ("a.json", b"[]", "no drawing of ipysketch"),
        ("a.json", b'{"type": "excalidraw", "elements": []}', "no drawing of ipysketch"),
        ("a.json", b'{"ipysketch": 2, "elements": []}', "newer ipysketch"),
        ("a.svg", b"%PDF", "'a.svg' is not SVG"),
        ("a.svg", b"<html/>", "'a.svg' is not SVG: it holds <html>"),
        ("a.svg", b"", "'a.svg' is not SVG"),
        ("a.excalidraw", b"<svg/>", "is not JSON, as a drawing of Excalidraw is"),
        ("a.excalidraw", b'{"elements": 7}', "no drawing of Excalidraw"),
        ("a.png", b"", "cannot be read from '.png': write .png, .svg, .pdf or .json; read"),
        ("a", b"", "a file without an ending"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SketchError, match=sentence):
        load(tmp_path / name)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SketchError, match="cannot be read: No such file"):
        load(tmp_path / "a.json")
    with pytest.raises(SketchError, match="cannot be written: No such file"):
        save([], tmp_path / "no" / "a.json")
    with pytest.raises(SketchError, match=r"cannot be written as '\.gif'"):
        save([], tmp_path / "a.gif")
    with pytest.raises(SketchError, match="pixels to a board unit"):
        save([], tmp_path / "a.png", scale=math.nan)
    assert list(tmp_path.iterdir()) == []


# --- SVG --------------------------------------------------------------------------------------------------


def from_svg(inside: str, frame: str = 'viewBox="0 0 640 360"') -> Loaded:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{inside}</svg>'
    return read(text.encode(), ".svg", board=BOARD)


def test_shapes_of_svg_with_their_transforms() -> None:
    loaded = from_svg(
        '<g transform="translate(10 20) scale(2)" stroke="red" stroke-width="2" fill="none">'
        '<rect x="1" y="2" width="30" height="40" fill="#00ff00" opacity=".5"/><circle cx="50" cy="30" r="10"/>'
        '<line x1="0" y1="0" x2="9" y2="0" stroke-dasharray="8 6"/><polygon points="0,0 10,0 10,10"/>'
        '<path d="M0 0 C 0 30 30 30 30 0"/><path d="M0 0h5M7 7v5"/></g>'
    )
    rectangle, ellipse, line, polygon, curve, one, other = elements(loaded)
    assert isinstance(rectangle, Rectangle)
    assert rectangle.encode() == {
        "kind": "rectangle", "box": [96, 192, 480, 640], "color": "#ff0000", "width": 32, "fill": "#00ff00", "opacity": 50,
    }  # fmt: skip
    assert isinstance(ellipse, Ellipse)
    assert ellipse.encode()["box"] == [720, 480, 320, 320]
    assert line.encode() == {
        "kind": "line",
        "points": [80, 160, 144, 0],
        "color": "#ff0000",
        "width": 32,
        "dash": "dashed",
    }
    assert isinstance(polygon, Line)
    assert polygon.points.tolist() == [[10, 20], [30, 20], [30, 40], [10, 20]]
    assert isinstance(curve, Stroke)
    assert curve.points[0].tolist() == [10, 20]
    assert curve.points[:, 1].max() == pytest.approx(20 + 45, abs=0.3)
    assert [one.points.tolist(), other.points.tolist()] == [[[10, 20], [20, 20]], [[24, 34], [24, 44]]]
    assert not loaded.skipped


def test_a_path_may_be_a_rectangle() -> None:
    (path,) = elements(from_svg('<path d="M10 10H90V50H10Z" fill="#123456" stroke="red"/>'))
    assert isinstance(path, Rectangle)
    assert (path.fill, path.encode()["box"]) == ("#123456", [80, 80, 640, 320])
    for way in ("M10 10H90V50H20Z", "M10 10H90H50H10Z", "M0 0L9 9L0 18L-9 9Z"):
        (other,) = elements(from_svg(f'<path d="{way}" stroke="red" fill="none"/>'))
        assert type(other) is Line


def test_a_turned_shape_is_its_outline() -> None:
    (turned,) = elements(
        from_svg('<rect width="30" height="40" x="99" y="99" transform="rotate(10)" stroke="red" fill="none"/>')
    )
    assert isinstance(turned, Line)
    (ellipse,) = elements(
        from_svg('<ellipse cx="99" cy="99" rx="9" ry="4" transform="rotate(30)" stroke="red" fill="none"/>')
    )
    assert isinstance(ellipse, Stroke)
    assert not isinstance(ellipse, Ellipse)


def test_the_frame_of_an_svg_is_brought_onto_the_board() -> None:
    line = '<line x1="0" y1="0" x2="100" y2="50" stroke="blue"/>'
    (as_is,) = elements(from_svg(line, 'width="100" height="50"'))
    assert as_is.points.tolist() == [[0, 0], [100, 50]]
    (boxed,) = elements(from_svg(line, 'width="200" height="100" viewBox="0 0 100 50"'))
    assert boxed.points.tolist() == [[0, 0], [200, 100]]
    (large,) = elements(from_svg(line, 'width="6400" height="3200" viewBox="0 0 100 50"'))
    assert large.points.tolist() == [[20, 20], [620, 320]]


def test_texts_and_images_of_svg() -> None:
    loaded = from_svg(
        '<text x="100" y="50" font-size="20" fill="#123456">  Hello\n there </text>'
        '<text x="100" y="50" text-anchor="end">ab</text>'
        f'<image href="data:image/png;base64,{picture("image/png")}" x="10" y="20" width="64" height="48"/>'
        '<image href="http://example.org/a.png" width="9" height="9"/>'
    )
    text, ended, image = elements(loaded)
    assert isinstance(text, Text)
    assert (text.text, text.color, text.size, text.at) == ("Hello there", "#123456", 20, (100, 31))
    assert ended.at == (pytest.approx(100 - 0.72 * 1.5 * 16, abs=0.1), pytest.approx(50 - 0.95 * 16, abs=0.1))
    assert image.encode()["box"] == [80, 160, 512, 384]
    assert loaded.skipped == {"image that is elsewhere": 1}


def test_what_svg_cannot_bring_is_counted_and_the_rest_arrives() -> None:
    loaded = from_svg(
        '<defs><linearGradient id="g"/><filter id="f"/></defs><script>alert(1)</script><foreignObject/>'
        '<path d="M0 0L9 9L9 0Z" fill="red"/><path d="not a path" stroke="red"/><rect width="1e999" height="5"/>'
        '<line x2="9" y2="9" stroke="red"/>'
    )
    assert [type(element) for element in elements(loaded)] == [Line, Line]
    assert {"linearGradient", "filter", "script", "foreignObject", "fill of a path"} <= set(loaded.skipped)


@pytest.mark.parametrize(
    "inside",
    [
        '<g id="a"><use href="#a"/></g>',
        '<g id="a0"><path d="M0 0h1"/></g>'
        + "".join(f'<g id="a{n + 1}">{f"<use href={chr(34)}#a{n}{chr(34)}/>" * 10}</g>' for n in range(9)),
        "<g>" * 500 + "</g>" * 500,
    ],
)
def test_an_svg_that_grows_out_of_proportion_is_refused(inside: str) -> None:
    with pytest.raises(SketchError, match=r"nests groups too deep|more than 100000 shapes"):
        from_svg(inside)


def test_our_own_svg_comes_back() -> None:
    loaded = read(written(everything(), ".svg", board=BOARD), ".svg", board=BOARD)
    assert len(loaded.items) >= len(everything())
    assert not any(
        isinstance(element, Rectangle) and element.color == "#ffffff" for element in elements(loaded)
    )


# --- Excalidraw -------------------------------------------------------------------------------------------


def scene(*given_elements: dict[str, Any], **more: Any) -> Loaded:
    common = {
        "x": 100, "y": 50, "width": 80, "height": 40, "angle": 0, "strokeColor": "#1e1e1e", "backgroundColor": "transparent",
        "strokeWidth": 2, "strokeStyle": "solid", "opacity": 100, "groupIds": [], "isDeleted": False,
    }  # fmt: skip
    content = {"type": "excalidraw", "elements": [{**common, **one} for one in given_elements], **more}
    return read(json.dumps(content).encode(), ".excalidraw", board=BOARD)


def test_elements_of_excalidraw() -> None:
    points = [[0, 0], [30, 10], [60, 0]]
    loaded = scene(
        {
            "type": "freedraw",
            "points": points,
            "pressures": [0, 0.5, 1],
            "simulatePressure": False,
            "strokeWidth": 1,
        },
        {"type": "line", "points": points, "strokeStyle": "dashed", "opacity": 60},
        {
            "type": "arrow",
            "points": points[:2],
            "startArrowhead": None,
            "endArrowhead": "arrow",
            "groupIds": ["a", "b"],
        },
        {"type": "rectangle", "backgroundColor": "#ffec99", "strokeStyle": "dotted"},
        {"type": "ellipse", "strokeColor": "#f00"},
        {"type": "text", "text": "Hi\nthere", "fontSize": 20, "textAlign": "left"},
    )
    stroke, line, arrow, rectangle, ellipse, text = elements(loaded)
    assert isinstance(stroke, Stroke)
    assert stroke.pressure is not None
    assert (stroke.width, stroke.points.tolist()) == (4, [[100, 50], [130, 60], [160, 50]])
    assert (line.encode()["dash"], line.opacity, line.color) == ("dashed", 0.6, "#1e1e1e")
    assert isinstance(arrow, Arrow)
    assert arrow.group == "b"
    assert rectangle.encode() == {
        "kind": "rectangle", "box": [800, 400, 640, 320], "color": "#1e1e1e", "width": 16, "dash": "dotted", "fill": "#ffec99",
    }  # fmt: skip
    assert (type(ellipse), ellipse.color) == (Ellipse, "#ff0000")
    assert (text.text, text.size, text.at) == ("Hi\nthere", 20, (100, 50))
    assert not loaded.skipped
    assert str(loaded) == "6 elements read"


def test_turned_shapes_diamonds_images_and_arrowheads() -> None:
    files = {"f": {"dataURL": f"data:image/png;base64,{picture('image/png')}"}}
    two = [[0, 0], [30, 10]]
    loaded = scene(
        {"type": "rectangle", "angle": math.pi / 2, "backgroundColor": "#fff"},
        {"type": "diamond"},
        {"type": "image", "fileId": "f", "width": 64, "height": 48},
        {"type": "arrow", "points": two, "startArrowhead": "dot", "endArrowhead": None},
        {"type": "arrow", "points": two, "startArrowhead": "dot", "endArrowhead": "arrow"},
        {"type": "arrow", "points": two},
        files=files,
    )
    turned, diamond, image, back, both, none = elements(loaded)
    assert turned.bounds.inflate(-turned.width / 2).y1 == pytest.approx(110)
    assert diamond.points[0].tolist() == [180, 70]
    assert image.encode()["box"] == [800, 400, 512, 384]
    assert back.points[-1].tolist() == [100, 50]
    assert [type(back), type(both), type(none)] == [Arrow, Arrow, Line]
    assert loaded.skipped == {"fill of a turned rectangle": 1, "second head of an arrow": 1}


def test_what_excalidraw_has_besides_is_counted() -> None:
    loaded = scene(
        {"type": "frame"},
        {"type": "frame"},
        {"type": "rectangle", "x": None},
        {"type": "line", "points": [[0, "a"]]},
        {"type": "line", "points": []},
        {"type": "image", "fileId": "gone"},
        {"type": "rectangle", "x": 1e300},
        {"type": "rectangle", "isDeleted": True},
        {"type": "rectangle"},
    )
    assert len(loaded.items) == 1
    assert loaded.skipped["frame"] == 2
    assert loaded.skipped["broken rectangle"] >= 1
    assert loaded.skipped["broken line"] == 2
    assert loaded.skipped["broken image"] == 1


def test_a_scene_somewhere_else_comes_onto_the_board() -> None:
    loaded = scene({"type": "rectangle", "x": -5000, "y": -3000}, {"type": "rectangle", "x": 5000, "y": 9000})
    for element in elements(loaded):
        assert 0 <= element.bounds.x0 <= element.bounds.x1 <= BOARD[0]
        assert 0 <= element.bounds.y0 <= element.bounds.y1 <= BOARD[1]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
excalidraw = st.fixed_dictionaries(
    {"type": st.sampled_from(["freedraw", "line", "arrow", "rectangle", "diamond", "ellipse", "text", "image"]) | anything},
    optional={
        name: st.integers(-9, 99) | anything
        for name in ("x", "y", "width", "height", "angle", "points", "strokeWidth", "opacity", "fontSize", "text", "fileId",
                     "strokeColor", "backgroundColor", "groupIds", "pressures", "strokeStyle", "isDeleted")
    },
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(excalidraw | anything, max_size=4), anything)
def test_any_scene_is_read_or_counted(found: list[Any], files: Any) -> None:
    data = msgspec.json.encode({"elements": found, "files": files})
    loaded = read(data, ".excalidraw", board=BOARD)
    living = [one for one in found if not isinstance(one, dict) or one.get("isDeleted") is not True]
    assert len(loaded.items) + loaded.skipped.total() >= len(living)
    assert all(item.element is not None for item in loaded.items)


# --- onto a board -----------------------------------------------------------------------------------------


def test_a_file_becomes_operations_under_new_keys() -> None:
    keys = (f"new{n}" for n in itertools.count())
    (creates,) = operations([PAGES[-1], *PAGES[:-1]], lambda: next(keys), "here")
    page = next(create for create in creates if create.fields["kind"] == "page")
    assert page.page == "pages"
    assert [create.page for create in creates].count(page.key) == 2
    assert len({create.key for create in creates}) == len(PAGES)
    assert {create.page for create in creates} - {"pages"} | {""} == {"", "here", page.key}


def test_operations_are_no_larger_than_may_be_sent() -> None:
    keys = (f"new{n}" for n in itertools.count())
    large = [Item({**IMAGE, "data": "AAAA" * 100_000}) for _ in range(3)] + [Item(TEXT)] * 9
    parts = operations(large, lambda: next(keys))
    assert [len(part) for part in parts] == [1, 1, 10]
    assert all(len(msgspec.json.encode(part)) < MAX_COMMIT for part in parts)


def test_the_entries_of_a_room_in_drawing_order() -> None:
    def entry(key: str, first: int, page: str = "", **fields: Any) -> Entry:
        return Entry(key, (first, 0), "ada", 0.0, page, fields, {})

    entries = [entry("b", 2), entry("c", 1, "p"), entry("a", 3, place=-1), entry("p", 4, kind="page", name="P")]
    assert [item.key for item in items(entries)] == ["a", "b", "p", "c"]


# --- what people give -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: checked.points([(0, 0), (math.nan, 1)]), "finite numbers within ±100000 board units"),
        (lambda: checked.points([(1, 2, 3)]), r"shape \(n, 2\) with 1 to 20000 rows, not \(1, 3\)"),
        (lambda: checked.points("ab"), "numbers of shape"),
        (lambda: checked.points([(1, 2)], least=2), "2 to"),
        (lambda: checked.color("red"), "'red' is not of the form #rrggbb"),
        (lambda: checked.text("a" * 1_000_000), "at most 10000 characters, not 1000000"),
        (lambda: checked.text(""), "at least one character"),
        (lambda: checked.text("\ud800"), "half a character"),
        (lambda: checked.width(0), "must lie between 0.125 and 200 board units, not 0"),
        (lambda: checked.width(math.nan), "must lie between"),
        (lambda: checked.size("big"), "must lie between 0.125 and 1000 board units"),
        (lambda: checked.opacity(2), "must lie between 0.01 and 1, not 2"),
        (lambda: checked.dash("wavy"), "'dashed' or 'dotted' or neither"),
        (lambda: checked.box((1, 2)), "four numbers"),
        (lambda: checked.box((0, 0, math.inf, 1)), "finite"),
    ],
)
def test_what_people_give_is_refused_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(SketchError, match=sentence):
        call()


def test_what_people_give_is_taken() -> None:
    assert checked.points([(0, 0)]).shape == (1, 2)
    assert (checked.color("#ABCDEF"), checked.width(3), checked.size(0.5), checked.opacity(1)) == (
        "#abcdef",
        3,
        0.5,
        1,
    )
    assert (checked.dash(None), checked.dash("dotted"), checked.text("a")) == ("", "dotted", "a")
    assert PAGE["kind"] == "page"
