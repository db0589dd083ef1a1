"""A board as a widget like others: shown late, in boxes, observed and linked."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from ipywidgets import ColorPicker, IntSlider, Text, VBox, link
from ipywidgets.widgets.widget import _instances
from traitlets import TraitError

from ipysketch import Sketch, SketchError

from ...support.sessions import session_of
from ...support.waiting import DEADLINE

LINE = [(0, 0), (10, 10)]


@pytest.fixture
def board() -> Any:
    return Sketch(name="Ada", color="#112233")


async def until(condition: Callable[[], bool]) -> None:
    """Wait on this thread's loop, as a kernel does between cells, until `condition` holds."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0)


def by_hand(board: Sketch, **choice: str) -> None:
    """Choose a tool or colour as a page does."""
    session_of(board).call(lambda session: session.hands.choose(**choice))


def opened(board: Any) -> bool:
    """Return whether pages know of `board`."""
    return board.comm is not None


def test_it_is_a_child_of_boxes_and_open_only_once_it_is_shown(board: Any) -> None:
    assert not opened(board)
    box = VBox([board, IntSlider()])
    assert box.get_state("children")["children"][0] == f"IPY_MODEL_{board.model_id}"
    assert opened(board)
    assert board.children == (board.widget,)
    assert board._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"] == board.model_id
    assert isinstance(board, Sketch)
    assert isinstance(board, ipywidgets.DOMWidget)
    board.layout.width = "300px"
    assert board.layout.get_state("width") == {"width": "300px"}
    box.close()


def test_a_board_that_nobody_shows_is_garbage(board: Any) -> None:
    del board
    known, gone = len(_instances), weakref.ref(Sketch(name="Ada"))
    gc.collect()
    assert (gone(), len(_instances)) == (None, known)


def test_what_was_closed_can_be_shown_again(board: Any) -> None:
    first, part = board.model_id, board.widget
    board.close()
    assert (board.comm, part.is_closed, first in _instances) == (None, True, False)
    board.close()
    assert board.model_id in _instances
    assert board.children == (board.widget,)
    assert not board.widget.is_closed
    board.close()


def test_nothing_of_it_is_sent_to_pages(board: Any) -> None:
    board.stroke(LINE)
    assert not {"value", "tool", "color", "page", "people", "seq"} & {*board.get_state(), *board.keys}


def test_it_is_linked_both_ways(board: Any) -> None:
    picker = ColorPicker()
    link((board, "color"), (picker, "value"))
    assert picker.value == "#112233"
    picker.value = "#ff0000"
    assert board.color == "#ff0000"
    board.color = "lime"
    assert picker.value == "#00ff00"
    board.stroke(LINE)
    assert board.strokes[0].color == "#00ff00"


def test_a_link_to_what_is_not_allowed_says_so(board: Any) -> None:
    with pytest.raises(SketchError, match="no tool is called ''; there are select, hand, pen"):
        link((Text(), "value"), (board, "tool"))
    with pytest.raises(SketchError, match="no tool is called 'pem'; did you mean 'pen'"):
        board.tool = "pem"
    with pytest.raises(SketchError, match="a tool must be text, not 7"):
        board.tool = 7
    for name in ("people", "seq"):
        with pytest.raises(TraitError, match=f'"{name}" trait is read-only'):
            setattr(board, name, ())
    assert board.tool == "pen"


def test_what_is_set_is_told_at_once(board: Any) -> None:
    told: list[tuple[str, Any, Any]] = []
    board.observe(lambda change: told.append((change.name, change.old, change.new)), ["tool", "page", "value"])
    board.tool = "eraser"
    board.tool = "eraser"
    second = board.add_page("two")
    board.page = 0
    first = board.page
    board.page = "two"
    assert [change for change in told if change[0] != "page"] == [("tool", "pen", "eraser")]
    assert told[-1] == ("page", first, second)


