"""What SVG says in many ways, and what it is on a board: each as a browser shows it."""

from __future__ import annotations

from typing import Any

import pytest

from ipysketch.errors import SketchError
from ipysketch.files.read_svg import from_svg
from ipysketch.model.archive import LoadReport
from ipysketch.model.elements import Area, Element, Ellipse, Line, Rectangle, Stroke, Text

from ...contract.gallery import picture

BOARD = (640, 360)
PNG = f"data:image/png;base64,{picture('image/png')}"  # 64 × 48


def read(inside: str, frame: str = 'viewBox="0 0 640 360"') -> LoadReport:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {frame}>{inside}</svg>'
    return from_svg(text.encode(), BOARD)


def elements(
    inside: str, frame: str = 'viewBox="0 0 640 360"', told: dict[str, int] | None = None
) -> list[Any]:
    loaded = read(inside, frame)
    assert dict(loaded.skipped) == (told or {})
    found: list[Element] = [element for item in loaded.items if (element := item.element) is not None]
    assert len(found) == len(loaded.items)
    return found


def box(element: Any) -> list[int]:
    """The box around its points, in whole units."""
    (x0, y0), (x1, y1) = element.coordinates.min(axis=0), element.coordinates.max(axis=0)
    return [round(part) for part in (x0, y0, x1, y1)]


# --- style sheets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "shape"),
    [
        ("g.a rect{fill:#00aa01}", '<g class="a"><g><rect/></g></g>'),
        ("g.a > rect{fill:#00aa01}", '<g class="a"><rect/></g>'),
        (".wide.red{fill:#00aa01}", '<rect class="red wide"/>'),
        ("[data-k='1']{fill:#00aa01}", '<rect data-k="1"/>'),
        ("circle + rect{fill:#00aa01}", '<circle r="0"/><rect/>'),
        ("rect:nth-child(2){fill:#00aa01}", "<g><desc/><rect/></g>"),
        ("#r{fill:#00aa01} rect.r{fill:red} rect{fill:blue}", '<rect id="r" class="r" fill="black"/>'),
        ("rect{fill:#00aa01 !important}", '<rect style="fill:red"/>'),
        (":root{--a:#00aa01} rect{fill:var(--a)}", "<rect/>"),
        ("rect{fill:var(--none, #00aa01)}", "<rect/>"),
        (":root{--a:var(--b);--b:#00aa01} rect{fill:var(--a)}", "<rect/>"),
        ("g{color:#00aa01} rect{fill:currentColor}", "<g><rect/></g>"),
        ("@media screen{rect{fill:#00aa01}} @media print{rect{fill:red}}", "<rect/>"),
        ("rect{fill:rgb(0 170 1)} rect{fill:no-colour}", "<rect/>"),
        ("*{fill:red} rect{fill:hsl(120.35,100%,33.33%)}", "<rect/>"),
        ("rect::before{fill:red} ]]{} rect{fill:#00aa01}", "<rect/>"),
        ("g{fill:#00aa01} rect{fill:inherit}", "<g><rect/></g>"),
    ],
)
def test_a_style_sheet_says_what_colour_it_is(rule: str, shape: str) -> None:
    shape = shape.replace("<rect", '<rect width="50" height="20"')
    [rectangle] = elements(f"<style>{rule}</style>{shape}")
    assert rectangle.fill == "#00aa01"


def test_variables_that_use_themselves_or_grow_have_no_value() -> None:
    doubled = "".join(f"--a{n}:var(--a{n + 1}) var(--a{n + 1});" for n in range(40))
    [rectangle] = elements(
        f"<style>rect{{{doubled}--a40:#fff;--me:var(--me);fill:var(--me);stroke:var(--a0)}}</style>"
        '<rect width="9" height="9"/>'
    )
    assert (rectangle.fill, rectangle.color) == ("#000000", "#000000")


def test_a_style_sheet_that_would_take_minutes_is_told() -> None:
    rules = "".join(f".a{n}{{fill:red}}" for n in range(5000))
    loaded = read(f"<style>{rules}</style>" + '<rect width="9" height="9"/>' * 5000)
    assert loaded.skipped == {"style sheet that is too large": 1}


@pytest.mark.parametrize("size", ["20px", "15pt", "1.25rem", "2em", "200%", "0.2083333in"])
def test_a_size_may_have_any_unit(size: str) -> None:
    [text] = elements(f'<g font-size="10"><text y="30" font-size="{size}">a</text></g>')
    assert text.size == pytest.approx(20, abs=0.1)


