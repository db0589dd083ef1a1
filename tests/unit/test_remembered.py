"""What a relay remembers of an operation is enough to revert it, and no more."""

from __future__ import annotations

from random import Random

import pytest

from relay.clients import TAKEN_AWAY, TAKEN_BY_DEPARTED, Client, Clients
from relay.protocol import Action, Create, Delete, Entry, Patch, Record, apply, resolve, revert, revertible


def actions(chance: Random, number: int) -> tuple[Action, ...]:
    """One of the things people do, to one of a few elements."""
    key = f"k{chance.randrange(8)}"
    match chance.randrange(3):
        case 0:
            return (Create(f"k{number}", {"color": chance.random(), "points": [1, 2]}),)
        case 1:
            return (Patch(key, {chance.choice(["color", "place", "more"]): chance.random()}),)
        case _:
            return (Delete((key,)),)


@pytest.mark.parametrize("seed", range(20))
def test_all_that_was_done_is_reverted_as_from_the_whole_record(seed: int) -> None:
    chance, entries = Random(seed), dict[str, Entry]()
    records: list[Record] = []
    for seq in range(1, 200):
        changes = resolve(entries, actions(chance, seq if seq > 8 else seq - 1), seq, {})
        records.append(apply(entries, changes, seq, "a", 0.0))
        past = chance.choice(records)
        assert revert(entries, revertible(past)) == revert(entries, past)
    assert any(revert(entries, record) for record in records)


def client(name: str) -> Client:
    return Client(name, "hash", "author", accepted=1)


def cleared(size: int) -> Record:
    """What a clear of a drawing of so many bytes did."""
    entries: dict[str, Entry] = {}
    apply(entries, [Create("k", {"points": "x" * size})], 1, "a", 0.0)
    return apply(entries, [Delete(("k",))], 2, "a", 0.0)


def test_what_one_client_took_away_is_kept_within_bounds() -> None:
    ada = client("ada")
    for op in range(1, 101):
        ada.remember(op, cleared(TAKEN_AWAY // 10))
    assert 8 <= len(ada.records) <= 10
    assert next(reversed(ada.records)) == 100
    ada.remember(101, cleared(2 * TAKEN_AWAY))
    assert list(ada.records) == [101], "the last one is kept however large"
    ada.remember(102, cleared(10))
    assert list(ada.records) == [102]
    assert ada.taken < 100


def test_what_those_took_away_who_left_is_kept_within_bounds() -> None:
    clients = Clients()
    for number in range(100):
        gone = client(f"c{number}")
        gone.remember(1, cleared(TAKEN_BY_DEPARTED // 10))
        clients.arrive(gone)
        clients.depart(gone)
    assert 8 <= len(clients) <= 10
    assert "c99" in clients
    large = client("large")
    large.remember(1, cleared(2 * TAKEN_BY_DEPARTED))
    clients.arrive(large)
    clients.depart(large)
    assert len(clients) == 1
    assert "large" in clients


def test_what_was_drawn_is_not_kept_twice() -> None:
    record = apply({}, [Create("k", {"points": list(range(100))})], 1, "a", 0.0)
    [touch] = revertible(record)
    assert touch.after is not None
    assert touch.after.fields == {}
    assert touch.after.versions == {"points": 1}
