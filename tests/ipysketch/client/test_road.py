"""What a page is told that looks for a way past its kernel."""

from __future__ import annotations

import asyncio

import pytest

from ipysketch.client.connection_state import Waiting
from relay.protocol import Invite, Ticket

from .joined import Joined


def test_a_page_gets_a_ticket_of_a_relay_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr("ipysketch.client.road.page_address.server_address", lambda _: "")
        joined = Joined()
        session = joined.session
        assert (await session.road("tab.1")).why == "the relay is of an older version"
        session.membership.companions, session.membership.url = True, "ws://127.0.0.1:8765"
        asked = asyncio.ensure_future(session.road("tab.1"))
        invites: list[Invite] = []
        while not invites:
            await asyncio.sleep(0)
            invites = [message for message in joined.sent if isinstance(message, Invite)]
        session.receive([Ticket("t", 30.0, re=invites[0].id)])
        assert await asked == ("algebra", "t", ("ws://127.0.0.1:8765/",), "", "", "")
        for tab in ("tab", "guest"):
            session.hands.enter_view(f"{tab}.1")
        asked = asyncio.ensure_future(session.road("guest.1"))
        invites.clear()
        while not invites:
            await asyncio.sleep(0)
            invites = [message for message in joined.sent if isinstance(message, Invite)]
        session.receive([Ticket("u", 30.0, re=invites[0].id)])
        offer = await asked
        assert (offer.ticket, offer.name) == ("u", "me (2)")
        assert offer.color not in ("", session.presence.color)
        monkeypatch.setenv("IPYSKETCH_SHORT_ROAD", "0")
        assert (await session.road("tab.1")).why == "IPYSKETCH_SHORT_ROAD is 0"
        monkeypatch.delenv("IPYSKETCH_SHORT_ROAD")
        session.state(Waiting(0.0, "gone"))
        assert (await session.road("tab.1")).why == "the board is not connected"

    asyncio.run(run())
