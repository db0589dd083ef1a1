"""Several browser tabs on one kernel: whose each is, and what each undoes."""

from __future__ import annotations

from itertools import count

from ipysketch.client.road import guest_name
from ipysketch.client.steps import Steps
from ipysketch.client.sync import Sync
from ipysketch.client.tabs import MAX_VIEWS, Tabs, tab_of
from relay.protocol import MAX_NAME, Create, Revert


def test_a_tab_is_the_first_part_of_a_views_name() -> None:
    assert tab_of("1-2-3.4-5-6/7") == tab_of("1-2-3.4-5-6") == tab_of("1-2-3.9") == "1-2-3"
    assert tab_of("907-11-3") == "907-11-3", "an older page's view is a tab"
    assert tab_of("") == ""


def test_the_first_tab_is_the_users_and_the_others_are_guests() -> None:
    tabs = Tabs()
    tabs.enter("a.1")
    assert (tabs.guest("a.1"), tabs.several, tabs.others("a.1")) == (0, (), frozenset())
    tabs.enter("b.1")
    tabs.enter("a.2")
    tabs.enter("c.1")
    assert [tabs.guest(view) for view in ("a.1", "a.2", "b.1", "c.9", "d.1")] == [0, 0, 2, 3, 0]
    assert tabs.several == ("a", "b", "c")
    assert tabs.others("b.1") == {"a", "c"}
    assert tabs.others("") == frozenset(), "code undoes what anybody did"


def test_a_tab_that_is_loaded_anew_is_who_it_was_and_a_guest_stays_one() -> None:
    tabs = Tabs()
    for view in ("a.1", "b.1"):
        tabs.enter(view)
    tabs.leave("a.1")
    assert tabs.guest("b.1") == 2
    tabs.enter("c.1")
    assert tabs.guest("c.1") == 0
    tabs.leave("b.1")
    tabs.enter("b.7")
    assert tabs.guest("b.7") == 2
    tabs.leave("nobody.1")


def test_a_view_of_a_tab_that_closes_leaves_the_other_one_there() -> None:
    tabs = Tabs()
    for view in ("a.1", "b.1", "b.2"):
        tabs.enter(view)
    tabs.leave("b.1")
    assert tabs.several == ("a", "b")
    tabs.leave("b.2")
    assert len(tabs.several) == 0


def test_views_that_closed_without_a_message_do_not_pile_up() -> None:
    tabs = Tabs()
    for n in range(2 * MAX_VIEWS):
        tabs.enter(f"{n}.1")
    assert len(tabs.several) == MAX_VIEWS


def reverter() -> tuple[list[int], object]:
    reverted: list[int] = []
    numbers = count(100)

    def revert(op: int) -> int:
        reverted.append(op)
        return next(numbers)

    return reverted, revert


def test_two_tabs_undo_none_of_each_others_steps() -> None:
    steps = Steps()
    reverted, revert = reverter()
    a, b = {"b"}, {"a"}
    for op, tab, others in ((1, "a", a), (2, "", set()), (3, "b", b), (4, "a", a)):
        steps.add((op,), tab, others)
    assert steps.undo(revert, b)  # type: ignore[arg-type]
    assert steps.undo(revert, b)  # type: ignore[arg-type]
    assert reverted == [3, 2], "its own, and then what code did"
    assert not steps.undo(revert, b)  # type: ignore[arg-type]
    assert (steps.can_undo(b), steps.can_redo(b)) == (False, True)
    assert steps.undo(revert, a)  # type: ignore[arg-type]
    assert reverted == [3, 2, 4]
    # What one draws takes away their own redo, and what code did, and no other's.
    steps.add((5,), "a", a)
    assert steps.can_redo(b)
    assert not steps.can_redo(a)


def test_a_tab_alone_undoes_everything_also_of_tabs_that_are_gone() -> None:
    steps = Steps()
    reverted, revert = reverter()
    steps.add((1, 2), "gone", {"a"})
    steps.add((3,), "a")
    while steps.undo(revert):  # type: ignore[arg-type]
        pass
    assert reverted == [3, 2, 1], "of one step the last operation first"
    while steps.redo(revert):  # type: ignore[arg-type]
        pass
    assert reverted[3:] == [102, 101, 100]


def test_undo_by_tab_reverts_that_tabs_operation() -> None:
    sync = Sync()
    first = sync.submit([Create("a", {})], "a", {"b"})
    sync.submit([Create("b", {})], "b", {"a"})
    assert sync.undo({"b"})
    assert sync.pending[max(sync.pending)] == (Revert(first),)
    assert sync.turns({"b"}) == (False, True)
    assert sync.turns({"a"}) == (True, False)


def test_a_guests_name_fits() -> None:
    assert guest_name("Ada", 2) == "Ada (2)"
    assert len(guest_name("x" * MAX_NAME, 64)) <= MAX_NAME
