from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from ipysketch.editing.tools import (
    LONGEST,
    CancelEffect,
    CommitEffect,
    Effect,
    Effects,
    Eraser,
    Hits,
    Pen,
    PreviewEffect,
    Tool,
)
from ipysketch.model.elements import Stroke, decode
from ipysketch.model.elements.fields import REACH
from ipysketch.model.elements.preview import preview_fields
from relay.protocol import Create, Delete

STYLE = {"kind": "stroke", "color": "#123456", "width": 32}


def pen() -> Pen:
    return Pen(STYLE)


def end(tool: Tool, x: float, y: float, **more: float) -> Effects:
    return (*tool.drag(x, y, **more), *tool.lift())


def created(effects: Sequence[Effect]) -> list[Create[Any]]:
    (commit,) = [effect for effect in effects if isinstance(effect, CommitEffect)]
    assert all(isinstance(action, Create) for action in commit.actions)
    return [action for action in commit.actions if isinstance(action, Create)]


def test_a_stroke_grows_and_becomes_one_operation() -> None:
    tool = pen()
    assert tool.press(1, 2, key="k") == (PreviewEffect("k", STYLE, 0, [8, 16]),)
    assert tool.drag(2, 2) == (PreviewEffect("k", None, 2, [16, 16]),)
    *previews, commit = end(tool, 2, 3)
    assert previews == [PreviewEffect("k", None, 4, [16, 24])]
    assert commit == CommitEffect((Create("k", {**STYLE, "points": [8, 16, 8, 0, 0, 8]}),))


def test_a_click_is_a_dot() -> None:
    tool = pen()
    tool.press(1, 2, key="k")
    (create,) = created(end(tool, 1, 2))
    assert create.fields["points"] == [8, 16]
    assert decode("k", create.fields) is not None


def test_a_repeated_point_is_nothing() -> None:
    tool = pen()
    tool.press(1, 2, key="k")
    assert tool.drag(1.01, 2) == ()


def test_nothing_happens_between_strokes() -> None:
    tool = pen()
    assert tool.drag(1, 1) == end(tool, 1, 1) == tool.discard() == ()


def test_a_cancelled_stroke_is_not_committed() -> None:
    tool = pen()
    tool.press(1, 2, key="k")
    assert tool.discard() == (CancelEffect("k"),)
    assert end(tool, 3, 3) == ()
    assert tool.elements("ada") == ()


