"""What other programs' drawings have in common when they become elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ipysketch.files import importer
from ipysketch.files.importer import MARGIN, Canvas, fitting
from ipysketch.model.elements import Area
from ipysketch.model.elements.fields import MAX_WIDTH, REACH
from ipysketch.model.elements.line import MAX_CORNERS
from ipysketch.model.elements.stroke import MAX_POINTS
from ipysketch.model.elements.typeset import MAX_SIZE, MAX_TEXT

INK = {"color": "#123456"}


def fields(canvas: Canvas) -> list[dict[str, Any]]:
    return [item.fields for item in canvas.loaded().items]


@pytest.mark.parametrize(
    ("kind", "most", "kinds"),
    [
        ("stroke", MAX_POINTS, ["stroke", "stroke", "stroke"]),
        ("line", MAX_CORNERS, ["line", "line", "line"]),
        ("arrow", MAX_CORNERS, ["line", "line", "arrow"]),
    ],
)
def test_a_long_line_is_in_pieces_that_begin_where_the_last_one_ends(
    kind: str, most: int, kinds: list[str]
) -> None:
    canvas = Canvas()
    points = np.array([(float(n % 7), float(n % 5)) for n in range(2 * most)])
    canvas.line(kind, points, 2.0, INK)
    pieces: list[Any] = [item.element for item in canvas.loaded().items]
    assert [piece.encode()["kind"] for piece in pieces] == kinds
    assert [len(piece.points) for piece in pieces] == [most, most, 2]
    joined = [pieces[0].points, *(piece.points[1:] for piece in pieces[1:])]
    assert np.array_equal(np.concatenate(joined), points)


def test_the_end_of_a_text_that_is_too_long_is_counted() -> None:
    canvas = Canvas()
    canvas.text("x" * (MAX_TEXT + 3), 10, 20, 12, INK, align=0.0)
    [text] = fields(canvas)
    assert text["text"] == "x" * MAX_TEXT
    assert canvas.skipped == {"characters of a long text": 3}


@pytest.mark.parametrize(("size", "eighths"), [(0.0, 1), (1e9, MAX_SIZE), (12, 96)])
def test_a_text_has_a_size_that_an_element_can_have(size: float, eighths: int) -> None:
    canvas = Canvas()
    canvas.text("a", 10, 20, size, INK, align=0.0)
    assert [text["size"] for text in fields(canvas)] == [eighths]


@pytest.mark.parametrize(("width", "eighths"), [(0.0, 1), (1e9, MAX_WIDTH), (2.0, 16)])
def test_a_line_has_a_width_that_an_element_can_have(width: float, eighths: int) -> None:
    canvas = Canvas()
    canvas.line("line", np.array([(0, 0), (9, 9)]), width, INK)
    assert [line["width"] for line in fields(canvas)] == [eighths]


def test_elements_beyond_the_most_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "MOST", 3)
    canvas = Canvas()
    for x in range(5):
        canvas.box("rectangle", np.array([(x, 0), (9, 9)]), 1.0, INK)
    assert [box["box"][0] for box in fields(canvas)] == [0, 8, 16]
    assert canvas.skipped == {"elements after the first 3": 2}


def test_what_is_no_element_is_counted() -> None:
    canvas = Canvas()
    canvas.add({"kind": "image", "box": [0, 0, 8, 8], "mime": "image/gif", "data": "AAAA"})
    canvas.line("line", np.array([(0, 0), (9, 9)]), 1.0, {"color": "red"})
    assert fields(canvas) == []
    assert canvas.skipped == {"image that cannot be drawn": 1, "line that cannot be drawn": 1}


@pytest.mark.parametrize("far", [REACH, -REACH, float("inf"), float("nan")])
def test_what_lies_beyond_every_board_is_an_error(far: float) -> None:
    with pytest.raises(ValueError, match="beyond every board"):
        Canvas().box("rectangle", np.array([(0, 0), (far, 9)]), 1.0, INK)


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        ((0, 0), (640, 360), 1.0),
        ((-1, 0), (99, 99), 1.0),
        ((0, 0), (641, 1), 600 / 641),
        ((0, -320), (1, 320), 0.5),
        ((700, 400), (700, 400), 1.0),
    ],
)
def test_a_drawing_is_moved_and_made_smaller_as_far_as_it_must(
    low: tuple[float, float], high: tuple[float, float], scale: float
) -> None:
    found, dx, dy = fitting(low, high, (640, 360))
    assert found == pytest.approx(scale)
    if [*low, *high] == [0, 0, 640, 360]:
        assert (dx, dy) == (0, 0)
    else:
        assert (low[0] * found + dx, low[1] * found + dy) == pytest.approx((MARGIN, MARGIN))
        assert high[0] * found + dx <= 640 - MARGIN + 1e-9
        assert high[1] * found + dy <= 360 - MARGIN + 1e-9


def test_a_large_area_keeps_its_outline_with_fewer_points() -> None:
    canvas = Canvas()
    turns = np.linspace(0, 2 * np.pi, 3 * MAX_POINTS)
    circle = np.column_stack([300 + 200 * np.cos(turns), 300 + 200 * np.sin(turns)])
    canvas.area([circle, np.empty((0, 2))], 2.0, {"fill": "#123456"})
    canvas.area([np.empty((0, 2))], 2.0, {"fill": "#123456"})
    [area] = [item.element for item in canvas.loaded().items]
    assert isinstance(area, Area)
    assert 0.25 * MAX_POINTS < sum(map(len, area.contours)) <= MAX_POINTS
    assert area.bounds.x0 == pytest.approx(100, abs=1)
    assert area.bounds.y1 == pytest.approx(500, abs=1)
    assert canvas.skipped == {"detail of a large area": 1}
