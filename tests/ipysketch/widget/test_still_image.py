"""The picture of a board, in outputs that only note what they are given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ipysketch.model.elements import Element, decode
from ipysketch.widget import still_image
from ipysketch.widget.still_image import LARGE, StillImage


class Output:
    """What an output shows: how many elements its picture has."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self.shown = [bundle["elements"]]

    def update(self, bundle: dict[str, Any], *, raw: bool) -> None:
        self.shown.append(bundle["elements"])


class Shell:
    """Has cells that end."""

    def __init__(self) -> None:
        self.events = self
        self.ends: list[Callable[[], None]] = []

    def register(self, name: str, function: Callable[[], None]) -> None:
        assert name == "post_run_cell"
        self.ends.append(function)

    def end_cell(self) -> None:
        for function in self.ends:
            function()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setattr(still_image, "get_ipython", lambda: made)
    monkeypatch.setattr(StillImage, "_bundle", lambda _, elements: {"elements": len(elements)})
    monkeypatch.setattr(still_image, "VIEW_WAIT", 0.0)
    return made


@pytest.fixture
def outputs(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> list[Output]:
    made: list[Output] = []

    def display(bundle: dict[str, Any], **_: object) -> Output:
        made.append(Output(bundle))
        return made[-1]

    monkeypatch.setattr(still_image, "display", display)
    return made


def drawing(count: int) -> tuple[Element, ...]:
    fields = {"kind": "stroke", "color": "#000000", "width": 8, "points": [0, 0]}
    found = [decode(str(number), fields) for number in range(count)]
    return tuple(element for element in found if element is not None)


def hung(elements: list[Element]) -> StillImage:
    made = StillImage((1280, 720), lambda: tuple(elements), lambda: len(elements), threading.Event())
    made.add_output()
    return made


def test_a_small_board_has_its_picture_at_once(shell: Shell, outputs: list[Output]) -> None:
    board = list(drawing(3))
    made = hung(board)
    made.add_output()
    assert [output.shown[-1] for output in outputs] == [3, 3]
    board += drawing(2)
    shell.end_cell()
    assert [output.shown[-1] for output in outputs] == [5, 5]


def test_a_large_board_has_its_picture_at_the_end_of_the_cell(shell: Shell, outputs: list[Output]) -> None:
    hung(list(drawing(LARGE)))
    assert outputs[0].shown == [0]
    shell.end_cell()
    assert outputs[0].shown == [0, LARGE]


def test_a_large_board_shown_again_keeps_the_picture_it_has(shell: Shell, outputs: list[Output]) -> None:
    made = hung(list(drawing(LARGE)))
    shell.end_cell()
    made.add_output()
    assert 0 not in outputs[0].shown[1:], "a good picture was taken away"
    shell.end_cell()
    assert [output.shown[-1] for output in outputs] == [LARGE, LARGE]


def test_the_same_drawing_is_not_painted_again(shell: Shell, outputs: list[Output]) -> None:
    hung(list(drawing(3)))
    shell.end_cell()
    shell.end_cell()
    assert outputs[0].shown == [3]
