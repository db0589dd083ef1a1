"""The pages of a board: everybody turns their own, or goes along with somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ipysketch import Sketch, SketchError
from ipysketch.board_state import BoardState

from ..processes import RelayProcess
from .test_board import until_shown


@pytest.fixture
def pair(relay: RelayProcess) -> Iterator[tuple[Sketch, Sketch]]:
    ada, grace = Sketch(name="Ada"), Sketch(name="Grace")
    for board in (ada, grace):
        board.connect(relay.url, "leaves")
    yield ada, grace
    for board in (ada, grace):
        board.disconnect()


def until(board: Sketch, true: Callable[[BoardState], bool], words: str) -> BoardState:
    found: list[BoardState] = []

    def kept(state: BoardState) -> bool:
        found.append(state)
        return true(state)

    until_shown(board, kept, words)
    return next(state for state in found if true(state))


def test_everybody_turns_their_own_pages(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.stroke([(0, 0), (50, 50)])
    ada.add_page("Proof")
    assert ada.page.name == "Proof"
    assert ada.elements == ()
    ada.rect(0, 0, 100, 100)
    ada.rect(5, 5, 10, 10)
    until(
        grace,
        lambda state: len(state.pages) == 2 and len(state.elements) == 1,
        "the page, and what is on the first",
    )
    assert grace.turn("Proof").name == "Proof"
    until(grace, lambda state: len(state.elements) == 2, "what is on it")
    grace.clear()
    until(ada, lambda state: not state.elements, "a clear of this page")
    ada.turn(0)
    assert len(ada.elements) == 1, "and of no other"
    assert len(ada.pages) == 2, "nor of the pages themselves"
    with pytest.raises(SketchError, match="there is no page 7; this board has 2"):
        ada.turn(7)


def test_a_page_is_renamed_deleted_and_brought_back(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    page = ada.add_page("Draft")
    ada.line([(0, 0), (9, 9)])
    ada.rename_page(page, "Final")
    until(grace, lambda state: [each.name for each in state.pages] == ["", "Final"], "the new name")
    grace.turn("Final")
    ada.delete_page("Final")
    until(
        grace,
        lambda state: state.page == "" and len(state.pages) == 1,
        "the first page, for the other has gone",
    )
    ada.undo()
    until(grace, lambda state: len(state.pages) == 2, "the page again")
    grace.turn(1)
    until(grace, lambda state: len(state.elements) == 1, "with what was on it")
    with pytest.raises(SketchError, match="first page has no name"):
        ada.rename_page(0, "One")


def test_live_ink_and_lights_are_seen_on_their_page_only(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.add_page("Proof")
    until(grace, lambda state: len(state.pages) == 2, "the page")
    thread, session = ada._thread, ada._session
    for hand, tool in (("pen", "pen"), ("light", "laser")):
        thread.ask(lambda hand=hand, tool=tool: session.begin(hand, 10, 10, tool=tool))
        thread.ask(lambda hand=hand: session.motion(hand, 50, 50))
    grace.turn("Proof")
    state = until(grace, lambda state: bool(state.live and state.lasers), "ink and light on this page")
    assert len(state.lasers[0].points) == 4
    grace.turn(0)
    state = until(grace, lambda state: state.page == "", "the first page")
    assert not state.live
    assert not state.lasers
    thread.ask(lambda: (session.end("pen"), session.end("light")))
    until(grace, lambda state: state.page == "" and not state.elements, "nothing of it here")
    grace.turn("Proof")
    until(
        grace,
        lambda state: len(state.elements) == 1 and not state.lasers,
        "a stroke that is kept, and a light that is not",
    )


def test_who_follows_goes_along(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.add_page("Two")
    until(grace, lambda state: len(state.pages) == 2, "the page")
    grace.follow("Ada")
    until(grace, lambda state: state.pages[1].key == state.page, "Ada's page")
    ada.turn(0)
    until(grace, lambda state: state.page == "", "Ada's page again")
    ada._thread.ask(lambda: ada._session.look([100, 50, 640, 360]))
    until(grace, lambda state: state.view == (100, 50, 640, 360), "what Ada sees")
    grace.follow(None)
    until(grace, lambda state: state.view is None and not state.following, "freedom")
    ada.turn(1)
    until(ada, lambda state: state.page != "", "a page turned")
    assert grace.page.key == ""
    with pytest.raises(SketchError, match="nobody here"):
        grace.follow("Eve")


def test_what_is_moved_is_seen_moving_and_never_jumps_back(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.rect(0, 0, 100, 100, fill="#eeeeee")
    until(grace, lambda state: len(state.elements) == 1, "the rectangle")
    seen: list[float] = []

    class Eye:
        def show(self, state: BoardState) -> bool:
            seen.append(state.elements[0].bounds.x0)
            return True

    grace._thread.ask(lambda: grace._session.attach(Eye()))
    thread, session = ada._thread, ada._session
    thread.ask(lambda: session.begin("hand", 50, 50, tool="select"))
    for x in range(60, 160, 10):
        thread.ask(lambda x=x: session.motion("hand", x, 50))
        until(grace, lambda state, x=x: state.elements[0].bounds.x0 == x - 52, f"it at {x}")
    assert ada.seq == 1, "and nothing is kept of its way"
    thread.ask(lambda: session.end("hand"))
    assert ada.flush()
    until(grace, lambda state: grace.seq == 2 and not grace._session.others.moving(), "its rest")
    assert seen == sorted(seen)
    assert seen[-1] == 98
