"""The doors of a real relay: names, origins, encryption, connections from one address; its health and figures."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket as sockets
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ipysketch.client.connection import Target
from relay.access.origins import OriginPolicy
from relay.limits import Limits
from relay.protocol import CLOSE_REFUSED, Commit, Error, Join, RemoteError, Welcome, encode
from relay.records import StoreError
from relay.server.relay import Relay
from relay.store import MemoryStore

from ..support.processes import free_port
from ..support.raw_client import Process, RawClient, create, joined, relay_on, wire
from ..support.waiting import DEADLINE, PAUSE


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


async def fetch(port: int, path: str, host: str = "localhost") -> tuple[int, str]:
    """The status and the body of a plain request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), DEADLINE)).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


async def turned_away(port: int, **headers: str) -> int:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{port}", proxy=None, additional_headers=fields)
    return caught.value.response.status_code


def test_foreign_pages_and_foreign_names_stay_outside() -> None:
    async def run() -> None:
        doors = OriginPolicy(origins=("https://lab.example",))
        async with relay_on(MemoryStore(), origins=doors) as relay:
            assert await turned_away(relay.port, Origin="https://evil.example") == 403
            assert (await fetch(relay.port, "/", "rebound.example"))[0] == 421
            assert (await fetch(relay.port, "/metrics", "rebound.example"))[0] == 421
            async with wire(relay.port, Origin="https://lab.example") as peer:
                await peer.say(Join("algebra"))
                await peer.hear(Welcome)

    go(run())


def test_connections_from_one_address_up_to_the_limit() -> None:
    async def run() -> None:
        limits = Limits(max_connections_per_address=2)
        async with relay_on(MemoryStore(), limits=limits, origins=OriginPolicy(hops=1)) as relay:
            async with joined(relay.port), wire(relay.port):
                assert await turned_away(relay.port) == 429
                async with wire(relay.port, X_Forwarded_For="10.1.1.1"):
                    pass  # Somebody else behind the same proxy.
            await until_gone(relay)
            async with joined(relay.port):
                assert figure(relay, "addresses") == 1, "the table holds only addresses with connections"

    go(run())


def test_connections_in_all_up_to_the_limit() -> None:
    async def run() -> None:
        async with relay_on(MemoryStore(), limits=Limits(max_connections=2)) as relay:
            async with joined(relay.port), joined(relay.port):
                assert await turned_away(relay.port) == 503
            await until_gone(relay)
            async with joined(relay.port):
                pass

    go(run())


def figure(relay: Relay, name: str) -> float:
    """What `/metrics` says of one figure."""
    for line in relay.metrics.text().decode().splitlines():
        if line.startswith(f"ipysketch_{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"there is no figure {name}")


async def until(relay: Relay, name: str, value: float) -> None:
    """Wait until a figure has a value."""
    async with asyncio.timeout(DEADLINE):
        while figure(relay, name) != value:
            await asyncio.sleep(PAUSE)


async def until_gone(relay: Relay) -> None:
    """Wait until no connection is open."""
    await until(relay, "connections", 0)


def test_rooms_up_to_the_limit() -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore(), limits=Limits(max_rooms=2)) as relay,
            joined(relay.port, room="a"),
            joined(relay.port, room="b"),
            wire(relay.port) as third,
        ):
            await third.say(Join("c"))
            await third.closed()
            assert third.heard[-1].code == "too-many-rooms"
            async with joined(relay.port, room="a"):
                pass

    go(run())


@pytest.mark.parametrize(("length", "passes"), [(999, True), (1000, True), (1001, False)])
def test_a_message_up_to_the_limit(length: int, passes: bool) -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore(), limits=Limits(max_message=1000)) as relay,
            joined(relay.port) as (ada, _),
        ):
            frame = encode([create(1, "k")]).decode()
            await ada.socket.send(frame[:-1] + " " * (length - len(frame)) + "]")
            if passes:
                await ada.hear(Commit)
            else:
                assert await ada.closed() == 1009

    go(run())


def test_a_slow_handshake_is_ended() -> None:
    async def run() -> None:
        async with relay_on(MemoryStore(), limits=Limits(handshake_seconds=0.2)) as relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            assert await asyncio.wait_for(reader.read(), DEADLINE) == b""
            writer.close()

    go(run())


