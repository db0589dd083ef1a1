"""A Jupyter server that carries {base_url}ipysketch/ to the relay of its user: who comes through, as what, and to where."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ipysketch.local.relay_process import runtime_file
from relay.access.tokens import Tokens, read_secret
from relay.limits import Limits
from relay.protocol import (
    Accompanied,
    Accompany,
    Code,
    Commit,
    Create,
    Error,
    Invite,
    Join,
    Operate,
    PeerPreview,
    Preview,
    Share,
    Ticket,
    Welcome,
    encode,
)
from relay.room.permissions import Role
from relay.server.security_headers import RELAY

from ..support.http import fetch
from ..support.jupyter import BASE, TOKEN, JupyterServer, own_relay
from ..support.processes import RelayProcess, free_port
from ..support.raw_client import RawClient, create
from ..support.waiting import DEADLINE, wait_until

MOST = Limits().max_message
AUTHORIZER = '''
from jupyter_server.auth.authorizer import Authorizer
class Rules(Authorizer):
    """Lets nobody run code, and somebody read files who says so; who is asked about anything else is refused."""
    def is_authorized(self, handler, user, action, resource):
        return (action, resource) == ("read", "contents") and "X-Reader" in handler.request.headers
'''


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("user")
    (home / "rules.py").write_text(AUTHORIZER)
    return home


@pytest.fixture(scope="module")
def relay(user: Path) -> Iterator[RelayProcess]:
    process = own_relay(user)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def server(user: Path, relay: RelayProcess) -> Iterator[JupyterServer]:
    running = JupyterServer(user)
    yield running
    running.close()


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


def opened(server: JupyterServer, *, known: bool = True, path: str = "ipysketch/", **headers: str) -> connect:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if known:
        named["Authorization"] = f"token {TOKEN}"
    return connect(
        server.socket_address(path),
        proxy=None,
        additional_headers=named,
        open_timeout=DEADLINE,
        compression=None,
        subprotocols=["ipysketch"],  # type: ignore[list-item]
    )


def refusal(server: JupyterServer, **more: Any) -> tuple[int, str]:
    """The status and sentence with which a websocket is refused."""

    async def run() -> tuple[int, str]:
        with pytest.raises(InvalidStatus) as refused:
            await opened(server, **more)
        return refused.value.response.status_code, refused.value.response.body.decode()

    return asyncio.run(run())


def role(server: JupyterServer, join: Join, **headers: str) -> str:
    """The role that a join through the server is given, or the code with which it is refused."""

    async def run() -> str:
        async with opened(server, known=True, **headers) as socket:
            client = RawClient(socket)
            await client.say(join)
            answer = await client.hear((Welcome, Error))
            return answer.role if isinstance(answer, Welcome) else answer.code

    return asyncio.run(run())


def test_pages_and_their_files(server: JupyterServer) -> None:
    for path in ("", "r/algebra%201", "page.css", "page/page.js", "client/sketch.js", "healthz"):
        answer = server.fetch(f"ipysketch/{path}")
        assert answer.status == 200, path
        assert RELAY in answer.headers
    page = server.fetch("ipysketch/r/main")
    assert page.headers.get_all("Content-Security-Policy") == [page.headers["Content-Security-Policy"]]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    door = server.fetch("ipysketch/r/?room=7%20b&x=1")
    assert (door.status, door.headers["Location"]) == (303, "7%20b")
    assert server.fetch("ipysketch/code?words=no+code&x=1").status == 400
    again = server.fetch("ipysketch/page.css", If_None_Match=server.fetch("ipysketch/page.css").headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert server.fetch("ipysketch/page.css", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    without = server.fetch("ipysketch")
    assert (without.status, without.headers["Location"]) == (302, BASE + "ipysketch/")
    assert server.fetch("ipysketch/metrics").status == 404
    assert server.fetch("ipysketch/r/a/b").status == 404


def test_who_is_not_logged_in_gets_the_login_and_no_websocket(server: JupyterServer) -> None:
    answer = server.fetch("ipysketch/r/main", known=False)
    assert answer.status == 302
    assert answer.headers["Location"].startswith(BASE + "login?next=")
    assert refusal(server, known=False)[0] == 403


def test_pages_of_other_origins_get_no_websocket(server: JupyterServer) -> None:
    """As browsers send it, with the server's cookie."""
    cookie = server.cookie()
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
        assert refusal(server, known=False, Cookie=cookie, Origin=origin)[0] == 403

    async def own() -> None:
        async with opened(
            server, known=False, Cookie=cookie, Origin=f"http://127.0.0.1:{server.port}"
        ) as socket:
            assert socket.subprotocol == "ipysketch"

    go(own())


def test_nothing_but_looking_is_carried(server: JupyterServer) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = fetch(
            server.port, f"{BASE}ipysketch/r/main", method, Authorization=f"token {TOKEN}", Content_Length="0"
        )
        assert answer.status == 405, method


