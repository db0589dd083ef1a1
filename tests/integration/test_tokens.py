"""Tokens and roles on a real relay: who comes in, what they may do there, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from relay.access.authentication import Authenticator
from relay.access.tokens import Grant, Tokens
from relay.limits import Limits
from relay.protocol import (
    CLOSE_ERASED,
    CLOSE_EXPIRED,
    CLOSE_REFUSED,
    CLOSE_REMOVED,
    CLOSE_REVOKED,
    Commit,
    Erase,
    Error,
    Event,
    History,
    Join,
    Lock,
    Mint,
    Minted,
    PeerState,
    Read,
    Refused,
    Remove,
    RoomState,
    Welcome,
)
from relay.room.permissions import Role
from relay.server.relay import Relay
from relay.store import MemoryStore

from ..support.raw_client import RawClient, create, relay_on, wire
from ..support.waiting import DEADLINE

TOKENS = Tokens(b"s" * 64)


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


def mint(role: Role, name: str = "Ada", *, room: str = "algebra", seconds: float = 3600.0) -> tuple[str, Grant]:
    return TOKENS.mint(room=room, role=role, name=name, seconds=seconds, now=time.time())


def locked_up(**options: Any) -> Any:
    """A relay that lets in only who has a token."""
    return relay_on(MemoryStore(), authenticator=Authenticator(tokens=TOKENS, everybody=None), **options)


@asynccontextmanager
async def inside(
    relay: Relay, role: Role, name: str = "Ada", **more: Any
) -> AsyncIterator[tuple[RawClient, Welcome, Grant]]:
    token, grant = mint(role, name, **more)
    async with wire(relay.port, Authorization=f"Bearer {token}") as peer:
        await peer.say(Join("algebra", name="whoever"))
        yield peer, await peer.hear(Welcome), grant


class TestComingIn:
    @pytest.mark.parametrize("way", ["header", "first message"])
    def test_a_token_opens_its_room_as_its_role(self, way: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "relay")
        token, grant = mint(Role.EDITOR)

        async def run() -> None:
            headers = {"Authorization": f"Bearer {token}"} if way == "header" else {}
            async with locked_up() as relay, wire(relay.port, **headers) as peer:
                await peer.say(Join("algebra", name="Root", token="" if headers else token))
                welcome = await peer.hear(Welcome)
                assert welcome.role == "editor"
                me = await peer.hear(PeerState)
                assert me.state["name"] == "Ada", "the token says who it is"

        go(run())
        assert token not in caplog.text
        assert grant.id in caplog.text, "an operator can revoke what the log shows"

    @pytest.mark.parametrize(
        ("token", "room", "code"),
        [
            ("", "algebra", "token"),
            ("nonsense", "algebra", "token"),
            (mint(Role.EDITOR)[0], "geometry", "token"),
            (
                TOKENS.mint(room="algebra", role=Role.EDITOR, name="", seconds=1, now=0.0)[0],
                "algebra",
                "token-expired",
            ),
        ],
    )
    def test_who_has_none_for_the_room_stays_outside(self, token: str, room: str, code: str) -> None:
        async def run() -> None:
            async with locked_up() as relay, wire(relay.port) as peer:
                await peer.say(Join(room, token=token))
                assert await peer.closed() == CLOSE_REFUSED
                assert [message.code for message in peer.heard] == [code]
                async with inside(relay, Role.VIEWER):
                    pass  # The door still opens for who has one.

        go(run())

    def test_a_token_in_the_address_is_none(self) -> None:
        async def run() -> None:
            async with locked_up() as relay:
                from websockets.asyncio.client import connect

                token, _ = mint(Role.EDITOR)
                async with connect(f"ws://127.0.0.1:{relay.port}/?token={token}", proxy=None) as socket:
                    peer = RawClient(socket)
                    await peer.say(Join("algebra"))
                    assert await peer.closed() == CLOSE_REFUSED

        go(run())


class TestTheEnd:
    def test_an_expired_token_ends_the_connection(self) -> None:
        async def run() -> None:
            async with locked_up() as relay, inside(relay, Role.EDITOR, seconds=5) as (peer, _, _):
                assert await peer.closed() == CLOSE_EXPIRED
                assert "expired" in (peer.socket.close_reason or "")

        go(run())

    @pytest.mark.parametrize("says_something", [True, False])
    def test_a_token_expires_by_the_clock_of_the_day_too(
        self, says_something: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A clock is set, or a machine was asleep, while the time of the event loop goes on as if nothing was."""

        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.EDITOR, seconds=3600) as (ed, _, _),
                inside(relay, Role.EDITOR, seconds=9000) as (other, _, _),
            ):
                if says_something:  # Not even one more operation, however seldom somebody looks.
                    monkeypatch.setattr("relay.server.watch.INTERVAL", 3600.0)
                    await asyncio.sleep(0)
                later = SimpleNamespace(time=lambda: time.time() + 3601)
                monkeypatch.setattr("relay.server.connection.time", later)
                if says_something:
                    await ed.say(create(1, "e"))
                assert await ed.closed() == CLOSE_EXPIRED
                await other.say(create(1, "o"))
                assert (await other.hear(Commit)).changes[0].key == "o"

        go(run())

    def test_a_revoked_one_at_once_and_for_good(self) -> None:
        async def run() -> None:
            async with locked_up() as relay:
                token, grant = mint(Role.EDITOR)
                async with (
                    wire(relay.port, Authorization=f"Bearer {token}") as ada,
                    inside(relay, Role.EDITOR, "Grace") as (grace, _, _),
                ):
                    await ada.say(Join("algebra"))
                    await ada.hear(Welcome)
                    assert await relay.revoke(grant.id, time.time() + 60) == 1
                    assert await ada.closed() == CLOSE_REVOKED
                    async with wire(relay.port, Authorization=f"Bearer {token}") as again:
                        await again.say(Join("algebra"))
                        assert await again.closed() == CLOSE_REFUSED
                        assert again.heard[-1].code == "token-revoked"
                    await grace.say(create(1, "g"))
                    await grace.hear(Commit)

        go(run())

    def test_revocation_outlives_the_relay(self) -> None:
        store = MemoryStore()
        token, grant = mint(Role.EDITOR)
        store.revoke(grant.id, time.time() + 60)

        async def run() -> None:
            admission = Authenticator(tokens=TOKENS, everybody=None)
            async with relay_on(store, authenticator=admission) as relay, wire(relay.port) as peer:
                await peer.say(Join("algebra", token=token))
                assert await peer.closed() == CLOSE_REFUSED

        go(run())

    def test_a_moderator_takes_somebody_out_and_the_others_draw_on(self) -> None:
        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.MODERATOR, "Mo") as (mo, _, _),
                inside(relay, Role.EDITOR, "Ed") as (ed, welcome, _),
            ):
                await mo.say(Remove(welcome.peer))
                assert await ed.closed() == CLOSE_REMOVED
                await mo.say(create(1, "m"))
                await mo.hear(Commit)

        go(run())

    def test_an_owner_deletes_the_room(self) -> None:
        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.OWNER, "Olga") as (owner, welcome, _),
                inside(relay, Role.MODERATOR, "Mo") as (mo, _, _),
            ):
                await mo.say(create(1, "m"))
                await mo.hear(Commit)
                await mo.say(Erase("algebra"))
                assert (await mo.hear(Error)).code == "role"
                await owner.say(Erase("another"))
                assert (await owner.hear(Error)).code == "bad-room"
                await owner.say(Erase("algebra"))
                assert await owner.closed() == CLOSE_ERASED
                assert await mo.closed() == CLOSE_ERASED
                async with inside(relay, Role.EDITOR, "Ed") as (_, fresh, _):
                    assert fresh.seq == 0
                    assert fresh.epoch != welcome.epoch

        go(run())


