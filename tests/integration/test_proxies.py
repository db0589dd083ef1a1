"""Every proxy that docs/deploy has a file for, as it is there, in front of a relay: at an address of its own, below a path
that is kept, below one that is taken away. What a browser makes of it is in tests/browser/test_proxies.py."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ipysketch import Sketch
from ipysketch.errors import SketchError
from relay.access.tokens import Tokens, read_secret
from relay.limits import Limits
from relay.protocol import Commit, Join, Welcome, encode
from relay.room.permissions import Role
from relay.server import listening
from relay.store import MemoryStore

from ..support.boards import until
from ..support.http import fetch
from ..support.proxies import FORMS, PROXIES, Certificate, Proxy, certificate, proxied, proxy_to, replaced
from ..support.raw_client import RawClient, create, relay_on
from ..support.waiting import DEADLINE, wait_until

__all__ = ["certificate", "proxied"]

each_proxy = pytest.mark.parametrize("name", PROXIES)
MOST = Limits().max_message
each_form = pytest.mark.parametrize("form", FORMS)


def token(proxy: Proxy) -> str:
    assert proxy.relay is not None
    tokens = Tokens(read_secret(proxy.relay.home / "relay.sqlite.secret"))
    return tokens.mint(room="*", role=Role.EDITOR, name="Ada", seconds=3600, now=time.time())[0]


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


@each_proxy
@each_form
def test_pages_and_files(proxied: dict[str, Proxy], name: str, form: str) -> None:
    proxy, path = proxied[name], FORMS[form]
    for file in ("", "r/algebra%201", "page.css", "page/page.js", "healthz"):
        assert fetch(proxy.port, path + file, tls=proxy.certificate.trust).status == 200, file
    door = fetch(proxy.port, f"{path}r/?room=7%20b", tls=proxy.certificate.trust)
    assert (door.status, door.headers["Location"]) == (303, "7%20b")
    assert fetch(proxy.port, f"{path}metrics", tls=proxy.certificate.trust).status in (403, 404)


@each_proxy
@each_form
def test_a_kernel(
    proxied: dict[str, Proxy], name: str, form: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by the address without its last slash."""
    proxy = proxied[name]
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate.issuer))
    ada, grace = Sketch(name="Ada"), Sketch(name="Grace")
    room = f"{name} {list(FORMS).index(form)}"
    try:
        ada.connect(proxy.socket_address(form), room=room, token=token(proxy))
        grace.connect(proxy.socket_address(form).rstrip("/"), room=room, token=token(proxy))
        ada.stroke([(10, 10), (40, 40)])
        until(grace, 1)
    finally:
        ada.disconnect()
        grace.disconnect()


@each_proxy
def test_who_is_not_let_in_is_told_why(proxied: dict[str, Proxy], name: str, home: Path) -> None:
    """The relay's own sentence reaches a kernel, also through a proxy that replaces `Server`; and a certificate that
    nobody trusts has one too."""
    proxy = proxied[name]
    board = Sketch(name="Ada")
    try:
        with pytest.raises(SketchError, match=r"certificate of wss://localhost:\d+/ is not trusted here"):
            board.connect(proxy.socket_address("an address of its own"))
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SSL_CERT_FILE", str(proxy.certificate.issuer))
            with pytest.raises(SketchError, match="the token is not one of this relay"):
                board.connect(proxy.socket_address("an address of its own"), token="wrong")
            # Below /draw/ there is more than a websocket; this relay knows its path.
            with pytest.raises(
                SketchError, match="the relay is at /draw/, and this address goes on behind that"
            ):
                board.connect(proxy.socket_address("an address of its own") + "elsewhere/", token=token(proxy))
    finally:
        board.disconnect()


def opened(proxy: Proxy, form: str = "an address of its own", **more: Any) -> connect:
    return connect(
        proxy.socket_address(form), ssl=proxy.certificate.trust, proxy=None, open_timeout=DEADLINE, **more
    )


@each_proxy
def test_pages_of_others_stay_out_and_its_own_come_in(proxied: dict[str, Proxy], name: str) -> None:
    proxy = proxied[name]

    async def run() -> None:
        for origin in (f"https://localhost:{proxy.port}", "https://lab.example"):
            async with opened(proxy, origin=origin):
                pass
        with pytest.raises(InvalidStatus, match="HTTP 403"):
            await opened(proxy, origin="https://evil.example")

    go(run())


@each_proxy
def test_the_largest_frame_and_one_that_is_too_large(proxied: dict[str, Proxy], name: str) -> None:
    proxy = proxied[name]

    async def run() -> None:
        async with opened(proxy) as socket:
            client = RawClient(socket)
            await client.say(Join(f"large {name}", token=token(proxy)))
            await client.hear(Welcome)
            frame = encode([create(1, "k")]).decode()
            await socket.send(frame[:-1] + " " * (MOST - len(frame)) + "]")
            await client.hear(Commit)
            await socket.send(frame[:-1] + " " * (MOST - len(frame) + 1) + "]")
            assert await client.closed() == 1009

    go(run())