# --- paint ------------------------------------------------------------------------------------------------

STOPS = '<stop offset="0" stop-color="#ffe8b0"/><stop offset="1" stop-color="#ffc860"/>'


def test_a_gradient_is_a_colour_between_its_stops() -> None:
    defs = f'<linearGradient id="a">{STOPS}</linearGradient><radialGradient id="b" href="#a"/><linearGradient id="c"/>'
    told = {"gradient, as one colour": 3}
    one, other = elements(
        f'<defs>{defs}</defs><rect width="9" height="9" fill="url(#a)"/><rect width="9" height="9" fill="url(#b) red"/>'
        '<rect width="9" height="9" fill="url(#c)"/>',
        told=told,
    )
    assert (one.fill, other.fill) == ("#ffd888", "#ffd888")


def test_what_refers_to_nothing_has_the_other_colour_or_none() -> None:
    [rectangle] = elements(
        '<rect width="9" height="9" fill="url(#no) #ffd070"/><rect width="9" height="9" fill="url(#no)"/>'
    )
    assert rectangle.fill == "#ffd070"


def test_a_pattern_is_told() -> None:
    [rectangle] = elements(
        '<pattern id="p"><path d="M0 0L9 9" stroke="#112233" fill="none"/></pattern><rect width="9" height="9" fill="url(#p)"/>',
        told={"pattern, as one colour": 1},
    )
    assert rectangle.fill == "#112233"


def test_a_translucent_fill_is_under_an_opaque_line() -> None:
    inside, line = elements(
        '<rect x="5" width="50" height="20" fill="#ff0000" fill-opacity=".2" stroke="#000" stroke-width="2"/>'
    )
    assert (inside.fill, inside.opacity, line.fill, line.opacity, line.width) == ("#ff0000", 0.2, None, 1, 2)
    line, inside = elements(
        '<path d="M0 0H9V9Z" fill="red" fill-opacity=".5" stroke="#000" paint-order="stroke"/>'
    )
    assert (type(line), type(inside)) == (Line, Area)


def test_paths_polygons_and_rounded_or_turned_rectangles_are_filled() -> None:
    shapes = elements(
        '<g fill="#3060c0"><path d="M300 50 L420 200 L180 200 z"/><polygon points="0,0 10,0 10,10"/>'
        '<rect x="40" y="250" width="120" height="80" rx="12"/><rect x="99" width="30" height="40" transform="rotate(10)"/>'
        '<polyline points="0,0 50,0 50,50"/><ellipse cx="99" cy="99" rx="9" ry="4" transform="rotate(30 99 99)"/></g>'
    )
    assert [type(shape) for shape in shapes] == [Area] * 6
    assert {shape.fill for shape in shapes} == {"#3060c0"}
    assert not shapes[2].hit(41, 251, 0)


def test_a_hole_is_a_hole() -> None:
    frame = "M0 0H90V90H0ZM30 30H60V60H30Z"
    nonzero, evenodd = elements(f'<path d="{frame}"/><path d="{frame}" fill-rule="evenodd"/>')
    assert (nonzero.hit(45, 45, 0), evenodd.hit(45, 45, 0), evenodd.hit(10, 45, 0)) == (True, False, True)


# --- what is seen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside",
    [
        '<rect width="9" height="9" visibility="hidden"/><g style="visibility:hidden"><rect width="9" height="9"/></g>',
        '<g display="none"><rect width="9" height="9"/></g>',
        "<rect/><rect width='40'/><rect width='-4' height='9'/><circle/><ellipse rx='4' ry='0'/><line stroke='red'/>",
        '<marker id="m"><path d="M0 0H9V9Z"/></marker><symbol><rect width="9" height="9"/></symbol>',
        '<path id="blank"/><path d=""/><path d="M20 20L120 80"/><path d="M20 20h0" stroke="red"/>',
        '<switch><g requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility"/><text y="30">too old</text></switch>',
        '<g opacity="0"><rect width="9" height="9"/></g>',
    ],
)
def test_what_a_browser_does_not_show_is_no_element(inside: str) -> None:
    assert elements(inside) == []


def test_a_child_may_be_visible_in_what_is_hidden() -> None:
    assert len(elements('<g visibility="hidden"><rect width="9" height="9" visibility="visible"/></g>')) == 1


