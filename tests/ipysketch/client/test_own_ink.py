"""Wet ink of a client: to the others, and on its other views."""

from __future__ import annotations

import asyncio

from ipysketch.client.connection_state import Waiting
from relay.protocol import Cancel, Create, PeerCancel, PeerPreview

from .joined import INK, Joined, live_of, run


def test_ink_of_a_page_past_the_kernel_is_seen_by_its_other_views() -> None:
    async def run() -> None:
        session = Joined().session
        session.receive([PeerPreview("me", "k", 0, (1, 2), INK), PeerPreview("me", "k", 2, (3, 4))])
        assert live_of(session) == [("pages", [1, 2, 3, 4])]
        session.hands.preview("k", 0, [1, 2, 3, 4, 5, 6], INK, "v")
        session.receive([PeerPreview("me", "k", 0, (1, 2, 3, 4, 5, 6), INK)])
        assert live_of(session) == [("v", [1, 2, 3, 4, 5, 6])], "over the kernel now, and once"
        session.receive([PeerCancel("me", "k")])
        assert live_of(session) == []

    asyncio.run(run())


def test_ink_past_the_kernel_ends_with_the_connection() -> None:
    async def run() -> None:
        session = Joined().session
        session.receive([PeerPreview("me", "k", 0, (1, 2), INK)])
        session.state(Waiting(0.0, "gone"))
        assert live_of(session) == []

    asyncio.run(run())


def test_ink_of_a_view_that_closed_ends_for_the_others_too() -> None:
    def story() -> None:
        ada = Joined()
        session = ada.session
        session.hands.preview("k", 0, [1, 2], INK, "v")
        session.hands.preview("l", 0, [1, 2], INK, "w")
        assert ada.sent
        session.hands.close_view("v")
        assert ada.sent == [Cancel("k")]
        assert live_of(session) == [("w", [1, 2])]
        session.operations.operate([Create("l", {**INK, "points": [1, 2]})], "w")
        assert live_of(session) == [], "it is an element"

    run(story)


def test_a_viewer_sends_no_ink() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.membership.role = "viewer"
        ada.session.hands.preview("k", 0, [1, 2], INK, "v")
        assert not ada.sent
        assert live_of(ada.session) == []

    run(story)
