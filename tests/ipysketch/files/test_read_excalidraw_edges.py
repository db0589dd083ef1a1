"""Drawings of Excalidraw as elements, where a file is strange."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ipysketch.errors import SketchError
from ipysketch.files.importer import typical_width
from ipysketch.files.read_excalidraw import from_excalidraw
from ipysketch.model.archive import LoadReport
from ipysketch.model.elements import Area, Line, Text

from ...contract.gallery import BOARD, picture

FILES = {"f": {"dataURL": f"data:image/png;base64,{picture('image/png')}"}}
POINTS = [[0, 0], [30, 10], [60, 0]]


def read(*elements: dict[str, Any], files: object = None) -> LoadReport:
    common = {"x": 100, "y": 50, "width": 80, "height": 40}
    content = {"elements": [{**common, **element} for element in elements], "files": files}
    return from_excalidraw(json.dumps(content).encode(), BOARD)


def only(loaded: LoadReport) -> dict[str, Any]:
    [item] = loaded.items
    return item.fields


@pytest.mark.parametrize(
    ("pressures", "simulated", "kept"),
    [
        ([0, 0.5, 9], False, [0, 128, 255]),
        ([0, 0.5, 1], True, None),
        ([0, 0.5], False, None),
        ("123", False, None),
        (None, False, None),
    ],
)
def test_the_pressure_of_a_pen_is_kept_where_each_point_has_one(
    pressures: object, simulated: bool, kept: list[int] | None
) -> None:
    loaded = read({"type": "freedraw", "points": POINTS, "pressures": pressures, "simulatePressure": simulated})
    assert only(loaded).get("pressure") == kept
    assert not loaded.skipped


def test_a_curved_line_goes_through_its_points() -> None:
    curved: dict[str, Any] = {"type": "line", "points": POINTS, "roundness": {"type": 2}}
    smooth, straight = (
        element for item in read(curved, {**curved, "points": POINTS[:2]}).items if (element := item.element)
    )
    assert isinstance(smooth, Line)
    assert isinstance(straight, Line)
    assert len(straight.points) == 2
    assert len(smooth.points) > 5
    assert {(100.0, 50.0), (130.0, 60.0), (160.0, 50.0)} <= set(map(tuple, smooth.points.tolist()))


@pytest.mark.parametrize("kind", ["line", "freedraw"])
def test_a_line_is_filled_where_it_comes_back_to_its_beginning(kind: str) -> None:
    back = {"type": kind, "points": [[0, 0], [50, 90], [100, 0], [3, 3]], "backgroundColor": "#eebefa"}
    inside, line = read(back).items
    assert (inside.fields["kind"], inside.fields["fill"]) == ("area", "#eebefa")
    assert line.fields["kind"] == ("line" if kind == "line" else "stroke")
    assert len(read({**back, "points": POINTS}).items) == 1
    hatched = read({**back, "fillStyle": "hachure"})
    assert hatched.skipped == {"hatching, as a whole fill": 1}


def test_a_transparent_outline_is_none() -> None:
    clear = {"strokeColor": "transparent", "backgroundColor": "#ffc9c9"}
    for kind in ("rectangle", "ellipse", "diamond"):
        area = only(read({"type": kind, **clear}))
        assert (area["kind"], area["fill"], "color" in area) == ("area", "#ffc9c9", False)
    assert read({"type": "arrow", "points": POINTS, **clear}).items == ()
    assert read({"type": "text", "text": "a", "fontSize": 20, **clear}).items == ()


def test_a_rectangle_has_round_corners() -> None:
    area = read({"type": "rectangle", "roundness": {"type": 3}, "backgroundColor": "#ffc9c9"}).items[0].element
    assert isinstance(area, Area)
    assert not area.hit(101.5, 51.5, 0)
    assert area.hit(104, 54, 0)
    assert area.contours[0].min(axis=0).tolist() == [100, 50]


@pytest.mark.parametrize(("align", "part"), [("center", 0.5), ("right", 1.0)])
def test_lines_are_about_the_middle_or_the_end_of_their_box(align: str, part: float) -> None:
    words = {
        "type": "text",
        "text": "one\n\na good deal longer",
        "fontSize": 20,
        "textAlign": align,
        "width": 200,
        "id": "t",
    }
    first, second = (element for item in read(words).items if (element := item.element))
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    for text in (first, second):
        assert text.at[0] + part * typical_width(text.text) * 20 == pytest.approx(100 + part * 200, abs=0.1)
    assert (second.at[1] - first.at[1], first.group, second.group) == (50, "t", "t")


def test_an_arrow_has_a_gap_for_its_label() -> None:
    way = {"type": "arrow", "points": [[0, 0], [300, 0]], "id": "way", "endArrowhead": "arrow"}
    word = {
        "type": "text",
        "containerId": "way",
        "text": "leads to",
        "fontSize": 20,
        "x": 220,
        "y": 40,
        "width": 60,
        "height": 25,
    }
    before, after, text = read(way, word).items
    assert before.fields["points"] == [800, 400, 920, 0]
    assert after.fields["points"] == [2280, 400, 920, 0]
    assert [item.fields["kind"] for item in (before, after, text)] == ["line", "arrow", "text"]


def test_pictures_are_flipped_cropped_and_turned() -> None:
    image: dict[str, Any] = {"type": "image", "fileId": "f", "width": 64, "height": 48}
    crop = {"x": 0, "y": 0, "width": 32, "height": 24, "naturalWidth": 64, "naturalHeight": 48}
    plain, flipped, cropped, turned = (
        np.array(Image.open(io.BytesIO(base64.b64decode(item.fields["data"]))).convert("RGBA")).astype(int)
        for item in read(
            image, {**image, "scale": [-1, 1]}, {**image, "crop": crop}, {**image, "angle": np.pi}, files=FILES
        ).items
    )
    assert np.abs(flipped[:, ::-1] - plain)[plain[..., 3] == 255].max() < 40
    assert np.array_equal(cropped, plain[:24, :32])
    assert np.abs(turned[::-1, ::-1] - plain)[plain[..., 3] == 255].max() < 40


def test_pictures_of_further_formats_are_shown() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 4), "#00aa00").save(stream, "WEBP", lossless=True)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="20" height="20" fill="#0000aa"/></svg>'
    files = {
        "w": {"dataURL": f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"},
        "s": {"dataURL": f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"},
    }
    webp, drawn = read({"type": "image", "fileId": "w"}, {"type": "image", "fileId": "s"}, files=files).items
    assert (webp.fields["kind"], webp.fields["box"]) == ("image", [800, 400, 640, 320])
    assert (drawn.fields["kind"], drawn.fields["box"], drawn.fields["fill"]) == (
        "rectangle",
        [800, 400, 320, 320],
        "#0000aa",
    )


def test_a_byte_order_mark_is_no_part_of_the_drawing() -> None:
    assert (
        len(from_excalidraw(b"\xef\xbb\xbf" + json.dumps({"elements": [], "files": {}}).encode(), BOARD).items)
        == 0
    )


def test_the_turn_of_a_text_is_counted_and_an_image_is_turned() -> None:
    loaded = read(
        {"type": "text", "text": "a", "fontSize": 20, "angle": 1},
        {"type": "image", "fileId": "f", "angle": 1},
        {"type": "text", "text": "b", "fontSize": 20, "angle": 0.0001},
        files=FILES,
    )
    assert [item.fields["kind"] for item in loaded.items] == ["text", "image", "text"]
    assert loaded.skipped == {"turn of a text": 1}


@pytest.mark.parametrize("files", [None, [], {}, {"f": None}, {"f": {"dataURL": "data:image/png;base64,?"}}])
def test_an_image_whose_file_is_missing_or_broken_is_counted(files: object) -> None:
    loaded = read({"type": "image", "fileId": "f"}, files=files)
    assert loaded.items == ()
    assert [name.split(":")[0] for name in loaded.skipped] in (["broken image"], ["image"])


@pytest.mark.parametrize(
    ("color", "shown"),
    [
        ("#ABC", "#aabbcc"),
        ("#abcf", "#aabbcc"),
        ("#ABCDEF", "#abcdef"),
        ("#abcdef80", "#abcdef"),
        ("red", "#ff0000"),
        ("magenta", "#ff00ff"),
        ("#abcde", None),
        (7, None),
        (None, None),
    ],
)
def test_a_colour_is_one_of_css_or_black(color: object, shown: str | None) -> None:
    rectangle = only(read({"type": "rectangle", "backgroundColor": color, "strokeColor": color}))
    assert rectangle.get("fill") == shown
    assert rectangle["color"] == (shown or "#000000")


@pytest.mark.parametrize(
    ("groups", "group"),
    [
        (["a", "b"], "b"),
        (["a" * 64], "a" * 64),
        (["a" * 65], None),
        ([""], None),
        ([7], None),
        ([], None),
        ("a", None),
    ],
)
def test_a_group_is_the_outermost(groups: object, group: str | None) -> None:
    assert only(read({"type": "rectangle", "groupIds": groups})).get("group") == group


@pytest.mark.parametrize("number", [True, "1", None, 1e9, [1]])
def test_an_element_with_a_number_that_cannot_be_is_counted(number: object) -> None:
    loaded = read({"type": "rectangle", "x": number}, {"type": "ellipse"})
    assert only(loaded)["kind"] == "ellipse"
    assert loaded.skipped == {"broken rectangle": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "is not JSON"),
        (b'{"elements": ["\xff"]}', "is not JSON"),
        (b"[]", "no drawing of Excalidraw"),
        (b"{}", "no drawing of Excalidraw"),
        (b'{"elements": {}}', "no drawing of Excalidraw"),
    ],
)
def test_what_is_no_drawing_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SketchError, match=message):
        from_excalidraw(data, BOARD)


def test_a_clear_pen_leaves_no_more_than_its_fill() -> None:
    clear = {"type": "freedraw", "points": [[0, 0], [50, 90], [0, 0]], "strokeColor": "transparent"}
    assert only(read({**clear, "backgroundColor": "#eebefa"}))["kind"] == "area"
    assert read(clear).items == ()


def test_a_closed_line_without_a_background_is_not_filled() -> None:
    loaded = read({"type": "line", "points": [[0, 0], [50, 90], [0, 0]], "backgroundColor": "transparent"})
    assert only(loaded)["kind"] == "line"


@pytest.mark.parametrize(
    ("points", "first", "second"),
    [
        (POINTS, [1040, 480, -240, -80], [1040, 480, 240, -80]),
        ([[0, 0], [60, 0]], [1040, 400, -240, 0], [1040, 400, 240, 0]),
    ],
)
def test_an_arrow_with_two_heads_is_two_arrows(
    points: list[list[int]], first: list[int], second: list[int]
) -> None:
    loaded = read({"type": "arrow", "points": points, "startArrowhead": "arrow", "endArrowhead": "arrow"})
    assert [(item.fields["kind"], item.fields["points"]) for item in loaded.items] == [
        ("arrow", first),
        ("arrow", second),
    ]


def test_the_round_corners_of_a_diamond_are_counted() -> None:
    loaded = read({"type": "diamond", "roundness": {"type": 2}}, {"type": "diamond"})
    round_one, plain = (item.fields for item in loaded.items)
    assert round_one == plain
    assert loaded.skipped == {"round corners of a diamond": 1}


@pytest.mark.parametrize(("words", "key", "groups"), [
    ("one", "t", [None]), ("one\ntwo", "t", ["t", "t"]), ("one\ntwo", "", [None, None]), ("one\ntwo", 7, [None, None])
])  # fmt: skip
def test_lines_of_one_text_are_a_group(words: str, key: object, groups: list[str | None]) -> None:
    loaded = read({"type": "text", "text": words, "fontSize": 20, "textAlign": "center", "id": key})
    assert [item.fields.get("group") for item in loaded.items] == groups


def test_an_image_that_is_elsewhere_is_counted_and_one_without_a_width_is_nothing() -> None:
    elsewhere = read({"type": "image", "fileId": "f"}, files={"f": {"dataURL": "https://example.org/a.png"}})
    assert (elsewhere.items, elsewhere.skipped) == ((), {"broken image": 1})
    flat = read({"type": "image", "fileId": "f", "width": 0}, files=FILES)
    assert (flat.items, flat.skipped) == ((), {})


def test_the_crop_of_an_svg_image_is_counted_and_all_of_it_is_shown() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#0000aa"/></svg>'
    files = {"s": {"dataURL": f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"}}
    crop = {"x": 0, "y": 0, "width": 20, "height": 20, "naturalWidth": 40, "naturalHeight": 20}
    loaded = read({"type": "image", "fileId": "s", "crop": crop}, files=files)
    assert only(loaded)["box"] == [800, 400, 640, 320]
    assert loaded.skipped == {"crop of an SVG image": 1}
