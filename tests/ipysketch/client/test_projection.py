"""Whom a board shows, and what of theirs."""

from __future__ import annotations

from relay.protocol import Clear, Create, Operate, PeerState

from .joined import Joined, run


def test_people_have_the_author_of_what_they_draw_and_whether_they_are_verified() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.receive(
            [
                PeerState("me", "ada", {"name": "ada"}, "editor", True),
                PeerState("grace", "hub:grace", {"name": "grace"}, "editor", True),
                PeerState("m", "0f", {"name": "grace", "verified": True}, "editor"),
            ]
        )
        people = {person.peer: (person.author, person.verified) for person in ada.session.projection.people()}
        assert people == {"me": ("ada", True), "grace": ("hub:grace", True), "m": ("0f", False)}

    run(story)


def test_who_cleared_a_page_is_told_and_a_projector_is_nobody() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.operations.submit([Create("a", {"kind": "stroke"}, "")])
        ada.confirm(*ada.operations)
        ada.confirm(Operate(1, (Clear(""),)), author="grace", client="other")
        assert ada.session.projection.board_state().cleared == ("", "grace", 2)
        ada.session.receive([PeerState("screen", "s", {"name": "screen", "tool": "projector"})])
        assert [person.peer for person in ada.session.projection.people()] == ["me", "grace"]
        assert ada.session.projection.board_state().projectors == ("",)

    run(story)
