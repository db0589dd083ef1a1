"""SVG of other programs, read as elements."""

from __future__ import annotations

import pytest

from ipysketch.errors import SketchError
from ipysketch.files.formats import from_bytes, written
from ipysketch.model.archive import LoadReport
from ipysketch.model.elements import Area, Ellipse, Line, Rectangle, Stroke, Text

from ...contract.gallery import BOARD, everything, picture
from .drawn import elements_of


def from_svg(inside: str, frame: str = 'viewBox="0 0 640 360"') -> LoadReport:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{inside}</svg>'
    return from_bytes(text.encode(), ".svg", BOARD)


def test_shapes_of_svg_with_their_transforms() -> None:
    loaded = from_svg(
        '<g transform="translate(10 20) scale(2)" stroke="red" stroke-width="2" fill="none">'
        '<rect x="1" y="2" width="30" height="40" fill="#00ff00" opacity=".5"/><circle cx="50" cy="30" r="10"/>'
        '<line x1="0" y1="0" x2="9" y2="0" stroke-dasharray="8 6"/><polygon points="0,0 10,0 10,10"/>'
        '<path d="M0 0 C 0 30 30 30 30 0"/><path d="M0 0h5M7 7v5"/></g>'
    )
    rectangle, ellipse, line, polygon, curve, one, other = elements_of(loaded)
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
    (path,) = elements_of(from_svg('<path d="M10 10H90V50H10Z" fill="#123456" stroke="red"/>'))
    assert isinstance(path, Rectangle)
    assert (path.fill, path.encode()["box"]) == ("#123456", [80, 80, 640, 320])
    for way in ("M10 10H90V50H20Z", "M10 10H90H50H10Z", "M20 0L29 9L20 18L11 9Z"):
        (other,) = elements_of(from_svg(f'<path d="{way}" stroke="red" fill="none"/>'))
        assert type(other) is Line


def test_a_turned_shape_is_its_outline() -> None:
    (turned,) = elements_of(
        from_svg('<rect width="30" height="40" x="99" y="99" transform="rotate(10)" stroke="red" fill="none"/>')
    )
    assert isinstance(turned, Line)
    (ellipse,) = elements_of(
        from_svg('<ellipse cx="99" cy="99" rx="9" ry="4" transform="rotate(30)" stroke="red" fill="none"/>')
    )
    assert isinstance(ellipse, Stroke)
    assert not isinstance(ellipse, Ellipse)


def test_the_frame_of_an_svg_is_brought_onto_the_board() -> None:
    line = '<line x1="0" y1="0" x2="100" y2="50" stroke="blue"/>'
    (as_is,) = elements_of(from_svg(line, 'width="100" height="50"'))
    assert as_is.points.tolist() == [[0, 0], [100, 50]]
    (boxed,) = elements_of(from_svg(line, 'width="200" height="100" viewBox="0 0 100 50"'))
    assert boxed.points.tolist() == [[0, 0], [200, 100]]
    (large,) = elements_of(from_svg(line, 'width="6400" height="3200" viewBox="0 0 100 50"'))
    assert large.points.tolist() == [[20, 20], [620, 320]]


def test_texts_and_images_of_svg() -> None:
    loaded = from_svg(
        '<text x="100" y="50" font-size="20" fill="#123456">  Hello\n there </text>'
        '<text x="100" y="50" text-anchor="end">ab</text>'
        f'<image href="data:image/png;base64,{picture("image/png")}" x="10" y="20" width="64" height="48"/>'
        '<image href="http://example.org/a.png" width="9" height="9"/>'
    )
    text, ended, image = elements_of(loaded)
    assert isinstance(text, Text)
    assert (text.text, text.color, text.size, text.at) == ("Hello there", "#123456", 20, (100, 31))
    assert ended.at == (
        pytest.approx(100 - (0.556 + 0.556) * 16, abs=0.1),
        pytest.approx(50 - 0.95 * 16, abs=0.1),
    )
    assert image.encode()["box"] == [80, 160, 512, 384]
    assert loaded.skipped == {"image that is elsewhere": 1}


def test_what_svg_cannot_bring_is_counted_and_the_rest_arrives() -> None:
    loaded = from_svg(
        '<defs><linearGradient id="g"><stop stop-color="red"/></linearGradient><filter id="f"/><mask id="m"/></defs>'
        '<script>alert(1)</script><foreignObject width="90" height="20"><p>plain <b>words</b></p></foreignObject>'
        '<path d="M0 0L9 9L9 0Z" fill="url(#g)" filter="url(#f)"/><path d="M0 0L9 9L oops" stroke="red" mask="url(#m)"/>'
        '<rect width="1e999" height="5"/><animate/><line x2="9" y2="9" stroke="red"/>'
    )
    assert [type(element) for element in elements_of(loaded)] == [Text, Area, Line, Line]
    assert loaded.skipped == {
        "script": 1, "foreignObject, as plain text": 1, "gradient, as one colour": 1, "filter": 1, "mask": 1, "animate": 1,
        "end of a path after an error in it": 1,
    }  # fmt: skip


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
    loaded = from_bytes(written(everything(), ".svg", board=BOARD), ".svg", BOARD)
    assert len(loaded.items) >= len(everything())
    assert not any(
        isinstance(element, Rectangle) and element.color == "#ffffff" for element in elements_of(loaded)
    )