class TestInside:
    def test_a_locked_room_also_for_late_joiners(self) -> None:
        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.MODERATOR, "Mo") as (mo, _, _),
                inside(relay, Role.EDITOR, "Ed") as (ed, _, _),
            ):
                await ed.say(Lock(True))
                assert (await ed.hear(Error)).code == "role"
                await mo.say(Lock(True))
                assert (await ed.hear(RoomState)).locked
                await ed.say(create(1, "e"))
                assert (await ed.hear(Refused)).code == "locked"
                async with inside(relay, Role.EDITOR, "Late") as (late, welcome, _):
                    assert welcome.locked
                    await mo.say(Lock(False))
                    assert not (await late.hear(RoomState)).locked
                    await late.say(create(1, "l"))
                    await late.hear(Commit)

        go(run())

    def test_an_owner_makes_tokens_and_nobody_else(self) -> None:
        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.OWNER, "Olga") as (owner, _, _),
                inside(relay, Role.MODERATOR, "Mo") as (mo, _, _),
            ):
                await mo.say(Mint("viewer"))
                assert (await mo.hear(Error)).code == "role"
                await owner.say(Mint("king"))
                assert (await owner.hear(Error)).code == "bad-role"
                await owner.say(Mint("editor", "Lin", 60))
                minted = await owner.hear(Minted)
                async with wire(relay.port) as lin:
                    await lin.say(Join("algebra", token=minted.token))
                    assert (await lin.hear(Welcome)).role == "editor"

        go(run())

    def test_the_past_is_read_in_stretches_and_not_by_viewers(self) -> None:
        async def run() -> None:
            async with (
                locked_up() as relay,
                inside(relay, Role.EDITOR, "Ed") as (ed, _, _),
                inside(relay, Role.VIEWER, "Vi") as (vi, _, _),
            ):
                for n in range(1, 6):
                    await ed.say(create(n, f"k{n}"))
                await ed.hear(Commit, lambda commit: commit.seq == 5)
                await vi.say(Read(1, 5))
                assert (await vi.hear(Error)).code == "role"
                for first, last in ((0, 3), (3, 2), (1, 6)):
                    await ed.say(Read(first, last))
                    assert (await ed.hear(Error)).code == "bad-range"
                await ed.say(Read(2, 4))
                history = await ed.hear(History)
                assert (history.base, history.last, history.oldest) == (0, 4, 1)
                stream = b""
                while len(stream) < history.size:
                    chunk = await ed.socket.recv()
                    assert isinstance(chunk, bytes)
                    stream += chunk
                told = msgspec.json.decode(zlib.decompress(stream))
                assert [commit["seq"] for commit in told["commits"]] == [1, 2, 3, 4]

        go(run())

    def test_events_that_come_too_fast_are_refused_from_the_first_too_many_on(self) -> None:
        async def run() -> None:
            limits = Limits(event_rate=0.001)  # One, and then nothing for a quarter of an hour.
            async with (
                locked_up(limits=limits) as relay,
                inside(relay, Role.EDITOR, "Ed") as (ed, _, _),
                inside(relay, Role.EDITOR, "Flo") as (flo, _, _),
            ):
                await ed.say(Event("one"), Event("two"), create(1, "k"))
                assert (await ed.hear(Error)).code == "too-fast"
                await flo.hear(Commit)
                assert [message.name for message in flo.heard if hasattr(message, "name")] == ["one"]

        go(run())

    def test_presence_that_comes_too_fast_is_refused(self) -> None:
        from relay.protocol import Presence

        async def run() -> None:
            async with (
                locked_up(limits=Limits(presence_rate=0.001)) as relay,
                inside(relay, Role.EDITOR, "Ed") as (ed, _, _),
            ):
                await ed.say(Presence({"n": 1}), Presence({"n": 2}))
                assert (await ed.hear(Error)).code == "too-fast"
                await ed.say(create(1, "k"))
                await ed.hear(Commit)
                states = [message.state for message in ed.heard if isinstance(message, PeerState)]
                assert states[-1].get("n") == 1

        go(run())

    def test_operations_that_come_too_fast_wait_and_are_all_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("relay.server.connection.WINDOW", 10)  # What may come at once.

        async def run() -> None:
            async with (
                locked_up(limits=Limits(operation_rate=1.0)) as relay,
                inside(relay, Role.EDITOR, "Ed") as (ed, _, _),
            ):
                await ed.say(*(create(op, f"k{op}") for op in range(1, 11)))
                await ed.hear(Commit, lambda commit: commit.op == 10)
                assert b"ipysketch_paused_reads_total 0.0" in relay.metrics.text()
                await ed.say(create(11, "k11"), create(12, "k12"))
                await ed.hear(Commit, lambda commit: commit.op == 12)
                assert b"ipysketch_paused_reads_total 1.0" in relay.metrics.text()
                await ed.say(create(13, "k13"))
                await ed.hear(Commit, lambda commit: commit.op == 13)

        go(run())
