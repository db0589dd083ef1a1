"""What the relay tells of a room."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from relay.protocol import Cancel, PeerLeft, PeerState, RoomState, Snapshot

from .joined import Joined, run


def test_who_has_a_pen_draws_in_a_locked_room() -> None:
    async def run() -> None:
        ada = Joined()
        ada.session.membership.role = "editor"
        for pens, may in ((("me",), True), (("grace",), False)):
            ada.session.receive([RoomState(True, pens)])
            assert ada.session.drawing.can_draw is may
        assert ada.session.membership.capabilities_of("editor", "grace").draw
        ada.again()
        assert not ada.session.membership.pens, "the relay tells them again"

    asyncio.run(run())


def test_a_lock_ends_the_ink_of_who_may_not_draw_any_more() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.membership.role = "editor"
        ada.session.hands.pointer_down("v/1", 10, 10)
        assert ada.sent
        ada.session.receive([RoomState(True)])
        assert [type(message) for message in ada.sent] == [Cancel]

    run(story)


def test_what_is_held_is_measured_after_a_snapshot_and_not_after_messages() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.receive([PeerState("emmy", "emmy", {"name": "emmy"})])
        assert ada.connection.measured == 0
        stream = zlib.compress(b"[]")
        ada.session.receive([Snapshot(0, 0, len(stream), 0, 0)])
        ada.session.receive([stream[:3]])
        assert ada.connection.measured == 0
        ada.session.receive([stream[3:]])
        assert ada.connection.measured == 1

    run(story)


def test_functions_are_called_for_who_comes_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    def story() -> None:
        ada = Joined()
        fired: list[tuple[str, str]] = []
        monkeypatch.setattr(ada.session.callbacks, "fire", lambda name, who: fired.append((name, who.name)))
        emmy = PeerState("emmy", "emmy", {"name": "emmy"})
        ada.session.receive([emmy, emmy, PeerState("me", "me", {"name": "ada"})])
        ada.session.receive([PeerLeft("emmy"), PeerLeft("emmy")])
        assert fired == [("join", "emmy"), ("leave", "emmy")]

    run(story)
