"""Pages and kernels in one room: whatever the network does, every document is the fold of the log in the end.

A failing seed prints how to run it alone: ``pytest tests/simulation/test_javascript.py -k "seed17]"``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from ipysketch.model.document import Document
from relay.protocol import Create, Join, Operate, Patch, decode_client

from ..support.node import WEB, Different
from ..support.seeds import seeds
from .javascript import Replicas, ScriptClient
from .network import Client, World, logged
from .test_convergence import act, check

SEEDS = 100
STEPS = 150
COMPARE = 5
"""Steps between two looks at what the twins know."""


@pytest.fixture(scope="module")
def replicas() -> Iterator[Replicas]:
    found = Replicas()
    yield found
    found.close()


def flow(world: World, client: Client) -> None:
    """Something moves on between a client and the log, or stands still anywhere on its way."""
    pick = world.random
    client.send()
    if pick.random() < 0.9:
        client.deliver_up()
    if pick.random() < 0.8:
        world.propose()
    if pick.random() < 0.8:
        world.settle(fail=pick.random() < 0.1)
    for _ in range(pick.randrange(4)):
        client.pull()
    for _ in range(pick.randrange(5)):
        client.deliver_down()


def step(world: World, disasters: bool) -> None:
    pick = world.random
    client = pick.choice(world.clients)
    choice = pick.random()
    if choice < 0.3:
        act(world, client)
    elif choice < 0.32 and (others := [key for other in world.clients for key in other.sync.entries]):
        # Its key may be taken, as far as the relay is concerned, and what comes with it is refused too.
        client.do(Create(pick.choice(others), {"n": 0}), Patch(pick.choice(others), {"m": 1}))
    elif choice < 0.93:
        flow(world, client)
    elif choice < 0.97:
        client.connect()
    elif choice < 0.98:
        client.cut()
    elif choice < 0.99:
        world.crash(after_store=pick.random() < 0.5)
    elif disasters and choice < 0.992:
        world.lose_everything()
    elif disasters and choice < 0.996:
        world.back_up()
    elif disasters:
        world.restore()


def run(replicas: Replicas, seed: int) -> World:
    """Two to five clients, every other one in JavaScript."""
    world = World(seed)
    for n in range(world.random.randrange(2, 6)):
        if n % 2:
            Client(world, "abcde"[n])
        else:
            ScriptClient(world, "abcde"[n], replicas)
        world.clients[-1].connect()
    for n in range(STEPS):
        step(world, disasters=seed % 2 == 0)
        if n % COMPARE == 0:
            compare(world)
    world.drain()
    return world


def compare(world: World) -> None:
    for client in world.clients:
        if isinstance(client, ScriptClient):
            client.sync.compare()


def check_both(world: World) -> None:
    check(world)  # Kernels, and the twins of the pages.
    compare(world)
    fold = Document()
    for commit in logged(world.store):
        fold.apply(commit)
    for client in world.clients:
        if isinstance(client, ScriptClient):
            look = client.sync.ask("look")
            assert not look["pending"]
            assert look["seq"] == fold.seq
            assert {entry["key"] for entry in look["entries"]} == set(fold.entries)


@pytest.mark.parametrize("seed", seeds(SEEDS), ids=lambda seed: f"seed{seed}")
def test_every_replica_of_both_languages_is_the_fold_of_the_log(replicas: Replicas, seed: int) -> None:
    check_both(run(replicas, seed))


NUMBERS = (
    *(
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e0",
        "1E5",
        "1e16",
        "1e21",
        "1e308",
        "5e-324",
        "1e-400",
        "1e-7",
        "0.1",
        "4.35",
    ),
    *("9007199254740992", "9007199254740993.0", "123456789012345680000", "1.7976931348623157e308", "2.5e15"),
)
VALUES = (
    *NUMBERS,
    *('"\\u0000"', '"\\u2028"', '"\\ufeff"', '"\\u007f"', '"\\/"', '"e\\u0301"', '"\\ud83d\\ude00"', '"front"'),
    *(
        '{"a":1,"a":2.0}',
        '{"__proto__":{"x":1}}',
        '{"1":1,"0":2}',
        '{"":1.0}',
        '{"\\u0000":1}',
        '{"toString":1}',
    ),
    *("[]", "{}", "[[]]", "null", "true", '""', "[1.0,2.0]", "[0,-0]", "[-0.0]", '[1e5,"1.0"]', '{"type":"x"}'),
)
"""Values as somebody may write them, who writes no other language."""
NAMES = ("place", "color", "points", "kind", "1", "0", "", "__proto__", "constructor", "\\u0000", "length")
KEYS = ("a", "b", "__proto__", "constructor", "1", "0", "\\u0000", "\\ud83d\\ude00", "e\\u0301", "\\u00e9")


def hostile(pick: Random, op: int) -> str:
    """The operation after `op`, as a frame."""

    def fields() -> str:
        return ",".join(f'"{pick.choice(NAMES)}":{pick.choice(VALUES)}' for _ in range(pick.randrange(4)))

    def action() -> str:
        key, page = pick.choice(KEYS), pick.choice(["", "", "p", "__proto__"])
        return pick.choice(
            [
                f'{{"type":"create","key":"{key}","fields":{{{fields()}}},"page":"{page}"}}',
                f'{{"type":"patch","key":"{key}","fields":{{{fields()}}}}}',
                f'{{"type":"delete","keys":["{key}","{pick.choice(KEYS)}"]}}',
                f'{{"type":"revert","op":{max(1, op - pick.randrange(3))}}}',
            ]
        )

    actions = [action() for _ in range(pick.choice([1, 1, 2, 4]))]
    return f'[{{"type":"operate","op":{op + 1},"actions":[{",".join(actions)}]}}]'


@pytest.mark.parametrize("seed", seeds(20), ids=lambda seed: f"seed{seed}")
def test_hostile_values_come_to_one_drawing_in_both_languages(replicas: Replicas, seed: int) -> None:
    world = World(seed)
    kernel, page = Client(world, "k"), ScriptClient(world, "p", replicas)
    kernel.connect()
    page.connect()
    poisoner = world.room.join(Join("algebra", secret="poison"))
    committed = 0
    for _ in range(40):
        [message] = decode_client(hostile(world.random, poisoner.client.accepted))
        assert isinstance(message, Operate)
        world.room.receive(poisoner, message)
        committed = world.room.seq
        world.drain()
        compare(world)
        # Byte for byte: a number that only Python has is none.
        look = {entry["key"]: entry for entry in page.sync.ask("look")["confirmed"]}
        for key, entry in kernel.sync.document.entries.items():
            assert json.dumps(entry.fields, sort_keys=True) == json.dumps(look[key]["fields"], sort_keys=True)
    assert committed > 5
    late = ScriptClient(world, "l", replicas)
    late.connect()
    world.drain()
    compare(world)


def test_numbers_as_one_language_has_them_are_found(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.protocol.validation._decoder", msgspec.json.Decoder())
    monkeypatch.setattr("relay.protocol.validation._SHORT", -1)  # Nothing is remembered.
    with pytest.raises((Different, AssertionError)):
        test_hostile_values_come_to_one_drawing_in_both_languages(replicas, 0)


def test_a_large_drawing_comes_to_a_page_in_pieces(replicas: Replicas) -> None:
    world = World(0)
    kernel = Client(world, "a")
    words = [f"{world.random.getrandbits(256):x}" for _ in range(6000)]
    for n in range(600):
        kernel.do(Create(f"k{n}", {"text": words[10 * n : 10 * n + 10]}))
    world.drain()
    page = ScriptClient(world, "p", replicas)
    page.connect()
    page.pull()
    page.pull()
    assert page.pull()
    assert [type(frame) for frame in page.down][-1] is bytes
    world.drain()
    assert page.sync.document.seq == 600
    check_both(world)


BUGS = {
    "a restore is a new version": (
        "model/document.js",
        "for (const entry of change.entries) put(entry.key, entry);",
        "for (const entry of change.entries) put(entry.key, { ...entry, versions: stamped(entry.fields, seq) });",
    ),
    "an undo deletes what somebody changed since": (
        "model/document.js",
        "sameVersions(now.versions, after.versions)",
        "true",
    ),
    "a patch has no version": (
        "model/document.js",
        "const versions = { ...old.versions, ...stamped(change.fields, seq) };",
        "const versions = { ...old.versions };",
    ),
    "a reset can undo what is gone": ("client/sync.js", "this.#undo = mapped(this.#undo, now);", ""),
    "a reset numbers on": ("client/sync.js", "this.#next = following;", ""),
    "a snapshot leaves everything pending": ("client/sync.js", "if (op <= last) this.pending.delete(op);", ""),
    "a refused operation can be undone": ("client/sync.js", "this.#undo = mapped(this.#undo, without);", ""),
    "a retry waits for the next connection": ("client/sync.js", "this.#sent = first - 1;", ""),
    "a resume says nothing of verdicts": ("client/sync.js", "settled: Math.max(", "settled: Math.min(0, "),
}


@pytest.mark.parametrize("bug", BUGS)
def test_the_fuzz_catches_a_planted_bug(tmp_path: Path, bug: str) -> None:
    module, right, wrong = BUGS[bug]
    shutil.copytree(WEB, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / module).read_text()
    assert text.count(right) == 1
    (tmp_path / module).write_text(text.replace(right, wrong))
    wronged = Replicas(tmp_path)
    try:
        for seed in range(SEEDS):
            try:
                check_both(run(wronged, seed))
            except (Different, AssertionError):
                return
        pytest.fail("no seed found it")
    finally:
        wronged.close()
