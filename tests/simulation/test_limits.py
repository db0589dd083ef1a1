"""A relay that takes less than a client has to send: whatever fits arrives, nothing waits behind what does not.

Each of these scenes holds for a kernel, and for a page with its twin.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from relay.protocol import (
    MAX_ACTIONS,
    MAX_FRAME,
    Create,
    Delete,
    Operate,
    Patch,
    RemoteError,
    Revert,
    decode_client,
)

from ..support.node import WEB, Different
from ..support.seeds import seeds
from .javascript import Replicas, ScriptClient
from .network import Client, World, logged
from .test_convergence import check
from .test_javascript import step

SEEDS = 120
STEPS = 120
SMALL = 3_000
"""Bytes of a frame of the relay with less."""

Join = Callable[[World, str], Client]


@pytest.fixture(scope="module")
def replicas() -> Iterator[Replicas]:
    found = Replicas()
    yield found
    found.close()


@pytest.fixture(params=["kernel", "page"])
def join(request: pytest.FixtureRequest, replicas: Replicas) -> Join:
    if request.param == "kernel":
        return Client
    return lambda world, name: ScriptClient(world, name, replicas)


def creates(number: int, prefix: str = "k", words: str = "") -> list[Create[object]]:
    return [Create(f"{prefix}{n}", {"n": n, "text": words}) for n in range(number)]


def test_an_operation_of_very_many_actions_arrives_and_is_undone_at_once(join: Join) -> None:
    world = World(0)
    other = Client(world, "o")
    client = join(world, "c")
    world.drain()
    client.do(*creates(2 * MAX_ACTIONS + 7))
    assert [len(actions) for actions in client.sync.pending.values()] == [MAX_ACTIONS, MAX_ACTIONS, 7]
    world.drain()
    assert len(other.sync.entries) == 2 * MAX_ACTIONS + 7
    assert client.sync.undo()
    assert not client.sync.entries, "all of it at once, before anybody has answered"
    assert not client.sync.can_undo
    world.drain()
    assert not other.sync.entries
    assert client.sync.redo()
    world.drain()
    assert len(other.sync.entries) == 2 * MAX_ACTIONS + 7
    assert not client.sync.lost
    check(world)


def test_what_was_drawn_alone_is_cut_for_the_relay_that_is_joined(join: Join) -> None:
    world = World(0)
    world.largest = SMALL
    world.crash(after_store=False)
    client = join(world, "c")
    client.do(*creates(300))
    client.do(Patch("k7", {"n": -1}))
    client.sync.undo()
    client.sync.undo()
    client.sync.redo()
    assert len(client.sync.pending) == 5
    world.drain()
    assert len(world.room.log.entries) == 300
    assert not client.sync.lost
    assert client.refused_frames == 0, "it was told at once"
    check(world)


@pytest.mark.parametrize("tells", [True, False], ids=["tells", "tells nothing"])
def test_what_cannot_be_cut_is_given_up_and_holds_up_nothing(join: Join, tells: bool) -> None:
    world = World(0)
    world.largest, world.tells = SMALL, tells
    world.crash(after_store=False)
    client = join(world, "c")
    client.do(Create("before", {"n": 1}))
    client.do(Create("large", {"text": "x" * (SMALL + 1)}))
    client.do(Create("behind", {"n": 2}))
    client.do(Patch("large", {"n": 3}))
    world.drain()
    assert sorted(world.room.log.entries) == ["before", "behind"]
    [lost] = client.sync.lost
    assert isinstance(lost.actions[0], Create)
    assert lost.actions[0].key == "large"
    assert "larger than the relay takes" in lost.reason
    assert client.refused_frames == (0 if tells else 2), "with the others, and alone"
    client.do(Create("later", {"n": 3}))
    world.drain()
    assert "later" in world.room.log.entries
    check(world)


def test_a_relay_that_tells_nothing_is_found_out_in_a_few_tries(join: Join) -> None:
    world = World(0)
    world.largest, world.tells = SMALL, False
    world.crash(after_store=False)
    client = join(world, "c")
    client.do(*creates(2_000, words="words " * 20))
    world.drain()
    assert len(world.room.log.entries) == 2_000
    assert 0 < client.refused_frames < 20
    assert not client.sync.lost
    check(world)


def test_a_deletion_of_very_many_is_cut(join: Join) -> None:
    world = World(0)
    client = join(world, "c")
    client.do(*creates(6_000, prefix="a long key of an element "))
    world.drain()
    world.largest = 20_000
    world.crash(after_store=False)
    world.drain()
    client.do(Delete(tuple(client.sync.entries)))
    world.drain()
    assert not world.room.log.entries
    client.sync.undo()
    world.drain()
    assert len(world.room.log.entries) == 6_000
    check(world)


def test_an_operation_that_the_relay_cannot_read_is_given_up(join: Join) -> None:
    """As one of a newer client: it gets no verdict, and those after it are refused for the gap."""
    world = World(0)
    client = join(world, "c")
    client.do(Create("before", {"n": 1}))
    world.drain()
    client.do(Create("unread", {"n": 1}))
    client.do(Create("behind", {"n": 2}))
    client.do(Revert(2))
    rounds = count()
    while client.sync.pending and next(rounds) < 20:
        client.send()
        # The relay reads all but the first action that it does not know.
        client.up = type(client.up)(frame.replace(b'"unread"', b"7") for frame in client.up)
        deliver_what_can_be_read(client)
        world.propose()
        world.settle()
        while client.pull() or client.deliver_down():
            pass
    assert sorted(world.room.log.entries) == ["before", "behind"]
    assert [lost.reason for lost in client.sync.lost] == ["the relay cannot read it; a newer relay may"]
    check(world)


def test_two_copies_of_a_client_are_not_told_that_both_are_durable(join: Join) -> None:
    """A machine that was copied: both draw under the same number, and the relay takes the first."""
    world = World(0)
    client = join(world, "c")
    world.drain()
    client.do(Create("mine", {"n": 1}))
    assert client.peer is not None
    world.room.receive(client.peer, Operate(1, (Create("theirs", {"n": msgspec.Raw(b"2")}),)))
    world.drain()
    assert list(client.sync.entries) == ["theirs"]
    [lost] = client.sync.lost
    assert lost.actions == (Create("mine", {"n": 1}),)
    assert "another copy" in lost.reason
    assert not client.sync.can_undo
    check(world)


def deliver_what_can_be_read(client: Client) -> None:
    while client.up:
        for message in decode_client(client.up.popleft()):
            if not isinstance(message, RemoteError):
                assert client.peer is not None
                client.world.room.receive(client.peer, message)


def run(seed: int, replicas: Replicas) -> World:
    """Clients of both languages and a relay that comes back with other limits each time."""
    world = World(seed)
    world.tells = seed % 2 == 0
    for n in range(3):
        client = ScriptClient(world, "abc"[n], replicas) if n else Client(world, "abc"[n])
        client.connect()
    for _ in range(STEPS):
        pick = world.random
        choice = pick.random()
        client = pick.choice(world.clients)
        if choice < 0.06:
            number = pick.randrange(1, 60)
            client.do(*(Create(next(client.keys), {"text": "w" * pick.randrange(300)}) for _ in range(number)))
        elif choice < 0.08:
            world.largest = pick.choice([SMALL, 2 * SMALL, MAX_FRAME])
            world.crash(after_store=pick.random() < 0.5)
        else:
            step(world, disasters=seed % 3 == 0)
    world.drain()
    return world


@pytest.mark.parametrize("seed", seeds(SEEDS), ids=lambda seed: f"seed{seed}")
def test_every_replica_is_the_fold_of_the_log_whatever_the_relay_takes(replicas: Replicas, seed: int) -> None:
    check_both(run(seed, replicas))


def check_both(world: World) -> None:
    check(world)
    for client in world.clients:
        if isinstance(client, ScriptClient):
            client.sync.compare()
        assert not [lost for lost in client.sync.lost if "larger" in lost.reason], "all of it could be cut"
    assert logged(world.store)


BUGS = {
    "an undo takes back one part": ("ops.reverse().map(", "ops.slice(-1).map("),
    "what is pending is not cut for another relay": (
        "else if (others) this.#renumber(welcome.last, true, welcome.last + 1);",
        "",
    ),
    "a part is numbered like another": ("parts.map((_, index) => following + index),", "[following],"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_the_fuzz_catches_a_planted_bug(tmp_path: Path, bug: str) -> None:
    right, wrong = BUGS[bug]
    shutil.copytree(WEB, tmp_path, dirs_exist_ok=True)
    module = tmp_path / "client" / "sync.js"
    text = module.read_text()
    assert text.count(right) == 1
    module.write_text(text.replace(right, wrong))
    wronged = Replicas(tmp_path)
    try:
        for seed in range(SEEDS):
            try:
                check_both(run(seed, wronged))
            except (Different, AssertionError):
                return
        pytest.fail("no seed found it")
    finally:
        wronged.close()