def test_what_hands_and_others_do_is_told_between_cells_on_the_thread_that_observes(board: Any) -> None:
    told: list[Any] = []

    async def cell() -> None:
        board.observe(
            lambda change: told.append((change.name, change.new, board.tool, threading.current_thread())),
            ["tool", "value"],
        )
        by_hand(board, tool="eraser")
        assert board.tool == "eraser"
        assert told == []  # While a cell runs, no observer does.
        await until(lambda: len(told) == 1)
        board.stroke(LINE)
        await until(lambda: len(told) == 2)

    asyncio.run(cell())
    assert told[0] == ("tool", "eraser", "eraser", threading.main_thread())
    assert [element["fields"]["kind"] for element in told[1][1]] == ["stroke"]


def test_a_link_holds_while_others_go_on(board: Any) -> None:
    """What is told may be old already; a link compares it with the trait, and breaks where the two differ."""
    picker = ColorPicker()

    def another(_change: object) -> None:
        by_hand(board, color="#0000ff")

    async def cell() -> None:
        picker.observe(another, "value")
        link((board, "color"), (picker, "value"))
        by_hand(board, color="#ff0000")
        await until(lambda: picker.value == "#0000ff")

    asyncio.run(cell())


def test_cursors_are_no_change_of_people(board: Any) -> None:
    told: list[Any] = []

    async def cell() -> None:
        board.observe(told.append, ["people", "tool"])
        session_of(board).call(lambda session: session.presence.point_at(3.0, 4.0))
        session_of(board).call(lambda session: session.color.rename("Countess", "#112233"))
        await until(lambda: bool(told))

    asyncio.run(cell())
    assert [(change.name, change.new[0].name) for change in told] == [("people", "Countess")]


def test_an_observer_that_fails_is_shown_and_the_next_change_is_told(
    board: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def fails(change: Any) -> None:
        told.append(change.new)
        raise ValueError("of the observer")

    async def cell() -> None:
        board.observe(fails, "tool")
        by_hand(board, tool="eraser")
        await until(lambda: told == ["eraser"])
        by_hand(board, tool="pen")
        await until(lambda: told == ["eraser", "pen"])

    asyncio.run(cell())
    # Where an earlier test has made a shell, it shows the traceback among the outputs.
    assert "of the observer" in "".join(capsys.readouterr())


def test_where_no_loop_runs_they_are_told_on_a_thread_of_their_own(board: Any) -> None:
    told, arrived = [], threading.Event()

    def observer(change: Any) -> None:
        told.append((change.new, threading.current_thread().name))
        arrived.set()

    board.observe(observer, "tool")
    by_hand(board, tool="eraser")
    assert arrived.wait(DEADLINE)
    assert told == [("eraser", "ipysketch-callbacks")]


def test_they_are_told_still_when_the_loop_that_observed_has_ended(board: Any) -> None:
    arrived = threading.Event()

    async def cell() -> None:
        board.observe(lambda _: arrived.set(), "tool")

    asyncio.run(cell())
    by_hand(board, tool="eraser")
    assert arrived.wait(DEADLINE)


def test_a_value_is_one_operation(board: Any) -> None:
    board.stroke(LINE)
    board.rect(0, 0, 10, 10)
    before = board.value
    changed = [before[1], {**before[0], "fields": {**before[0]["fields"], "color": "#ff0000"}}]
    board.value = changed
    assert [(each["key"], each["fields"].get("color")) for each in board.value] == [
        (before[1]["key"], "#112233"),
        (before[0]["key"], "#ff0000"),
    ]
    assert board.undo()
    assert board.value == before
    with pytest.raises(SketchError, match="element 0 of the value is nothing that can be drawn"):
        board.value = [{"fields": {"kind": "stroke"}}]
    assert board.value == before


def test_what_the_documentation_says_runs() -> None:
    text = (Path(__file__).parents[3] / "docs/how-to/widgets.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert len(blocks) == 3
    board = names["board"]
    assert board.page == board.pages[0]
    assert [stroke.color for stroke in board.strokes] == [names["picker"].value]
