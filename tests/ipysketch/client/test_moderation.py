"""What a moderator asks for at a view."""

from __future__ import annotations

import asyncio

from relay.protocol import Done, Error, Lock, Presence, Remove

from .joined import Joined


async def asked_for(ada: Joined, kind: type[Lock] | type[Remove]) -> Lock | Remove:
    """What was asked of the relay."""
    while True:
        for message in ada.sent:
            if isinstance(message, kind):
                return message
        await asyncio.sleep(0)


def test_a_refusal_is_shown_and_an_answer_is_not() -> None:
    async def story() -> None:
        ada = Joined()
        ada.session.moderation.ask(locked=True, pens=["grace"])
        lock = await asked_for(ada, Lock)
        assert isinstance(lock, Lock)
        assert (lock.locked, lock.pens) == (True, ("grace",))
        ada.session.receive([Done(re=lock.id)])
        ada.session.moderation.ask(remove="grace")
        remove = await asked_for(ada, Remove)
        assert ada.session.membership.notice == ""
        ada.session.receive([Error("role", "only a moderator may do that", re=remove.id)])
        for _ in range(5):
            await asyncio.sleep(0)
        assert ada.session.membership.notice == "only a moderator may do that"

    asyncio.run(story())


def test_everybody_is_asked_to_follow_and_the_relay_is_asked_nothing() -> None:
    async def story() -> None:
        ada = Joined()
        for lead, told in ((True, True), (False, None)):
            ada.session.moderation.ask(lead=lead)
            assert ada.sent == [Presence({"leading": told})]
            assert ada.session.presence.leading is lead
        ada.session.moderation.ask()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not ada.sent

    asyncio.run(story())