@pytest.mark.parametrize(
    "path",
    [
        "ipysketch/http://127.0.0.1:1/",
        "ipysketch//127.0.0.1:1/x",
        "ipysketch/@127.0.0.1:1/",
        "ipysketch/..%2f..%2fetc",
        "ipysketch/:1/",
    ],
)
def test_no_request_says_where_it_goes(server: JupyterServer, path: str) -> None:
    answer = server.fetch(path)
    assert answer.status == 404
    assert b"There is nothing here" in answer.body
    assert refusal(server, path=path)[0] == 404


def test_a_page_accompanies_its_kernel_by_way_of_the_server(server: JupyterServer, relay: RelayProcess) -> None:
    async def run() -> None:
        room = "plane geometry"
        path = f"ipysketch/?room={quote(room)}&companion"
        async with opened(server) as kernels, opened(server, path=path) as pages:
            kernel, page = RawClient(kernels), RawClient(pages)
            await kernel.say(Join(room, name="Ada"))
            welcome = await kernel.hear(Welcome)
            await kernel.say(Invite(id=1))
            await page.say(Accompany(room, (await kernel.hear(Ticket)).ticket))
            assert isinstance(await page.hear((Accompanied, Error)), Accompanied)
            await page.say(Preview("k", 0, (1, 2), {"kind": "stroke"}))
            async with opened(server) as others:
                other = RawClient(others)
                await other.say(Join(room, name="Grace"))
                assert (await other.hear(PeerPreview)).peer == welcome.peer

    go(run())


def test_what_somebody_is_who_has_logged_in(server: JupyterServer, user: Path) -> None:
    """An editor, for they may run code here; never the owner, whatever comes with the join; and with a token of their
    own what that says."""
    tokens = Tokens(read_secret(user / "relay.sqlite.secret"))
    viewer, _ = tokens.mint(room="main", role=Role.VIEWER, name="V", seconds=3600, now=time.time())
    assert role(server, Join("main")) == "editor"
    assert role(server, Join("main", token=viewer)) == "viewer"
    assert role(server, Join("other", token=viewer)) == "token"
    assert role(server, Join("main", token="wrong")) == "token"


def test_the_relays_port_alone_lets_nobody_in(relay: RelayProcess) -> None:
    """The negative control of the test above: who comes past the server has nobody to vouch for them."""

    async def run() -> None:
        async with connect(relay.url, proxy=None) as socket:
            client = RawClient(socket)
            await client.say(Join("main"))
            assert (await client.hear((Welcome, Error))).code == "token"

    go(run())


def test_messages_go_both_ways_with_their_subprotocol_and_their_close_codes(server: JupyterServer) -> None:
    async def run() -> None:
        async with opened(server) as ada, opened(server) as grace:
            assert ada.subprotocol == "ipysketch"
            here, there = RawClient(ada), RawClient(grace)
            await here.say(Join("both"))
            await there.say(Join("both"))
            await here.hear(Welcome)
            await there.hear(Welcome)
            frame = encode([create(1, "k")]).decode()
            await ada.send(frame[:-1] + " " * (MOST - len(frame)) + "]")
            assert (await there.hear(Commit)).changes[0].key == "k"
            # One byte more than a relay takes.
            await ada.send(frame[:-1] + " " * (MOST - len(frame) + 1) + "]")
            assert await here.closed() == 1009
            # The end of the page's side is that of the relay's side.
            await grace.close(4999, "bye")

    go(run())


def test_a_page_that_reads_nothing_does_not_fill_the_server(server: JupyterServer, relay: RelayProcess) -> None:
    """The relay notices it, as it does without a server in between, and gives it up."""

    async def run() -> None:
        async with opened(server) as socket, connect(relay.url, proxy=None) as direct:
            slow, fast = RawClient(socket), RawClient(direct)
            tokens = Tokens(read_secret(Path(relay.database + ".secret")))
            token, _ = tokens.mint(room="*", role=Role.MODERATOR, name="F", seconds=3600, now=time.time())
            await slow.say(Join("slow", name="Slow"))
            await slow.hear(Welcome)
            await fast.say(Join("slow", token=token))
            await fast.hear(Welcome)
            socket.transport.pause_reading()
            fields = {"kind": "stroke", "points": [i % 5000 for i in range(8000)]}
            op = 0
            while not any("abort" in line and "name=Slow" in line for line in relay.log):
                op += 1
                await fast.say(Operate(op, (Create(f"k{op}", fields),)))
                await fast.hear((Commit, Error))
            socket.transport.abort()

    go(run())


def test_an_authorizer_says_what_somebody_may(user: Path, relay: RelayProcess) -> None:
    limited = JupyterServer(
        user,
        "--ServerApp.authorizer_class=rules.Rules",
        PYTHONPATH=f"{Path(__file__).parents[2]}:{user}",
    )
    try:
        assert limited.fetch("ipysketch/").status == 403
        assert refusal(limited)[0] == 403
        assert limited.fetch("ipysketch/", X_Reader="1").status == 200
        assert role(limited, Join("main"), X_Reader="1") == "viewer"
    finally:
        limited.close()


