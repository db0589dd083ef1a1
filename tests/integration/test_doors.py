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

from relay.doors import Doors
from relay.limits import Limits
from relay.log import StoreError
from relay.protocol import Bad, Commit, Join, Welcome, encode
from relay.store import MemoryStore

from ..processes import free_port
from .wire import DEADLINE, Process, Wire, create, joined, relay_on, wire


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


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
        doors = Doors(origins=("https://lab.example",))
        async with relay_on(MemoryStore(), doors=doors) as relay:
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
        async with relay_on(MemoryStore(), limits=limits, doors=Doors(hops=1)) as relay:
            async with joined(relay.port), wire(relay.port):
                assert await turned_away(relay.port) == 429
                async with wire(relay.port, X_Forwarded_For="10.1.1.1"):
                    pass  # Somebody else behind the same proxy.
            await until_gone(relay)
            async with joined(relay.port):
                assert len(relay._reception) == 1, "the table holds only who is here"

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


async def until_gone(relay: Any) -> None:
    while relay._connections:
        await asyncio.wait([task for task in relay._connections.values() if task], timeout=DEADLINE)


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
                peer = Wire(socket)
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
    monkeypatch.setattr("relay.reception.PROBE_INTERVAL", 0.0)
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
    monkeypatch.setattr("relay.rooms.KEEP_OPEN", 0.0)

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay:
            async with joined(relay.port) as (ada, _):
                await ada.say(create(1, "k"))
                await ada.hear(Commit)
                assert len(relay._rooms) == 1
            await until_gone(relay)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            assert len(relay._rooms) == 0
            async with joined(relay.port) as (_, welcome):
                assert welcome.seq == 1

    go(run())


def test_a_wrong_room_name_is_refused_before_anything_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay, wire(relay.port) as peer:
            await peer.say(Join("../etc"))
            await peer.closed()
            assert peer.heard[-1].code == Bad("bad-room", "").code

    go(run())


def test_the_port_is_only_on_loopback() -> None:
    with Process("--db", ":memory:") as process, sockets.socket() as probe:
        # Another address of this machine, if it has one.
        others = {info[4][0] for info in sockets.getaddrinfo(sockets.gethostname(), None, sockets.AF_INET)}
        for address in others - {"127.0.0.1", "127.0.1.1"}:
            assert probe.connect_ex((address, process.port)) != 0
