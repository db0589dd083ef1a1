from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from ipysketch.elements import decode
from ipysketch.elements.fields import REACH
from ipysketch.tools import LONGEST, Cancel, Commit, Eraser, Output, Pen, Preview, Tool
from relay.protocol import Create, Delete

STYLE = {"kind": "stroke", "color": "#123456", "width": 32}


def pen() -> Pen:
    return Pen(STYLE)


def end(tool: Tool, x: float, y: float, **more: float) -> tuple[Output, ...]:
    return (*tool.motion(x, y, **more), *tool.lift())


def created(outputs: Sequence[Output]) -> list[Create]:
    (commit,) = [output for output in outputs if isinstance(output, Commit)]
    assert all(isinstance(action, Create) for action in commit.actions)
    return [action for action in commit.actions if isinstance(action, Create)]


def test_a_stroke_grows_and_becomes_one_operation() -> None:
    tool = pen()
    assert tool.begin(1, 2, key="k") == (Preview("k", STYLE, 0, [8, 16]),)
    assert tool.motion(2, 2) == (Preview("k", None, 2, [16, 16]),)
    *previews, commit = end(tool, 2, 3)
    assert previews == [Preview("k", None, 4, [16, 24])]
    assert commit == Commit((Create("k", {**STYLE, "points": [8, 16, 8, 0, 0, 8]}),))


def test_a_click_is_a_dot() -> None:
    tool = pen()
    tool.begin(1, 2, key="k")
    (create,) = created(end(tool, 1, 2))
    assert create.fields["points"] == [8, 16]
    assert decode("k", create.fields) is not None


def test_a_repeated_point_is_nothing() -> None:
    tool = pen()
    tool.begin(1, 2, key="k")
    assert tool.motion(1.01, 2) == ()


def test_nothing_happens_between_strokes() -> None:
    tool = pen()
    assert tool.motion(1, 1) == end(tool, 1, 1) == tool.cancel() == ()


def test_a_cancelled_stroke_is_not_committed() -> None:
    tool = pen()
    tool.begin(1, 2, key="k")
    assert tool.cancel() == (Cancel("k"),)
    assert end(tool, 3, 3) == ()
    assert tool.elements("ada") == ()


def test_a_long_stroke_goes_on_as_another_element_of_one_operation() -> None:
    tool = pen()
    outputs = list(tool.begin(0, 0, key="k"))
    for x in range(1, 2 * LONGEST):
        outputs += tool.motion(x % 1000, x // 1000)
    creates = created(end(tool, -1, -1))
    assert [create.key for create in creates] == ["k", "k~2", "k~3"]
    parts = [decode(create.key, create.fields) for create in creates]
    for before, after in itertools.pairwise(parts):
        assert before is not None
        assert after is not None
        assert before.points[-1].tolist() == after.points[0].tolist()
    starts = [output for output in outputs if isinstance(output, Preview) and output.start == 0]
    assert [start.fields for start in starts] == [STYLE] * 3


def test_previews_together_are_what_is_committed() -> None:
    tool = pen()
    seen: dict[str, list[int]] = {}
    outputs = list(tool.begin(0, 0, key="k"))
    for x in range(50):
        outputs += tool.motion(x * 1.3, x * x / 7)
    outputs += end(tool, 80, 1)
    for output in outputs:
        if isinstance(output, Preview):
            points = seen.setdefault(output.key, [])
            assert output.start == len(points)
            points += output.points
    (create,) = created(outputs)
    element = decode("k", create.fields)
    assert element is not None
    assert (element.points * 8).ravel().tolist() == seen["k"]


def test_a_pen_that_tells_pressure_tells_it_live() -> None:
    tool = pen()
    assert tool.begin(1, 2, key="k", pressure=0.0) == (Preview("k", {**STYLE, "stride": 3}, 0, [8, 16, 0]),)
    assert tool.motion(2, 2, pressure=1.0) == (Preview("k", None, 3, [16, 16, 255]),)
    assert tool.motion(3, 2) == (Preview("k", None, 6, [24, 16, 255]),)
    (live,) = tool.elements("")
    (create,) = created(end(tool, 3, 2))
    assert create.fields["pressure"] == [0, 255, 255]
    dry = decode("k", create.fields)
    assert dry is not None
    assert [path.width for path in live.display] == [path.width for path in dry.display]


def test_the_whole_preview_can_be_told_again() -> None:
    tool = pen()
    tool.begin(1, 2, key="k")
    tool.motion(2, 2)
    assert tool.again() == (Preview("k", STYLE, 0, [8, 16, 16, 16]),)


def test_a_hand_far_outside_stays_within_reach() -> None:
    tool = pen()
    tool.begin(1e9, -1e9, key="k")
    (create,) = created(end(tool, 1e9, -1e9))
    assert create.fields["points"] == [REACH, -REACH]
    assert decode("k", create.fields) is not None


def hits(x: float, y: float, radius: float) -> list[str]:
    """Upright lines at x = 100 and 200, and one that is everywhere below y = 50."""
    keys = [f"at{line}" for line in (100, 200) if abs(line - x) <= radius]
    return [*keys, "low"] if y < 50 else keys


def test_the_eraser_takes_all_it_touched_as_one_operation() -> None:
    tool = Eraser(5, hits)
    assert tool.begin(0, 100) == ()
    assert tool.motion(150, 100) == ()
    assert list(tool.touched) == ["at100"]
    assert end(tool, 150, 40) == (Commit((Delete(("at100", "low")),)),)
    assert not tool.touched


def test_a_fast_eraser_skips_nothing() -> None:
    tool = Eraser(5, hits)
    tool.begin(0, 100)
    tool.motion(1000, 100)
    assert list(tool.touched) == ["at100", "at200"]


@pytest.mark.parametrize("start", [(0, 100), (300, 100)])
def test_an_eraser_that_touched_nothing_does_nothing(start: tuple[float, float]) -> None:
    tool = Eraser(5, hits)
    tool.begin(*start)
    assert end(tool, *start) == ()


def test_a_cancelled_eraser_gives_everything_back() -> None:
    tool = Eraser(5, hits)
    tool.begin(100, 100)
    tool.cancel()
    assert not tool.touched
    assert tool.motion(200, 100) == end(tool, 200, 100) == ()
