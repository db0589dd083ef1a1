"""Gestures and their tools on a small drawing, without a relay."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import pytest

from ipysketch.editing.gestures import MOST_GESTURES, Gestures
from ipysketch.editing.style import Style
from ipysketch.editing.tools import CancelEffect, CommitEffect, Effect, SparedEffect
from ipysketch.model.elements import Element
from ipysketch.model.scene import Scene
from relay.protocol import Action, Delete, Entry, apply, order, resolve

RED = Style("#cc0000", 4.0)


class Paper:
    """A drawing that takes operations at once, and remembers what else it was told."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.page = ""
        self.can_draw = True
        self.moderates = True
        self.effects: list[Effect] = []
        self.operations: list[Sequence[Action]] = []

    def may_erase(self, element: Element) -> bool:
        return self.moderates or element.author == "me"

    def elements(self) -> tuple[Element, ...]:
        return Scene().of(self.entries, self.page)

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        entry = self.entries.get(key)
        return (entry.fields, order(entry)[0]) if entry else None

    def apply(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self.effects.append(effect)
            if isinstance(effect, CommitEffect):
                self.operations.append(effect.actions)
                seq = len(self.operations)
                apply(self.entries, resolve(self.entries, effect.actions, seq, {}), seq, "me", float(seq))

    @property
    def keys(self) -> list[str]:
        return [element.key for element in self.elements()]


@pytest.fixture
def paper() -> Paper:
    return Paper()


class Hand:
    """Gestures whose effects the paper applies."""

    def __init__(self, paper: Paper) -> None:
        names = (f"n{number}" for number in itertools.count())
        self.gestures = Gestures(paper, lambda: next(names), RED)
        self.paper = paper

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.gestures, name)
        if name not in CHANGING:
            return found
        return lambda *given, **more: self.paper.apply(found(*given, **more))


CHANGING = (*("begin", "motion", "straighten", "end", "cancel", "forget", "resend"),)
"""The methods that return effects."""


@pytest.fixture
def hand(paper: Paper) -> Hand:
    return Hand(paper)


def drag(hand: Hand, tool: str, *points: tuple[float, float], style: Style = RED) -> None:
    hand.begin("h", *points[0], tool=tool, style=asdict(style))
    for point in points[1:]:
        hand.motion("h", *point)
    hand.end("h")


def fields(paper: Paper, key: str) -> Mapping[str, Any]:
    return paper.entries[key].fields


# --- drawing ---------------------------------------------------------------------------------------------


def test_styles_become_fields_of_the_kinds_that_have_them(hand: Hand, paper: Paper) -> None:
    style = Style("#112233", 8.0, fill="#ddeeff", dash="dashed", opacity=50)
    pen, highlighter, line, ellipse = (
        style.fields(kind) for kind in ("stroke", "highlighter", "line", "ellipse")
    )
    assert "fill" not in pen
    assert "dash" not in pen
    assert highlighter["width"] == 4 * pen["width"]
    assert (line["dash"], ellipse["dash"], ellipse["fill"], pen["opacity"]) == (
        "dashed",
        "dashed",
        "#ddeeff",
        50,
    )


def test_a_viewer_draws_nothing(hand: Hand, paper: Paper) -> None:
    drag(hand, "pen", (0, 0), (50, 50))
    paper.can_draw = False
    for tool in ("pen", "highlighter", "eraser"):
        drag(hand, tool, (0, 0), (50, 50))
    assert len(paper.operations) == 1


# --- choosing --------------------------------------------------------------------------------------------


@pytest.fixture
def three(hand: Hand, paper: Paper) -> list[str]:
    for x in (0, 100, 200):
        drag(hand, "pen", (x, 0), (x + 50, 0))
    return paper.keys


# --- pointers --------------------------------------------------------------------------------------------


def test_each_pointer_has_a_gesture_of_its_own(hand: Hand, paper: Paper) -> None:
    for pointer, y in (("v/1", 0), ("v/2", 50), ("w/1", 100)):
        hand.begin(pointer, 0, y)
        hand.motion(pointer, 50, y)
    assert [pointer for pointer, _ in hand.ink("me")] == ["v/1", "v/2", "w/1"]
    hand.cancel("v/1")
    hand.forget("v/")
    assert [pointer for pointer, _ in hand.ink("me")] == ["w/1"]
    assert len(paper.operations) == 1, "the gesture of a view that closed ends, and is not lost"
    assert list(hand.finished) == ["v/1", "v/2"]
    hand.motion("v/1", 9, 9)
    hand.straighten("v/1", 9, 9)
    hand.end("v/1")
    assert len(paper.operations) == 1


def test_only_so_many_gestures_at_a_time(hand: Hand) -> None:
    for number in range(MOST_GESTURES + 3):
        hand.begin(f"v/{number}", 0, number)
    assert len(hand.ink("me")) == MOST_GESTURES


def test_a_pointer_that_begins_again_cancels_what_it_had_begun(hand: Hand, paper: Paper) -> None:
    hand.begin("v/1", 0, 0)
    hand.begin("v/1", 50, 50)
    cancelled = [effect for effect in paper.effects if isinstance(effect, CancelEffect)]
    assert [effect.key for effect in cancelled] == ["n0"]


# --- tool and style --------------------------------------------------------------------------------------


def test_the_chosen_tool_and_style_are_used_unless_others_are_said(hand: Hand, paper: Paper) -> None:
    hand.choose(tool="highlighter", width=8.0)
    hand.begin("v/1", 0, 0)
    hand.end("v/1")
    hand.begin("v/1", 0, 0, tool="pen", style={"color": "#00ff00"})
    hand.end("v/1")
    broad, pen = (fields(paper, key) for key in paper.keys)
    assert (broad["kind"], broad["width"], broad["color"]) == ("highlighter", 4 * 64, "#cc0000")
    assert (pen["kind"], pen["width"], pen["color"]) == ("stroke", 64, "#00ff00")
    hand.choose(tool="a spoon")
    assert hand.tool == "highlighter"


# --- erasing ---------------------------------------------------------------------------------------------


def by_grace(paper: Paper, key: str) -> None:
    """Make Grace the author of an element."""
    paper.entries[key] = msgspec.structs.replace(paper.entries[key], author="grace")


def test_an_editor_erases_what_is_theirs_and_spares_what_others_drew(
    hand: Hand, paper: Paper, three: list[str]
) -> None:
    by_grace(paper, three[1])
    paper.moderates = False
    hand.begin("h", 20, 1, tool="eraser")
    hand.motion("h", 220, 1)
    assert hand.hidden() == {three[0], three[2]}
    hand.end("h")
    [delete, *_] = paper.operations[-1]
    assert isinstance(delete, Delete)
    assert set(delete.keys) == {three[0], three[2]}
    assert SparedEffect() not in paper.effects


def test_an_eraser_that_met_nothing_but_what_others_drew_says_so(
    hand: Hand, paper: Paper, three: list[str]
) -> None:
    for key in three:
        by_grace(paper, key)
    paper.moderates = False
    count = len(paper.operations)
    drag(hand, "eraser", (20, 1), (220, 1))
    assert paper.effects[-1] == SparedEffect()
    drag(hand, "eraser", (20, 300), (220, 300))
    assert [effect for effect in paper.effects if isinstance(effect, SparedEffect)] == [SparedEffect()]
    assert len(paper.operations) == count
    paper.moderates = True
    drag(hand, "eraser", (20, 1), (220, 1))
    assert len(paper.operations) == count + 1


# --- cutting ---------------------------------------------------------------------------------------------
