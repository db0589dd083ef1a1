"""A page edits at once what its kernel feeds it later: both come to the same scene, whatever is lost or late."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from random import Random
from typing import Any

import pytest

from ipysketch.client.sync import Sync
from ipysketch.client.view import SceneChanges
from ipysketch.model.elements import decode
from ipysketch.widget.page_input import decode_actions
from ipysketch.widget.page_messages import SceneUpdate, encode
from ipysketch.widget.scene_feed import MAX_BYTES, MAX_ENTRIES, SceneFeed
from relay.protocol import Commit, Create, Delete, Entry, Patch, order

from ..support.node import Script
from . import make_page_messages as made

SCRIPT = str(made.HERE / "kernel_scene.mjs")


def line(x: int) -> dict[str, Any]:
    return {"kind": "line", "color": "#1f77b4", "width": 32, "points": [x, 400, 80, 0]}


def keys(page: Script) -> list[str]:
    return [key for key, *_ in page.ask({})["elements"]]


class Kernel:
    """The kernel's side, without a network."""

    def __init__(self) -> None:
        self.sync = Sync()
        self.sync.author = "me"
        self.feed = SceneFeed()
        self.page = ""

    def changes(self, since: int) -> SceneChanges:
        entries = self.sync.entries
        return SceneChanges(self.sync.version, self.page, entries, self.sync.touched(since))

    def update(self) -> SceneUpdate | None:
        return self.feed.update(self.changes)

    def next(self) -> SceneUpdate:
        update = self.update()
        assert update is not None
        return update

    def told(self) -> dict[str, Any]:
        return encode(self.next())

    def committed(self, client: str, actions: tuple[Any, ...], op: int = 0) -> None:
        seq = self.sync.document.seq + 1
        author = "me" if client == self.sync.client else "ada"
        self.sync.commit(
            Commit(seq=seq, mark=seq, client=client, op=op, author=author, at=0.0, changes=actions)
        )

    def elements(self) -> list[list[Any]]:
        here = [entry for entry in self.sync.entries.values() if entry.page == self.page]
        elements = [decode(e.key, e.fields, e.author, e.first[0]) for e in sorted(here, key=order)]
        bounds = [(element, element.bounds) for element in elements if element is not None]
        return [[e.key, e.author, [box.x0, box.y0, box.x1, box.y1]] for e, box in bounds]


def actions(chance: Random, keys: list[str], name: str) -> list[dict[str, Any]]:
    """What a hand does: encoded as a page sends it."""
    match chance.randrange(4):
        case 0 if keys:
            return [{"type": "delete", "keys": chance.sample(keys, k=min(2, len(keys)))}]
        case 1 if keys:
            place = chance.choice(["front", chance.randrange(-9, 9)])
            return [{"type": "patch", "key": chance.choice(keys), "fields": {"place": place}}]
        case 2 if keys:
            offset = [chance.randrange(99), chance.randrange(99)]
            return [{"type": "patch", "key": each, "fields": {"offset": offset}} for each in keys[:3]]
        case _:
            page = chance.choice(["", "", "other"])
            return [{"type": "create", "key": name, "fields": line(chance.randrange(999)), "page": page}]


