"""A relay below a path, as a browser and a kernel reach it, and what is said where a proxy is in the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.protocol import Join
from relay.server.security_headers import RELAY

from ..support.http import fetch
from ..support.processes import RelayProcess
from ..support.raw_client import RawClient

WEB = Path(__file__).parents[2] / "relay" / "web"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    process = RelayProcess(
        tmp_path_factory.mktemp("base"),
        ":memory:",
        *("--public-url", "https://school.example/draw/"),
        *("--frame-ancestors", "https://lms.example"),
    )
    yield process
    process.stop()


def joined(url: str) -> str:
    """The type of the relay's answer to a join."""

    async def run() -> str:
        async with connect(url, proxy=None) as socket:
            client = RawClient(socket)
            await client.say(Join("main"))
            return type(await client.hear(object)).__name__

    return asyncio.run(run())


@pytest.mark.parametrize("prefix", ["/draw", ""])
def test_pages_files_figures_and_the_websocket_have_one_address(running: RelayProcess, prefix: str) -> None:
    for path in ("/", "/r/main", "/page.css", "/page/page.js", "/healthz", "/metrics"):
        assert fetch(running.port, prefix + path).status == 200, prefix + path
    assert joined(running.url + prefix + "/") == "Welcome"


def test_the_address_without_its_last_slash_leads_there(running: RelayProcess) -> None:
    answer = fetch(running.port, "/draw")
    assert (answer.status, urljoin("https://school.example/draw", answer.headers["Location"])) == (
        302,
        "https://school.example/draw/",
    )
    assert joined(running.url + "/draw") == "Welcome"


def test_a_websocket_elsewhere_is_refused_as_a_page_is(running: RelayProcess) -> None:
    assert fetch(running.port, "/other/r/main").status == 404
    with pytest.raises(InvalidStatus) as refused:
        joined(running.url + "/other/")
    assert refused.value.response.status_code == 404
    assert b"/draw/" in (refused.value.response.body or b"")


def test_every_file_asks_for_others_beside_itself() -> None:
    for file in WEB.rglob("*.html"):
        for found in re.findall(r'(?:href|src|action)="([^"]*)"', file.read_text()):
            assert not found.startswith("/"), (file, found)
    for file in WEB.rglob("*.js"):
        for found in re.findall(r'(?<!["\w])(?:from|import)\s*\(?"([^"]*)"', file.read_text()):
            assert found.startswith("."), (file, found)


def test_a_connection_header_alone_asks_for_no_websocket(running: RelayProcess) -> None:
    """As a proxy sends it that says `upgrade` with everything."""
    assert fetch(running.port, "/r/main", Connection="upgrade").status == 200


def test_a_websocket_whose_upgrade_a_proxy_took_away_is_told_so(running: RelayProcess) -> None:
    answer = fetch(running.port, "/", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Version="13")
    assert answer.status == 426
    assert b"lost its Upgrade header" in answer.body


def test_a_path_that_was_not_told_is_named_as_the_reason(running: RelayProcess) -> None:
    assert b"--base-url" in fetch(running.port, "/other/r/main").body


def test_a_name_that_was_not_told_is_named_with_the_option(running: RelayProcess) -> None:
    answer = fetch(running.port, "/", Host="other.example")
    assert answer.status == 421
    assert b"--public-url" in answer.body
    assert fetch(running.port, "/", Host="school.example").status == 200


def test_only_pages_that_were_named_show_it_in_a_frame(running: RelayProcess) -> None:
    policy = fetch(running.port, "/r/main").headers["Content-Security-Policy"]
    assert "frame-ancestors https://lms.example" in policy
    assert "frame-ancestors 'none'" not in policy


def test_a_proxy_that_renames_the_server_leaves_the_relays_own_mark(running: RelayProcess) -> None:
    for path in ("/", "/other/r/x", "/healthz"):
        assert RELAY in fetch(running.port, path).headers
