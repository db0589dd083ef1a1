"""The messages between a page and its kernel: the document, the code, the types and the JavaScript say the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from ipysketch.client.peers import Peers
from ipysketch.widget.ink_feed import InkFeed
from ipysketch.widget.page_decoder import PageDecoder
from ipysketch.widget.page_input import decode_actions
from ipysketch.widget.page_messages import (
    KINDS,
    VERSION,
    ControlState,
    FrameState,
    InkUpdate,
    Road,
    SceneUpdate,
    encode,
)
from relay.protocol import Clear, Create, Patch, PeerCancel, PeerPreview

from ..support.node import says
from . import make_page_messages as made

SCRIPT = Path(__file__).with_name("page_messages.mjs")
STATES: dict[str, Any] = {
    "controls": ControlState,
    "frame": FrameState,
    "ink": InkUpdate,
    "scene": SceneUpdate,
    "road": Road,
}


def test_the_document_is_of_this_version() -> None:
    assert f"Version {VERSION}. " in made.PAGE.read_text()


@pytest.mark.parametrize("message", made.MESSAGES, ids=lambda message: message["ipysketch"])
def test_an_example_of_a_page_is_decoded(message: dict[str, Any]) -> None:
    decoder = PageDecoder()
    decoded = decoder.decode(message)
    assert decoder.ignored == 0
    assert message.keys() <= msgspec.to_builtins(decoded).keys()


def test_every_kind_has_an_example() -> None:
    assert {message["ipysketch"] for message in made.MESSAGES} == KINDS.keys()


@pytest.mark.parametrize(("kind", "text"), [example for example in made.EXAMPLES if example[0] != "page"])
def test_an_example_of_a_kernel_is_what_it_sends(kind: str, text: str) -> None:
    example = json.loads(text)
    state = msgspec.convert(example, STATES[kind])
    assert json.loads(json.dumps(encode(state))) == example


def test_every_kind_of_state_has_an_example() -> None:
    assert {kind for kind, _ in made.EXAMPLES} == {"page", *STATES}


@pytest.mark.parametrize(("file", "make"), [(made.TYPES, made.types), (made.VECTORS, made.vectors)])
def test_what_is_made_is_not_stale(file: Path, make: Any) -> None:
    assert file.read_text() == make(), "run python -m tests.contract.make_page_messages"


def sent(script: Path = SCRIPT) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = json.loads(says(str(script), "sent"))
    return messages


def test_what_the_widget_sends_is_valid() -> None:
    messages, decoder = sent(), PageDecoder()
    assert all(decoder.decode(message) is not None for message in messages)
    assert decoder.ignored == 0
    assert {message["ipysketch"] for message in messages} >= {
        *("scene", "preview", "end preview", "submit", "moving"),
        *("cursor", "choose", "undo", "redo", "view", "look", "lost"),
    }
    submitted = [decode_actions(message["actions"]) for message in messages if message["ipysketch"] == "submit"]
    assert all(submitted)
    assert [type(actions[0]) for actions in submitted] == [Create, Patch, Patch, Clear]
    assert next(message for message in messages if message["ipysketch"] == "view")["version"] == VERSION


@pytest.mark.parametrize("seed", range(4))
def test_the_widget_shows_the_ink_that_the_feed_sends(seed: int) -> None:
    """Some updates are lost: then the widget says so, and is right again after the next whole one."""
    chance, peers, feed = Random(seed), Peers(), InkFeed()
    updates: list[InkUpdate] = []
    shown: list[list[Any]] = []
    lengths: dict[str, int] = {}
    for _ in range(120):
        key = chance.choice("abc")
        if chance.random() < 0.2:
            peers.receive(PeerCancel("p", key))
            lengths.pop(key, None)
        else:
            start = lengths.get(key, 0)
            fields = {"kind": "stroke", "color": "#123456", "width": 32} if start == 0 else None
            peers.receive(PeerPreview("p", key, start, (start, chance.randrange(99)), fields))
            lengths[key] = start + 2
        update = feed.update(peers.ink({}))
        if update is not None and chance.random() < 0.8:
            updates.append(update)
            shown.append([[f"{ink.peer}/{ink.key}", ink.fields, list(ink.points)] for ink in peers.ink({})])
        elif update is not None:
            feed.forget()
    lines = says(str(SCRIPT), "ink", given="".join(json.dumps(encode(update)) + "\n" for update in updates))
    results = [json.loads(line) for line in lines.splitlines()]
    assert len(results) == len(updates) > 50
    assert [sorted(entries) for _, entries in results] == [sorted(entries) for entries in shown]
    assert all(fits for fits, _ in results)
    without = [json.dumps(encode(update)) + "\n" for update in updates if not update.whole]
    missed = [json.loads(line)[0] for line in says(str(SCRIPT), "ink", given="".join(without)).splitlines()]
    assert not missed[0], "an update before it was missed"


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("ipysketch/widget/static/channel.js", "ipysketch: kind", "kind"),
        ("relay/web/board/kernel_board.js", 'send("end preview"', 'send("finish preview"'),
        ("relay/web/editing/keys.js", "board.redo()", "board.follow(/** @type {any} */ (3))"),
    ],
)
def test_a_wrong_message_is_noticed(tmp_path: Path, module: str, right: str, wrong: str) -> None:
    root = SCRIPT.parents[2]
    for folder in ("relay/web", "ipysketch/widget/static", "tests/contract", "tests/web"):
        shutil.copytree(root / folder, tmp_path / folder)
    changed = tmp_path / module
    assert right in changed.read_text()
    changed.write_text(changed.read_text().replace(right, wrong))
    decoder = PageDecoder()
    for message in sent(tmp_path / "tests/contract/page_messages.mjs"):
        decoder.decode(message)
    assert decoder.ignored
