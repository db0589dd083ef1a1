"""Undo after anything restores the drawing exactly, and so does redo: whatever the hands did, relayed or waiting.

A failing seed prints how to run it alone: ``pytest tests/property/test_undo.py -k "seed17]"``.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ipysketch.document import Elements
from ipysketch.elements import Element
from ipysketch.hands import TOOLS, Hands, Style
from ipysketch.sync import Sync
from ipysketch.tools import Commit, Output
from relay.protocol import Clear, order

from .network import Client, World

SEEDS = 120
GESTURES = 25
ACTS = ("delete", "duplicate", "front", "back", "left", "right", "up", "down")


class Paper:
    """The drawing of one client of a room, without a widget."""

    page = ""
    can_draw = True

    def __init__(self, sync: Sync) -> None:
        self.sync = sync

    def elements(self) -> tuple[Element, ...]:
        return Elements().of(self.sync.entries, "")

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        entry = self.sync.entries.get(key)
        return (entry.fields, order(entry)[0]) if entry else None

    def out(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Commit):
                self.sync.submit(output.actions)

    def seen(self) -> list[tuple[str, Mapping[str, Any], str]]:
        """Everything that is drawn, lowest first."""
        entries = self.sync.entries
        return [(each.key, entries[each.key].fields, each.author) for each in self.elements()]


def anything(pick: random.Random, hands: Hands, paper: Paper) -> None:
    """A gesture, or what a button does."""
    choice = pick.random()
    style = Style(pick.choice(["#cc0000", "#00cc00"]), pick.choice([2.0, 20.0]), pick.choice(["", "#0000cc"]))
    if choice < 0.6:
        # On few places, so that tools meet what is there.
        places = [(pick.randrange(8) * 40.0, pick.randrange(4) * 40.0) for _ in range(pick.randrange(1, 5))]
        tool = pick.choice([tool for tool in TOOLS if tool != "text"])
        hands.begin("h", *places[0], tool=tool, style=style, at=0, pressure=None, more=pick.random() < 0.3)
        for place in places[1:]:
            hands.motion("h", *place, at=0, pressure=None)
        if pick.random() < 0.1:
            hands.cancel("h")
        else:
            hands.end("h")
    elif choice < 0.65:
        hands.type_text(pick.randrange(300), pick.randrange(150), "some words", style)
    elif choice < 0.7:
        texts = [each.key for each in paper.elements() if each.kind == "text"]
        if texts:
            hands.rewrite(pick.choice(texts), pick.choice(["other words", ""]))
    elif choice < 0.95:
        if not hands.chosen:
            hands.choose_all()
        if pick.random() < 0.7:
            hands.act(pick.choice(ACTS))
        else:
            hands.restyle(pick.choice([{"color": "#123456"}, {"width": 7.0}, {"fill": ""}, {"opacity": 50}]))
    else:
        paper.sync.submit([Clear()])


@pytest.mark.parametrize("seed", range(SEEDS), ids="seed{}".format)
def test_undo_restores_the_drawing_exactly(seed: int) -> None:
    pick = random.Random(seed)
    world = World(seed)
    client, other = Client(world, "a"), Client(world, "b")
    world.drain()
    paper = Paper(client.sync)
    keys = (f"k{number}" for number in itertools.count())
    hands = Hands(paper, paper.out, lambda: next(keys), Style("#cc0000"))
    relayed = pick.random() < 0.7

    def settle() -> None:
        if relayed and pick.random() < 0.6:
            world.drain()

    # One state for each operation that undo can take back.
    states, count = [paper.seen()], 0
    for _ in range(GESTURES):
        before = client.sync._next
        anything(pick, hands, paper)
        done = client.sync._next - before
        assert done <= 1, "one gesture is one thing to undo"
        settle()
        if done:
            count += 1
            states.append(paper.seen())
    for state in reversed(states[:-1]):
        assert client.sync.undo()
        settle()
        assert paper.seen() == state
    assert not client.sync.can_undo
    for state in states[1:]:
        assert client.sync.redo()
        settle()
        assert paper.seen() == state
    world.drain()
    assert paper.seen() == Paper(other.sync).seen() == states[-1]
    assert count > GESTURES // 4