def test_a_long_stroke_goes_on_as_another_element_of_one_operation() -> None:
    tool = pen()
    effects = list(tool.press(0, 0, key="k"))
    for x in range(1, 2 * LONGEST):
        effects += tool.drag(x % 1000, x // 1000)
    creates = created(end(tool, -1, -1))
    assert [create.key for create in creates] == ["k", "k~2", "k~3"]
    parts = [decode(create.key, create.fields) for create in creates]
    for before, after in itertools.pairwise(parts):
        assert isinstance(before, Stroke)
        assert isinstance(after, Stroke)
        assert before.points[-1].tolist() == after.points[0].tolist()
    starts = [effect for effect in effects if isinstance(effect, PreviewEffect) and effect.start == 0]
    assert [start.fields for start in starts] == [STYLE] * 3


def test_previews_together_are_what_is_committed() -> None:
    tool = pen()
    seen: dict[str, list[int]] = {}
    effects = list(tool.press(0, 0, key="k"))
    for x in range(50):
        effects += tool.drag(x * 1.3, x * x / 7)
    effects += end(tool, 80, 1)
    for effect in effects:
        if isinstance(effect, PreviewEffect):
            points = seen.setdefault(effect.key, [])
            assert effect.start == len(points)
            points += effect.points
    (create,) = created(effects)
    element = decode("k", create.fields)
    assert isinstance(element, Stroke)
    assert (element.points * 8).ravel().tolist() == seen["k"]


def test_a_pen_that_tells_pressure_tells_it_live() -> None:
    tool = pen()
    assert tool.press(1, 2, key="k", pressure=0.0) == (
        PreviewEffect("k", {**STYLE, "stride": 3}, 0, [8, 16, 0]),
    )
    assert tool.drag(2, 2, pressure=1.0) == (PreviewEffect("k", None, 3, [16, 16, 255]),)
    assert tool.drag(3, 2) == (PreviewEffect("k", None, 6, [24, 16, 255]),)
    (live,) = tool.elements("")
    (create,) = created(end(tool, 3, 2))
    assert create.fields["pressure"] == [0, 255, 255]
    dry = decode("k", create.fields)
    assert dry is not None
    assert live.bounds == dry.bounds


def test_a_stroke_that_flows_tells_its_times_live() -> None:
    style = {**STYLE, "look": "flow"}
    tool = Pen(style)
    assert tool.press(1, 2, key="k", at=7.0) == (PreviewEffect("k", {**style, "stride": 3}, 0, [8, 16, 256]),)
    assert tool.drag(2, 2, at=7.0164) == (PreviewEffect("k", None, 3, [16, 16, 272]),)
    assert tool.drag(3, 2, at=7.0166) == (PreviewEffect("k", None, 6, [24, 16, 257]),)
    (create,) = created(end(tool, 3, 2))
    assert create.fields["times"] == [0, 16, 1]
    whole = preview_fields({**style, "stride": 3}, [8, 16, 256, 16, 16, 272, 24, 16, 257])
    assert decode("k", whole) is not None
    assert {name: value for name, value in whole.items() if name != "stride"} == create.fields


def test_the_whole_preview_can_be_told_again() -> None:
    tool = pen()
    tool.press(1, 2, key="k")
    tool.drag(2, 2)
    assert tool.resend() == (PreviewEffect("k", STYLE, 0, [8, 16, 16, 16]),)


def test_a_hand_far_outside_stays_within_reach() -> None:
    tool = pen()
    tool.press(1e9, -1e9, key="k")
    (create,) = created(end(tool, 1e9, -1e9))
    assert create.fields["points"] == [REACH, -REACH]
    assert decode("k", create.fields) is not None


def test_a_stroke_that_is_straightened_is_one_line_however_long_it_was() -> None:
    tool = pen()
    assert tool.straighten(9, 9) == ()
    tool.press(0, 0, key="k")
    for x in range(1, LONGEST + 5):
        tool.drag(x % 1000, x // 1000)
    assert tool.straighten(0, 100, at=1.0) == (
        CancelEffect("k~2"),
        PreviewEffect("k", STYLE, 0, [0, 0, 0, 800]),
    )
    assert tool.straighten(0, 0) == (PreviewEffect("k", STYLE, 0, [0, 0]),)
    tool.straighten(0, 100, at=1.0)
    (create,) = created(tool.lift())
    assert create.fields["points"] == [0, 0, 0, 800]


def hits(x: float, y: float, radius: float) -> Hits:
    """Upright lines at x = 100 and 200, and one that is everywhere below y = 50."""
    keys = [f"at{line}" for line in (100, 200) if abs(line - x) <= radius]
    return Hits([*keys, "low"] if y < 50 else keys)


def test_the_eraser_takes_all_it_touched_as_one_operation() -> None:
    tool = Eraser(5, hits)
    assert tool.press(0, 100) == ()
    assert tool.drag(150, 100) == ()
    assert list(tool.touched) == ["at100"]
    assert end(tool, 150, 40) == (CommitEffect((Delete(("at100", "low")),)),)
    assert not tool.touched


def test_an_eraser_that_is_not_down_touches_nothing() -> None:
    tool = Eraser(5, hits)
    assert tool.drag(100, 0) == tool.lift() == tool.discard() == tool.resend() == ()
    assert tool.elements("ada") == ()


def test_a_fast_eraser_skips_nothing() -> None:
    tool = Eraser(5, hits)
    tool.press(0, 100)
    tool.drag(1000, 100)
    assert list(tool.touched) == ["at100", "at200"]


@pytest.mark.parametrize("start", [(0, 100), (300, 100)])
def test_an_eraser_that_touched_nothing_does_nothing(start: tuple[float, float]) -> None:
    tool = Eraser(5, hits)
    tool.press(*start)
    assert end(tool, *start) == ()


def test_a_cancelled_eraser_gives_everything_back() -> None:
    tool = Eraser(5, hits)
    tool.press(100, 100)
    tool.discard()
    assert not tool.touched
    assert tool.drag(200, 100) == end(tool, 200, 100) == ()
