"""What is painted, and by how many calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from ipysketch.batches import Fill, Lines, Show, Step, Together, Words, steps
from ipysketch.elements import Element, decode
from ipysketch.renderer import Renderer

from ..vectors.make_elements import ARROW, ELLIPSE, EVERY, HIGHLIGHTER, IMAGE, LINE, RECTANGLE, STROKE, TEXT


def made(fields: dict[str, Any], **more: Any) -> Element:
    element = decode("k", {**fields, **more})
    assert element is not None
    return element


def kinds(*elements: Element) -> list[type[Step]]:
    return [type(step) for step in steps(elements)]


def test_lines_of_one_style_are_one_call() -> None:
    (lines,) = steps([made(STROKE, color=f"#00000{n}") for n in range(9)])
    assert isinstance(lines, Lines)
    assert (len(lines.counts), lines.colors.shape, lines.counts.sum()) == (9, (9, 3), len(lines.points))
    assert (lines.width, lines.dash, lines.opacity, lines.points.dtype) == (32, (), 1, np.int16)


def test_what_lies_between_parts_them() -> None:
    between = kinds(
        made(LINE), made(LINE, width=8), made(LINE, dash="dashed"), made(TEXT), made(LINE, opacity=50)
    )
    assert between == [Lines, Lines, Lines, Words, Lines]
    assert kinds(made(ELLIPSE, fill="#ffffff"), made(ELLIPSE, fill="#ffffff")) == [Fill, Lines, Fill, Lines]
    assert kinds(made(LINE), made(IMAGE), made(LINE)) == [Lines, Show, Lines]


def test_what_is_translucent_and_of_several_parts_is_one_thing() -> None:
    assert kinds(made(HIGHLIGHTER)) == [Lines]
    assert kinds(made(ELLIPSE, opacity=50)) == [Lines]
    (rectangle,) = steps([made(RECTANGLE, opacity=50, fill="#ffffff")])
    assert isinstance(rectangle, Together)
    assert [type(step) for step in rectangle.steps] == [Fill, Lines]
    (arrow,) = steps([made(ARROW, opacity=50)])
    assert isinstance(arrow, Together)
    (lines,) = arrow.steps
    assert isinstance(lines, Lines)
    assert (arrow.opacity, lines.opacity, len(lines.counts)) == (0.5, 1, 2)


def test_what_lies_far_away_keeps_its_slope() -> None:
    (lines,) = steps([made(LINE, points=[0, 0, 1_000_000, 500_000])])
    assert isinstance(lines, Lines)
    assert lines.points.tolist() == [[0, 0], [1_000_000, 500_000]]


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
