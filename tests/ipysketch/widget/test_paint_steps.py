"""What is painted, and by how many calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from ipysketch.model.elements import Element, decode
from ipysketch.widget.paint_steps import (
    FillStep,
    GroupStep,
    ImageStep,
    LineStep,
    PaintStep,
    PolygonStep,
    TextStep,
    paint_steps,
)
from ipysketch.widget.renderer import Renderer

from ...contract.make_elements import (
    AREA,
    ARROW,
    ELLIPSE,
    EVERY,
    HIGHLIGHTER,
    IMAGE,
    LINE,
    RECTANGLE,
    STROKE,
    TEXT,
)


def made(fields: dict[str, Any], **more: Any) -> Element:
    element = decode("k", {**fields, **more})
    assert element is not None
    return element


def steps(*elements: Element) -> list[PaintStep]:
    return list(paint_steps(elements, 0.1))


def kinds(*elements: Element) -> list[type[PaintStep]]:
    return [type(step) for step in steps(*elements)]


def test_lines_of_one_style_are_one_call() -> None:
    (lines,) = steps(*(made(STROKE, color=f"#00000{n}") for n in range(9)))
    assert isinstance(lines, LineStep)
    assert (len(lines.counts), lines.colors.shape, lines.counts.sum()) == (9, (9, 3), len(lines.points))
    assert (lines.width, lines.dash, lines.opacity, lines.points.dtype) == (64, (), 1, np.dtype(np.int16))


def test_what_lies_between_parts_them() -> None:
    between = kinds(
        made(LINE), made(LINE, width=8), made(LINE, dash="dashed"), made(TEXT), made(LINE, opacity=50)
    )
    assert between == [LineStep, LineStep, LineStep, TextStep, LineStep]
    assert kinds(made(ELLIPSE, fill="#ffffff"), made(ELLIPSE, fill="#ffffff")) == [
        PolygonStep,
        LineStep,
        PolygonStep,
        LineStep,
    ]
    assert kinds(made(LINE), made(IMAGE), made(LINE)) == [LineStep, ImageStep, LineStep]


def test_what_is_translucent_and_of_several_parts_is_one_thing() -> None:
    assert kinds(made(HIGHLIGHTER)) == [LineStep]
    assert kinds(made(ELLIPSE, opacity=50)) == [LineStep]
    (rectangle,) = steps(made(RECTANGLE, opacity=50, fill="#ffffff"))
    assert isinstance(rectangle, GroupStep)
    assert [type(step) for step in rectangle.steps] == [PolygonStep, LineStep]
    (arrow,) = steps(made(ARROW, opacity=50))
    assert isinstance(arrow, GroupStep)
    (lines,) = arrow.steps
    assert isinstance(lines, LineStep)
    assert (arrow.opacity, lines.opacity, len(lines.counts)) == (0.5, 1, 2)


def test_what_lies_far_away_keeps_its_slope() -> None:
    (lines,) = steps(made(LINE, points=[0, 0, 1_000_000, 500_000]))
    assert isinstance(lines, LineStep)
    assert lines.points.tolist() == [[0, 0], [2_000_000, 1_000_000]]


def test_every_kind_is_painted_and_sent() -> None:
    renderer = Renderer(640, 360)
    sent: list[Any] = []
    renderer._manager.send = lambda content, buffers=None: sent.append(content)
    elements = [made(fields, opacity=opacity) for fields in EVERY for opacity in (50, 100)]
    renderer.paint(elements)
    assert renderer.flush()
    renderer.live(elements)
    renderer.paint(elements[2:])
    assert renderer.flush()
    renderer.repaint()
    assert renderer.flush()
    assert len(sent) == 3
    assert not renderer.flush()


def test_a_line_without_length_is_a_dot_that_every_browser_paints() -> None:
    (lines,) = steps(made(STROKE, points=[80, 160]), made(STROKE, points=[80, 160, 0, 0, 0, 0]))
    assert isinstance(lines, LineStep)
    for line in np.split(lines.points, np.cumsum(lines.counts)[:-1]):
        assert (np.unique(line, axis=0) == [(160, 320), (161, 320)]).all()


FLOW = {**STROKE, "points": [80, 160, 400, 0, 400, 80], "look": "flow", "times": [0, 16, 16]}
CORNER = {**FLOW, "points": [80, 160, 400, 0, -400, 8]}


def test_strokes_of_any_width_and_colour_are_one_call() -> None:
    (polygons,) = steps(made(FLOW), made(FLOW, width=8, color="#0000ff"), made(CORNER))
    assert isinstance(polygons, PolygonStep)
    assert len(polygons.counts) == 4
    assert polygons.colors[1].tolist() == [0, 0, 255]
    assert polygons.counts.sum() == len(polygons.points)


def test_a_translucent_stroke_with_a_corner_is_one_thing() -> None:
    assert kinds(made(FLOW, opacity=50)) == [PolygonStep]
    (corner,) = steps(made(CORNER, opacity=50))
    assert isinstance(corner, GroupStep)
    assert [(type(step), step.opacity) for step in corner.steps if isinstance(step, PolygonStep)] == [
        (PolygonStep, 1)
    ]


def test_highlighters_multiply_and_part_from_what_does_not() -> None:
    found = steps(made(STROKE, opacity=40, width=160), made(HIGHLIGHTER))
    assert [step.multiplies for step in found if isinstance(step, LineStep)] == [False, True]


def test_curves_are_as_fine_as_pixels_need() -> None:
    wide = made(STROKE, points=[80, 160, 4000, 4000, 4000, -4000])
    coarse, fine = (next(iter(paint_steps([wide], detail))) for detail in (1.0, 0.01))
    assert isinstance(coarse, LineStep)
    assert isinstance(fine, LineStep)
    assert 4 < len(coarse.points) < len(fine.points) / 5


def test_an_area_is_one_fill_of_all_its_contours() -> None:
    inside, line = steps(made(AREA, rule="evenodd"))
    assert isinstance(inside, FillStep)
    assert isinstance(line, LineStep)
    assert ([one.tolist() for one in inside.contours], inside.even_odd) == (
        [[[160, 320], [1760, 320], [960, 1600]], [[640, 480], [960, 640], [1280, 480]]],
        True,
    )
    assert line.counts.tolist() == [4, 4]
    (alone,) = steps(made(AREA, width=None, opacity=50))
    assert isinstance(alone, FillStep)
    assert alone.opacity == 0.5
    (together,) = steps(made(AREA, opacity=50))
    assert isinstance(together, GroupStep)
