"""Whether the relay sends a kernel others' ink: what it is asked, and from when all of that ink is here."""

from __future__ import annotations

import asyncio

import msgspec

from ipysketch.client.connection_state import Waiting
from ipysketch.client.session import Session
from relay.protocol import Done, Error, PeerPreview, Want

from .joined import INK, Joined, live_of


async def asked_for(joined: Joined, previews: bool) -> Want:
    """What the session asks the relay for next."""
    while not (wants := [message for message in joined.sent if isinstance(message, Want)]):
        await asyncio.sleep(0)
    assert [want.previews for want in wants] == [previews]
    return wants[0]


def with_companions() -> tuple[Joined, Session]:
    """A session in a room where pages may accompany it."""
    joined = Joined()
    joined.session.membership.companions = True
    return joined, joined.session


async def here_again(session: Session) -> None:
    while not session.projection.board_state().live_is_here:
        await asyncio.sleep(0)


def test_others_ink_is_here_again_when_the_relay_has_sent_all_of_it() -> None:
    async def run() -> None:
        joined, session = with_companions()
        session.previews.want(False)
        want = await asked_for(joined, False)
        assert not session.projection.board_state().live_is_here, (
            "it may be missing from when it was asked not to come"
        )
        session.receive([Done(re=want.id)])
        session.previews.want(True)
        want = await asked_for(joined, True)
        session.receive([PeerPreview("p", "k", 0, (1, 2), INK)])
        assert not session.projection.board_state().live_is_here
        session.receive([Done(re=want.id)])
        await here_again(session)
        assert live_of(session) == [("p", [1, 2])]

    asyncio.run(run())


def test_who_changes_their_mind_before_the_answer_ends_with_what_they_want() -> None:
    async def run() -> None:
        joined, session = with_companions()
        session.previews.want(False)
        want = await asked_for(joined, False)
        session.previews.want(True)
        session.receive([Done(re=want.id)])
        want = await asked_for(joined, True)
        session.receive([Done(re=want.id)])
        await here_again(session)

    asyncio.run(run())


def test_a_relay_that_refuses_goes_on_sending() -> None:
    async def run() -> None:
        joined, session = with_companions()
        for _ in range(2):  # The next change of the roads asks again.
            session.previews.want(False)
            want = await asked_for(joined, False)
            session.receive([Error("companion", "there is no page", re=want.id)])
            await here_again(session)
        assert session.membership.notice == ""

    asyncio.run(run())


def test_ink_that_did_not_come_back_is_asked_for_again() -> None:
    async def run() -> None:
        joined, session = with_companions()
        session.previews.want(False)
        session.receive([Done(re=(await asked_for(joined, False)).id)])
        for answer in (Error("rate", "too fast"), Done()):
            session.previews.want(True)
            want = await asked_for(joined, True)
            session.receive([msgspec.structs.replace(answer, re=want.id)])
            await here_again(session)

    asyncio.run(run())


def test_a_new_connection_is_sent_everything() -> None:
    async def run() -> None:
        joined, session = with_companions()
        session.previews.want(False)
        want = await asked_for(joined, False)
        session.receive([Done(re=want.id)])
        session.state(Waiting(0.0, "gone"))
        joined.again()
        await here_again(session)
        session.membership.companions = True
        session.previews.want(False)
        await asked_for(joined, False)

    asyncio.run(run())


def test_an_older_relay_is_not_asked_about_previews() -> None:
    async def run() -> None:
        joined = Joined()
        joined.session.previews.want(False)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not [message for message in joined.sent if isinstance(message, Want)]
        assert joined.session.projection.board_state().live_is_here

    asyncio.run(run())
