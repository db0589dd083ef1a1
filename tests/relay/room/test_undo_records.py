"""What a relay remembers of an operation is enough to revert it, and no more."""

from __future__ import annotations

from random import Random

import pytest

from relay.protocol import (
    WINDOW,
    Action,
    Change,
    Create,
    Delete,
    Entry,
    Patch,
    Record,
    apply,
    encode_message,
    resolve,
    revert,
)
from relay.room.clients import DEPARTED_BYTES, Client, Clients
from relay.room.compact import RECORDS_BYTES, CompactEntries, UndoRecords
from relay.room.log import encoded


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
    chance, entries = Random(seed), CompactEntries()
    records: list[Record] = []
    for seq in range(1, 200):
        resolved = resolve(entries, actions(chance, seq if seq > 8 else seq - 1), seq, {})
        records.append(apply(entries, map(encoded, resolved), seq, "a", 0.0))
        past = chance.choice(records)
        kept = UndoRecords()
        kept[seq] = past
        assert said(revert(entries, kept[seq])) == said(revert(entries, past))
    assert any(revert(entries, record) for record in records)


def said(changes: list[Change]) -> list[bytes]:
    """What would be sent: values that are kept encoded have no equality of their own."""
    return [bytes(encode_message(change)) for change in changes]


def client(name: str) -> Client:
    return Client(name, "hash", "author", accepted=1)


def cleared(size: int) -> Record:
    """What a clear of a drawing of so many bytes did."""
    entries: dict[str, Entry] = {}
    apply(entries, [Create("k", {"points": "x" * size})], 1, "a", 0.0)
    return apply(entries, [Delete(("k",))], 2, "a", 0.0)


def test_what_one_client_did_is_kept_within_bounds() -> None:
    records = UndoRecords()
    for op in range(1, 101):
        records[op] = cleared(RECORDS_BYTES // 10)
    assert 8 <= len(records) <= 10
    assert list(records)[-1] == 100
    records[101] = cleared(2 * RECORDS_BYTES)
    assert list(records) == [101], "the last one is kept however large"
    records[102] = cleared(10)
    assert list(records) == [102]
    assert records.size < 200
    for op in range(103, 103 + 2 * WINDOW):
        records[op] = cleared(0)
    assert list(records) == list(range(103 + WINDOW, 103 + 2 * WINDOW))


def test_what_those_did_who_left_is_kept_within_bounds() -> None:
    clients = Clients()
    for number in range(100):
        gone = client(f"c{number}")
        gone.records[1] = cleared(DEPARTED_BYTES // 10)
        clients.arrive(gone)
        clients.depart(gone)
    assert 8 <= len(clients) <= 10
    assert "c99" in clients
    large = client("large")
    large.records[1] = cleared(2 * DEPARTED_BYTES)
    clients.arrive(large)
    clients.depart(large)
    assert len(clients) == 1
    assert "large" in clients


def test_what_all_clients_of_a_room_did_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.room.clients.ROOM_RECORDS", 10_000)
    clients = Clients()
    here = [client(f"c{number}") for number in range(5)]
    for one in here:
        clients.arrive(one)
        clients.add_record("resumes", 1, cleared(100))
    here[0].records[1] = cleared(100)
    for op in range(1, 41):
        for one in here[1:]:
            one.records[op] = cleared(1_000)
            clients.shed_records()
            assert clients.memory <= 10_000
    assert list(here[0].records) == [1], "those go first who have most"
    assert [list(one.records) for one in here[1:]] == [[39, 40]] * 4
    here[1].records[41] = cleared(20_000)
    clients.shed_records()
    assert clients.memory <= 10_000, "not even one that is larger than all may be"


def test_what_was_drawn_is_not_kept_twice() -> None:
    records = UndoRecords()
    records[1] = apply({}, [Create("k" * 22, {"points": list(range(1000))})], 1, "a", 0.0)
    [touch] = records[1]
    assert touch.after is not None
    assert touch.after.fields == {}
    assert touch.after.versions == {"points": 1}
    assert records.size < 60
