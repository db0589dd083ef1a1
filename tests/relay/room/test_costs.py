"""What an operation costs, who pays for it, and when it is worked out."""

from __future__ import annotations

from typing import Any

import pytest

from relay.protocol import (
    MAX_FIELDS,
    WINDOW,
    Clear,
    Commit,
    Create,
    Delete,
    Operate,
    Patch,
    Preview,
    Refused,
    RemoteError,
    Revert,
    Snapshot,
    decode_client,
    encode,
)
from relay.room.compact import CompactEntries, compress, pack
from relay.room.costs import BURST, FIRST, MANY, MOST, Budget, price
from relay.room.operation_queue import DEAR

from .test_room import Scene, element
from .test_snapshots import Guest

# --- budgets ----------------------------------------------------------------------------------------------


def test_a_debt_is_waited_for_at_the_rate() -> None:
    budget = Budget(0.25)
    budget.spend(FIRST, 10.0)
    assert budget.wait(10.0) == 0.0
    budget.spend(1.0, 10.0)
    assert budget.wait(10.0) == 4.0
    assert budget.wait(12.0) == 2.0
    assert budget.wait(14.0) == 0.0


def test_no_more_than_a_burst_is_saved_up() -> None:
    budget = Budget(0.25)
    budget.spend(0.0, 0.0)
    budget.spend(BURST + 0.25, 1e6)
    assert budget.wait(1e6) == 1.0


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    budget = Budget(0.25)
    budget.spend(FIRST + 1.0, 100.0)
    assert budget.wait(50.0) == 4.0
    assert budget.wait(52.0) == 2.0


# --- prices -----------------------------------------------------------------------------------------------


class Undone(dict[int, int]):
    """Sizes of undo records."""

    def size_of(self, op: int) -> int:
        return self.get(op, 0)

    def keys_of(self, op: int) -> list[str]:
        return ["k1", "k2"] if op in self and self[op] < 1000 else []


def of(*actions: Any, size: int = 1000, count: int = 100, peers: int = 2) -> float:
    """The price in a room of `count` elements of so many bytes each."""
    entries = CompactEntries()
    entries.put({f"k{number}": b"x" * size for number in range(count)})
    return price(actions, entries, size * count, Undone({1: size * count}), peers)


@pytest.mark.parametrize(
    "action",
    [
        Clear(),
        Patch("k1", {}),
        Delete(("k1",)),
        Delete(("k1",) * 5),
        Revert(1),
    ],
)
def test_what_is_done_again_and_again_costs_little_more_than_once(action: Any) -> None:
    once = of(action, size=100_000)
    assert of(*[action] * 100, size=100_000) < 2 * once


def test_a_price_grows_with_what_is_touched_kept_and_sent() -> None:
    assert of(Patch("k1", {}), size=100_000) > 10 * of(Patch("k1", {}), size=100)
    assert of(Clear(), count=1000) > 5 * of(Clear(), count=100)
    assert of(Clear(), size=10_000) > 2 * of(Clear(), size=100)
    assert of(Revert(1), size=10_000) > 5 * of(Revert(1), size=1000)
    assert of(Delete(("k1", "k2", "k3"))) > 2 * of(Delete(("k1",)))
    assert of(Create("n", {"a": "x" * 100_000}), peers=200) > 2 * of(Create("n", {"a": "x" * 100_000}))
    # Beyond what a commit may have, everybody gets the drawing.
    assert of(*[Create(f"n{n}", {"a": "x" * 100_000}) for n in range(6)], count=1000, size=10_000) > 0.5


def test_keys_of_a_large_deletion_are_priced_together() -> None:
    entries = CompactEntries()
    entries.put({f"k{number}": b"x" * 1000 for number in range(3000)})
    looked = 0

    class Counting:
        def __len__(self) -> int:
            return len(entries)

        def size(self, key: str) -> int:
            nonlocal looked
            looked += 1
            return entries.size(key)

    def of_keys(*keys: str) -> float:
        return price([Delete(keys)], Counting(), 3_000_000, Undone(), 2)

    few = of_keys(*(f"k{number}" for number in range(MANY)))
    assert looked == MANY
    many = of_keys(*(f"k{number}" for number in range(3000)))
    assert looked == MANY
    assert many == pytest.approx(3 * few, rel=0.05)
    assert of_keys(*(f"none{number}" for number in range(100_000))) > many


