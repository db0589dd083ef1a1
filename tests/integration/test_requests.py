"""Requests on a real relay: each answer names its request, and an error of one never fails another."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from relay.limits import Limits
from relay.protocol import (
    CLOSE_ERASED,
    Commit,
    Done,
    Erase,
    Error,
    History,
    Lock,
    Mint,
    PeerState,
    Presence,
    Read,
    Remove,
    RoomState,
)
from relay.records import LogRange
from relay.room.permissions import Role
from relay.store import MemoryStore

from ..support.raw_client import create, joined, relay_on


def go(work: Any) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


class SlowReads(MemoryStore):
    """A store whose `read` waits until `allowed` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = threading.Event()

    def read(self, room: str, first: int, last: int) -> LogRange:
        assert self.allowed.wait(20)
        return super().read(room, first, last)


def test_an_error_of_one_request_fails_no_other() -> None:
    store = SlowReads()

    async def run() -> None:
        async with relay_on(store, limits=Limits(presence_rate=20)) as relay, joined(relay.port) as (ada, _):
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            await ada.say(Read(1, 1, id=1))
            # While that one waits for the store: two that are refused, one that is unreadable, and a cursor too many.
            await ada.say(Remove("nobody", id=2), Lock(True, id=3))
            await ada.socket.send('[{"type":"from-the-future","id":4}]', text=True)
            errors = [await ada.hear(Error) for _ in range(3)]
            assert [(error.re, error.code) for error in errors] == [
                (2, "no-such-peer"),
                (3, "busy"),
                (4, "bad-message"),
            ]
            await ada.say(*(Presence({"cursor": [n, n]}) for n in range(100)))
            too_fast = await ada.hear(Error)
            assert (too_fast.re, too_fast.code) == (0, "too-fast")
            store.allowed.set()
            history = await ada.hear(History)
            assert history.re == 1

    go(run())


def test_every_request_is_answered_by_its_id() -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port, name="Ada") as (ada, _),
            joined(relay.port, name="Grace") as (grace, welcome),
        ):
            await ada.hear(PeerState, lambda state: state.state["name"] == "Grace")
            await ada.say(Lock(True, id=1))
            assert await ada.hear((RoomState, Done)) == RoomState(True)
            assert await ada.hear((RoomState, Done)) == Done(re=1)
            assert await grace.hear((RoomState, Done)) == RoomState(True)
            await ada.say(Mint("viewer", id=2))
            assert (await ada.hear(Error)).re == 2, "a relay without tokens mints none"
            await ada.say(Read(5, 9, id=3))
            assert (await ada.hear(Error)).re == 3
            await ada.say(Remove(welcome.peer, id=4))
            assert await ada.hear(Done) == Done(re=4)
            await ada.say(Erase("algebra", id=5))
            assert (await ada.hear(Error)).re == 5, "a moderator deletes no room"
            assert Done(re=1) not in grace.heard

    go(run())


def test_a_request_without_an_id_is_answered_as_by_0_1_0() -> None:
    async def run() -> None:
        async with relay_on(MemoryStore()) as relay, joined(relay.port) as (ada, _):
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            # As 0.1.0 sends them, and a field that no version has.
            await ada.socket.send('[{"type":"lock","locked":true,"from-the-future":1}]', text=True)
            assert await ada.hear((RoomState, Done, Error)) == RoomState(True)
            await ada.socket.send('[{"type":"read","first":1,"last":1}]', text=True)
            assert (await ada.hear((History, Done, Error))).re == 0
            await ada.socket.send('[{"type":"mint","role":"viewer"}]', text=True)
            assert (await ada.hear((Done, Error))).re == 0

    go(run())


def test_an_erased_room_answers_by_closing() -> None:
    async def run() -> None:
        from .test_tokens import inside, locked_up

        async with locked_up() as relay, inside(relay, Role.OWNER, "Olga") as (owner, _, _):
            await owner.say(Erase("another", id=1))
            error = await owner.hear(Error)
            assert (error.re, error.code) == (1, "bad-room")
            await owner.say(Mint("viewer", id=2), Mint("king", id=3))
            # One at a time: the second is refused under its own id, whatever comes first.
            answers: dict[int, str] = {}
            while len(answers) < 2:
                answer = await owner.hear(object, lambda message: bool(getattr(message, "re", 0)))
                answers[answer.re] = type(answer).__name__
            assert answers == {2: "Minted", 3: "Error"}
            await owner.say(Erase("algebra", id=4))
            assert await owner.closed() == CLOSE_ERASED

    go(run())
