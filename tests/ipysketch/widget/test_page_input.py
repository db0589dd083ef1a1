"""Messages of a page do what they ask for, and those of version 1 what they did there."""

from __future__ import annotations

from typing import Any
from unittest.mock import call

import pytest
from hypothesis import given, settings

from ipysketch.widget.page_decoder import PageDecoder
from ipysketch.widget.page_input import MAX_PAGE_NAME, MAX_SAMPLES, perform
from relay.protocol import Delete

from .fake_session import fake_session
from .test_page_messages import VALID, near_valid

STYLE = {"color": "#1f77b4", "fill": "", "width": 4.0, "opacity": 50, "dash": "dashed"}
DOWN = call.hands.pointer_down("v/3", 1.0, 2.0, tool="pen", style=STYLE, at=1.0, pressure=None)


def calls(content: dict[str, Any]) -> list[Any]:
    """What `content` has the board do."""
    session = fake_session()
    session.operations.add_page.return_value = "new"
    message = PageDecoder().decode(content)
    if message is not None:
        perform(message, session)
    return list(session.mock_calls)


def pen(**fields: Any) -> dict[str, Any]:
    return {"ipysketch": "pen", "view": "v", "pointer": 3, **fields}


# As the pages of 0.1.0 send them: version 1.
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            pen(phase="begin", samples=[[1, 2, 1000], [3, 4, 1016]], tool="pen", **STYLE),
            [DOWN, call.hands.pointer_move("v/3", 3.0, 4.0, at=1.016, pressure=None)],
        ),
        (
            pen(phase="move", samples=[[5, 6, 2000, 0.5]], last=True),
            [call.hands.pointer_move("v/3", 5.0, 6.0, at=2.0, pressure=0.5), call.hands.pointer_up("v/3")],
        ),
        (
            pen(phase="move", samples=[[5, 6, 2000]], straight=True),
            [call.hands.pointer_straighten("v/3", 5.0, 6.0, at=2.0)],
        ),
        (pen(phase="cancel", samples=[]), [call.hands.pointer_cancel("v/3")]),
        ({"ipysketch": "cursor", "x": 1, "y": 2}, [call.presence.point_at(1.0, 2.0)]),
        ({"ipysketch": "cursor"}, [call.presence.point_away()]),
        ({"ipysketch": "cursor", "x": None, "y": 3}, [call.presence.point_away()]),
        ({"ipysketch": "cancel"}, [call.hands.pointer_cancel()]),
        ({"ipysketch": "undo", "view": "a.1"}, [call.operations.undo("a.1")]),
        ({"ipysketch": "redo"}, [call.operations.redo("")]),
        ({"ipysketch": "clear"}, [call.operations.clear()]),
        ({"ipysketch": "turn", "page": ""}, [call.pages.turn("")]),
        ({"ipysketch": "add page"}, [call.operations.add_page(""), call.pages.turn("new")]),
        (
            {"ipysketch": "rename page", "page": "a", "name": "x" * 100},
            [call.operations.rename_page("a", "x" * MAX_PAGE_NAME)],
        ),
        ({"ipysketch": "rename page", "page": "", "name": "x"}, []),
        ({"ipysketch": "remove page", "page": ""}, [call.operations.remove_page("")]),
        ({"ipysketch": "remove page"}, []),
        ({"ipysketch": "follow", "peer": ""}, [call.pages.follow("")]),
        ({"ipysketch": "look", "view": None}, [call.presence.look(None)]),
        ({"ipysketch": "look", "view": [0, 0, 640, 360]}, [call.presence.look((0.0, 0.0, 640.0, 360.0))]),
        ({"ipysketch": "look", "view": [0, 0, 640]}, []),
        ({"ipysketch": "act", "what": "delete"}, []),
        (
            {"ipysketch": "submit", "view": "v", "number": 1, "actions": [{"type": "delete", "keys": ["k"]}]},
            [call.operations.operate([Delete(("k",))], "v")],
        ),
        ({"ipysketch": "submit", "view": "v", "number": 1, "actions": [{"type": "revert", "op": 1}]}, []),
        (
            {"ipysketch": "preview", "view": "v", "key": "k", "points": [8]},
            [call.hands.preview("k", 0, [8], None, "v")],
        ),
        ({"ipysketch": "end preview", "key": "k"}, [call.hands.end_preview("k")]),
        ({"ipysketch": "moving", "offsets": {"k": [8, 0]}}, [call.hands.drag({"k": [8, 0]})]),
        ({"ipysketch": "choose", "tool": "line"}, [call.hands.choose("", tool="line")]),
        ({"ipysketch": "choose", "width": 2, "view": "a.1"}, [call.hands.choose("a.1", width=2.0)]),
        ({"ipysketch": "choose", "color": "red"}, []),
        ({"ipysketch": "view", "view": "v"}, []),
        ({"ipysketch": "from the future"}, []),
    ],
)
def test_a_message_does_what_it_asks(content: dict[str, Any], expected: list[Any]) -> None:
    assert calls(content) == expected


def test_a_message_is_bounded() -> None:
    assert len(calls(pen(samples=[[1, 2, 3]] * (MAX_SAMPLES + 1)))) == MAX_SAMPLES


@settings(max_examples=200)
@given(near_valid())
def test_a_wrong_message_never_raises(content: dict[str, Any]) -> None:
    calls(content)


def test_every_kind_that_is_about_the_board_does_something() -> None:
    about_views = {"view", "gone", "ack", "lost", "scene", "road", "road wanted"}
    assert {kind for kind in VALID if not calls({"ipysketch": kind, **VALID[kind]})} == about_views
