"""Undo after anything restores the drawing exactly, and so does redo: whatever the gestures did, relayed or waiting.

A failing seed prints how to run it alone: ``pytest tests/simulation/test_undo.py -k "seed17]"``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipysketch.client.sync import Sync
from ipysketch.model.scene import Scene
from ipysketch.widget.page_input import decode_actions
from relay.protocol import Clear

from ..support.node import Script
from ..support.seeds import seeds
from .network import Client, World

SEEDS = 120
GESTURES = 25
TOOLS = ("pen", "highlighter", "line", "arrow", "rectangle", "ellipse", "eraser", "cutter", "select", "laser")
ACTS = (
    *("delete", "duplicate", "front", "back", "forward", "backward", "left", "right", "up", "down"),
    *("group", "ungroup", "lock", "unlock", "flip-x", "flip-y", "align-left", "align-middle", "distribute-x"),
)
HANDLES = ("", "", "se", "n", "w", "turn")
STYLES: tuple[dict[str, object], ...] = ({"color": "#123456"}, {"width": 7.0}, {"fill": ""}, {"opacity": 50})


@pytest.fixture(scope="module")
def hands() -> Iterator[Script]:
    """The gestures of the front end: what they do is applied by Python's fold."""
    script = Script(str(Path(__file__).with_name("gestures.mjs")))
    yield script
    script.close()


class Paper:
    """The drawing of one client of a room, without a widget."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync

    def seen(self) -> list[tuple[str, Mapping[str, Any], str]]:
        """Everything that is drawn, lowest first."""
        entries = self.sync.entries
        return [(each.key, entries[each.key].fields, each.author) for each in Scene().of(entries, "")]

    def do(self, hands: Script, doing: Sequence[object]) -> None:
        """Have hands do something, and submit what comes of it as the kernel does for a page."""
        given = [msgspec.to_builtins(entry) for entry in self.sync.entries.values() if entry.page == ""]
        said = hands.ask({"given": given, "doing": doing})
        assert said["shown"] == [key for key, *_ in self.seen()], "both languages see one order"
        assert said["changes"] == 0, "nothing is held when no hand is on it"
        assert len(said["operations"]) <= 1, "one gesture is one thing to undo"
        for encoded in said["operations"]:
            actions = decode_actions(encoded)
            assert actions, "the kernel takes what the page sends"
            self.sync.submit(actions)


def anything(pick: random.Random, hands: Script, paper: Paper) -> None:
    """A gesture, or what a button does."""
    choice = pick.random()
    style = {
        "color": pick.choice(["#cc0000", "#00cc00"]),
        "width": pick.choice([2, 20]),
        "fill": pick.choice(["", "#0000cc"]),
        "dash": "",
        "opacity": 0,
    }
    if choice < 0.6:
        # On few places, so that tools meet what is there.
        places = [(pick.randrange(8) * 40, pick.randrange(4) * 40) for _ in range(pick.randrange(1, 5))]
        held = {
            "more": pick.random() < 0.3,
            "copy": pick.random() < 0.1,
            "handle": pick.choice(HANDLES),
            "straight": pick.random() < 0.2,
            "middle": pick.random() < 0.2,
            "snap": pick.random() < 0.2,
            "cancelled": pick.random() < 0.1,
        }
        tool = "select" if pick.random() < 0.3 else pick.choice(TOOLS)
        paper.do(hands, ["draw", tool, style, places, held])
    elif choice < 0.65:
        paper.do(hands, ["type", pick.randrange(300), pick.randrange(150), "some words", style])
    elif choice < 0.7:
        texts = [key for key, fields, _ in paper.seen() if fields["kind"] == "text"]
        if texts:
            paper.do(hands, ["rewrite", pick.choice(texts), pick.choice(["other words", ""])])
    elif choice < 0.88:
        paper.do(hands, ["act", pick.choice(ACTS)])
    elif choice < 0.95:
        paper.do(hands, ["restyle", pick.choice(STYLES)])
    else:
        paper.sync.submit([Clear()])


@pytest.mark.parametrize("seed", seeds(SEEDS), ids="seed{}".format)
def test_undo_restores_the_drawing_exactly(hands: Script, seed: int) -> None:
    pick = random.Random(seed)
    world = World(seed)
    client, other = Client(world, "a"), Client(world, "b")
    world.drain()
    paper = Paper(client.sync)
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
        assert done <= 1
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
    assert count
