"""What a relay remembers of an operation is enough to revert it, and no more."""

from __future__ import annotations

from random import Random

import pytest

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


def test_what_was_drawn_is_not_kept_twice() -> None:
    record = apply({}, [Create("k", {"points": list(range(100))})], 1, "a", 0.0)
    [touch] = revertible(record)
    assert touch.after is not None
    assert touch.after.fields == {}
    assert touch.after.versions == {"points": 1}
