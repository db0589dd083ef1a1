"""What one person and another see, told as scenes on a network that the test moves by hand."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest

from ipysketch.client.sync import NEWS
from relay.protocol import (
    WINDOW,
    Clear,
    Commit,
    Create,
    Delete,
    History,
    Patch,
    Preview,
    Refused,
    RemoteError,
    Revert,
    Snapshot,
    Welcome,
    order,
)

from ...simulation.network import Client, World, logged


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest.fixture
def ada(world: World) -> Client:
    return Client(world, "ada")


@pytest.fixture
def grace(world: World) -> Client:
    return Client(world, "grace")


def stack(client: Client) -> list[str]:
    """The keys, bottom first."""
    return [entry.key for entry in sorted(client.sync.entries.values(), key=order)]


def draw(client: Client, *keys: str) -> None:
    for key in keys:
        client.do(Create(key, {"kind": "stroke"}))


def test_what_a_snapshot_may_have_changed_stays_unknown_after_a_long_past(ada: Client) -> None:
    sync = ada.sync
    for number in range(NEWS + 50):
        draw(ada, f"k{number}")
    seen = sync.version
    assert sync.touched(seen - 10) is not None
    sync.snapshot(Snapshot(seq=7, mark=1, size=0, count=0, last=0))
    assert sync.touched(seen) is None
    draw(ada, "after")
    assert sync.touched(seen) is None, "and not only what came after it"


def test_alone_everything_waits_and_is_seen(ada: Client) -> None:
    draw(ada, "a", "b")
    assert stack(ada) == ["a", "b"]
    assert len(ada.sync.pending) == 2
    assert ada.sync.outgoing() == []


def test_undo_takes_back_my_own_last_beneath_the_work_of_others(
    world: World, ada: Client, grace: Client
) -> None:
    draw(ada, "a")
    world.drain()
    draw(grace, "g")
    world.drain()
    assert ada.sync.undo()
    world.drain()
    assert stack(grace) == stack(ada) == ["g"]
    assert ada.sync.redo()
    world.drain()
    assert stack(grace) == ["a", "g"], "back where it was, not on top"
    assert not ada.sync.redo()


def test_undoing_a_delete_or_a_clear_puts_all_back_in_its_order(
    world: World, ada: Client, grace: Client
) -> None:
    draw(ada, "a", "b", "c")
    world.drain()
    grace.do(Delete(("b",)))
    world.drain()
    assert stack(ada) == ["a", "c"]
    grace.sync.undo()
    world.drain()
    assert stack(ada) == ["a", "b", "c"]
    grace.do(Clear())
    world.drain()
    assert stack(ada) == []
    draw(ada, "d")
    grace.sync.undo()
    world.drain()
    assert stack(ada) == stack(grace) == ["a", "b", "c", "d"]


def test_undo_leaves_what_somebody_else_changed_since(world: World, ada: Client, grace: Client) -> None:
    draw(ada, "a")
    ada.do(Patch("a", {"color": "#111111", "width": 8}))
    world.drain()
    grace.do(Patch("a", {"color": "#222222"}))
    world.drain()
    ada.sync.undo()
    world.drain()
    fields = grace.sync.entries["a"].fields
    assert fields["color"] == "#222222"
    assert "width" not in fields


def test_a_new_operation_ends_redo(ada: Client) -> None:
    draw(ada, "a")
    ada.sync.undo()
    before = ada.sync.can_redo
    draw(ada, "b")
    assert (before, ada.sync.can_redo) == (True, False)
    assert stack(ada) == ["b"]


def test_what_was_sent_and_not_confirmed_is_sent_again_and_counts_once(world: World, ada: Client) -> None:
    ada.connect()
    world.drain()
    draw(ada, "a")
    ada.send()
    ada.deliver_up()
    world.propose()
    world.settle()
    ada.cut()  # It is in the log, and ada was never told.
    assert list(ada.sync.pending) == [1]
    world.drain()
    assert not ada.sync.pending
    assert len(logged(world.store)) == 1


def test_no_more_is_under_way_than_the_relay_remembers(world: World, ada: Client) -> None:
    ada.connect()
    world.drain()
    draw(ada, *(f"k{n}" for n in range(WINDOW + 5)))
    assert len(ada.sync.outgoing()) == WINDOW
    assert ada.sync.outgoing() == []


def test_a_store_that_fails_loses_nothing(world: World, ada: Client) -> None:
    ada.connect()
    world.drain()
    draw(ada, "a", "b")
    ada.send()
    ada.deliver_up()
    world.propose()
    world.settle(fail=True)
    assert logged(world.store) == []
    assert stack(ada) == ["a", "b"]
    world.drain()
    assert [commit.op for commit in logged(world.store)] == [1, 2]


def test_a_log_that_was_lost_keeps_the_old_picture_aside_and_sends_what_was_pending(
    world: World, ada: Client
) -> None:
    draw(ada, "a")
    world.drain()
    world.lose_everything()
    draw(ada, "b")
    world.drain()
    assert stack(ada) == ["b"], "replaced, never merged"
    assert [entry.key for entry in ada.sync.previous] == ["a", "b"], "as it was seen"
    assert not ada.sync.can_undo or ada.sync.undo()


def test_a_late_joiner_sees_the_stroke_under_a_hand(world: World, ada: Client, grace: Client) -> None:
    ada.connect()
    world.drain()
    assert ada.peer is not None
    fields: dict[str, Any] = {"kind": "stroke", "color": "#123456", "width": 32}
    world.room.receive(ada.peer, Preview("s", 0, (0, 0, 80, 80), fields))
    grace.connect()
    world.drain()
    assert [ink.key for ink in grace.others.ink(grace.sync.entries)] == ["s"]
    draw(ada, "s")
    world.drain()
    assert grace.others.ink(grace.sync.entries) == ()
    assert stack(grace) == ["s"]


def test_a_peer_that_vanishes_leaves_no_half_stroke(world: World, ada: Client, grace: Client) -> None:
    world.drain()
    assert ada.peer is not None
    fields: dict[str, Any] = {"kind": "stroke", "color": "#123456", "width": 32}
    world.room.receive(ada.peer, Preview("s", 0, (0, 0, 80, 80), fields))
    while grace.pull() or grace.deliver_down():
        pass
    assert len(grace.others.ink({})) == 1
    ada.cut()
    while grace.pull() or grace.deliver_down():
        pass
    assert grace.others.ink({}) == ()
    assert len(grace.others.peers) == 1


def test_an_operation_that_cannot_be_is_not_seen_until_the_relay_says_why(ada: Client) -> None:
    draw(ada, "a")
    assert stack(ada) == ["a"]
    draw(ada, "a")  # There is one of that key.
    draw(ada, "b")
    assert stack(ada) == ["a", "b"]
    lost = ada.sync.refused(Refused(2, "key-taken", "there is already an element 'a'", True))
    assert lost is not None
    assert (lost.reason, ada.sync.lost) == ("there is already an element 'a'", [lost])
    assert list(ada.sync.pending) == [1, 3]
    assert ada.sync.refused(Refused(2, "key-taken", "said twice", True)) is None


def test_a_part_of_the_log_comes_in_any_pieces(ada: Client) -> None:
    commit = Commit(1, 0, 5.0, "c", 1, "a", (Create("k", {}),))
    stream = zlib.compress(msgspec.json.encode({"entries": [], "commits": [commit]}))
    ada.sync.history(History(0, 1, 1, len(stream), re=7))
    assert ada.sync.chunk(stream[:9]) is None
    part = ada.sync.chunk(stream[9:])
    assert part is not None
    assert (part.announced.re, list(part.document(1).entries)) == (7, ["k"])
    with pytest.raises(RemoteError, match="had not announced"):
        ada.sync.chunk(b"more")


def test_undo_of_what_was_long_ago_needs_no_record(world: World, ada: Client) -> None:
    world.drain()
    for number in range(WINDOW + 3):
        draw(ada, f"k{number}")
        world.drain()
    assert len(ada.sync._records) == WINDOW  # noqa: SLF001  # else an earlier one has no effect to be seen
    assert ada.sync.undo()
    world.drain()
    assert f"k{WINDOW + 2}" not in ada.sync.entries


def test_a_client_that_the_relay_has_forgotten_numbers_its_operations_anew(ada: Client) -> None:
    sync = ada.sync
    sync.welcome(Welcome(1, "r", "p", "first", "k", "a", "e", 0, 0, False, 1280, 720))
    draw(ada, "a", "b")
    sync.undo()
    sync.welcome(Welcome(1, "r", "p", "second", "k", "a", "e", 0, 0, False, 1280, 720))
    assert list(sync.pending.values())[2] == (Revert(2),)
    assert [operate.op for operate in sync.outgoing()] == [1, 2, 3]
