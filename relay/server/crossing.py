"""How a connection gets into its room when one of several relays has it: here, or by way of that relay.

Whoever nobody holds is held here from then on. A holder that does not run any more is declared dead, and one that is
silent is waited for until its lease has ended; meanwhile the join waits too, and is not refused. A connection that
another relay passed on is not passed on again, so that nothing goes in circles.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit
from zlib import crc32

from websockets.asyncio.client import ClientConnection
from websockets.http11 import Request

from ..cluster.asking import NotThereError
from ..cluster.membership import Membership
from ..cluster.signs import (
    FRESH,
    HOP,
    QUESTION,
    Hop,
    Question,
    read_hop,
    read_question,
    sign_answer,
    sign_hop,
    sign_reply,
)
from ..records import HeldByRelayError, Member, StoreError
from .accepting import Gate
from .open_room import OpenRoom
from .tunnel import MovedError, connect_relay

AGAIN = 0.1
"""Seconds between two looks at who has a room."""
REFUSALS = 2
"""Refused connections in a row after which a relay is taken for gone."""

Visit = Callable[[], AbstractAsyncContextManager[OpenRoom]]


class ElsewhereError(Exception):
    """The room is served by another process, to which `upstream` leads."""

    def __init__(self, upstream: ClientConnection) -> None:
        super().__init__("the room is served elsewhere")
        self.upstream = upstream


class SendOnError(Exception):
    """The connection is to be closed so that its client comes again; the text says why."""


class Crossings:
    """The way into rooms for the relay of `membership`, by the store's clock `now`; a join waits at most so many
    `seconds`. `is_open` says whether this relay has a room."""

    def __init__(
        self,
        membership: Membership,
        log: logging.Logger,
        now: Callable[[], float],
        seconds: float,
        is_open: Callable[[str], bool],
    ) -> None:
        self.membership = membership
        self._is_open = is_open
        self._log = log
        self._now = now
        self._seconds = seconds
        parts = urlsplit(membership.address)
        self.host, self.port = parts.hostname or "", parts.port or 0

    @property
    def shown(self) -> str:
        """What `/healthz` says of this relay among the others."""
        return f"relay {self.membership.id}, with {len(self.membership.others)} others"

    async def listeners(self, gate: Gate) -> list[socket.socket]:
        """Return the sockets at which other relays connect; raises `StoreError`."""
        try:
            return await gate.listen(self.host, self.port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(
                f"nobody can be listened to at {self.membership.address} ({reason}); give "
                "--advertise an address of this machine and a port that is free"
            ) from None

    # --- from other relays --------------------------------------------------------------------------------

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Return why a connection from another relay is not believed; None when it is."""
        hop = self.hop(request)
        if hop is None or abs(hop.at - self._now()) > FRESH:
            return 403, "only relays of this deployment, with its secret, connect here"
        if hop.incarnation != self.membership.member.incarnation:
            return 421, "this relay began anew; look again who has the room"
        return None

    def hop(self, request: Request) -> Hop | None:
        """Return what another relay says of a connection that it passes on; None when none does."""
        values = request.headers.get_all(HOP)
        return read_hop(self.membership.secret, values[0], request.path) if len(values) == 1 else None

    def answer(self, challenge: str) -> str:
        """Return what another relay is told that asks."""
        return sign_answer(self.membership.secret, self.membership.answer, challenge)

    def question(self, request: Request, challenge: str) -> Question | None:
        """Return what another relay asks about word codes; None when it asks nothing, or is not believed."""
        values = request.headers.get_all(QUESTION)
        asked = read_question(self.membership.secret, values[0], challenge) if len(values) == 1 else None
        if asked is None or asked.incarnation != self.membership.member.incarnation:
            return None
        return asked if abs(asked.at - self._now()) <= FRESH else None

    def reply(self, text: str, challenge: str) -> str:
        """Return what another relay is told that asked about word codes."""
        return sign_reply(self.membership.secret, text, challenge)

    # --- into a room --------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def visit(
        self, room: str, visit: Visit, request: Request, address: str, *, passed_on: Hop | None
    ) -> AsyncIterator[OpenRoom]:
        """The `room`, which is held here, for a connection from `address`. Raises `ElsewhereError` when another relay
        takes the connection, `SendOnError` when none does in time."""
        async with contextlib.AsyncExitStack() as stack:
            yield await self._open(stack, room, visit, request, address=address, passed_on=passed_on)

    async def _open(
        self,
        stack: contextlib.AsyncExitStack,
        room: str,
        visit: Visit,
        request: Request,
        *,
        address: str,
        passed_on: Hop | None,
    ) -> OpenRoom:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        refused = 0
        may_pass = passed_on is None or passed_on.may_go_on
        while True:
            why = "the store does not hear this relay"
            try:
                if self.membership.is_cut_off and passed_on is None:
                    await self._to_one_that_is_heard(request, address)
                elif self.membership.gives_away and not self._is_open(room):
                    why = "this relay gives its rooms to others"
                    if not may_pass:
                        raise SendOnError(why)
                    await self._to_one_that_takes(room, request, address)
                elif await self.membership.heard(min(AGAIN, end - loop.time())):
                    return await stack.enter_async_context(visit())
            except HeldByRelayError as held:
                why = str(held)
                if not may_pass:
                    raise SendOnError(why) from None
                refused = refused + 1 if await self.go(held.holder, request, address) else 0
                if refused >= REFUSALS:
                    refused = 0
                    with contextlib.suppress(StoreError):
                        await self.membership.declare_dead(held.holder)
                    continue
            except StoreError as error:
                why = str(error)
            if loop.time() >= end:
                raise SendOnError(why)
            await asyncio.sleep(AGAIN)

    async def go(self, holder: Member, request: Request, address: str) -> bool:
        """Go to the holder of a room, which raises `ElsewhereError`; returns whether nothing listens there."""
        hop = Hop(holder.incarnation, self._now(), address, may_go_on=False)
        with contextlib.suppress(MovedError, OSError, TimeoutError):
            try:
                raise ElsewhereError(await self._connect(holder, request, hop))
            except NotThereError:
                return True
        return False

    async def _to_one_that_is_heard(self, request: Request, address: str) -> None:
        """Go to any relay that the store hears, which passes the connection on where it must; raises `ElsewhereError`,
        and returns when there is none."""
        await self._to_any(await self.membership.heard_others(), request, address)

    async def _to_one_that_takes(self, room: str, request: Request, address: str) -> None:
        """Go to a relay that takes the room, the same for all who want it; see `_to_one_that_is_heard`."""
        takers = sorted(self.membership.takers, key=lambda member: crc32(f"{room} {member.id}".encode()))
        await self._to_any(takers, request, address)

    async def _to_any(self, members: Sequence[Member], request: Request, address: str) -> None:
        for member in members:
            hop = Hop(member.incarnation, self._now(), address, may_go_on=True)
            with contextlib.suppress(MovedError, NotThereError, OSError, TimeoutError):
                raise ElsewhereError(await self._connect(member, request, hop))

    async def _connect(self, member: Member, request: Request, hop: Hop) -> ClientConnection:
        signed = sign_hop(self.membership.secret, hop, request.path)
        return await connect_relay(request, member.address, {HOP: signed})
