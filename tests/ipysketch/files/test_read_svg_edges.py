"""SVG as elements, where a file is strange."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ipysketch.errors import SketchError
from ipysketch.files.read_svg import from_svg
from ipysketch.model.archive import LoadReport

from ...contract.gallery import BOARD, picture

LINE = '<line x1="0" y1="0" x2="9" y2="9" stroke="red"/>'


def read(inside: str, frame: str = 'viewBox="0 0 640 360"') -> LoadReport:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{inside}</svg>'
    return from_svg(text.encode(), BOARD)


def only(loaded: LoadReport) -> dict[str, Any]:
    [item] = loaded.items
    return item.fields


@pytest.mark.parametrize(
    "frame",
    [
        'width="0" height="0"',
        'width="nan" height="9"',
        'width="1e999"',
        'width="-5" height="-5"',
        'viewBox="a b"',
    ],
)
def test_a_frame_that_has_no_size_is_the_board(frame: str) -> None:
    assert only(read(LINE, frame))["points"] == [0, 0, 72, 72]


def test_what_has_a_transform_that_is_none_is_left_out_and_the_rest_arrives() -> None:
    loaded = read(f'<g transform="rotate(a)"><circle r="5"/></g>{LINE}')
    assert only(loaded)["kind"] == "line"
    assert loaded.skipped == {"broken g": 1}


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0 0L9 9" stroke="none" fill="none"/>',
        '<path d="" stroke="red"/>',
        '<path d="M0 0L9 9" stroke="red" stroke-opacity="0" fill="none"/>',
        "<text x='9' y='9'> \n </text>",
        '<rect width="640" height="360" fill="white"/>',
        '<use href="#nothing"/>',
        "<!-- a comment --><?an instruction?>",
    ],
)
def test_what_shows_nothing_is_no_element_and_is_not_counted(inside: str) -> None:
    loaded = read(inside)
    assert (loaded.items, loaded.skipped) == ((), {})


def test_a_white_rectangle_with_a_line_is_no_paper() -> None:
    loaded = read('<rect width="640" height="360" fill="white" stroke="red"/>')
    assert only(loaded)["fill"] == "#ffffff"


@pytest.mark.parametrize(
    ("dashes", "dash"), [("8 6", "dashed"), ("1", "dotted"), ("2", "dotted"), ("none", None), ("", None)]
)
def test_a_dash_is_the_one_that_comes_closest(dashes: str, dash: str | None) -> None:
    loaded = read(f'<line x2="9" stroke="red" stroke-width="2" stroke-dasharray="{dashes}"/>')
    assert only(loaded).get("dash") == dash


def test_a_curve_with_a_dash_is_a_line_of_many_corners() -> None:
    loaded = read('<path d="M0 0C0 9 9 9 9 0" stroke="red" stroke-dasharray="8" fill="none"/>')
    assert (only(loaded)["kind"], only(loaded)["dash"]) == ("line", "dashed")
    assert len(only(loaded)["points"]) > 8


@pytest.mark.parametrize(("way", "cap", "dots"), [
    ("M5 5h0", "round", 1), ("M5 5z", "square", 1), ("M5 5h0", "butt", 0), ("M5 5", "round", 0), ("", "round", 0)
])  # fmt: skip
def test_a_line_without_length_is_a_dot_under_a_round_cap(way: str, cap: str, dots: int) -> None:
    loaded = read(f'<path d="{way}" stroke="red" stroke-linecap="{cap}" fill="none"/>')
    assert [item.fields["points"] for item in loaded.items] == dots * [[40, 40]]


@pytest.mark.parametrize(
    ("opacity", "per_cent"), [(".5", 50), ("0.01", 1), ("30%", 30), ("1", None), ("half", None), ("7", None)]
)
def test_an_opacity_is_in_per_cent(opacity: str, per_cent: int | None) -> None:
    assert only(read(f'<line x2="9" stroke="red" opacity="{opacity}"/>')).get("opacity") == per_cent


def test_the_opacity_of_a_colour_and_of_its_shape_multiply() -> None:
    loaded = read('<line x2="9" stroke="red" stroke-opacity=".5" opacity=".5"/>')
    assert only(loaded)["opacity"] == pytest.approx(25, abs=1)


def test_the_turn_of_a_text_is_counted_and_its_colour_is_that_of_its_line() -> None:
    loaded = read('<text x="9" y="9" transform="rotate(30)" fill="none" stroke="#00ff00">a</text>')
    assert (only(loaded)["text"], only(loaded)["color"]) == ("a", "#00ff00")
    assert loaded.skipped == {"turn of a text": 1}


def test_an_image_is_turned_and_one_that_cannot_be_read_is_counted() -> None:
    loaded = read(
        f'<image href="data:image/png;base64,{picture("image/png")}" x="100" width="64" height="48" transform="rotate(30)"/>'
        '<image href="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="64" height="48"/>'
    )
    wide, high = only(loaded)["box"][2:]
    assert (wide, high) == (round(8 * (64 * 0.866 + 48 * 0.5)), round(8 * (64 * 0.5 + 48 * 0.866)))
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(only(loaded)["data"]))))
    # The corners of the box around it are empty.
    assert [pixels[0, 0, 3], pixels[-1, -1, 3], pixels[-1, 0, 3], pixels[0, -1, 3]] == [0, 0, 0, 0]
    assert pixels[pixels.shape[0] // 5, pixels.shape[1] // 2, 3] == 255
    assert loaded.skipped == {"image: neither PNG, JPEG, WebP nor GIF": 1}


def test_a_drawing_without_a_size_and_without_a_shape_is_empty() -> None:
    loaded = read("<defs/>", "")
    assert (loaded.items, loaded.skipped) == ((), {})


@pytest.mark.parametrize("root", ['display="none"', 'style="display: none"'])
def test_a_root_that_is_not_displayed_shows_nothing(root: str) -> None:
    loaded = read(LINE, f'viewBox="0 0 640 360" {root}')
    assert (loaded.items, loaded.skipped) == ((), {})


def test_a_marker_that_marks_itself_is_refused() -> None:
    marked = '<path d="M0 0L9 9" stroke="red" marker-start="url(#m)"/>'
    with pytest.raises(SketchError, match="holds more than"):
        read(f'<marker id="m">{marked}</marker><g>{marked}</g>')


SQUARE = '<rect width="100" height="100" fill="red"/>'


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ('<rect width="40" height="30"/>', [0, 0, 320, 240]),
        ('<rect width="40" height="30" transform="translate(20 10)"/>', [160, 80, 320, 240]),
        ('<use href="#r" x="5" y="7"/>', [40, 56, 80, 160]),
        ('<use href="#r" x="5" y="7" transform="scale(2)"/>', [80, 112, 160, 320]),
    ],
)
def test_a_clip_is_where_its_shape_is(shape: str, box: list[int]) -> None:
    defined = f'<defs><rect id="r" width="10" height="20"/><clipPath id="c">{shape}</clipPath></defs>'
    loaded = read(f'{defined}<g clip-path="url(#c)">{SQUARE}</g>')
    [numbers] = only(loaded)["contours"]
    # The first corner, then the way from each one to the next.
    corners = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0)
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert [*low.tolist(), *(high - low).tolist()] == box
    assert not loaded.skipped


def test_a_clip_without_a_shape_hides_all_and_one_in_parts_of_a_box_hides_nothing() -> None:
    empty = read(f'<clipPath id="c"/><g clip-path="url(#c)">{SQUARE}</g>')
    assert (empty.items, empty.skipped) == ((), {})
    parts = '<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width=".5" height=".5"/></clipPath>'
    whole = read(f'{parts}<g clip-path="url(#c)">{SQUARE}</g>')
    assert only(whole)["box"] == [0, 0, 800, 800]
    assert whole.skipped == {"clip path in parts of a box": 1}


def test_a_use_of_another_file_is_counted_and_of_a_hidden_symbol_is_not() -> None:
    elsewhere = read(f'<use href="other.svg#a"/>{LINE}')
    assert only(elsewhere)["kind"] == "line"
    assert elsewhere.skipped == {"use of what is elsewhere": 1}
    hidden = read(f'<symbol id="s" opacity="0">{LINE}</symbol><use href="#s"/>')
    assert (hidden.items, hidden.skipped) == ((), {})


def test_a_line_without_a_width_is_none() -> None:
    loaded = read('<line x2="9" stroke="red" stroke-width="0"/>')
    assert (loaded.items, loaded.skipped) == ((), {})


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ('stroke-width="12"', {"ends and corners of a wide line, which are round here": 1}),
        ('stroke-width="12" stroke-linecap="round"', {}),
        ('stroke-width="9"', {}),
        ('stroke-width="2" transform="scale(4 1)"', {"uneven width of a line": 1}),
        ('stroke-width="0.5" transform="scale(4 1)"', {}),
    ],
)
def test_what_is_seen_to_differ_of_a_line_is_counted(look: str, told: dict[str, int]) -> None:
    loaded = read(f'<line x1="20" y1="20" x2="90" y2="20" stroke="red" {look}/>')
    assert only(loaded)["color"] == "#ff0000"
    assert loaded.skipped == told


@pytest.mark.parametrize(
    ("orient", "start", "end"),
    [
        ("auto", [800, 800, 40, 0], [1600, 800, 40, 0]),
        ("auto-start-reverse", [800, 800, -40, 0], [1600, 800, 40, 0]),
        ("90", [800, 800, 0, 40], [1600, 800, 0, 40]),
        ("askew", [800, 800, 40, 0], [1600, 800, 40, 0]),
    ],
)
def test_a_marker_is_turned_as_it_says(orient: str, start: list[int], end: list[int]) -> None:
    marker = (
        f'<marker id="m" orient="{orient}" markerUnits="userSpaceOnUse"><line x2="5" stroke="red"/></marker>'
    )
    way = '<path d="M100 100H200" fill="none" marker-start="url(#m)" marker-end="url(#m)"/>'
    assert [item.fields["points"] for item in read(marker + way).items] == [start, end]


def test_a_marker_of_the_ends_is_not_at_a_corner_and_a_reference_to_none_is_ignored() -> None:
    marker = '<marker id="m" markerUnits="userSpaceOnUse"><line x2="5" stroke="red"/></marker>'
    way = (
        '<polyline points="100,100 150,150 200,100" fill="none" marker-start="url(#m)" marker-end="url(#{})"/>'
    )
    both, one, other = (
        read(marker + f'<defs><g id="g">{LINE}</g></defs>{way.format(end)}') for end in ("m", "g", "nothing")
    )
    assert [item.fields["points"][:2] for item in both.items] == [[800, 800], [1600, 800]]
    assert only(one)["points"] == only(other)["points"] == [800, 800, 40, 0]


def test_a_marker_of_the_middle_is_at_the_corners_and_not_along_a_curve() -> None:
    marker = '<marker id="m" markerUnits="userSpaceOnUse"><line x2="5" stroke="red"/></marker>'
    corner, curve = (
        read(f'{marker}<path d="{way}" fill="none" marker-mid="url(#m)"/>')
        for way in ("M100 100L150 150L200 100", "M100 100C100 200 200 200 200 100")
    )
    assert only(corner)["points"] == [1200, 1200, 40, 0]
    assert (curve.items, curve.skipped) == ((), {})


@pytest.mark.parametrize(
    ("way", "between"),
    [
        ("M100 100C100 200 200 200 200 100L300 100", [(200, 100)]),
        ("M100 100Q150 200 200 100T300 100Z", [(200, 100), (300, 100)]),
        ("M100 100A50 50 0 0 1 200 100H300", [(200, 100)]),
        ("M100 100A50 50 0 1 1 200 100A50 50 0 1 1 100 100.1", [(200, 100)]),
        ("M100 100L200 100L200 100L300 200", [(200, 100)]),
        ("M100 100C100 200 200 200 200 100M200 300h50h50", [(200, 100), (200, 300), (250, 300)]),
    ],
)
def test_a_marker_of_the_middle_is_where_a_curve_ends(way: str, between: list[tuple[float, float]]) -> None:
    marker = '<marker id="m" markerUnits="userSpaceOnUse"><line x2="5" stroke="red"/></marker>'
    marked = read(f'{marker}<path d="{way}" fill="none" marker-mid="url(#m)"/>')
    at = [item.fields["points"][:2] for item in marked.items]
    assert at == [[8 * x, 8 * y] for x, y in between]


def test_the_outline_of_a_text_is_counted_and_a_hidden_word_leaves_its_room() -> None:
    outlined = read('<text x="9" y="50" fill="#00ff00" stroke="red">a</text>')
    assert only(outlined)["color"] == "#00ff00"
    assert outlined.skipped == {"outline of a text": 1}
    words = '<text x="9" y="50">a<tspan {}>bb</tspan><tspan fill="red">c</tspan></text>'
    hidden, shown = (read(words.format(look)) for look in ('visibility="hidden"', 'fill="blue"'))
    assert [item.fields["text"] for item in hidden.items] == ["a", "c"]
    assert [item.fields["text"] for item in shown.items] == ["a", "bb", "c"]
    assert hidden.items[-1].fields["at"] == shown.items[-1].fields["at"]


PICTURE = f'href="data:image/png;base64,{picture("image/png")}"'


@pytest.mark.parametrize(
    "inside",
    [
        '<foreignObject width="90" height="90"><p xmlns="http://www.w3.org/1999/xhtml"> </p></foreignObject>',
        f'<image {PICTURE} width="64" height="48" visibility="hidden"/>',
        f'<image {PICTURE} width="0" height="48"/>',
        f'<image {PICTURE} x="900" width="64" height="48"/>',
    ],
)
def test_html_without_words_and_an_image_that_is_not_seen_are_nothing(inside: str) -> None:
    loaded = read(inside + LINE)
    assert only(loaded)["kind"] == "line"
    assert not loaded.skipped


def _as_image(inside: str) -> str:
    """Return an image of an SVG that holds `inside`."""
    text = f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">{inside}</svg>'
    return f'<image href="data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"/>'


@pytest.mark.parametrize(("depth", "shown"), [(1, True), (3, True), (4, False)])
def test_svg_images_are_nested_three_deep_at_most(depth: int, shown: bool) -> None:
    inside = LINE
    for _ in range(depth):
        inside = _as_image(inside)
    loaded = read(inside)
    assert [item.fields["points"] for item in loaded.items] == shown * [[0, 0, 72, 72]]
    assert loaded.skipped == ({} if shown else {"SVG image in too many others": 1})


def test_an_svg_image_that_is_no_svg_is_counted() -> None:
    loaded = read(f'<image href="data:image/svg+xml,%3Chtml/%3E" width="9" height="9"/>{LINE}')
    assert only(loaded)["kind"] == "line"
    assert loaded.skipped == {"SVG image that is not SVG: it holds <html>": 1}