def test_a_switch_has_one_branch() -> None:
    [text] = elements(
        '<switch><text systemLanguage="de" y="60">Guten Morgen</text><text y="60">Good morning</text><text y="9">x</text></switch>'
    )
    assert text.text == "Good morning"
    [fallback] = elements(
        '<switch><foreignObject width="9" height="9"><p>html</p></foreignObject><text y="60">plain</text></switch>'
    )
    assert fallback.text == "plain"


def test_a_clip_that_is_a_rectangle_cuts() -> None:
    line, area, inside = elements(
        '<clipPath id="c"><rect x="100" y="100" width="100" height="100"/></clipPath><g clip-path="url(#c)">'
        '<path d="M0 150L300 150" stroke="red"/><path d="M150 0L300 150L150 300Z"/><rect x="120" y="120" width="9" height="9"/>'
        '<rect x="9" y="9" width="9" height="9"/></g>'
    )
    assert box(line) == [100, 150, 200, 150]
    assert box(area) == [150, 100, 200, 200]
    assert isinstance(inside, Rectangle)
    elements(
        '<clipPath id="c"><circle cx="50" cy="50" r="40"/></clipPath><rect width="99" height="99" clip-path="url(#c)"/>',
        told={"clip path that is no rectangle, as the box around it": 1},
    )


def test_a_line_may_leave_a_clip_and_come_back() -> None:
    pieces = elements(
        '<clipPath id="c"><rect x="100" y="100" width="100" height="100"/></clipPath>'
        '<path clip-path="url(#c)" d="M110 150H150V50H180V150H190" stroke="red" fill="none"/>'
    )
    assert [box(piece) for piece in pieces] == [[110, 100, 150, 150], [180, 100, 190, 150]]


# --- where it is ------------------------------------------------------------------------------------------


def test_a_transform_may_have_an_origin() -> None:
    [rectangle] = elements(
        '<rect x="100" y="100" width="80" height="20" transform="rotate(90)" transform-origin="140 110"/>'
    )
    assert box(rectangle) == [130, 70, 150, 150]
    [styled] = elements(
        '<rect x="310" y="170" width="20" height="20" style="transform: scale(2); transform-origin: center"/>'
    )
    assert box(styled) == [300, 160, 340, 200]


def test_an_origin_may_be_in_the_box_of_a_shape_and_not_of_a_group() -> None:
    style = "transform: scale(2); transform-origin: center; transform-box: fill-box"
    [scaled] = elements(f'<rect x="100" y="100" width="20" height="40" style="{style}"/>')
    assert box(scaled) == [90, 80, 130, 160]
    [in_a_group] = elements(
        f'<g style="{style}"><rect x="10" y="10" width="20" height="20"/></g>',
        told={"transform about the box of a group": 1},
    )
    assert box(in_a_group) == [20, 20, 60, 60]


def test_a_drawing_without_a_size_is_brought_onto_the_board() -> None:
    small, line = elements(
        '<rect x="100" y="100" width="60" height="60"/><line x1="100" y1="900" x2="1900" y2="900" stroke="#000"/>',
        "",
    )
    for one in (small, line):
        x0, y0, x1, y1 = box(one)
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 <= y1 <= 360
    [as_is] = elements('<rect x="100" y="100" width="60" height="60"/>', "")
    assert box(as_is) == [100, 100, 160, 160]


@pytest.mark.parametrize(
    ("aspect", "place"),
    [
        ("", [100, 50, 200, 150]),
        ('preserveAspectRatio="xMinYMid"', [50, 50, 150, 150]),
        ('preserveAspectRatio="xMaxYMid meet"', [150, 50, 250, 150]),
        ('preserveAspectRatio="none"', [50, 50, 250, 150]),
    ],
)
def test_a_nested_drawing_has_a_frame(aspect: str, place: list[int]) -> None:
    [rectangle] = elements(
        f'<svg x="50" y="50" width="200" height="100" viewBox="0 0 10 10" {aspect}><rect width="10" height="10"/></svg>'
    )
    assert box(rectangle) == place


