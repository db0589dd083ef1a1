"""Whatever the network does, every document is the fold of the log in the end.

A failing seed prints how to run it alone: ``pytest tests/simulation/test_convergence.py -k "seed17]"``.
"""

from __future__ import annotations

from collections import Counter

import pytest

from ipysketch.model.document import Document, digest
from relay.protocol import Clear, Create, Delete, Patch, Preview

from ..support.seeds import seeds
from .network import Client, World, logged

SEEDS = 600
STEPS = 120
STROKE = {"kind": "stroke", "points": [8, 8, 80, 80], "color": "#cc0000"}


def act(world: World, client: Client) -> None:
    """One random operation of `client`, on what it sees."""
    pick = world.random
    alive = list(client.sync.entries)
    choice = pick.random()
    if choice < 0.45 or not alive:
        keys = [next(client.keys) for _ in range(pick.choice((1, 1, 1, 2)))]
        client.do(*(Create(key, {**STROKE, "width": 1 + pick.randrange(9)}) for key in keys))
    elif choice < 0.6:
        client.do(
            Patch(pick.choice(alive), {pick.choice(("width", "m")): 1 + pick.randrange(9), "place": "front"})
        )
    elif choice < 0.7:
        client.do(Delete(tuple(pick.sample(alive, min(len(alive), pick.randrange(1, 4))))))
    elif choice < 0.73:
        client.do(Clear())
    elif choice < 0.9:
        client.sync.undo()
    else:
        client.sync.redo()


def step(world: World, disasters: bool) -> None:  # noqa: C901  # a branch for each event
    pick = world.random
    client = pick.choice(world.clients)
    choice = pick.random()
    if choice < 0.3:
        act(world, client)
    elif choice < 0.4:
        client.send()
    elif choice < 0.52:
        client.deliver_up()
    elif choice < 0.64:
        client.pull()
    elif choice < 0.78:
        client.deliver_down()
    elif choice < 0.84:
        world.propose()
    elif choice < 0.9:
        world.settle(fail=pick.random() < 0.1)
    elif choice < 0.94:
        client.connect()
    elif choice < 0.96:
        client.cut()
    elif choice < 0.975 and client.peer is not None:
        world.room.receive(client.peer, Preview(next(client.keys), 0, (1, 2), {"kind": "stroke"}))
    elif choice < 0.99:
        world.crash(after_store=pick.random() < 0.5)
    elif disasters and choice < 0.992:
        world.lose_everything()


def run(seed: int, steps: int = STEPS) -> World:
    world = World(seed)
    for n in range(world.random.randrange(2, 6)):
        Client(world, "abcde"[n])
    for _ in range(steps):
        step(world, disasters=seed % 4 == 0)
    world.drain()
    return world


def check(world: World) -> None:
    log = logged(world.store)
    assert [commit.seq for commit in log] == list(range(1, len(log) + 1))
    assert max(Counter((commit.client, commit.op) for commit in log).values(), default=1) == 1
    fold = Document()
    for commit in log:
        fold.apply(commit)
    for client in world.clients:
        assert not client.sync.pending, "everything had its verdict"
        assert client.sync.document.seq == len(log)
        assert client.sync.document.digest() == fold.digest()
        assert digest(client.sync.entries) == fold.digest()


@pytest.mark.parametrize("seed", seeds(SEEDS), ids=lambda seed: f"seed{seed}")
def test_every_replica_is_the_fold_of_the_log(seed: int) -> None:
    check(run(seed))


def test_the_check_catches_a_replica_that_skipped_a_commit() -> None:
    world = run(1)
    entries = world.clients[0].sync.document.entries
    world.clients[0].do(Create("late", {"n": 1}))
    world.drain()
    del entries["late"]
    with pytest.raises(AssertionError):
        check(world)


def test_the_check_catches_an_operation_that_happened_twice() -> None:
    world = run(2)
    world.clients[0].do(Create("once", {"n": 1}))
    world.drain()
    commit = logged(world.store)[-1]
    room = world.room
    room._members.clients._loaded[commit.client].accepted -= 1  # The relay forgets that it took the operation.
    client = world.clients[0]
    client.sync.pending[commit.op] = (Create("twice", {"n": 1}),)
    client.sync.retry()
    world.drain()
    with pytest.raises(AssertionError):
        check(world)


def test_undo_of_one_client_leaves_the_others_alone() -> None:
    world = World(0)
    ada, grace = Client(world, "a"), Client(world, "g")
    ada.do(Create("ada", {"n": 1}))
    world.drain()
    grace.do(Create("grace", {"n": 2}))
    world.drain()
    ada.sync.undo()
    world.drain()
    assert list(grace.sync.entries) == ["grace"]
    ada.sync.redo()
    world.drain()
    assert sorted(grace.sync.entries) == ["ada", "grace"]
    check(world)


def test_a_late_joiner_can_apply_the_undo_of_a_clear() -> None:
    world = World(0)
    ada = Client(world, "a")
    for _ in range(5):
        ada.do(Create(next(ada.keys), {"n": 1}))
    ada.do(Clear())
    world.drain()
    late = Client(world, "l")
    world.drain()
    assert not late.sync.entries
    ada.sync.undo()
    world.drain()
    assert len(late.sync.entries) == 5
    check(world)


def test_what_was_drawn_alone_comes_along() -> None:
    world = World(0)
    solo = Client(world, "s")
    solo.do(Create("one", {"n": 1}))
    solo.do(Create("two", {"n": 1}))
    solo.sync.undo()
    assert list(solo.sync.entries) == ["one"]
    world.drain()
    assert list(world.room.log.entries) == ["one"]
    check(world)


def test_a_store_from_before_a_refusal_comes_back() -> None:
    world = World(0)
    ada = Client(world, "a")
    ada.do(Create("one", {"n": 1}))
    world.drain()
    world.back_up()
    ada.do(Create("one", {"n": 2}))
    world.drain()
    assert [lost.reason for lost in ada.sync.lost]
    world.restore()
    ada.do(Create("two", {"n": 1}))
    world.drain()
    assert list(world.room.log.entries) == ["one", "two"]
    check(world)


def test_a_store_from_before_a_refusal_that_came_before_a_commit_comes_back() -> None:
    world = World(0)
    ada = Client(world, "a")
    ada.do(Create("one", {"n": 1}))
    world.drain()
    world.back_up()
    for key in ("two", "one", "three"):
        ada.do(Create(key, {"n": 2}))
    ada.send()
    ada.deliver_up()
    world.propose()
    world.settle()
    ada.pull()
    ada.deliver_down()
    assert [len(ada.sync.lost), list(ada.sync.pending)] == [1, [2, 4]]
    world.restore()
    world.drain()
    assert sorted(world.room.log.entries) == ["one", "three", "two"]
    check(world)
