"""Pages and kernels in one room: whatever the network does, every document is the fold of the log in the end.

A failing seed prints how to run it alone: ``pytest tests/property/test_javascript.py -k "seed17]"``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipysketch.document import Document
from relay.protocol import Create, Patch

from ..node import WEB
from .javascript import Different, Replicas, ScriptClient
from .network import Client, World, logged
from .test_convergence import act, check

SEEDS = 300
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


@pytest.mark.parametrize("seed", range(SEEDS), ids=lambda seed: f"seed{seed}")
@pytest.mark.timeout(30)
def test_every_replica_of_both_languages_is_the_fold_of_the_log(replicas: Replicas, seed: int) -> None:
    check_both(run(replicas, seed))


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
        "document.js",
        "for (const entry of change.entries) put(entry.key, entry);",
        "for (const entry of change.entries) put(entry.key, { ...entry, versions: stamped(entry.fields, seq) });",
    ),
    "an undo deletes what somebody changed since": (
        "document.js",
        "sameVersions(now.versions, after.versions)",
        "true",
    ),
    "a patch has no version": (
        "document.js",
        "const versions = { ...old.versions, ...stamped(change.fields, seq) };",
        "const versions = { ...old.versions };",
    ),
    "a reset can undo what is gone": ("sync.js", "this.#undo = kept(this.#undo);", ""),
    "a reset numbers on": ("sync.js", "this.#next = pending.size + 1;", ""),
    "a snapshot leaves everything pending": ("sync.js", "if (op <= last) this.pending.delete(op);", ""),
    "a refused operation can be undone": ("sync.js", "if (index >= 0) stack.splice(index, 1);", ""),
    "a retry waits for the next connection": ("sync.js", "this.#sent = this.#first() - 1;", ""),
    "a resume says nothing of verdicts": ("sync.js", "settled: Math.max(", "settled: Math.min(0, "),
}


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.timeout(120)
def test_the_fuzz_catches_a_planted_bug(tmp_path: Path, bug: str) -> None:
    module, right, wrong = BUGS[bug]
    for file in WEB.glob("*.js"):
        shutil.copy(file, tmp_path)
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
