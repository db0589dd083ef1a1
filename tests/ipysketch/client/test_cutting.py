"""What is sent is cut to what a relay takes; the vectors of tests/contract hold both languages to the same cuts."""

from __future__ import annotations

import pytest

from ipysketch.client.cutting import AROUND, SendLimits, cut, fits
from relay.protocol import MAX_DELETES, Create, Delete, RemoteError

SMALL = SendLimits(frame=4_000, actions=8)


def test_a_deletion_of_very_many_is_cut_and_keeps_all_keys() -> None:
    keys = tuple(f"k{number}" for number in range(3 * MAX_DELETES + 1))
    parts = cut([Delete(keys)], SMALL)
    deletions = [action for part in parts for action in part]
    assert [key for action in deletions if isinstance(action, Delete) for key in action.keys] == list(keys)
    assert all(fits(part, SMALL) for part in parts)
    assert len(parts) > 3


@pytest.mark.parametrize(
    ("count", "text", "taken"), [(8, "", True), (9, "", False), (1, "x" * 3_000, True), (1, "x" * 4_000, False)]
)
def test_what_a_relay_can_have_taken_is_known(count: int, text: str, taken: bool) -> None:
    assert fits([Create(f"k{number}", {"text": text}) for number in range(count)], SMALL) is taken


def test_a_value_that_json_cannot_hold_is_refused_in_words() -> None:
    with pytest.raises(RemoteError, match="JSON cannot hold"):
        cut([Create("k", {"text": {1j}})], SMALL)
    with pytest.raises(RemoteError, match="larger than the relay takes"):
        cut([Create("k", {"text": "x" * (SMALL.largest - AROUND)})], SMALL)


def test_nothing_is_one_operation_of_nothing() -> None:
    assert cut([], SMALL) == [()]
