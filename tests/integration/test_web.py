"""The relay's web pages, as a browser asks for them."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ipysketch.widget.frontend import Frontend
from relay import javascript
from relay.protocol import Join
from relay.server.static_files import answer

from ..support.processes import RelayProcess
from ..support.raw_client import wire
from ..support.waiting import DEADLINE

WEB = Path(__file__).parents[2] / "relay" / "web"
FILES = sorted(str(path.relative_to(WEB)) for path in WEB.rglob("*.*") if not path.name.endswith(".d.ts"))
Ask = Callable[..., tuple[int, dict[str, str], bytes]]


def sent(file: str) -> bytes:
    """What the relay serves of a file: the page of a room names the joined module."""
    joined = f"page/page-{javascript.tag(javascript.PAGE)}.js".encode()
    return (
        (WEB / file).read_bytes().replace(*((b"page/page.js", joined) if file == "room.html" else (b"", b"")))
    )


def loaded() -> list[str]:
    """The paths of a room's page and of all that it loads."""
    names = re.findall(r'(?:src|href)="\.\.(/[^"]+)"', sent("room.html").decode())
    return ["/r/main", *names]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    process = RelayProcess(
        tmp_path_factory.mktemp("web"),
        ":memory:",
        "--allow-origin",
        "https://lab.example",
        "--allow-host",
        "draw.example",
    )
    yield process
    process.stop()


@pytest.fixture
def ask(running: RelayProcess) -> Ask:
    def asked(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=DEADLINE)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.putrequest(method, path, skip_host="Host" in named, skip_accept_encoding=True)
            for name, value in named.items():
                connection.putheader(name, value)
            connection.endheaders()
            said = connection.getresponse()
            return said.status, dict(said.getheaders()), said.read()
        finally:
            connection.close()

    return asked


@pytest.mark.parametrize(
    "path",
    ["/", "/r/main", "/healthz", "/metrics", "/painter.js", "/nothing", "/r/a%0d%0ab", "/r/?room=x", "POST"],
)
def test_every_answer_says_how_little_a_browser_may_make_of_it(ask: Ask, path: str) -> None:
    status, headers, _ = ask("/", path) if path == "POST" else ask(path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert status in (200, 303, 400, 404, 405)


@pytest.mark.parametrize(
    "path", ["/r/a%0d%0ab", "/r/a%0A", "/r/%7f", "/r/?room=a%0d", "/healthz?%00", "/%1b[31m"]
)
def test_an_address_with_control_characters_is_refused(ask: Ask, running: RelayProcess, path: str) -> None:
    assert ask(path)[0] == 400
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{running.port}{path}", proxy=None):
        pass
    assert refused.value.response.status_code == 400
    assert refused.value.response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_served_and_nothing_else_may_be_loaded(ask: Ask, file: str) -> None:
    path = {"index.html": "/", "room.html": "/r/main"}.get(file, f"/{file}")
    status, headers, body = ask(path)
    assert status == 200
    assert body == sent(file)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    assert headers["Content-Type"].startswith(kinds[Path(file).suffix])


def test_page_and_widget_are_under_160_kilobytes_as_they_are_sent(ask: Ask) -> None:
    """A room's page with all that it loads, and the widget's module: bytes over the wire, a kilobyte being 1,000."""
    total = len(Frontend().code)
    print(f"\nthe widget's module: {total} bytes")
    for path in loaded():
        _, headers, body = ask(path, Accept_Encoding="gzip, br")
        assert headers["Content-Encoding"] == "gzip"
        print(f"{path}: {len(body)} bytes")
        total += len(body)
    print(f"together: {total} bytes")
    assert total < 160_000


def test_the_joined_module_is_kept_by_browsers_and_another_one_has_another_address(ask: Ask) -> None:
    path = next(path for path in loaded() if "/page/" in path)
    _, headers, body = ask(path)
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Type"].startswith("text/javascript")
    assert javascript.tag(javascript.PAGE) in path
    assert b"import{" not in body
    assert ask(path.replace(".js", "0.js"))[0] == 404


def test_nothing_in_it_comes_from_another_place_or_is_inline() -> None:
    for file in FILES:
        text = (WEB / file).read_text()
        found = [url for url in re.findall(r"https?://[^\s\"'`)]+", text) if "www.w3.org/2000/svg" not in url]
        assert found == [], file
        if file.endswith(".html"):
            assert not re.search(r"<script(?![^>]* src=)|\son\w+=|<style|style=", text), file


def test_what_the_browser_has_is_not_sent_again(ask: Ask) -> None:
    _, headers, _ = ask("/page/page.js")
    status, again, body = ask("/page/page.js", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert again["ETag"] == headers["ETag"]
    assert ask("/page/page.js", If_None_Match='"old"')[0] == 200


def test_head_has_the_headers_and_no_body(ask: Ask) -> None:
    status, _, body = ask("/", "HEAD")
    assert (status, body) == (200, b"")


def test_the_door_leads_to_a_room(ask: Ask) -> None:
    status, headers, _ = ask("/r/?room=7%20b")
    assert (status, headers["Location"]) == (303, "7%20b")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.js",
        "/room.html",
        "/index.html",
        "/../pyproject.toml",
        "/..%2fserver.py",
        "/web/page.js",
        "/__init__.py",
        "/r/" + "x" * 65,
        "/r/%3Cscript%3E",
        "/r/a/b",
        "/r/%ff",
        "/r/?room=%3Cscript%3E",
        "//evil.example/page/page.js",
    ],
)
def test_what_is_not_there_is_said_in_words_and_never_repeated(ask: Ask, path: str) -> None:
    status, headers, body = ask(path)
    assert status == 404
    assert headers["Content-Type"].startswith("text/plain")
    assert b"script" not in body
    assert body.count(b"\n") == 1


