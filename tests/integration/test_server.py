"""A real relay on a free port, and raw clients that behave and misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import logging
import signal
import socket as sockets
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

import relay.server.connection
import relay.server.relay
import relay.server.watch
from relay.limits import Limits
from relay.protocol import (
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    CLOSE_REPLACED,
    CLOSE_RESTART,
    Commit,
    Error,
    Event,
    Goodbye,
    Join,
    Leave,
    Operate,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Refused,
    Revert,
    Snapshot,
    Welcome,
)
from relay.records import Batch, Claim, Hold, StoreError
from relay.store import MemoryStore, SqliteStore

from ..support.raw_client import Process, RawClient, create, joined, relay_on, wire
from ..support.waiting import DEADLINE


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


def prove(token: str, text: str) -> str:
    return hmac.new(token.encode(), text.encode(), hashlib.sha256).hexdigest()


class TestTogether:
    def test_two_peers_see_one_order_and_who_is_here(self) -> None:
        async def run() -> None:
            async with (
                relay_on(MemoryStore()) as relay,
                joined(relay.port, name="Ada") as (ada, welcome),
                joined(relay.port, name="Bob") as (bob, _),
            ):
                assert (welcome.seq, welcome.reset, welcome.room) == (0, False, "algebra")
                await ada.hear(PeerState, lambda peer: peer.state["name"] == "Bob")
                await ada.say(Preview("s", 0, (8, 8), {"kind": "stroke"}))
                ink = await bob.hear(PeerPreview)
                assert (ink.peer, ink.points) == (welcome.peer, (8, 8))
                await ada.say(create(1, "s"))
                await bob.say(create(1, "t"))
                for peer in (ada, bob):
                    commits = [await peer.hear(Commit), await peer.hear(Commit)]
                    assert [commit.seq for commit in commits] == [1, 2]
                    assert {commit.changes[0].key for commit in commits} == {"s", "t"}
                await ada.say(Event("mouse", {"x": 1}))
                assert (await bob.hear(PeerEvent)).data == {"x": 1}
                await ada.say(Operate(2, (Revert(1),)))
                assert (await bob.hear(Commit)).op == 2

        go(run())

    def test_rooms_do_not_hear_each_other(self) -> None:
        async def run() -> None:
            async with (
                relay_on(MemoryStore()) as relay,
                joined(relay.port, room="a") as (a, _),
                joined(relay.port, room="b") as (b, _),
            ):
                await a.say(create(1, "s"))
                await a.hear(Commit)
                await b.say(create(1, "t"))
                assert (await b.hear(Commit)).changes[0].key == "t"
                assert not [message for message in b.heard if isinstance(message, PeerState)][1:]

        go(run())

    def test_a_late_joiner_gets_a_snapshot_and_strokes_under_way(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore()) as relay, joined(relay.port) as (ada, _):
                await ada.say(create(1, "s"), Preview("u", 0, (8, 8), {"kind": "stroke"}))
                await ada.hear(Commit)
                async with joined(relay.port) as (late, welcome):
                    assert welcome.seq == 1
                    snapshot = await late.hear(Snapshot)
                    entries = await late.snapshot(snapshot.size)
                    assert [entry["key"] for entry in entries] == ["s"]
                    assert (await late.hear(PeerPreview)).key == "u"

        go(run())

    def test_leaving_is_seen_by_the_others(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore()) as relay, joined(relay.port) as (ada, _):
                async with joined(relay.port) as (bob, welcome):
                    await bob.say(create(1, "s"), Leave())
                    assert await bob.closed() == 1000
                assert (await ada.hear(Commit)).changes[0].key == "s"
                assert (await ada.hear(PeerLeft)).peer == welcome.peer

        go(run())

    def test_first_joins_at_once_share_one_load(self) -> None:
        class Counting(MemoryStore):
            loads = 0

            def claim(self, room: str, new_epoch: str, most: int) -> Claim:
                self.loads += 1
                return super().claim(room, new_epoch, most)

        async def run() -> None:
            store = Counting()
            async with (
                relay_on(store) as relay,
                wire(relay.port) as one,
                wire(relay.port) as two,
            ):
                await asyncio.gather(*(peer.say(Join("algebra")) for peer in (one, two)))
                welcomes = await asyncio.gather(*(peer.hear(Welcome) for peer in (one, two)))
                assert welcomes[0].epoch == welcomes[1].epoch
                assert store.loads == 1

        go(run())

    def test_a_second_connection_of_a_client_replaces_the_first(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore()) as relay, joined(relay.port) as (first, welcome):
                await first.say(create(1, "s"))
                commit = await first.hear(Commit)
                again = Join(
                    "algebra",
                    client=welcome.client,
                    resume_key=welcome.resume_key,
                    epoch=welcome.epoch,
                    seq=1,
                    mark=commit.mark,
                )
                async with joined(relay.port, again) as (second, resumed):
                    assert await first.closed() == CLOSE_REPLACED
                    assert (resumed.client, resumed.last, resumed.reset) == (welcome.client, 1, False)
                    await second.say(create(2, "t"))
                    assert (await second.hear(Commit)).op == 2

        go(run())

    def test_a_store_that_fails_asks_to_send_again_and_goes_on(self) -> None:
        class Failing(MemoryStore):
            failures: list[Exception]

            def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
                if self.failures:
                    raise self.failures.pop()
                return super().append(writes)

        async def run() -> None:
            store = Failing()
            store.failures = [RuntimeError("unforeseen"), StoreError("the disk is full; free some space")]
            async with relay_on(store) as relay, joined(relay.port) as (ada, _):
                await ada.say(create(1, "s"))
                refused = await ada.hear(Refused)
                assert (refused.op, refused.final, refused.code) == (1, False, "store")
                assert "disk is full" in refused.reason
                await ada.say(create(1, "s"))
                assert not (await ada.hear(Refused)).final
                await ada.say(create(1, "s"))
                assert (await ada.hear(Commit)).seq == 1

        go(run())


Misdeed = Callable[[RawClient], Awaitable[object]]


@pytest.mark.parametrize(
    ("misdeed", "code", "error"),
    [
        (lambda peer: peer.socket.send("hello"), CLOSE_PROTOCOL, "not-json"),
        (lambda peer: peer.socket.send('{"type": "join"}'), CLOSE_PROTOCOL, "not-json"),
        (lambda peer: peer.socket.send("[" * 100_000), CLOSE_PROTOCOL, "not-json"),
        (lambda peer: peer.socket.send("[]"), CLOSE_PROTOCOL, "join-first"),
        (lambda peer: peer.say(create(1, "s")), CLOSE_PROTOCOL, "join-first"),
        (lambda peer: peer.socket.send('[{"type": "sing"}]'), CLOSE_PROTOCOL, "bad-message"),
        (lambda peer: peer.socket.send(b"\x00" * 10), CLOSE_PROTOCOL, "binary"),
        (lambda peer: peer.say(Join("algebra", version=99)), CLOSE_PROTOCOL, "version"),
        (lambda peer: peer.say(Join("algebra", version=0)), CLOSE_PROTOCOL, "version"),
        (lambda peer: peer.say(Join("x" * 10_000)), CLOSE_REFUSED, "bad-room"),
        (lambda peer: peer.say(Join("algebra", color="greenish")), CLOSE_REFUSED, "bad-color"),
        (lambda peer: peer.say(Join("algebra", name="n" * 1000)), CLOSE_REFUSED, "bad-name"),
        (lambda peer: peer.socket.send("[" + " " * (5 << 20) + "]"), 1009, ""),
    ],
)
def test_what_cannot_join_gets_a_sentence_and_the_others_notice_nothing(
    misdeed: Misdeed, code: int, error: str
) -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port) as (bob, _),
        ):
            async with wire(relay.port) as bad:
                with contextlib.suppress(ConnectionClosed):
                    await misdeed(bad)
                assert await bad.closed() == code
                heard = [message for message in bad.heard if isinstance(message, Error)]
                assert [(message.code, message.fatal) for message in heard] == [(error, True)] * bool(error)
                assert all("\n" not in message.reason and len(message.reason) < 300 for message in heard)
            await undisturbed(ada, bob)
            assert not [m for m in bob.heard if isinstance(m, Error | PeerLeft)]

    go(run())


@pytest.mark.parametrize(
    ("misdeed", "code"),
    [
        (lambda peer: peer.socket.send("hello"), CLOSE_PROTOCOL),
        (lambda peer: peer.socket.send(b"\x00" * 10), CLOSE_PROTOCOL),
        (lambda peer: peer.socket.send("[" + " " * (5 << 20) + "]"), 1009),
    ],
)
def test_one_who_has_joined_and_breaks_the_protocol_is_closed(misdeed: Misdeed, code: int) -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port) as (bob, _),
        ):
            async with joined(relay.port, name="Eve") as (bad, welcome):
                with contextlib.suppress(ConnectionClosed):
                    await misdeed(bad)
                assert await bad.closed() == code
            assert (await ada.hear(PeerLeft)).peer == welcome.peer
            await undisturbed(ada, bob)

    go(run())


def test_a_bad_message_gets_an_error_and_the_rest_of_its_frame_counts() -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port) as (bob, _),
        ):
            bad = '{"type": "operate", "op": "one"}, {"type": "presence", "state": {"color": "red"}}'
            good = '{"type": "presence", "state": {"cursor": [8, 8]}}'
            await ada.socket.send(f"[{bad}, {good}]")
            assert [(await ada.hear(Error)).code for _ in range(2)] == ["bad-message", "bad-color"]
            await bob.hear(PeerState, lambda peer: peer.state.get("cursor") == [8, 8])
            await ada.say(Join("algebra"))
            assert (await ada.hear(Error)).code == "joined-already"
            await undisturbed(ada, bob)

    go(run())


async def undisturbed(ada: RawClient, bob: RawClient) -> None:
    """The control pair still draws for each other."""
    await ada.say(create(1, "of ada"))
    commit = await bob.hear(Commit)
    assert commit.changes[0].key == "of ada"
    await bob.say(Presence({"tool": "pen"}))
    await ada.hear(PeerState, lambda peer: peer.state.get("tool") == "pen")


class TestStalling:
    def test_one_who_never_joins_is_closed(self) -> None:

        async def run() -> None:
            limits = Limits(join_seconds=0.2)
            async with relay_on(MemoryStore(), limits=limits) as server, wire(server.port) as silent:
                assert await silent.closed() == CLOSE_PROTOCOL
                assert silent.heard[0].code == "join-first"

        go(run())

    def test_one_who_reads_nothing_is_aborted_and_delays_nobody(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Long enough that a busy machine does not take the other two for stalled.
        monkeypatch.setattr(relay.server.connection, "NO_PROGRESS", 2.0)
        monkeypatch.setattr(relay.server.watch, "INTERVAL", 0.1)
        caplog.set_level(logging.INFO, "relay")

        async def run() -> None:
            async with (
                relay_on(MemoryStore()) as server,
                joined(server.port) as (ada, _),
                joined(server.port) as (bob, _),
                joined(server.port, name="Stuck") as (stuck, welcome),
            ):
                stuck.socket.transport.pause_reading()
                left = asyncio.create_task(ada.hear(PeerLeft))
                big = [Event("big", "x" * 60_000)] * 8
                for op in itertools.count(1):
                    await bob.say(*big, create(op, f"s{op}"))
                    await bob.hear(Commit)
                    if left.done():
                        break
                assert left.result().peer == welcome.peer
                stuck.socket.transport.abort()

        go(run())
        assert "took nothing for" in caplog.text

    def test_stopping_does_not_wait_for_one_who_reads_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            relay.server.connection, "NO_PROGRESS", float("inf")
        )  # Else the watchdog would help.

        async def run() -> None:
            server = relay.server.relay.Relay(MemoryStore())
            await server.start()
            async with joined(server.port) as (bob, _), joined(server.port) as (stuck, _):
                stuck.socket.transport.pause_reading()
                for op in range(1, 30):
                    await bob.say(*[Event("big", "x" * 60_000)] * 8, create(op, f"s{op}"))
                    await bob.hear(Commit)
                await server.stop()
                await bob.hear(Goodbye)
                assert await bob.closed() == CLOSE_RESTART
                stuck.socket.transport.abort()

        go(run())


class TestAdmission:
    token = "t" * 64
    challenge = "0123456789abcdef" * 2

    @pytest.mark.parametrize("way", ["join", "bearer", "proof"])
    def test_who_knows_the_token_comes_in(self, way: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "relay")
        headers = {
            "join": {},
            "bearer": {"Authorization": f"Bearer {self.token}"},
            "proof": {"X_Ipysketch_Challenge": self.challenge},
        }[way]
        said = {"join": self.token, "bearer": "", "proof": prove(self.token, f"join:{self.challenge}")}[way]

        async def run() -> None:
            async with relay_on(MemoryStore(), token=self.token) as relay, wire(relay.port, **headers) as peer:
                assert peer.socket.response is not None
                proof = peer.socket.response.headers.get("X-Ipysketch-Proof")
                assert proof == (prove(self.token, self.challenge) if way == "proof" else None)
                await peer.say(Join("algebra", token=said, secret="my secret", resume_key="my key"))
                welcome = await peer.hear(Welcome)
                await peer.say(Join("algebra", token=said, secret="my secret", resume_key=welcome.resume_key))
                await peer.hear(Error)
                for secret in (self.token, welcome.resume_key, "my secret", said or self.token):
                    assert secret not in caplog.text

        go(run())

    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ({}, ""),
            ({}, "wrong"),
            ({"Authorization": "Bearer wrong"}, ""),
            ({"Authorization": "Bearer \xe9"}, "é"),
            ({"X_Ipysketch_Challenge": challenge}, prove("wrong", f"join:{challenge}")),
            ({"X_Ipysketch_Challenge": challenge}, prove(token, challenge)),
            ({}, prove(token, "join:")),
        ],
    )
    def test_who_does_not_stays_out(self, headers: dict[str, str], said: str) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore(), token=self.token) as relay, wire(relay.port, **headers) as peer:
                await peer.say(Join("algebra", token=said))
                error = await peer.hear(Error)
                assert (error.code, error.fatal) == ("token", True)
                assert await peer.closed() == CLOSE_REFUSED

        go(run())

    def test_the_proof_cannot_be_had_for_what_would_admit(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore(), token=self.token) as relay:
                for challenge in ("join:" + self.challenge, "", "abc", "g" * 32, "a" * 1000):
                    async with wire(relay.port, X_Ipysketch_Challenge=challenge) as peer:
                        assert peer.socket.response is not None
                        assert "X-Ipysketch-Proof" not in peer.socket.response.headers

        go(run())

    def test_a_page_from_elsewhere_is_turned_away(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore()) as relay:
                with pytest.raises(InvalidStatus, match="403"):
                    await connect(
                        f"ws://127.0.0.1:{relay.port}", origin=Origin("https://elsewhere.example"), proxy=None
                    )

        go(run())

    def test_plain_http(self) -> None:
        async def ask(port: int, path: str) -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Ipysketch-Challenge: {self.challenge}\r\n\r\n".encode()
            )
            answer = (await reader.read()).decode()
            writer.close()
            await writer.wait_closed()
            return answer

        async def run() -> None:
            async with relay_on(MemoryStore(), token=self.token) as relay:
                health = await ask(relay.port, "/healthz")
                assert health.startswith("HTTP/1.1 200")
                assert health.endswith("ok\n")
                assert health.count(prove(self.token, self.challenge)) == 1
                other = await ask(relay.port, "/")
                assert other.startswith("HTTP/1.1 200")
                assert "%sketch connect" in other

        go(run())


class TestRestart:
    def test_sigterm_tells_everybody_and_ends_with_0(self, tmp_path: Path) -> None:
        async def run() -> None:
            with Process("--db", tmp_path / "relay.sqlite") as process:
                async with joined(process.port) as (ada, _), wire(process.port) as silent:
                    await ada.say(create(1, "s"))
                    code, log = await asyncio.to_thread(process.end, signal.SIGTERM)
                    assert code == 0
                    assert (await ada.hear(Goodbye)).retry == 1.0
                    assert await ada.closed() == CLOSE_RESTART
                    assert await silent.closed() == CLOSE_RESTART
            assert "join room=algebra peer=" in log
            assert "leave room=algebra peer=" in log
            assert "Traceback" not in log

        go(run())

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_what_was_committed_is_there_again_and_a_client_goes_on(self, tmp_path: Path, number: int) -> None:
        async def run() -> None:
            database = tmp_path / "relay.sqlite"
            with Process("--db", database) as process:
                async with joined(process.port, name="Ada") as (ada, welcome):
                    await ada.say(create(1, "s"), create(2, "t"))
                    first, second = await ada.hear(Commit), await ada.hear(Commit)
                    code, _ = await asyncio.to_thread(process.end, number)
                    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
            with Process("--db", database) as process:
                resume = Join(
                    "algebra",
                    client=welcome.client,
                    resume_key=welcome.resume_key,
                    epoch=welcome.epoch,
                    seq=1,
                    mark=first.mark,
                )
                async with joined(process.port, resume) as (ada, again):
                    assert (again.client, again.epoch, again.seq) == (welcome.client, welcome.epoch, 2)
                    assert (again.last, again.reset) == (2, False)
                    assert await ada.hear(Commit) == second
                    await ada.say(create(2, "t"), create(3, "u"))
                    assert (await ada.hear(Commit)).seq == 3
                async with wire(process.port) as thief:
                    await thief.say(
                        Join("algebra", client=welcome.client, resume_key="guess", epoch=welcome.epoch)
                    )
                    assert (await thief.hear(Error)).code == "bad-key"
                    assert await thief.closed() == CLOSE_REFUSED
                wrong = Join(
                    "algebra",
                    client=welcome.client,
                    resume_key=welcome.resume_key,
                    epoch=welcome.epoch,
                    seq=1,
                    mark=first.mark + 1,
                )
                async with joined(process.port, wrong) as (_, reset):
                    assert reset.reset
                    assert reset.client != welcome.client

        go(run())

    def test_a_room_that_cannot_be_read_is_named_and_the_others_go_on(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"

        async def run() -> None:
            async with relay_on(SqliteStore(path)) as server, joined(server.port, room="old") as (ada, _):
                await ada.say(create(1, "s"), create(2, "t"))
                await ada.hear(Commit, lambda commit: commit.seq == 2)
            db = sqlite3.connect(path)
            with db:
                db.execute("UPDATE log SET body = x'7b7d' WHERE seq = 2")
            db.close()
            async with relay_on(SqliteStore(path)) as server:
                for _ in range(2):
                    async with wire(server.port) as peer:
                        await peer.say(Join("old"))
                        error = await peer.hear(Error)
                        assert error.code == "store"
                        assert "entry 2 of room 'old'" in error.reason
                        assert await peer.closed() == CLOSE_REFUSED
                async with joined(server.port, room="new") as (ada, _):
                    await ada.say(create(1, "s"))
                    await ada.hear(Commit)

        go(run())

    def test_it_ends_after_idle_time_but_not_under_a_peer(self) -> None:
        async def run() -> None:
            async with relay_on(MemoryStore(), idle_exit=0.2) as relay:
                async with joined(relay.port):
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(relay.finished.wait(), 0.5)
                await asyncio.wait_for(relay.finished.wait(), DEADLINE)

        go(run())


def test_a_taken_port_is_an_os_error() -> None:
    async def run() -> None:
        with sockets.create_server(("127.0.0.1", 0)) as taken:
            relay_ = relay.server.relay.Relay(MemoryStore(), port=taken.getsockname()[1])
            with pytest.raises(OSError, match="in use"):
                await relay_.start()

    go(run())
