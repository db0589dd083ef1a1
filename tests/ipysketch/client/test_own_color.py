"""Which colour a client has that joins people of the same one."""

from __future__ import annotations

import pytest

from ipysketch.client.session import Session
from relay.protocol import PeerState, Presence

from .joined import Joined, run

RED = "#d1495b"


@pytest.mark.parametrize("chosen", [False, True])
def test_a_colour_that_somebody_has_is_changed_if_nobody_chose_it(chosen: bool) -> None:
    def story() -> None:
        ada = Joined(Session(name="Ada", color=RED, secret="s", color_chosen=chosen), grace=RED)
        color = ada.session.presence.color
        assert (color == RED) is chosen
        assert ada.session.gestures.style.color == color, "she draws in her colour"
        assert (Presence({"name": "Ada", "color": color}) in ada.sent) is not chosen

    run(story)


def test_a_colour_is_looked_at_once_after_joining() -> None:
    def story() -> None:
        ada = Joined(Session(name="Ada", color=RED, secret="s", color_chosen=False))
        ada.session.receive([PeerState("emmy", "emmy", {"name": "emmy", "color": RED})])
        assert ada.session.presence.color == RED, "who comes later has to differ"
        ada.again(RED)
        assert ada.session.presence.color != RED

    run(story)


def test_a_style_that_was_chosen_stays_when_the_colour_changes() -> None:
    def story() -> None:
        session = Session(name="Ada", color=RED, secret="s", color_chosen=False)
        session.hands.choose(color="#112233")
        Joined(session, grace=RED)
        assert session.presence.color != RED
        assert session.gestures.style.color == "#112233"

    run(story)