def test_what_is_used_comes_where_it_is_used() -> None:
    symbol, path = elements(
        '<defs><symbol id="s" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5"/></symbol><path id="p" d="M0 0H5V5Z"/></defs>'
        '<use href="#s" x="20" y="30" width="40" height="40" fill="red"/><use xlink:href="#p" x="100"/><use href="#no"/>'
    )
    assert (type(symbol), box(symbol), symbol.fill) == (Ellipse, [20, 30, 60, 70], "#ff0000")
    assert box(path) == [100, 0, 105, 5]


def test_a_marker_stands_at_the_end_of_its_line() -> None:
    marker = '<marker id="m" markerWidth="4" markerHeight="4" refX="4" refY="2" orient="auto"><path d="M0 0L4 2L0 4Z"/></marker>'
    _, head = elements(
        f'{marker}<line x1="10" y1="50" x2="10" y2="100" stroke="red" stroke-width="3" marker-end="url(#m)"/>'
    )
    assert isinstance(head, Area)
    assert box(head) == [4, 88, 16, 100]
    assert [10, 100] in head.contours[0].tolist()


# --- text -------------------------------------------------------------------------------------------------


def test_lines_of_text_are_where_dy_and_dx_put_them() -> None:
    upper, lower = elements(
        '<text x="40" y="60" font-size="20"><tspan x="40">upper</tspan><tspan x="40" dy="1.25em">lower</tspan></text>'
    )
    assert lower.at[1] - upper.at[1] == 25
    assert lower.at[0] == upper.at[0] == 40
    moved, raised = elements(
        '<text x="40" y="60" dx="5" dy="-3" font-size="20">a<tspan dy="-8">b</tspan></text>'
    )
    assert (moved.at[0], moved.at[1]) == (45, 60 - 3 - 19)
    assert (raised.at[1] - moved.at[1], raised.at[0] > moved.at[0]) == (-8, True)


def test_mixed_text_is_one_line_of_several_colours() -> None:
    one, two, three = elements('<text y="30">one <tspan fill="#ff0000"> two</tspan> three</text>')
    assert [text.text for text in (one, two, three)] == ["one", "two", "three"]
    assert two.color == "#ff0000"
    assert one.at[0] < two.at[0] < three.at[0]


def test_the_middle_of_all_runs_is_where_the_text_is() -> None:
    left, right = elements('<text x="300" y="30" text-anchor="middle">mm<tspan fill="red">mm</tspan></text>')
    assert left.at[0] == pytest.approx(300 - 2 * 0.833 * 16, abs=0.2)
    assert right.at[0] == pytest.approx(300, abs=0.2)


def test_type_that_is_bold_or_turned_is_told() -> None:
    told = {"bold type": 1, "italic type": 1, "turn of a text": 1}
    elements('<text y="30" transform="rotate(-90)" font-weight="700" font-style="italic">a</text>', told=told)


# --- pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ('x="50" y="50" width="160" height="160"', [50, 70, 210, 190]),
        ('x="50" y="50" width="160" height="160" preserveAspectRatio="none"', [50, 50, 210, 210]),
        ('x="50" y="50" width="160" height="160" preserveAspectRatio="xMidYMax meet"', [50, 90, 210, 210]),
        ('x="50" y="50" width="48" height="48" preserveAspectRatio="xMidYMid slice"', [50, 50, 98, 98]),
        ('x="300" y="50" width="32"', [300, 50, 332, 74]),
        ('x="300" y="50"', [300, 50, 364, 98]),
    ],
)
def test_a_picture_keeps_its_proportions_as_it_is_told_to(attributes: str, place: list[int]) -> None:
    [image] = elements(f'<image {attributes} href="{PNG}"/>')
    assert box(image) == place


def test_a_picture_may_be_svg_itself() -> None:
    inner = "%3Csvg xmlns='http://www.w3.org/2000/svg' width='40' height='20'%3E%3Crect width='20' height='20'/%3E%3C/svg%3E"
    [rectangle] = elements(f'<image x="10" width="80" height="40" href="data:image/svg+xml,{inner}"/>')
    assert box(rectangle) == [10, 0, 50, 40]


# --- what other programs write ----------------------------------------------------------------------------


