"""Which page a client is on, and that others are told."""

from __future__ import annotations

import pytest

from relay.protocol import Cancel, Clear, Create, Delete, Operate, PeerState, Presence

from .joined import Joined, run


def test_a_board_without_a_view_leaves_a_page_that_somebody_deleted() -> None:
    def story() -> None:
        ada = Joined()
        key = ada.session.operations.add_page("Draft")
        ada.session.pages.turn(key)
        ada.confirm(*ada.operations)
        assert ada.session.presence.page == key
        ada.confirm(Operate(1, (Clear(key), Delete((key,)))), author="grace", client="other")
        assert ada.session.presence.page == ""
        assert Presence({"page": None}) in ada.sent
        assert ada.session.operations.undo(), "and my own undo of the page is as it was"

    run(story)


def test_an_undo_turns_to_the_page_that_it_changes() -> None:
    def story() -> None:
        ada = Joined()
        session = ada.session
        session.operations.submit([Create("a", {"kind": "stroke"}, "")])
        key = session.operations.add_page("Draft")
        session.pages.turn(key)
        ada.confirm(*ada.operations)
        assert session.operations.undo(), "the page goes"
        (undo,) = ada.operations
        ada.confirm(Operate(undo.op, (Delete((key,)),)))
        assert session.presence.page == ""
        second = session.operations.add_page("Second")
        session.pages.turn(second)
        ada.confirm(*ada.operations)
        session.operations.undo()
        assert session.operations.undo(), "the stroke of the first page"
        undoes = ada.operations
        ada.confirm(Operate(undoes[1].op, (Delete(("a",)),)))
        assert session.presence.page == "", "it is seen"

    run(story)


def page_of_grace(page: str, *, leading: bool = False, role: str = "") -> PeerState:
    state = {"name": "grace", "page": page, **({"leading": True} if leading else {})}
    return PeerState("grace", "grace", state, role)


def with_a_page(ada: Joined) -> str:
    """The key of a second page."""
    key = ada.session.operations.add_page("Draft")
    ada.confirm(*ada.operations)
    return key


def test_who_follows_somebody_turns_with_them_until_they_leave() -> None:
    def story() -> None:
        ada = Joined()
        key, session = with_a_page(ada), ada.session
        session.receive([page_of_grace(key)])
        assert session.presence.page == ""
        session.pages.follow("grace")
        assert session.presence.page == key
        session.receive([page_of_grace("")])
        assert session.presence.page == ""
        session.receive([page_of_grace("no such page")])
        assert session.presence.page == "", "the first, where there is none of that key"
        session.pages.follow("")
        session.receive([page_of_grace(key)])
        assert session.presence.page == ""

    run(story)


@pytest.mark.parametrize(
    ("role", "followed"), [("moderator", True), ("owner", True), ("editor", False), ("", False)]
)
def test_a_moderator_is_followed_who_asks_for_it_and_until_they_end_it(role: str, followed: bool) -> None:
    def story() -> None:
        ada = Joined()
        key, session = with_a_page(ada), ada.session
        session.receive([page_of_grace(key, leading=True, role=role)])
        assert (session.presence.following == "grace") is followed
        assert (session.presence.page == key) is followed
        session.pages.follow("")
        session.receive([page_of_grace("", leading=True, role=role)])
        assert session.presence.following == "", "who does not want to is not asked again"
        session.receive([page_of_grace("", role=role), page_of_grace(key, leading=True, role=role)])
        session.receive([page_of_grace(key, role=role)])
        assert session.presence.following == ""

    run(story)


def test_ink_that_was_begun_on_another_page_is_cancelled() -> None:
    def story() -> None:
        ada = Joined()
        key = with_a_page(ada)
        ada.session.hands.pointer_down("v/1", 10, 10)
        ada.session.hands.pointer_move("v/1", 20, 10)
        assert ada.sent
        ada.session.pages.turn(key)
        assert [type(message) for message in ada.sent] == [Presence, Cancel]
        ada.session.hands.pointer_up("v/1")
        assert not ada.operations

    run(story)
