"""What others are told of a client, and told again after its connection was lost."""

from __future__ import annotations

from ipysketch.client.connection_state import Waiting
from relay.protocol import Presence

from .joined import Joined, run


def test_others_are_told_the_page_again_when_the_connection_was_lost() -> None:
    def story() -> None:
        ada = Joined()
        key = ada.session.operations.add_page("Draft")
        ada.session.pages.turn(key)
        ada.confirm(*ada.operations)
        ada.session.state(Waiting(0.0, "the connection was lost"))
        ada.again()
        assert Presence({"page": key}) in ada.sent

    run(story)


def test_others_are_told_again_where_a_cursor_rests() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.presence.point_at(10, 20)
        ada.session.state(Waiting(1.0, "the connection was lost"))
        assert ada.sent
        ada.again()
        assert Presence({"cursor": [80, 160]}) in ada.sent

    run(story)
