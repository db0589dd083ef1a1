"""What people are told of their operations, and when these are sent again."""

from __future__ import annotations

import asyncio

import pytest

from ipysketch.client import verdicts
from relay.protocol import MAX_ACTIONS, Create, Error, PeerState, Refused

from .joined import Joined, run


def test_that_the_relay_cannot_save_is_a_notice_until_it_has_saved() -> None:
    def story() -> None:
        ada = Joined()
        session = ada.session
        session.operations.submit([Create("a", {"kind": "stroke"})])
        session.receive([Error("store", "it cannot save at the moment")])
        assert session.membership.notice == "it cannot save at the moment"
        session.receive([PeerState("grace", "grace", {"name": "grace"})])
        assert session.membership.notice == "it cannot save at the moment"
        ada.confirm(*ada.operations)
        assert session.membership.notice == ""

    run(story)


def test_what_many_refusals_ask_to_send_again_is_sent_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(verdicts, "RETRY_AFTER", 0.0)
        ada = Joined()
        for key in "abc":
            ada.session.operations.submit([Create(key, {"n": 1})])
        assert len(ada.sent) > 2
        ada.session.receive([Refused(op, "store", "the disk is full", final=False) for op in (1, 2, 3)])
        for _ in range(5):
            await asyncio.sleep(0)
        assert [each.op for each in ada.operations] == [1, 2, 3]

    asyncio.run(story())


def test_refused_parts_are_told_together() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.operations.submit([Create(f"k{n}", {"n": 1}) for n in range(MAX_ACTIONS + 2)])
        ada.session.receive([Refused(op, "board-full", "it is full", final=True) for op in (1, 2)])
        notice = ada.session.membership.notice
        assert notice == f"{MAX_ACTIONS + 2} elements were refused: it is full. They are kept in board.lost."
        assert not ada.session.operations.undo()

    run(story)