def test_another_origin_reads_the_module_only_if_it_was_allowed(ask: Ask) -> None:
    _, headers, _ = ask("/ipysketch.js", Origin="https://lab.example")
    assert headers["Access-Control-Allow-Origin"] == "https://lab.example"
    _, headers, _ = ask("/ipysketch.js", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in headers
    assert "Origin" in headers["Vary"]


def test_a_page_of_this_relay_may_join_and_of_another_port_may_not(running: RelayProcess) -> None:
    async def join(origin: str) -> str:
        async with wire(running.port, Origin=origin) as connection:
            await connection.say(Join("main"))
            return type(await connection.hear(object)).__name__

    assert asyncio.run(join(f"http://127.0.0.1:{running.port}")) == "Welcome"
    for origin in ("http://127.0.0.1:1", f"http://localhost:{running.port}", "http://evil.example", "null"):
        with pytest.raises(InvalidStatus, match="HTTP 403"):
            asyncio.run(join(origin))


def test_a_name_that_is_not_this_relays_gets_nothing(ask: Ask) -> None:
    assert ask("/", Host="evil.example")[0] == 421
    assert ask("/", Host="draw.example")[0] == 200


def test_answers_do_not_depend_on_a_request() -> None:
    assert answer("/") == answer("/?x=1")
    assert answer("").status == 404
    assert answer("/page/page.js", "HEAD") == answer("/page/page.js")
    refused = answer("/page/page.js", "POST")
    assert (refused.status, dict(refused.headers)["Allow"]) == (405, "GET, HEAD")


def test_nothing_of_a_page_can_be_changed(ask: Ask) -> None:
    # What websockets lets through of other methods than GET depends on its release; none of it is an error of ours.
    _, headers, body = ask("/page/page.js")
    status, same, nothing = ask("/page/page.js", "HEAD")
    if status != 405:
        assert (status, same["Content-Length"], nothing) == (200, headers["Content-Length"], b"")
    assert ask("/page/page.js", "DELETE")[0] in (400, 405, 501)
    assert ask("/page/page.js")[2] == body
