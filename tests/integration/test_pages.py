"""The pages of a board: everybody turns their own, or goes along with somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from ipysketch import Sketch, SketchError
from ipysketch.client.peers import Moved
from ipysketch.client.view import BoardState
from relay.protocol import Patch

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import DEADLINE


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
    assert list(ada.elements) == []
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
    thread, session = session_of(ada).thread, session_of(ada).object
    thread.call(partial(session.hands.pointer_down, "pen", 10, 10, tool="pen"))
    thread.call(partial(session.hands.pointer_move, "pen", 50, 50))
    light = {"kind": "laser", "color": "#ff0000"}
    thread.call(partial(session.hands.preview, "light", 0, [80, 80, 400, 400], light))
    grace.turn("Proof")
    state = until(grace, lambda state: bool(state.live and state.lasers), "ink and light on this page")
    assert len(state.lasers[0].points) == 4
    grace.turn(0)
    state = until(grace, lambda state: state.page == "", "the first page")
    assert not state.live
    assert not state.lasers

    def lift() -> None:
        session.hands.pointer_up("pen")
        session.hands.end_preview("light")

    thread.call(lift)
    until(grace, lambda state: state.page == "" and not state.elements, "nothing of it here")
    grace.turn("Proof")
    until(
        grace,
        lambda state: len(state.elements) == 1 and not state.lasers,
        "a stroke that is kept, and a light that is not",
    )


def test_everybody_goes_with_a_moderator_who_leads(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair

    def lead(leading: bool) -> None:
        session = session_of(ada)
        session.thread.call(lambda: session.object.moderation.ask(lead=leading))

    ada.add_page("Proof")
    until(grace, lambda state: len(state.pages) == 2, "the page")
    lead(True)
    until(grace, lambda state: bool(state.following) and state.page == state.pages[1].key, "Ada's page")
    grace.follow(None)
    lead(False)
    assert ada.flush(DEADLINE)
    lead(True)
    until(grace, lambda state: bool(state.following), "asked again")
    lead(False)
    until(grace, lambda state: not state.following, "nobody is asked any more")


def test_who_follows_goes_along(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.add_page("Two")
    until(grace, lambda state: len(state.pages) == 2, "the page")
    grace.follow("Ada")
    until(grace, lambda state: state.pages[1].key == state.page, "Ada's page")
    ada.turn(0)
    until(grace, lambda state: state.page == "", "Ada's page again")
    session_of(ada).call(lambda session: session.presence.look([100, 50, 640, 360]))
    until(grace, lambda state: state.view == (100, 50, 640, 360), "what Ada sees")
    grace.follow(None)
    until(grace, lambda state: state.view is None and not state.following, "freedom")
    ada.turn(1)
    until(ada, lambda state: state.page != "", "a page turned")
    assert grace.page.key == ""
    with pytest.raises(SketchError, match="nobody here"):
        grace.follow("Eve")


def moving(board: Sketch) -> dict[str, Moved]:
    """What others are dragging."""
    return session_of(board).call(lambda session: session.peers.moving(session.dragged.may_move))


def test_what_is_moved_is_seen_moving_and_never_jumps_back(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    ada.rect(0, 0, 100, 100, fill="#eeeeee")
    until(grace, lambda state: len(state.elements) == 1, "the rectangle")
    seen: list[float] = []

    class Eye:
        def show(self, state: BoardState) -> bool:
            seen.append(state.elements[0].bounds.x0)
            return True

    session_of(grace).call(lambda session: session.presenter.attach(Eye()))
    thread, session = session_of(ada).thread, session_of(ada).object
    [element] = ada.elements
    for x in range(10, 110, 10):
        thread.call(partial(session.hands.drag, {element.key: [8 * x, 0]}))

        def is_there(state: BoardState, x: int = x) -> bool:
            return state.elements[0].bounds.x0 == x - 2

        until(grace, is_there, f"it at {x}")
    assert ada.seq == 1, "and nothing is kept of its way"

    def put_down() -> None:
        session.operations.operate([Patch(element.key, {"offset": [800, 0]})])
        session.hands.drag({})

    thread.call(put_down)
    assert ada.flush(DEADLINE)
    until(grace, lambda state: grace.seq == 2 and not moving(grace), "its rest")
    assert seen == sorted(seen)
    assert seen[-1] == 98


def test_nobody_who_chose_no_colour_has_that_of_somebody_else(relay: RelayProcess) -> None:
    boards = [Sketch(name=f"Student {number}") for number in range(12)]
    chosen = Sketch(name="Student 0", color=boards[0].people[0].color)
    for board in (*boards, chosen):
        board.connect(relay.url, "colours")
    until(boards[0], lambda state: len({person.color for person in state.people}) == 12, "twelve colours")
    assert len({board.people[0].color for board in boards}) == 12
    assert chosen.people[0].color in {board.people[0].color for board in boards}, "what was chosen stays"
    for board in (*boards, chosen):
        board.disconnect()
