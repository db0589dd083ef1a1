"""Operations of people and code, before the relay has them."""

from __future__ import annotations

from ipysketch.client.cutting import SendLimits
from relay.protocol import Cancel, Create

from .joined import Joined, run


def test_a_gesture_that_comes_to_more_than_the_relay_takes_is_told_and_its_ink_ends() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.sync.limits = SendLimits(400)
        ada.session.operations.operate([Create("k", {"kind": "text", "text": "words " * 100})])
        assert "larger than the relay takes" in ada.session.membership.notice
        assert isinstance(ada.sent[-1], Cancel)
        assert not ada.session.sync.pending

    run(story)