def test_an_undo_costs_what_it_touches_also_where_little_was_written_down() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    scene.do(ada, element("k", 100))
    scene.do(ada, Patch("k", {"text": "x" * 400_000}))
    records = ada.client.records
    assert records.size_of(2) < 1000
    assert records.keys_of(2) == ["k"]
    assert records.keys_of(7) == []
    small = price([Revert(1)], CompactEntries(), 0, records, 2)
    assert price([Revert(2)], scene.room.log.entries, scene.room.log.size, records, 2) > small + 20e-3


def test_nothing_costs_more_than_a_bearable_pause() -> None:
    assert of(Clear(), Revert(1), size=1_000_000) == MOST
    assert of(Create("n", {"points": [1, 2]})) < 1e-3


# --- the queue --------------------------------------------------------------------------------------------


def begun(scene: Scene, now: float) -> list[int]:
    """The numbers of the operations that go at `now`, which are committed."""
    if not scene.room.queue.begin(now):
        return []
    batch = scene.room.queue.resolve(now)
    scene.store.append([batch])
    scene.room.queue.committed()
    return [row.op for row in batch.rows]


def test_who_is_in_debt_waits_and_the_others_do_not() -> None:
    scene = Scene()
    ada, bob = scene.join("Ada"), scene.join("Bob")
    for op in (1, 2):
        scene.room.receive(ada, Operate(op, (element(f"a{op}"),)))
    ada.client.budget.spend(FIRST + 1.0, 1.0)
    assert begun(scene, 1.0) == []
    assert scene.room.queue.busy
    assert scene.room.queue.wait(1.0) == 4.0
    scene.room.receive(bob, Operate(1, (element("b"),)))
    assert begun(scene, 2.0) == [1]
    assert scene.room.queue.wait(2.0) == 3.0
    assert begun(scene, 5.0) == [1], "that makes a debt again"
    assert begun(scene, 6.0) == [2]
    queue = scene.room.queue
    assert (queue.busy, queue.wait(6.0)) == (False, 0.0)


def test_an_operation_is_paid_for_before_it_is_worked_out() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    scene.do(ada, *[element(f"k{n}", 1000) for n in range(2000)])
    scene.do(ada, Clear())
    # All in one frame: each brings back, and takes away, what the one before did.
    for op in range(3, 13):
        scene.room.receive(ada, Operate(op, (Revert(op - 1),)))
    went: list[list[int]] = []
    now = 1000.0
    while not went or went[-1]:
        went.append(begun(scene, now))
    assert sum(map(len, went)) < 10, "it paid for all of it at once"
    while scene.room.queue.busy:
        now += scene.room.queue.wait(now)
        went.append(begun(scene, now))
    assert [op for ops in went for op in ops] == list(range(3, 13))
    assert now > 1003.0


def test_a_dear_operation_lets_cheap_ones_go_first_but_once() -> None:
    scene = Scene()
    ada, bob = scene.join("Ada"), scene.join("Bob")
    scene.do(ada, *[element(f"k{n}", 1000) for n in range(2000)])
    scene.room.receive(bob, Operate(1, (element("b1"),)))
    scene.room.receive(ada, Operate(2, (Clear(),)))
    scene.room.receive(bob, Operate(2, (element("b2"),)))
    assert scene.room.queue.begin(1000.0) < DEAR
    assert [row.op for row in scene.room.queue.resolve(1.0).rows] == [1, 2]
    scene.room.queue.committed()
    scene.room.receive(bob, Operate(3, (element("b3"),)))
    assert scene.room.queue.begin(1000.0) > DEAR
    assert [row.op for row in scene.room.queue.resolve(1.0).rows] == [2]


def test_a_revert_waits_for_what_it_undoes() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    scene.room.receive(ada, Operate(1, (element("a"),)))
    scene.room.receive(ada, Operate(2, (Revert(1),)))
    scene.room.receive(ada, Operate(3, (element("b"),)))
    assert begun(scene, 1.0) == [1]
    assert begun(scene, 1.0) == [2, 3]
    assert list(scene.room.log.entries) == ["b"]


def test_what_a_peer_in_debt_leaves_behind_is_dropped_and_taken_when_it_comes_back() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    welcome = ada.direct[0]
    assert begun(scene, 1.0) == []
    scene.room.receive(ada, Operate(1, (element("a"),)))
    assert begun(scene, 1.0) == [1]
    scene.room.receive(ada, Operate(2, (element("b"),)))
    ada.client.budget.spend(100.0, 1.0)
    assert begun(scene, 2.0) == []
    scene.room.leave(ada)
    assert begun(scene, 3.0) == []
    assert not scene.room.queue.busy
    assert not scene.room.peers
    again = scene.join(
        "Ada",
        client=ada.client.id,
        resume_key=getattr(welcome, "resume_key", ""),
        epoch="epoch",
        seq=1,
        mark=1000,
    )
    assert again.client is ada.client
    scene.room.receive(again, Operate(2, (element("b"),)))
    assert begun(scene, 4.0) == [], "the debt is the client's, not the connection's"
    assert begun(scene, 1000.0) == [2]


