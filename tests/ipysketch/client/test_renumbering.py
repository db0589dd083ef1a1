"""Pending operations under other numbers, and cut to what another relay takes."""

from __future__ import annotations

from ipysketch.client.cutting import SendLimits
from ipysketch.client.renumbering import renumber
from relay.protocol import Create, Patch, Revert

A, B, C = ((Create(key, {"n": 1}),) for key in "abc")
LARGE = (Create("large", {"text": "x" * 5000}),)
LIMITS = SendLimits()


def test_a_new_client_counts_from_one_and_drops_what_was_committed() -> None:
    done = renumber({3: A, 4: B, 6: C}, 3, LIMITS)
    assert (done.pending, done.following, done.lost) == ({1: B, 2: C}, 3, [])
    assert [done.now(op) for op in (3, 4, 5, 6)] == [(), (1,), (), (2,)]


def test_a_client_that_goes_on_keeps_what_was_before() -> None:
    done = renumber({3: A, 4: B, 6: C}, 3, LIMITS, keep=True, start=4)
    assert (done.pending, done.following) == ({3: A, 4: B, 5: C}, 6)
    assert [done.now(op) for op in (1, 3, 4, 6)] == [(1,), (3,), (4,), (5,)]


def test_what_is_cut_is_reverted_in_all_its_parts_the_last_first() -> None:
    several = (*A, *B, *C)
    done = renumber({1: several, 2: (Revert(1),), 3: (*A, Revert(1))}, 0, SendLimits(actions=2))
    assert done.pending == {
        1: (*A, *B),
        2: C,
        3: (Revert(2),),
        4: (Revert(1),),
        5: (*A, Revert(1)),
        6: (Revert(2),),
    }
    assert done.now(1) == (1, 2)


def test_a_revert_of_what_is_not_pending_is_dropped_by_a_new_client_only() -> None:
    pending = {7: (Revert(2),), 8: (Patch("a", {"n": 2}), Revert(2))}
    assert renumber(pending, 6, LIMITS).pending == {1: (Patch("a", {"n": 2}),)}
    assert renumber(pending, 6, LIMITS, keep=True, start=7).pending == pending


def test_what_cannot_be_cut_is_lost_and_the_others_move_up() -> None:
    done = renumber({1: A, 2: LARGE, 3: B}, 0, SendLimits(1000))
    assert (done.pending, done.following) == ({1: A, 2: B}, 3)
    assert [lost.actions for lost in done.lost] == [LARGE]
    assert "larger than the relay takes" in done.lost[0].reason
    assert done.now(2) == ()