def test_a_plot_of_matplotlib_arrives() -> None:
    # The structure that its SVG has: a sheet with "*", glyphs without outline, uses, a clip.
    loaded = read(
        '<defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs><g id="figure_1">'
        '<g id="patch_1"><path d="M 0 360 L 640 360 L 640 0 L 0 0 z" style="fill: #ffffff"/></g>'
        '<g><path d="M 50 300 L 300 100 L 900 -500" clip-path="url(#p1)" style="fill: none; stroke: #1f77b4; stroke-width: 1.5"/></g>'
        '<g transform="translate(40 330) scale(0.1 -0.1)"><defs><path id="A" d="M 100 0 L 400 700 L 700 0 z" transform="scale(0.5)"/>'
        '<path id="B" transform="scale(0.5)"/></defs><use xlink:href="#A"/><use xlink:href="#B" transform="translate(60 0)"/></g></g>'
        '<defs><clipPath id="p1"><rect x="50" y="50" width="500" height="280"/></clipPath></defs>',
        'width="640pt" height="360pt" viewBox="0 0 640 360"',
    )
    assert not loaded.skipped
    line, glyph = (item.element for item in loaded.items)
    assert isinstance(line, Line)
    assert isinstance(glyph, Area)


@pytest.mark.parametrize("letters", ["path", "none"])
def test_a_plot_that_matplotlib_writes_arrives(letters: str, tmp_path: Any) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("svg")
    from matplotlib.figure import Figure  # an extra

    with matplotlib.rc_context({"svg.fonttype": letters}):
        figure = Figure(figsize=(4, 3))
        axes = figure.subplots()
        axes.plot([0, 1, 2, 3], [1, 3, 2, 9], "--", label="steep")
        axes.bar([0, 1, 2], [1, 2, 1], alpha=0.5)
        axes.set(xlim=(0.5, 2), title="A title")
        axes.legend()
        figure.savefig(tmp_path / "plot.svg")
    loaded = from_svg((tmp_path / "plot.svg").read_bytes(), (1280, 720))
    kinds = {type(item.element) for item in loaded.items}
    assert {Line, Area, Rectangle} <= kinds
    assert (Text in kinds) == (letters == "none")
    assert not loaded.skipped
    assert Stroke not in kinds


@pytest.mark.parametrize(
    ("selector", "is_found"),
    [
        ("#a + g > rect", True),
        ("#a  ~  g   rect", True),
        ("g > rect + rect , ellipse", True),
        ("svg g rect", True),
        ("svg > svg > svg > svg > svg > g > rect", False),
        ("* * * * rect", None),
        ("* ~ * ~ * ~ * ~ rect", None),
        ("*~*~*~*~rect", None),
        ("g:has(rect) rect", None),
    ],
)
def test_a_selector_is_found_or_told_as_left_out(selector: str, is_found: bool | None) -> None:
    left_out = {"rule of a style sheet that looks too far": 1} if is_found is None else {}
    *_, last = elements(
        f'<style>{selector} {{fill: #00ff00}}</style><g id="a"/><g><rect width="9" height="9"/>'
        '<rect x="20" width="9" height="9"/></g>',
        told=left_out,
    )
    assert last.fill == ("#00ff00" if is_found else "#000000")


def test_filters_that_are_functions_are_told() -> None:
    told = {"filter": 2}
    elements(
        '<rect width="9" height="9" filter="blur(3)"/><rect x="20" width="9" height="9" style="filter:sepia(1)"/>'
        '<rect x="40" width="9" height="9" filter="none"/>',
        told=told,
    )


def test_selectors_and_values_thousands_deep_are_told_or_refused() -> None:
    deep = f"fill: {'calc(' * 5000}1{')' * 5000}"
    for rule in (f"{':not(' * 3000}*{')' * 3000} {{fill: red}}", f"rect {{{deep}}}"):
        (shape,) = elements(
            f'<style>{rule}</style><rect width="9" height="9" fill="#00ff00"/>',
            told={"rule of a style sheet that looks too far": 1},
        )
        assert shape.fill == "#00ff00"
    with pytest.raises(SketchError, match="too deep"):
        read(f'<rect width="9" height="9" style="{deep}"/>')


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("letter-spacing: 3px", "spacing of letters"),
        ("word-spacing: .5em", "spacing of words"),
        ("writing-mode: tb", "vertical text"),
        ("text-decoration: underline", "decoration of a text"),
        ("letter-spacing: 0px; word-spacing: normal; writing-mode: lr-tb; text-decoration: none", ""),
    ],
)
def test_how_a_text_is_set_otherwise_is_told(style: str, told: str) -> None:
    elements(f'<text x="9" y="50" style="{style}">two words</text>', told={told: 1} if told else None)
