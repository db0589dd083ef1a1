"""Requests to the relay and their answers: several at a time, each answered or failed by its own id.

A relay of 0.1.0 names no request in its answers. There, an answer goes to the oldest open request of a kind that it
fits; an error too, if its code is one that such a request can get.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import msgspec

from relay.protocol import (
    Code,
    Done,
    Error,
    Invite,
    Lock,
    Mint,
    Minted,
    PeerLeft,
    Read,
    Remove,
    RoomState,
    Share,
    Ticket,
    Want,
)

from ..errors import SketchError
from ..model.history import HistoryRange

Request = Read | Lock | Mint | Remove | Invite | Share | Want
Answer = HistoryRange | Done | Minted | RoomState | PeerLeft | Ticket | Code

ANSWER_WAIT = 10.0
"""Seconds after which a request counts as unanswered."""
READ_WAIT = 60.0
"""The same for a part of the log, which may be many megabytes."""

UNNAMED_ERRORS: Mapping[type, frozenset[str]] = {
    Read: frozenset({"role", "busy", "bad-range", "store"}),
    Lock: frozenset({"role", "busy", "store"}),
    Mint: frozenset({"role", "busy", "bad-role", "bad-expiry", "bad-name", "no-tokens", "store"}),
    Remove: frozenset({"role", "no-such-peer"}),
    Invite: frozenset(),
    Want: frozenset(),
    Share: frozenset(),
}
"""The codes of errors that a relay of 0.1.0 answers each kind of request with."""


@dataclass(slots=True)
class _Open:
    request: Request
    answer: asyncio.Future[Answer]


class Requests:
    """The requests of one client; on the loop thread. `send` gives a message to a connection that is joined."""

    def __init__(self, send: Callable[[Request], None]) -> None:
        self.named = False
        """Whether the relay's answers name their requests, as its `welcome` says."""
        self._send = send
        self._ids = count(1)
        self._open: dict[int, _Open] = {}
        # A relay works on one of these at a time for each peer, and refuses another one as "busy".
        self._turn = asyncio.Lock()

    async def read(self, first: int, last: int) -> HistoryRange:
        """Return the entries `first` to `last` of the log. Raises `SketchError`, as all requests do: the relay
        refused, did not answer in time, or the connection was lost."""
        async with self._turn:
            answer = await self._ask(Read(first, last), READ_WAIT)
        assert isinstance(answer, HistoryRange)
        return answer

    async def lock(self, locked: bool, pens: Sequence[str] = ()) -> None:
        """Let only moderators and the peers with `pens` draw, or everybody again."""
        async with self._turn:
            await self._ask(Lock(locked, tuple(pens)), ANSWER_WAIT)

    async def mint(self, role: str, name: str, seconds: float) -> str:
        """Return a new token for this room."""
        async with self._turn:
            answer = await self._ask(Mint(role, name, seconds), ANSWER_WAIT)
        assert isinstance(answer, Minted)
        return answer.token

    async def invite(self) -> str:
        """Return a ticket for a companion; of a relay whose welcome says `companions`."""
        answer = await self._ask(Invite(), ANSWER_WAIT)
        assert isinstance(answer, Ticket)
        return answer.ticket

    async def want(self, previews: bool) -> None:
        """Have others' previews sent from now on, or left to companions; of a relay whose welcome says `companions`.

        Returns when all that there are have come."""
        await self._ask(Want(previews), ANSWER_WAIT)

    async def share(self, token: str) -> Code:
        """Return a code for a link to this room that has this token, or ""; of a relay whose welcome says `codes`."""
        async with self._turn:
            answer = await self._ask(Share(token), ANSWER_WAIT)
        assert isinstance(answer, Code)
        return answer

    async def remove(self, *peers: str) -> None:
        """End the connections of other peers."""
        await asyncio.gather(*(self._ask(Remove(peer), ANSWER_WAIT) for peer in peers))

    async def _ask(self, request: Request, seconds: float) -> Answer:
        number = next(self._ids)
        request = msgspec.structs.replace(request, id=number)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[number] = _Open(request, answer)
        try:
            self._send(request)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise SketchError("the relay did not answer in time; try again") from None
        finally:
            del self._open[number]

    # --- from the relay -----------------------------------------------------------------------------------

    def answered(self, answer: Answer) -> None:
        """Resolve the request that `answer` belongs to, if there is one."""
        re = answer.announced.re if isinstance(answer, HistoryRange) else getattr(answer, "re", 0)
        if re:
            self._resolve(self._open.get(re), answer)
        elif not self.named:
            self._resolve(self._oldest(lambda request: _fits(request, answer)), answer)

    def refused(self, error: Error) -> bool:
        """Fail the request that `error` belongs to; return False when it belongs to none and is only a notice."""
        if error.re:
            self._fail(self._open.get(error.re), SketchError(error.reason, error.code))
            return True  # Also for a request that nobody waits for any more.
        if self.named:
            return False
        oldest = self._oldest(lambda request: error.code in UNNAMED_ERRORS[type(request)])
        self._fail(oldest, SketchError(error.reason, error.code))
        return oldest is not None

    def lost(self) -> None:
        """Fail all requests: the connection was lost."""
        for each in self._open.values():
            self._fail(each, SketchError("the connection was lost before the relay had answered"))

    def _oldest(self, fits: Callable[[Request], bool]) -> _Open | None:
        waiting = (each for each in self._open.values() if not each.answer.done())
        return next((each for each in waiting if fits(each.request)), None)

    @staticmethod
    def _resolve(each: _Open | None, answer: Answer) -> None:
        if each is not None and not each.answer.done():
            each.answer.set_result(answer)

    @staticmethod
    def _fail(each: _Open | None, error: SketchError) -> None:
        if each is not None and not each.answer.done():
            each.answer.set_exception(error)


def _fits(request: Request, answer: Answer) -> bool:
    """Whether an answer without a name can be that of `request`."""
    match request, answer:
        case Read(last=last), HistoryRange():
            return answer.announced.last == last
        case Mint(), Minted():
            return True
        case Lock(locked=wanted), RoomState(locked=locked):
            return wanted == locked
        case Remove(peer=removed), PeerLeft(peer=peer):
            return removed == peer
    return False
