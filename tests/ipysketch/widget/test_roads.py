"""What a kernel sends of what is live, and to whom it leaves that: to pages with a way of their own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ipysketch.client.view import Person, RoadOffer
from ipysketch.client.wet_ink import Ink
from ipysketch.widget.page_messages import RoadReport
from ipysketch.widget.roads import Roads

from .test_board import Board, state

URL = "ws://127.0.0.1:8765/"
INK = {"kind": "stroke", "color": "#1f77b4", "width": 32}


def live(count: int, *, here: bool = True) -> Any:
    points = list(range(2 * count))
    grace = Person("Grace", "#d62728", False, (64.0, 36.0), "g")
    return state(live=(Ink("g", "k", "x", dict(INK), points),), people=(grace,), live_is_here=here)


def grown(board: Board) -> list[Any]:
    """The points that the kernel has sent since this was asked the last time."""
    found = [growth[2] for message in board.sent if "live" in message for growth in message["live"]["grown"]]
    for view in ("a", "b"):
        board.receive("ack", view=view, frame=board.frontend.frame)
    board.sent.clear()
    return found


def test_views_are_covered_when_each_has_a_way() -> None:
    roads = Roads()
    assert not roads.cover(())
    assert not roads.cover(("a",))
    roads.report(RoadReport("a", URL))
    assert roads.cover(("a",))
    assert not roads.cover(("a", "b"))
    roads.report(RoadReport("b", "", "blocked"))
    assert roads.of(("a", "b", "c")) == ((URL, ""), ("", "blocked"), ("", "it has not said yet"))
    roads.close("a")
    assert not roads.cover(("a",))


def test_a_page_with_a_way_of_its_own_is_sent_nothing_that_is_live() -> None:
    async def run() -> None:
        board = Board()
        board.ready()
        board.receive("view", view="a", ratio=1, visible=True)
        board.widget.show(live(1))
        assert grown(board) == [[0, 1]]
        assert board.frontend.cursors
        board.receive("road", view="a", url=URL)
        board.widget.show(live(2))
        assert grown(board) == []
        assert not board.frontend.cursors
        board.receive("view", view="b", ratio=1, visible=True)
        board.widget.show(live(3))
        assert grown(board) == [[0, 1, 2, 3, 4, 5]], "another page has none: it is sent all of it"
        board.receive("gone", view="b")
        board.widget.show(live(4))
        assert grown(board) == []
        board.receive("road", view="a", url="", why="lost")
        board.widget.show(live(5))
        assert [len(points) for points in grown(board)] == [10]

    asyncio.run(run())


def wanted(board: Board) -> list[bool]:
    """What was asked of the relay since this was asked the last time."""
    asked = [call.args[0] for call in board.session.previews.want.call_args_list]
    board.session.previews.want.reset_mock()
    return [each for each, before in zip(asked, [None, *asked], strict=False) if each is not before]


def test_the_kernel_wants_others_ink_while_a_page_in_sight_has_no_way() -> None:
    async def run() -> None:
        board = Board()
        board.ready()
        board.receive("view", view="a", ratio=1, visible=True)
        assert wanted(board) == [True]
        board.receive("road", view="a", url=URL)
        assert wanted(board) == [False]
        board.receive("view", view="b", ratio=1, visible=True)
        assert wanted(board) == [True]
        board.receive("road", view="b", url=URL)
        assert wanted(board) == [False]
        board.receive("road", view="b", url="", why="lost")
        assert wanted(board) == [True]
        board.receive("gone", view="b")
        assert wanted(board) == [False]
        board.receive("view", view="a", ratio=1, visible=False)
        assert wanted(board) == [], "nobody sees it: nothing changes"
        board.receive("gone", view="a")
        assert wanted(board) == [True]

    asyncio.run(run())


def test_ink_that_has_yet_to_come_again_is_not_shown_as_gone() -> None:
    async def run() -> None:
        board = Board()
        board.ready()
        board.receive("view", view="a", ratio=1, visible=True)
        board.receive("road", view="a", url=URL)
        board.widget.show(live(1, here=False))
        grown(board)
        board.receive("road", view="a", url="", why="lost")
        board.widget.show(live(2, here=False))
        assert not [message for message in board.sent if "live" in message], "the page keeps what it had"
        board.widget.show(live(3))
        [update] = [message["live"] for message in board.sent if "live" in message]
        assert (update["whole"], [len(growth[2]) for growth in update["grown"]]) == (True, [6])

    asyncio.run(run())


def test_a_ticket_goes_to_the_view_that_asked_and_into_no_state() -> None:
    async def run() -> None:
        board = Board()
        board.session.road.return_value = RoadOffer("algebra", "secret ticket", (URL,))
        board.receive("road wanted", view="a")
        while not board.sent:
            await asyncio.sleep(0)
        assert json.loads(json.dumps(board.sent)) == [
            {
                "road": {
                    "view": "a",
                    "room": "algebra",
                    "ticket": "secret ticket",
                    "addresses": [URL],
                    "why": "",
                    "name": "",
                    "color": "",
                }
            }
        ]
        assert "secret ticket" not in repr(board.frontend.get_state()) + repr(board.widget.get_state())

    asyncio.run(run())


def test_while_a_page_looks_for_a_way_it_is_sent_all() -> None:
    async def run() -> None:
        board = Board()
        board.session.road.return_value = RoadOffer(why="it is off")
        board.ready()
        board.receive("view", view="a", ratio=1, visible=True)
        board.receive("road", view="a", url=URL)
        board.receive("road wanted", view="a")
        board.widget.show(live(1))
        assert grown(board) == [[0, 1]]

    asyncio.run(run())