@each_proxy
def test_the_relay_knows_the_real_address(proxied: dict[str, Proxy], name: str) -> None:
    """And not the one that a client says it has."""
    assert address_in_log(proxied[name], f"address {name}") == "127.0.0.9"


def address_in_log(proxy: Proxy, room: str) -> str:
    """Whom the relay takes a client for that comes from 127.0.0.9 and says it were 6.6.6.6."""
    relay = proxy.relay
    assert relay is not None

    async def run() -> None:
        async with opened(
            proxy,
            local_addr=("127.0.0.9", 0),
            host="127.0.0.1",
            additional_headers={"X-Forwarded-For": "6.6.6.6"},
        ) as socket:
            client = RawClient(socket)
            await client.say(Join(room, token=token(proxy)))
            await client.hear(Welcome)

    go(run())

    def joined() -> list[str]:
        return [line for line in relay.log if " join " in f" {line} " and room in line]

    found = re.search(r"address=(\S+)", wait_until(joined, "the join is in the log")[0])
    assert found
    return found[1]


# --- idle connections --------------------------------------------------------------------------------------------------

IDLE = {
    "nginx": r"proxy_(?:read|send)_timeout (\d+)s",
    "haproxy": r"timeout (?:client|server|tunnel) (\d+)s",
    "apache": r"ProxyTimeout (\d+)",
}
"""Where the files say after how many seconds of silence a connection ends. Caddy ends none."""


@pytest.mark.parametrize("name", IDLE)
def test_a_file_waits_for_three_pings(name: str) -> None:
    found = re.findall(IDLE[name], (Path("docs/deploy") / PROXIES[name][0]).read_text())
    assert found
    assert all(int(seconds) >= 3 * listening.PING_INTERVAL for seconds in found)


def test_pings_keep_a_silent_connection(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a proxy has ended the connection to a relay that does not ping, the one to a relay that does is still there:
    with 4 seconds in each file, and a ping each half second."""
    tmp_path.chmod(0o755)

    async def silent(stack: AsyncExitStack, name: str, relay: int) -> RawClient:
        edit = partial(re.sub, IDLE[name], lambda found: found[0].replace(found[1], "4"))
        running = proxy_to(relay, name, certificate, tmp_path / f"{name}-{relay}", edit)
        proxy = await asyncio.to_thread(running.__enter__)
        stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        client = RawClient(await stack.enter_async_context(opened(proxy, ping_interval=None)))
        await client.say(Join("silence"))
        await client.hear(Welcome)
        return client

    async def run() -> None:
        async with AsyncExitStack() as stack:
            ports = []
            for interval in (None, 0.5):
                monkeypatch.setattr(listening, "PING_INTERVAL", interval)
                ports.append((await stack.enter_async_context(relay_on(MemoryStore()))).port)
            # Apache's own time-out, beside that of its proxy, would be a minute.
            pairs = [[await silent(stack, name, port) for port in ports] for name in ("nginx", "haproxy")]
            await asyncio.gather(*(without.closed() for without, _ in pairs))
            for _, kept in pairs:
                await kept.say(create(1, "k"))
                await kept.hear(Commit)

    go(run())


# --- planted faults ------------------------------------------------------------------------------------------------------


def test_a_file_that_keeps_the_upgrade_to_itself_is_found(
    proxied: dict[str, Proxy], tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = proxied["nginx"].relay
    assert relay is not None
    issuer = proxied["nginx"].certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.issuer))

    def broken(text: str) -> str:
        return replaced(text, ("    proxy_set_header Upgrade $http_upgrade;\n", ""))

    board = Sketch(name="Ada")
    with proxy_to(relay.port, "nginx", issuer, tmp_path / "nginx", broken) as proxy:
        with pytest.raises(SketchError, match="lost its Upgrade header on the way: the proxy"):
            board.connect(proxy.socket_address("an address of its own"))
        board.disconnect()


def test_a_file_that_believes_a_clients_address_is_found(proxied: dict[str, Proxy], tmp_path: Path) -> None:
    relay = proxied["nginx"].relay
    assert relay is not None

    def broken(text: str) -> str:
        return replaced(text, ("$proxy_add_x_forwarded_for", "$http_x_forwarded_for"))

    with proxy_to(relay.port, "nginx", proxied["nginx"].certificate, tmp_path / "nginx", broken) as proxy:
        believing = Proxy("nginx", proxy.port, proxy.certificate, relay)
        assert address_in_log(believing, "believed") == "6.6.6.6"
