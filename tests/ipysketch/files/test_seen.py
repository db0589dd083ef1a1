"""What is drawn of a drawing: as much as makes a difference, and never more than is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from ipysketch.files import seen as seen_module
from ipysketch.files.seen import Seen, TooMuch, around, seen, stream, thinned
from ipysketch.model.elements import Element, Fill, Path, TextRun
from ipysketch.model.geometry import Rect

from .drawn import element

BOARD = (1280.0, 720.0)


def stroke(points: np.ndarray) -> Element:
    eighths = np.rint(points * 8).astype(int)
    flat = np.diff(eighths, axis=0, prepend=0).ravel().tolist()
    return element(kind="stroke", points=flat, color="#000000", width=16)


def circle(count: int, radius: float = 300.0) -> np.ndarray:
    turns = np.linspace(0, 2 * np.pi, count)
    return np.column_stack([640 + radius * np.cos(turns), 360 + radius * np.sin(turns)])


def points(shown: list[Seen]) -> int:
    return sum(len(part.points) for each in shown for part in each.display if isinstance(part, Path))


def distance_from_circle(line: np.ndarray) -> float:
    return float(np.abs(np.hypot(*(line - (640, 360)).T) - 300).max())


@pytest.mark.parametrize("detail", [0.05, 0.5, 4.0])
def test_a_line_keeps_what_makes_a_difference(detail: float) -> None:
    lines = [circle(4000), np.array([(0.0, 0.0)]), np.array([(0.0, 0.0), (9.0, 9.0)]), circle(77)[::-1]]
    made = thinned(lines, detail)
    assert [line[[0, -1]].tolist() for line in made] == [line[[0, -1]].tolist() for line in lines]
    assert len(made[0]) < 2000
    middles = (made[0][1:] + made[0][:-1]) / 2
    assert distance_from_circle(middles) < detail


def test_a_corner_stays() -> None:
    corner = np.array([(0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (50.0, 100.0)])
    assert (50.0, 0.0) in [tuple(point) for point in thinned([corner], 0.1)[0].tolist()]


def test_points_nearer_than_a_pixel_cost_nothing() -> None:
    [shown] = seen([stroke(circle(20_000))], BOARD, 0.5)
    assert points([shown]) < 8000


def test_of_a_text_the_lines_beside_the_board_are_not_drawn() -> None:
    [shown] = seen([element(kind="text", at=[0, 0], text="x\n" * 5000, color="#000000", size=160)], BOARD, 0.1)
    # 25 units a line on 720, and a few beyond the edge.
    assert 28 <= len(shown.display) < 33
    assert all(isinstance(part, TextRun) for part in shown.display)


def test_what_is_beside_the_board_is_not_drawn_and_its_place_stays_empty() -> None:
    away = element(kind="line", points=[80_000, 80_000, 8, 8], color="#000000", width=16)
    assert [len(shown.display) for shown in seen([away, stroke(circle(9))], BOARD, 0.1)] == [0, 1]


def test_very_many_points_are_drawn_as_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = np.random.default_rng(1).uniform((0, 0), BOARD, (5000, 2))
    drawing = [stroke(wild) for _ in range(4)]
    whole = points(seen(drawing, BOARD, 0.1))
    monkeypatch.setattr(seen_module, "MOST_POINTS", 5_000)
    fewer = seen(drawing, BOARD, 0.1)
    assert points(fewer) <= 5_000 + 2 * len(drawing) < whole
    monkeypatch.undo()
    monkeypatch.setattr(seen_module, "LONGEST", 200_000.0)
    assert points(seen(drawing, BOARD, 0.1)) < whole / 4


def test_usual_strokes_are_not_made_fewer_by_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_module, "MOST_POINTS", 100)
    short = circle(12, 20)
    [plain] = seen([stroke(short)], BOARD, 0.1)
    both = seen([stroke(short), stroke(circle(5000))], BOARD, 0.02)
    assert points([both[0]]) >= points([plain])


def lines(shown: list[Seen]) -> list[object]:
    return [part.points.tolist() for each in shown for part in each.display if isinstance(part, Path)]


def test_a_drawing_of_many_blocks_is_seen_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = [stroke(np.array([(float(x), 10.0), (float(x), 90.0)])) for x in range(100, 109)]
    whole = lines(seen(drawing, BOARD, 0.5))
    assert len(whole) == 9
    monkeypatch.setattr(seen_module, "TOGETHER", 2)
    assert lines(seen(drawing, BOARD, 0.5)) == whole


def test_what_is_seen_comes_in_blocks_unless_long_lines_must_be_made_fewer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seen_module, "TOGETHER", 2)
    short, long = [stroke(circle(12, 20)) for _ in range(5)], [stroke(circle(20_000)) for _ in range(2)]
    blocks = list(stream(short, BOARD, 0.5))
    assert [len(block) for block in blocks] == [2, 2, 1]
    assert lines([one for block in blocks for one in block]) == lines(seen(short, BOARD, 0.5))
    # With too many points, but none that could be spared.
    monkeypatch.setattr(seen_module, "MOST_POINTS", 20)
    assert len(list(stream(short, BOARD, 0.5))) == 3
    made = stream([*short[:4], *long], BOARD, 0.01)
    assert [len(next(made)), len(next(made))] == [2, 2]
    with pytest.raises(TooMuch):
        next(made)


def test_type_that_is_too_small_to_be_seen_is_left_out() -> None:
    small, large = (
        element(kind="text", at=[80, 80], text="a", size=size, color="#000000") for size in (1, 800)
    )
    assert [len(each.display) for each in seen([small, large], BOARD, 1.0)] == [0, 1]


def test_a_text_that_a_transform_makes_too_small_is_left_out() -> None:
    text = {"kind": "text", "at": [80, 80], "text": "a", "size": 80, "color": "#000000"}
    whole, small = (element(**text, transform=[side, 0, 0, side]) for side in (65_536, 3_000))
    assert [len(each.display) for each in seen([whole, small], BOARD, 1.0)] == [1, 0]


def test_an_area_may_be_anywhere_on_the_board() -> None:
    board = Rect(0.0, 0.0, *BOARD)
    area = element(kind="area", contours=[[80, 80, 80, 0, 0, 80]], fill="#123456")
    assert around(area.display[0], board) == board


def test_an_area_is_seen_as_it_is() -> None:
    area = element(kind="area", contours=[[80, 80, 80, 0, 0, 80]], fill="#123456")
    [[part], *others] = [each.display for each in seen([area], BOARD, 1.0)]
    assert not others
    assert isinstance(part, Fill)
    assert [contour.tolist() for contour in part.contours] == [[[10, 10], [20, 10], [20, 20]]]


def test_a_stroke_of_varying_width_keeps_what_makes_a_difference() -> None:
    flat = np.diff(np.rint(circle(4000) * 8), axis=0, prepend=0).astype(int).ravel().tolist()
    flow = element(
        kind="stroke", points=flat, color="#000000", width=16, look="flow", times=[0, *[4, 5] * 1999, 9]
    )
    sizes = []
    for detail in (0.01, 0.1, 1.0):
        [shown] = seen([flow], BOARD, detail)
        [part] = shown.display
        assert isinstance(part, Fill)
        assert not part.curved
        middle = np.concatenate(part.contours)
        assert np.abs(np.hypot(*(middle - (640, 360)).T) - 300).max() < 3 + detail
        sizes.append(len(middle))
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]
    assert [len(each.display) for each in seen([flow], (100, 100), 0.1)] == [0]
