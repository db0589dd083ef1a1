"""Requests of peers that need the store or the relay's secret, and so cannot be answered where they arrive."""

from __future__ import annotations

import asyncio
import logging
import time

from ..access.authentication import Authenticator
from ..access.codes import SECONDS, Codes
from ..protocol import Code, Erase, Lock, Mint, Minted, Read, RemoteError, Share
from ..room.costs import CODE
from ..room.peer import Peer
from ..room.permissions import role
from .open_room import OpenRoom, peer_event
from .rooms import Rooms

Request = Read | Lock | Mint | Share | Erase


class Requests:
    """Answers the requests of all peers of one relay. The connection has checked that the peer may ask. `codes` are
    None where the relay makes none."""

    def __init__(self, rooms: Rooms, authenticator: Authenticator, codes: Codes, log: logging.Logger) -> None:
        self._rooms = rooms
        self._authenticator = authenticator
        self._codes = codes
        self._log = log

    async def answer(self, opened: OpenRoom, peer: Peer, request: Request) -> None:
        """Do what `request` asks for; the answer is in the room's next frame. Raises `RemoteError` and `StoreError`."""
        room = opened.room
        match request:
            case Lock(locked=locked):
                await self._rooms.lock(opened, request, peer)
                done = "locked" if locked else "unlocked"
                pens = " ".join(one for one in request.pens if one in room.peers)
                peer_event(self._log, logging.INFO, done, opened, peer, pens=pens or None)
            case Read(first=first, last=last):
                past, stream = await self._rooms.read(opened, first, last)
                room.send_history(peer, past, last, stream, request.id)
            case Mint():
                peer.direct.append(self._mint(opened, peer, request))
            case Share():
                peer.direct.append(self._share(opened, peer, request))
            case Erase(room=name):
                if name != room.name:
                    raise RemoteError("bad-room", "repeat the name of the room that is to be deleted")
                await self._rooms.delete(name)

    def _mint(self, opened: OpenRoom, peer: Peer, request: Mint) -> Minted:
        tokens = self._authenticator.tokens
        if tokens is None:
            raise RemoteError("no-tokens", "this relay lets people in without tokens")
        if (wanted := role(request.role)) > peer.role:
            raise RemoteError("role", f"{peer.role.word}s may not make {wanted.word} tokens")
        token, grant = tokens.mint(
            room=opened.room.name,
            role=wanted,
            name=request.name,
            seconds=request.seconds,
            now=time.time(),
        )
        peer_event(
            self._log,
            logging.INFO,
            "minted",
            opened,
            peer,
            token=grant.id,
            role=wanted.word,
            whose=grant.name or None,
        )
        return Minted(token, grant.id, re=request.id)

    def _share(self, opened: OpenRoom, peer: Peer, request: Share) -> Code:
        now, room = asyncio.get_running_loop().time(), opened.room.name
        peer.client.budget.spend(CODE, now)
        if request.token:
            self._authenticator.read(room, request.token, time.time())
        words = self._codes.make(room, request.token, peer.client.author, now)
        peer_event(self._log, logging.INFO, "code made", opened, peer)
        return Code(words, SECONDS, re=request.id)