def test_no_more_than_a_window_of_operations_waits() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    for op in range(1, WINDOW + 2):
        scene.room.receive(ada, Operate(op, ()))
    assert scene.room.queue.unsettled == WINDOW
    refused = [message for message in ada.direct if isinstance(message, Refused)]
    assert [(message.op, message.code, message.final) for message in refused] == [(WINDOW + 1, "gap", False)]
    scene.settle()
    scene.room.receive(ada, Operate(WINDOW + 1, ()))
    scene.settle()
    assert ada.client.last == WINDOW + 1


# --- the work itself, counted -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "actions",
    [
        [Clear()] * 4096,
        [Clear(f"p{number}") for number in range(4096)],
        [Delete(tuple(f"k{number % 50}" for number in range(20_000)))],
        [Patch(f"k{number % 50}", {"n": number}) for number in range(4096)],
    ],
    ids=["clears", "clears of other pages", "deletes", "patches"],
)
def test_an_element_is_decoded_and_packed_once_however_often_it_is_named(
    actions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene()
    ada = scene.join("Ada")
    scene.do(ada, *[element(f"k{number}") for number in range(50)])
    worked = {"decoded": 0, "packed": 0}
    read = CompactEntries.__getitem__

    def counting(entries: CompactEntries, key: str) -> Any:
        worked["decoded"] += 1
        return read(entries, key)

    def packing(entry: Any) -> bytes:
        worked["packed"] += 1
        return pack(entry)

    monkeypatch.setattr(CompactEntries, "__getitem__", counting)
    monkeypatch.setattr("relay.room.log.pack", packing)
    monkeypatch.setattr("relay.room.compact.pack", packing)
    scene.do(ada, *actions)
    assert ada.client.last == 2
    assert worked["decoded"] <= 50
    assert worked["packed"] <= 100


def test_an_element_does_not_grow_field_by_field() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    scene.do(ada, Create("k", {f"f{number}": 0 for number in range(MAX_FIELDS)}))
    scene.heard(ada, Commit)
    for actions in (
        [Patch("k", {"one more": 1})],
        [Create("l", {}), *[Patch("l", {f"f{number}": 0}) for number in range(MAX_FIELDS + 1)]],
        [Create("m", {f"f{number}": 0 for number in range(MAX_FIELDS + 1)})],
    ):
        scene.do(ada, *actions)
        assert [message.code for message in scene.heard(ada, Refused)] == ["too-many-fields"]
    scene.do(ada, Patch("k", {"f0": 1}))
    assert scene.heard(ada, Commit)
    assert list(scene.room.log.entries) == ["k"]


def test_the_style_of_a_preview_is_small() -> None:
    scene = Scene()
    ada = scene.join("Ada")
    [decoded] = decode_client(encode([Preview("k", 0, (1, 2), {"a": "x" * 70_000})]))
    assert not isinstance(decoded, RemoteError)
    with pytest.raises(RemoteError, match="at most 64 KiB"):
        scene.room.receive(ada, decoded)


# --- snapshots beside the loop ----------------------------------------------------------------------------


def test_a_large_snapshot_is_made_while_its_readers_draw() -> None:
    scene = Scene()
    artist = Guest(scene.room)
    for _ in range(5):
        artist.draw(200_000)
    log, delivery = scene.room.log, scene.room.delivery
    log.snapshot_at_once = 1000
    guest = Guest(scene.room)
    assert isinstance(delivery.collect(guest.peer), str), "the welcome"
    assert delivery.collect(guest.peer) is None
    assert (delivery.is_up_to_date(guest.peer), log.is_snapshot_wanted) == (False, True)
    snapshot, entries = delivery.begin_snapshot()
    guest.draw()
    artist.draw()
    assert delivery.collect(guest.peer) is None
    log.keep_snapshot(snapshot, entries, compress(entries))
    assert not log.is_snapshot_wanted, "one is enough for all that waited"
    guest.listen()
    assert guest.sync.document.seq == scene.room.seq
    assert set(guest.sync.document.entries) == set(scene.room.log.entries)
    announced = [message for message in guest.heard if isinstance(message, Snapshot)]
    assert [message.last for message in announced] == [0], "its own came after the snapshot, as a commit"
    assert not guest.sync.pending
