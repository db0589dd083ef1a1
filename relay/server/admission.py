"""From a connection's first frame to its place in a room: who it is, what it may do, and which process has the room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from itertools import chain
from pathlib import Path

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from ..access.tokens import Grant
from ..protocol import (
    OLDEST_VERSION,
    PROTOCOL_VERSION,
    Accompany,
    Join,
    RemoteError,
    check_room,
)
from ..records import StoreError
from ..store.worker import StoreThread
from .closing import refuse
from .connection import PeerConnection
from .crossing import Crossings, ElsewhereError, SendOnError
from .dispatch import Shared
from .fast_connection import PlainConnection
from .fellows import Fellows
from .hosting import holder_of
from .http import for_companion, room_in
from .hub_door import HubGrant
from .open_room import OpenRoom
from .pieces import Pieces, decode_frame
from .tunnel import connect_worker

RESTARTING = "the relay is restarting"


class Admission:
    """Lets connections into the rooms of one relay, or says where else they go.

    `admit` returns what a join may do; `is_inner` says whether a connection comes from another relay. See `Relay` for
    the other parts.
    """

    def __init__(
        self,
        shared: Shared,
        store_thread: StoreThread,
        admit: Callable[[ServerConnection, Join], Awaitable[Grant]],
        fellows: Fellows | None,
        crossings: Crossings | None,
        *,
        is_inner: Callable[[ServerConnection], bool],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._shared = shared
        self._store_thread = store_thread
        self._admit = admit
        self._fellows = fellows
        self._crossings = crossings
        self._is_inner = is_inner
        self._is_stopping = is_stopping

    async def first_frame(self, socket: ServerConnection) -> str | bytes:
        """Return the first frame of a connection; raises `RemoteError` when none comes in time."""
        try:
            async with asyncio.timeout(self._shared.limits.join_seconds):
                return await socket.recv()
        except TimeoutError:
            raise RemoteError("join-first", "no join message came in time") from None

    async def join(
        self, socket: PlainConnection, frame: str | bytes, stack: contextlib.AsyncExitStack
    ) -> tuple[PeerConnection, Pieces]:
        """Let a connection join the room that its first frame names, which stays open as long as `stack`.

        Returns it, and the messages that came with its join. Raises `RemoteError` when it may not, `ElsewhereError`
        when another process has the room, `SendOnError` when it had better try again at once.
        """
        pieces = decode_frame(frame)
        first = next(pieces)
        join = first[0] if first else None
        rest = chain([first[1:]], pieces)
        if isinstance(join, RemoteError):
            raise join
        assert socket.request is not None
        # Such a connection may be one of any page: see `HttpEndpoint`.
        if not isinstance(join, Join | Accompany) or isinstance(join, Accompany) != for_companion(
            socket.request
        ):
            raise RemoteError("join-first", "the first message must be join, or accompany of a companion")
        _check_version(join.version)
        check_room(join.room)
        if (named := room_in(socket.request.path)) not in ("", join.room):
            raise RemoteError("bad-room", f"the address names the room {named!r}, and the join {join.room!r}")
        if self._fellows is not None and (owner := self._fellows.elsewhere(join.room)) is not None:
            await self._go_to_worker(socket, owner)
        if isinstance(join, Accompany):
            return await self._accompany(socket, join, stack), rest
        grant = await self._admit(socket, join)
        if isinstance(grant, HubGrant):
            join = msgspec.structs.replace(join, room=grant.room)
        try:
            opened = await stack.enter_async_context(self._visit(join.room, socket))
            facts = await self._shared.rooms.find(opened, join)
        except StoreError as error:
            if self._crossings is not None:  # The next try may well succeed.
                raise SendOnError(str(error)) from None
            raise RemoteError("store", str(error)) from None
        if self._is_stopping() or socket.state is not State.OPEN:  # It may have waited for long.
            raise SendOnError(RESTARTING)
        peer = opened.room.join(
            join,
            facts,
            role=grant.role,
            subject=grant.subject,
            token_name=grant.name,
            verified=grant.verified,
        )
        return PeerConnection(socket, opened, peer, grant, self._shared), rest

    def _visit(self, room: str, socket: PlainConnection) -> AbstractAsyncContextManager[OpenRoom]:
        """Return the way into a room for a connection."""
        if self._crossings is None:
            return self._shared.rooms.visit(room)
        assert socket.request is not None
        is_inner = self._is_inner(socket)
        address = "" if is_inner else str(socket.remote_address[0])
        hop = self._crossings.hop(socket.request) if is_inner else None
        return self._crossings.visit(
            room,
            lambda: self._shared.rooms.visit(room),
            socket.request,
            hop.address if hop else address,
            passed_on=hop,
        )

    async def _go_to_worker(self, socket: PlainConnection, owner: Path) -> None:
        """Raise `ElsewhereError`: the worker at `owner` has the room."""
        assert socket.request is not None
        if not isinstance(socket.remote_address, tuple):
            raise RemoteError("bad-room", "this room is another worker's; start all workers of this relay anew")
        address = str(socket.remote_address[0])
        try:
            upstream = await connect_worker(socket.request, owner, address, self._shared.limits.join_seconds)
        except RemoteError as error:
            if error.code == "store":
                await refuse(socket, error)
                raise SendOnError(error.reason) from None
            raise
        raise ElsewhereError(upstream)

    async def _accompany(
        self, socket: PlainConnection, asked: Accompany, stack: contextlib.AsyncExitStack
    ) -> PeerConnection:
        if not self._shared.rooms.is_open(asked.room):
            if self._crossings is not None and not self._is_inner(socket):
                await self._go_to_holder(self._crossings, socket, asked.room)
            raise RemoteError("ticket", "no kernel is in this room; ask it for another ticket")
        try:
            opened = await stack.enter_async_context(self._shared.rooms.visit(asked.room))
        except StoreError as error:
            raise RemoteError("store", str(error)) from None
        if self._is_stopping():
            raise SendOnError(RESTARTING)
        companion = opened.room.accompany(asked, asyncio.get_running_loop().time())
        grant = Grant("", "", asked.room, companion.role, "", float("inf"))
        return PeerConnection(socket, opened, companion, grant, self._shared)

    async def _go_to_holder(self, crossings: Crossings, socket: PlainConnection, room: str) -> None:
        """Raise `ElsewhereError` when another relay has the room: whoever has no token opens none."""
        assert socket.request is not None
        try:
            holder = await holder_of(self._store_thread, room)
        except StoreError as error:
            raise SendOnError(str(error)) from None
        if holder is not None:
            await crossings.go(holder, socket.request, str(socket.remote_address[0]))


def _check_version(version: int) -> None:
    # A client one version ahead speaks ours too, and `Welcome` names the version to speak.
    if not OLDEST_VERSION <= version <= PROTOCOL_VERSION + 1:
        older = "the relay" if version > PROTOCOL_VERSION else "ipysketch"
        spoken = f"this relay speaks protocol version {PROTOCOL_VERSION}, not {version}"
        raise RemoteError("version", f"{spoken}; upgrade {older}")
