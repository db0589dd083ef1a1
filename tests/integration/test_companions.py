"""Companions at the door of a real relay, for every role: what a page may do beside its kernel, and what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from relay.access.authentication import Authenticator
from relay.access.tokens import Tokens
from relay.limits import Limits
from relay.protocol import (
    CLOSE_ALONE,
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    CLOSE_REMOVED,
    Accompanied,
    Accompany,
    Create,
    Error,
    Event,
    Invite,
    Join,
    Leave,
    Lock,
    Operate,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Read,
    Remove,
    RoomState,
    Ticket,
    Welcome,
)
from relay.room.permissions import COMPANION, Role, check_companion
from relay.server.relay import Relay
from relay.store import MemoryStore

from ..support.raw_client import RawClient, relay_on, wire
from ..support.waiting import DEADLINE
from .test_rights import ROWS, Row, kind_of

TOKENS = Tokens(b"s" * 32)
INK: dict[str, Any] = {"kind": "stroke"}
ROOM = "algebra"
FOREIGN = "https://lab.example"
ALLOWED = frozenset({PeerState, PeerLeft, PeerPreview, PeerCancel, Accompanied, Error})


def go(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, 2 * DEADLINE))


@contextlib.asynccontextmanager
async def kernel(relay: Relay, role: Role, name: str) -> AsyncIterator[tuple[RawClient, Welcome]]:
    token, _ = TOKENS.mint(room=ROOM, role=role, name=name, seconds=600, now=time.time())
    async with wire(relay.port) as client:
        await client.say(Join(ROOM, name=name, token=token))
        yield client, await client.hear(Welcome)


async def ticket(client: RawClient) -> str:
    await client.say(Invite(id=77))
    said = await client.hear(Ticket, lambda said: said.re == 77)
    return str(said.ticket)


@contextlib.asynccontextmanager
async def page(relay: Relay, client: RawClient) -> AsyncIterator[RawClient]:
    """A companion of the peer that `client` is, on a page of another origin."""
    opened = await ticket(client)
    async with wire(relay.port, f"/?room={ROOM}&companion", Origin=FOREIGN) as beside:
        await beside.say(Accompany(ROOM, opened))
        await beside.hear(Accompanied)
        yield beside


@contextlib.asynccontextmanager
async def tokens_only(**more: Any) -> AsyncIterator[Relay]:
    async with relay_on(MemoryStore(), authenticator=Authenticator(tokens=TOKENS), **more) as relay:
        yield relay


def test_ink_goes_from_page_to_page_while_no_kernel_sends_anything() -> None:
    async def run() -> None:
        async with (
            tokens_only() as relay,
            kernel(relay, Role.EDITOR, "Ada") as (ada, welcome),
            kernel(relay, Role.EDITOR, "Grace") as (grace, _),
            page(relay, ada) as her_page,
            page(relay, grace) as other_page,
        ):
            assert welcome.companions
            await her_page.say(Preview("k", 0, (1, 2), INK), Presence({"cursor": [8, 8]}))
            await other_page.hear(PeerState, lambda said: said.state.get("cursor") == [8, 8])
            assert await other_page.hear(PeerPreview) == PeerPreview(welcome.peer, "k", 0, (1, 2), INK)
            await ada.say(Operate(1, (Create("k", {}),)))
            assert await other_page.hear(PeerCancel) == PeerCancel(welcome.peer, "k", 1)
            # Everybody counts two people.
            names = {said.peer for said in other_page.heard if isinstance(said, PeerState)}
            assert len(names) == 2
            assert {type(said) for said in other_page.heard} <= ALLOWED

    go(run())


def test_a_page_that_vanishes_leaves_its_ink_to_its_kernel_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.connection.ORPHANED", 0.05)

    async def run() -> None:
        async with (
            tokens_only() as relay,
            kernel(relay, Role.EDITOR, "Ada") as (ada, _),
            kernel(relay, Role.EDITOR, "Grace") as (grace, _),
        ):
            async with page(relay, ada) as her_page:
                await her_page.say(Preview("k", 0, (1, 2), INK))
                await grace.hear(PeerPreview)
            assert (await grace.hear(PeerCancel)).seq == 0

    go(run())


def test_it_ends_with_its_kernel_however_that_ends() -> None:
    async def run() -> None:
        async with tokens_only() as relay, kernel(relay, Role.OWNER, "Olga") as (olga, _):
            async with kernel(relay, Role.EDITOR, "Ada") as (ada, _), page(relay, ada) as beside:
                await ada.say(Leave())
                assert await beside.closed() == CLOSE_ALONE
            async with kernel(relay, Role.EDITOR, "Ada") as (ada, welcome), page(relay, ada) as beside:
                await olga.say(Remove(welcome.peer, id=1))
                assert (await ada.closed(), await beside.closed()) == (CLOSE_REMOVED, CLOSE_ALONE)

    go(run())


def test_only_a_ticket_opens_and_only_for_a_companion() -> None:
    async def run() -> list[int | None]:
        codes: list[int | None] = []
        async with tokens_only() as relay, kernel(relay, Role.EDITOR, "Ada") as (ada, _):
            token, _ = TOKENS.mint(room=ROOM, role=Role.OWNER, name="Eve", seconds=600, now=time.time())
            good = await ticket(ada)
            attempts = [
                ("/?companion", Accompany(ROOM, "0" * 32)),
                ("/?companion", Accompany("elsewhere", good)),
                ("/?companion", Join(ROOM, token=token)),  # From a page that may not use this relay.
                ("/?companion", Preview("k", 0, (1, 2), INK)),
            ]
            for path, first in attempts:
                async with wire(relay.port, path, Origin=FOREIGN) as eve:
                    await eve.say(first)
                    codes.append(await eve.closed())
            async with wire(relay.port) as eve:  # Without the word in its address, where origins are looked at.
                await eve.say(Accompany(ROOM, good))
                codes.append(await eve.closed())
            async with wire(relay.port, "/?companion", Origin=FOREIGN) as beside:
                await beside.say(Accompany(ROOM, good))
                await beside.hear(Accompanied)
            async with wire(relay.port, "/?companion", Origin=FOREIGN) as late:
                await late.say(Accompany(ROOM, good))
                codes.append(await late.closed())
        return codes

    assert go(run()) == [
        CLOSE_REFUSED,
        CLOSE_REFUSED,
        CLOSE_PROTOCOL,
        CLOSE_PROTOCOL,
        CLOSE_PROTOCOL,
        CLOSE_REFUSED,
    ]


def test_its_messages_count_as_its_kernels() -> None:
    async def run() -> None:
        async with (
            tokens_only(limits=Limits(presence_rate=10)) as relay,
            kernel(relay, Role.EDITOR, "Ada") as (ada, _),
            page(relay, ada) as beside,
        ):
            for number in range(60):
                await beside.say(Presence({"cursor": [number, 8]}))
            assert (await beside.hear(Error)).code == "too-fast"
            await ada.say(Presence({"cursor": [8, 8]}))
            assert (await ada.hear(Error)).code == "too-fast"

    go(run())


# --- the matrix -------------------------------------------------------------------------------------------------


class _Somebody:
    peer, room = "p", ROOM


async def wrong_of_companions(rows: Iterable[Row]) -> list[str]:
    """The cells in which a companion is let do something that the table does not allow, or the other way about."""
    found: list[str] = []
    somebody: Any = type("Cell", (), {"me": _Somebody, "olgas": _Somebody, "guest": "p"})
    async with tokens_only() as relay, kernel(relay, Role.OWNER, "Olga") as (olga, _):
        for locked in (False, True):
            await olga.say(Lock(locked, id=1))
            await olga.hear(RoomState)
            for row, role in itertools.product(rows, Role):
                message = row.message(somebody, True)
                least = row.own_locked if locked else row.own
                fields = set(message.state) if isinstance(message, Presence) else set()
                its_own = type(message) in COMPANION and fields <= {"cursor", "view", "tool"}
                async with kernel(relay, role, "Ada") as (ada, _), page(relay, ada) as beside:
                    happened = await is_done(beside, message)
                if happened is not (its_own and role >= least):
                    found.append(f"a companion of {role.phrase}: {row.name} ({'locked' if locked else 'open'})")
    return found


async def is_done(beside: RawClient, message: Any) -> bool:
    await beside.say(message)
    if isinstance(message, Leave):
        return await beside.closed() == 1000
    # What nobody may shows that what came before it has been handled.
    await beside.say(Remove("nobody", id=9))
    said = await beside.hear(Error)
    return bool(said.re == 9)


def test_every_role_has_its_companions_rights_and_no_more() -> None:
    assert go(wrong_of_companions(ROWS)) == []


def open_to_all(_: Any, **__: Any) -> None:
    """A companion may do what its peer may."""


def names_too(message: Any, **_: Any) -> None:
    """A companion may name its person."""
    if not isinstance(message, Presence):
        check_companion(message)


HOLES: dict[str, tuple[str, Any, str]] = {
    "operates": ("relay.room.room.check_companion", open_to_all, "create"),
    "locks": ("relay.room.permissions.COMPANION", COMPANION | {Lock}, "lock"),
    "leads": ("relay.room.room.check_companion", names_too, "lead"),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_found(hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, name = HOLES[hole]
    monkeypatch.setattr(where, what)
    assert go(wrong_of_companions([row for row in ROWS if row.name == name]))


def test_the_rows_are_all_messages() -> None:
    assert {kind_of(row) for row in ROWS} >= {*COMPANION, Operate, Event, Read, Lock, Remove, Invite, Accompany}