def test_encrypted(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    port = free_port()
    with Process("--db", ":memory:", "--cert", cert, "--key", key, "--port", port, says="wss") as process:
        context = ssl.create_default_context()
        authority.configure_trust(context)

        async def run() -> None:
            async with connect(f"wss://127.0.0.1:{process.port}", proxy=None, ssl=context) as socket:
                peer = RawClient(socket)
                await peer.say(Join("algebra"), create(1, "k"))
                await peer.hear(Commit)

        go(run())


class Full(MemoryStore):
    """A store whose disk is full for a while."""

    full = False

    def probe(self) -> None:
        if self.full:
            raise StoreError("the disk is full")


def test_health_says_whether_the_store_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.http.PROBE_INTERVAL", 0.0)
    store = Full()

    async def run() -> None:
        async with relay_on(store) as relay:
            assert await fetch(relay.port, "/healthz") == (200, "ok\n")
            store.full = True
            assert await fetch(relay.port, "/healthz") == (503, "the disk is full\n")
            store.full = False
            assert await fetch(relay.port, "/healthz") == (200, "ok\n")

    go(run())


def test_figures_for_prometheus() -> None:
    async def run() -> None:
        async with relay_on(MemoryStore()) as relay, joined(relay.port) as (ada, _):
            await ada.say(create(1, "k"), create(2, "k"))
            await ada.hear(Commit)
            await ada.say(create(3, "l"))
            await ada.hear(Commit, lambda commit: commit.op == 3)
            status, body = await fetch(relay.port, "/metrics")
            assert status == 200
            figures = dict(line.rsplit(" ", 1) for line in body.splitlines() if line and line[0] != "#")
            assert float(figures["ipysketch_peers"]) == 1
            assert float(figures["ipysketch_rooms"]) == 1
            assert float(figures["ipysketch_operations_total"]) == 2
            assert float(figures['ipysketch_refusals_total{code="key-taken"}']) == 1
            assert float(figures["ipysketch_received_bytes_total"]) > 100
            assert float(figures["ipysketch_sent_bytes_total"]) > 100
            assert float(figures["ipysketch_commit_seconds_count"]) >= 1
            assert float(figures["ipysketch_queued_operations"]) == 0
            assert float(figures["ipysketch_aborted_peers_total"]) == 0

    go(run())


def test_a_log_for_programs() -> None:
    with Process("--db", ":memory:", "--log-format", "json") as process:

        async def run() -> None:
            async with joined(process.port, name="Ada\u202e"):
                pass

        go(run())
        code, log = process.end(15)
    assert code == 0
    said = [json.loads(line) for line in log.splitlines()]
    [join] = [line for line in said if line["event"] == "join"]
    assert (join["room"], join["name"], join["level"], join["peers"]) == ("algebra", "Ada", "info", 1)
    assert [line["event"] for line in said if line["event"] == "leave"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX only")
def test_an_empty_room_is_let_go_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.rooms.KEEP_OPEN", 0.0)

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay:
            async with joined(relay.port) as (ada, _):
                await ada.say(create(1, "k"))
                await ada.hear(Commit)
                assert figure(relay, "rooms") == 1
            await until_gone(relay)
            await until(relay, "rooms", 0)
            async with joined(relay.port) as (_, welcome):
                assert welcome.seq == 1

    go(run())


def test_a_wrong_room_name_is_refused_before_anything_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay, wire(relay.port) as peer:
            await peer.say(Join("../etc"))
            await peer.closed()
            assert peer.heard[-1].code == RemoteError("bad-room", "").code

    go(run())


def test_the_port_is_only_on_loopback() -> None:
    with Process("--db", ":memory:") as process, sockets.socket() as probe:
        # Another address of this machine, if it has one.
        others = {info[4][0] for info in sockets.getaddrinfo(sockets.gethostname(), None, sockets.AF_INET)}
        for address in others - {"127.0.0.1", "127.0.1.1"}:
            assert probe.connect_ex((address, process.port)) != 0


def test_readiness_and_life_do_not_depend_on_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.http.PROBE_INTERVAL", 0.0)
    store = Full()
    store.full = True

    async def run() -> None:
        async with relay_on(store) as relay:
            assert (await fetch(relay.port, "/healthz"))[0] == 503
            for path in ("/readyz", "/livez", "/readyz?x"):
                assert await fetch(relay.port, path) == (200, "ok\n")
            with monkeypatch.context() as patch:
                patch.setattr(relay, "_stopping", True)
                assert await fetch(relay.port, "/readyz") == (503, "this relay is stopping\n")
                assert await fetch(relay.port, "/livez") == (200, "ok\n")

    go(run())


@pytest.mark.parametrize(
    ("path", "room", "code"),
    [
        ("/", "algebra", ""),
        ("/?room=algebra", "algebra", ""),
        ("/sub/?x=1&room=r%20%C3%BC.-_", "r ü.-_", ""),
        ("/?room=biology", "algebra", "bad-room"),
        ("/?room=algebra&room=biology", "biology", ""),  # Two name none.
    ],
)
def test_the_room_in_the_address_is_that_of_the_join(path: str, room: str, code: str) -> None:
    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            connect(f"ws://127.0.0.1:{relay.port}{path}", proxy=None) as socket,
        ):
            peer = RawClient(socket)
            await peer.say(Join(room))
            answer = await peer.hear((Welcome, Error))
            assert (answer.code if isinstance(answer, Error) else "") == code
            if code:
                assert await peer.closed() == CLOSE_REFUSED

    go(run())


def test_pages_hear_something_now_and_then_and_kernels_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.watch.INTERVAL", 0.01)
    monkeypatch.setattr("relay.server.connection.SILENCE", 0.0)

    async def run() -> None:
        async with (
            relay_on(MemoryStore()) as relay,
            wire(relay.port, Origin=f"http://127.0.0.1:{relay.port}") as page,
            wire(relay.port) as kernel,
        ):
            await kernel.say(Join("algebra"))
            await kernel.hear(Welcome)
            await page.say(Join("algebra"))
            frames: list[str | bytes] = []
            while frames.count("[]") < 3:
                frames.append(await page.socket.recv())
            await page.say(create(1, "k"))
            while True:
                frame = await kernel.socket.recv()
                assert frame != "[]"
                if "commit" in str(frame):
                    break

    go(run())


def test_a_client_asks_for_its_room() -> None:
    assert Target("ws://relay/", room="r ü").query == "?room=r%20%C3%BC"
    assert Target("ws://relay/?x=1", room="r").query == "&room=r"
    for room in ("", "a/b", "a\nb", "x" * 65):
        assert not Target("ws://relay/", room=room).query