def test_a_variable_of_the_environment_turns_it_off(user: Path, relay: RelayProcess) -> None:
    """The option does too: see test_server_extension.py."""
    off = JupyterServer(user, IPYSKETCH_SERVER_PROXY="0")
    try:
        assert off.fetch("ipysketch/r/main").status == 404
    finally:
        off.close()


def test_it_leads_to_the_users_own_relay_alone_and_finds_one_that_comes_later(
    tmp_path: Path, relay: RelayProcess
) -> None:
    """The relay of somebody else, at whose port a runtime file points, gets nothing."""
    others = relay
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    file = runtime / runtime_file().name
    file.write_text(json.dumps({"port": others.port, "token": "0" * 64, "pid": 1}))
    file.chmod(0o600)
    server = JupyterServer(tmp_path)
    own = None
    try:
        answer = server.fetch("ipysketch/r/main")
        assert answer.status == 503
        assert b"%sketch connect" in answer.body
        assert refusal(server)[0] == 503
        own = own_relay(tmp_path)
        wait_until(lambda: server.fetch("ipysketch/r/main").status == 200, "the relay is found")
        own.process.send_signal(signal.SIGKILL)
        own.process.wait(DEADLINE)
        wait_until(lambda: server.fetch("ipysketch/r/main").status in (502, 503), "its end is noticed")
    finally:
        if own is not None:
            own.stop()
        server.close()


async def overheard(server: JupyterServer, port: int) -> str:
    """All that a page and a websocket with the server's cookie send to the relay."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        cookie = await asyncio.to_thread(server.cookie)
        await asyncio.to_thread(server.fetch, f"ipysketch/r/?room=a&token={TOKEN}", known=False, Cookie=cookie)
        path, page = f"ipysketch/?token={TOKEN}&room=a", f"http://127.0.0.1/?token={TOKEN}"
        with pytest.raises(InvalidStatus):
            await opened(server, known=False, path=path, Cookie=cookie, Referer=page)
    return b"\n".join(heard).decode()


def test_the_relay_learns_nothing_of_the_servers_login(user: Path) -> None:
    """By a listener in place of a relay that is trusted without a proof."""
    port = free_port()
    trusting = JupyterServer(
        user, f"--IpysketchServer.relay=ws://127.0.0.1:{port}", "--IpysketchServer.proxy_relay=True"
    )
    try:
        sent = asyncio.run(asyncio.wait_for(overheard(trusting, port), DEADLINE))
    finally:
        trusting.close()
    assert "GET /r/?room=a HTTP/1.1" in sent
    assert "GET /?room=a HTTP/1.1" in sent
    assert "Upgrade: websocket" in sent
    for secret in (TOKEN, "Cookie", "Authorization", "Referer", "username-"):
        assert secret.lower() not in sent.lower(), secret


LINK = """
import ipysketch
board = ipysketch.Sketch(name="Ada").connect(room="algebra")
link = board.share()
print(link.url)
print(link.note)
board.disconnect()
"""


def test_a_code_is_typed_where_the_server_carries_it(server: JupyterServer) -> None:
    async def made() -> Any:
        async with opened(server) as socket:
            client = RawClient(socket)
            await client.say(Join("algebra"), Share(id=1))
            return await client.hear((Code, Error))

    words = quote(asyncio.run(made()).words)
    assert (
        server.fetch(f"ipysketch/code?words={words}", known=False)
        .headers["Location"]
        .startswith(BASE + "login")
    )
    answer = server.fetch(f"ipysketch/code?words={words}")
    assert (answer.status, answer.headers["Location"]) == (303, "r/algebra")
    foreign = server.fetch(f"ipysketch/code?words={words}", Sec_Fetch_Site="cross-site")
    assert foreign.status == 403


def test_a_kernel_makes_a_link_to_where_its_page_is(server: JupyterServer) -> None:
    """By the origin of the page's own request: a server behind proxies does not know how it is reached."""
    request = {
        "header": {
            "msg_id": "1",
            "msg_type": "execute_request",
            "username": "",
            "session": "s",
            "version": "5.3",
        },
        "parent_header": {},
        "metadata": {},
        "channel": "shell",
        "content": {"code": LINK, "silent": False},
        "buffers": [],
    }

    async def run() -> str:
        kernel = await asyncio.to_thread(server.kernel)
        async with opened(
            server, path=f"api/kernels/{kernel}/channels", Origin="https://lab.school.example"
        ) as socket:
            await socket.send(json.dumps(request))
            output = ""
            while True:
                message = json.loads(await socket.recv())
                if message["msg_type"] == "stream":
                    output += message["content"]["text"]
                assert message["msg_type"] != "error", message["content"]
                if message["msg_type"] == "execute_reply":
                    return output

    output = asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert f"https://lab.school.example{BASE}ipysketch/r/algebra#token=" in output
    assert "Whoever may log in to the Jupyter server at lab.school.example can open it" in output
    assert "8 hours, in the role of viewer" in output