class Both:
    """A kernel and a page, and the slow way between them."""

    def __init__(self, seed: int, page: Script) -> None:
        self.chance, self.kernel, self.page = Random(seed), Kernel(), page
        self.way: deque[Any] = deque([None])
        """From the page: an operation, or None where it asks for the scene."""
        self.asked = True

    def receive(self, lost: float = 0.0) -> None:
        update = self.kernel.update()
        if update is None or self.chance.random() < lost:
            return
        if self.page.ask({"receive": encode(update)}):
            self.asked = False
        elif not self.asked:
            self.asked = True
            self.way.append(None)

    def handle(self) -> None:
        if (message := self.way.popleft()) is None:
            self.kernel.feed.restart()
            return
        number, encoded = message
        self.kernel.sync.submit(decode_actions(encoded))
        self.kernel.feed.applied("v", number)

    def draw(self, name: str) -> None:
        """A hand on the page."""
        keys = [key for key, *_ in self.page.ask({})["elements"]]
        doing = actions(self.chance, keys, name)
        self.way.append((self.page.ask({"submit": doing}), doing))

    def hear(self, name: str) -> None:
        """The relay commits what somebody else did."""
        entries = self.kernel.sync.document.entries.items()
        keys = [key for key, entry in entries if entry.page == self.kernel.page]
        [change] = decode_actions(actions(self.chance, keys[:1], name))
        if not isinstance(change, Patch) or change.fields.get("place") != "front":
            self.kernel.committed("other", (change,))

    def step(self, number: int) -> None:
        match self.chance.randrange(6):
            case 0 | 1:
                self.draw(f"m{number}")
            case 2 if self.way:
                self.handle()
            case 3:
                self.hear(f"o{number}")
            case 4 if self.chance.random() < 0.1:
                self.kernel.page = self.chance.choice(["", "other"])
            case _:
                self.receive(lost=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_a_page_and_its_kernel_come_to_the_same(seed: int) -> None:
    with closing(Script(SCRIPT)) as page:
        both = Both(seed, page)
        for number in range(250):
            both.step(number)
        for number in range(4):
            # Something always follows, by which a page notices what it missed last.
            both.kernel.committed("other", (Create(f"end{number}", line(1)),))
            while both.way:
                both.handle()
            both.receive()
        seen = page.ask({})
    assert seen["elements"] == both.kernel.elements()
    assert (seen["page"], seen["pending"], seen["complete"]) == (both.kernel.page, 0, True)


def test_an_operation_counts_at_once_and_until_the_kernel_has_it() -> None:
    with closing(Script(SCRIPT)) as page:
        rehearse(page)


def rehearse(page: Script) -> None:
    kernel = Kernel()
    kernel.committed("other", (Create("a", line(8)),))
    kernel.feed.restart()
    assert page.ask({"receive": kernel.told()})
    page.ask({"submit": [{"type": "delete", "keys": ["a"]}]})
    assert page.ask({})["elements"] == []
    kernel.committed("other", (Create("b", line(8)),))
    assert page.ask({"receive": kernel.told()})
    assert keys(page) == ["b"], "it is not back while the kernel has not read it"
    kernel.feed.applied("v", 1)
    assert page.ask({"receive": kernel.told()})
    assert keys(page) == ["a", "b"], "the kernel did not take it"


def test_nothing_is_sent_before_a_view_asks() -> None:
    kernel = Kernel()
    kernel.committed("other", (Create("a", line(8)),))
    assert kernel.update() is None


def test_a_large_drawing_comes_in_parts_and_operations_are_not_told_of_before_their_effect() -> None:
    kernel = Kernel()
    count = 3 * MAX_ENTRIES + 1
    kernel.committed("other", tuple(Create(f"k{n}", line(n)) for n in range(count)))
    kernel.feed.restart()
    kernel.feed.applied("v", 1)
    updates = list(iter(kernel.update, None))
    assert [update.whole for update in updates] == [True] + [False] * (len(updates) - 1)
    assert [update.more for update in updates] == [True] * (len(updates) - 1) + [False]
    assert [dict(update.applied) for update in updates] == [{}] * (len(updates) - 1) + [{"v": 1}]
    assert [entry.key for update in updates for entry in update.entries] == [f"k{n}" for n in range(count)]
    big = {**line(1), "points": [1, 1] * (MAX_BYTES // 4)}
    kernel.committed("other", tuple(Create(f"b{n}", big) for n in range(3)))
    assert [len(update.entries) for update in iter(kernel.update, None)] == [1, 1, 1]


def test_what_a_page_may_not_do_is_nothing() -> None:
    assert decode_actions([{"type": "revert", "op": 1}]) == []
    assert decode_actions([{"type": "delete", "keys": ["a"]}, {"type": "create", "key": ""}]) == []
    assert decode_actions([{"type": "delete", "keys": ["a"]}]) == [Delete(("a",))]


def test_an_entry_that_is_the_same_is_not_sent_again() -> None:
    kernel = Kernel()
    kernel.committed("other", (Create("a", line(8)), Create("b", line(9))))
    kernel.feed.restart()
    assert len(kernel.next().entries) == 2
    kernel.committed("other", (Patch("b", {"width": 8}),))
    [entry] = kernel.next().entries
    assert entry.key == "b"
    assert kernel.update() is None
    assert isinstance(kernel.sync.entries["b"], Entry)
