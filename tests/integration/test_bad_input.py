"""Whatever stands between a board and its relay: one sentence names the cause and what to do, and is in the page of docs.

Each row of ``docs/how-to/troubleshooting.md`` is provoked here, by what behaves so, through ``connect`` and
``%sketch doctor``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
import stat
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pytest
import trustme
from IPython.core.interactiveshell import InteractiveShell
from websockets.asyncio.client import connect as connect_socket
from websockets.asyncio.server import ServerConnection, serve

from ipysketch import Sketch, SketchError
from ipysketch import board as board_module
from ipysketch.client import opening
from ipysketch.local import hub as local_hub
from ipysketch.local import modules
from ipysketch.magics import SketchMagics
from relay.access.authentication import Authenticator
from relay.access.base_path import base_path
from relay.access.origins import OriginPolicy
from relay.access.tokens import Tokens
from relay.room.permissions import Role
from relay.store import MemoryStore

from ..support import node
from ..support.fake_hub import FakeHub
from ..support.processes import ROOT, RelayProcess
from ..support.raw_client import relay_on
from ..support.sessions import session_of
from ..support.waiting import DEADLINE, wait_until
from .test_hub_door import relay_of

PAGE = ROOT / "docs" / "how-to" / "troubleshooting.md"
TOKENS = Tokens(b"s" * 32)
ON_NFS = """
from relay.store import database
database.file_system = lambda path: "nfs4"
from relay.__main__ import main
raise SystemExit(main())
"""
MIXED = """
import { Sketch } from "./relay/web/client/sketch.js";
globalThis.WebSocket = class { constructor() { throw new DOMException("mixed content", "SecurityError"); } };
await new Sketch("ws://relay.example", { room: "r" }).settled.catch((error) => console.log(error.message));
"""

# --- what stands there in place of a relay -------------------------------------------------------------------------


class Scene:
    """What a test has started; all of it ends with `stack`."""

    def __init__(self, stack: ExitStack, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self.home = home
        self.monkeypatch = monkeypatch

    def answers(self, answer: bytes = b"", *, tls: ssl.SSLContext | None = None, silent: bool = False) -> int:
        """The port of a server that says this to each request, or nothing at all, and hangs up."""
        end = threading.Event()

        def one(client: socket.socket) -> None:
            with contextlib.suppress(OSError), client:
                if silent:
                    end.wait()
                    return
                talking = tls.wrap_socket(client, server_side=True) if tls else client
                talking.recv(1 << 16)
                talking.sendall(answer)
                talking.shutdown(socket.SHUT_WR)
                talking.recv(1 << 16)

        self.stack.callback(end.set)
        return self._listen(one)

    def passes_on(self, port: int, change: Callable[[bytes], bytes]) -> int:
        """The port of a proxy that changes the head of each request."""

        def pump(one: socket.socket, other: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := one.recv(1 << 16):
                    other.sendall(data)
                other.shutdown(socket.SHUT_WR)

        def one(client: socket.socket) -> None:
            with (
                contextlib.suppress(OSError),
                client,
                socket.create_connection(("127.0.0.1", port)) as upstream,
            ):
                upstream.sendall(change(client.recv(1 << 16)))
                back = threading.Thread(target=pump, args=(client, upstream), daemon=True)
                back.start()
                pump(upstream, client)

        return self._listen(one)

    def _listen(self, one: Callable[[socket.socket], None]) -> int:
        listener = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        self.stack.callback(listener.shutdown, socket.SHUT_RDWR)
        return int(listener.getsockname()[1])

    def runs(self, made: AbstractAsyncContextManager[Any]) -> Any:
        """What a context gives that is entered on a loop of its own thread."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()

        def end() -> None:
            asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(DEADLINE)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(DEADLINE)
            loop.close()

        entered = asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result(DEADLINE)
        self.stack.callback(end)
        return entered

    def relay(self, **options: Any) -> int:
        """The port of a relay."""
        return int(self.runs(relay_on(MemoryStore(), **options)).port)

    def hub(self, change: Callable[[FakeHub], None]) -> str:
        """Be a kernel of a Hub that is not as it should be; the address is the Hub's own."""
        fake = FakeHub()
        self.stack.callback(fake.close)
        token = fake.add("ada", "algebra-students")
        change(fake)
        url = f"ws://127.0.0.1:{self.runs(relay_of(fake)).port}/services/sketch/"
        self.monkeypatch.setattr(local_hub, "find", lambda *_: local_hub.HubRelay(url, token))
        return ""


def at(port: int, path: str = "/", scheme: str = "ws") -> str:
    return f"{scheme}://localhost:{port}{path}"


def http(status: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Content-Length: 4", "Connection: close", "", "<p>\n"]
    return "\r\n".join(lines).encode()


def without(*names: str) -> Callable[[bytes], bytes]:
    """Take headers away whose names begin so."""

    def change(head: bytes) -> bytes:
        lines = head.split(b"\r\n")
        return b"\r\n".join(
            line for line in lines if not line.lower().startswith(tuple(map(str.encode, names)))
        )

    return change


def encrypted(scene: Scene, *, known: bool = True, name: str = "localhost", **times: Any) -> str:
    """The address of a server whose certificate is like this; `known`: its issuer is trusted here."""
    issuer = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(name, **times).configure_cert(context)
    if known:
        issuer.cert_pem.write_to_path(scene.home / "issuer.pem")
        scene.monkeypatch.setenv("SSL_CERT_FILE", str(scene.home / "issuer.pem"))
    return at(scene.answers(tls=context), scheme="wss")


def self_signed(scene: Scene) -> str:
    """The address of a server whose certificate is its own issuer."""
    issuer = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.private_key_pem.write_to_path(scene.home / "key.pem")
    issuer.cert_pem.write_to_path(scene.home / "own.pem")
    context.load_cert_chain(scene.home / "own.pem", scene.home / "key.pem")
    return at(scene.answers(tls=context), scheme="wss")


def with_tokens(scene: Scene) -> str:
    return at(scene.relay(authenticator=Authenticator(tokens=TOKENS)))


def with_token(scene: Scene, token: str) -> str:
    scene.monkeypatch.setenv("IPYSKETCH_TOKEN", token)
    return with_tokens(scene)


def expired() -> str:
    return TOKENS.mint(room="r", role=Role.EDITOR, name="", seconds=60, now=time.time() - 7200)[0]


def on_another_host(scene: Scene) -> str:
    """The database is held by a relay that has left the file of another host."""
    running = RelayProcess(scene.home / "elsewhere", str(scene.home / "shared.sqlite"))
    scene.stack.callback(running.stop)
    scene.monkeypatch.setenv("IPYSKETCH_DATABASE", running.database)
    (scene.home / "runtime").mkdir(mode=0o700)
    (scene.home / "runtime" / "own-pod_a-0123456789ab.json").write_text('{"pid": 99999999}')
    return ""


def unknown_name(scene: Scene) -> str:
    """A name that no server knows, without asking one: that may take long."""
    known = socket.getaddrinfo

    def ask(host: Any, *more: Any, **named: Any) -> Any:
        if host == "draw.school.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *more, **named)

    scene.monkeypatch.setattr(socket, "getaddrinfo", ask)
    return "wss://draw.school.example"


def on_nfs(scene: Scene) -> str:
    scene.monkeypatch.setattr(modules, "command", lambda module: [sys.executable, "-c", ON_NFS])
    return ""


def open_to_others(scene: Scene) -> str:
    (scene.home / "runtime").mkdir()
    (scene.home / "runtime").chmod(0o777)
    return ""


def unwritable(scene: Scene) -> str:
    (scene.home / "file").write_text("")
    scene.monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(scene.home / "file" / "runtime"))
    return ""


THEN = datetime.now(UTC)
DAY = timedelta(days=1)

CASES: dict[str, Callable[[Scene], str]] = {
    "no relay answers at": lambda scene: "ws://127.0.0.1:1",
    "no computer is called": unknown_name,
    "… does not answer: it is another": lambda scene: at(scene.answers(silent=True)),
    "… is no ipysketch relay: what": lambda scene: at(scene.answers(b"SSH-2.0-OpenSSH_9\r\n")),
    "… answered with HTTP 404": lambda scene: at(scene.answers(http("404 Not Found"))),
    "… turned this connection away: the relay is at": lambda scene: at(
        scene.relay(origins=OriginPolicy(base=base_path("/draw/"))), "/other/"
    ),
    "… turned this connection away: … is not a name": lambda scene: at(
        scene.passes_on(scene.relay(), lambda head: re.sub(rb"Host: \S+", b"Host: draw.example", head))
    ),
    "… turned this connection away: this websocket lost": lambda scene: at(
        scene.passes_on(scene.relay(), without("upgrade", "connection"))
    ),
    "… turned this connection away: it got a plain": lambda scene: at(
        scene.passes_on(scene.relay(), without("upgrade", "connection", "sec-websocket"))
    ),
    "a proxy answers at": lambda scene: at(scene.answers(http("502 Bad Gateway"))),
    "… answered with HTTP 401": lambda scene: at(scene.answers(http("401 Unauthorized"))),
    "… sends on to": lambda scene: at(
        scene.answers(http("302 Found", "Location: /hub/login?next=x")), "/services/sketch/"
    ),
    "the certificate of … is not trusted here (self-signed certificate)": self_signed,
    "the certificate of … is not trusted here (certificate has expired)": lambda scene: encrypted(
        scene, not_before=THEN - 9 * DAY, not_after=THEN - 2 * DAY
    ),
    "the certificate of … is not trusted here (certificate is not yet valid)": lambda scene: encrypted(
        scene, not_before=THEN + 2 * DAY, not_after=THEN + 9 * DAY
    ),
    "the certificate of … is not trusted here (hostname mismatch": lambda scene: encrypted(
        scene, name="other.example"
    ),
    "… does not answer encrypted": lambda scene: at(scene.answers(http("400 Bad Request")), scheme="wss"),
    "… closed the connection without": lambda scene: encrypted(scene).replace("wss:", "ws:"),
    "the token is wrong or missing": with_tokens,
    "the token is not one of this relay": lambda scene: with_token(scene, "abc"),
    "the token has expired": lambda scene: with_token(scene, expired()),
    "… turned this connection away: the Hub does not know you": lambda scene: scene.hub(
        lambda fake: fake.tokens.clear()
    ),
    "… turned this connection away: the Hub does not let you": lambda scene: scene.hub(
        lambda fake: fake.tokens["token-ada"].update(scopes=[])
    ),
    "the Hub does not let this relay see": lambda scene: scene.hub(
        lambda fake: fake.users["ada"].pop("groups")
    ),
    "the Hub does not answer": lambda scene: scene.hub(lambda fake: setattr(fake, "status", 500)),
    "… is in no group of a course": lambda scene: scene.hub(lambda fake: fake.users["ada"].update(groups=[])),
    "the database of your own relay": on_nfs,
    "your own relay runs on another": on_another_host,
    "… can be changed by others": open_to_others,
    "no relay can be started": unwritable,
}
"""By the first words of a row, what provokes it: returns the address to connect to, "" for none."""
TRIED_AGAIN = (
    *("no relay answers at", "no computer is called", "… does not answer: it is another", "a proxy answers at"),
    *("… does not answer encrypted", "… closed the connection without"),
    *("the Hub does not let this relay see", "the Hub does not answer"),
)
"""Those that may end by themselves: the board goes on trying."""
ELSEWHERE = (
    "the connection to the relay was lost",
    "… larger than the relay takes",
    "this page came encrypted",
)
"""Rows with tests of their own below."""


def rows() -> dict[str, re.Pattern[str]]:
    """The sentences of the page, and what they match."""
    found = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    sentences = [sentence for sentence in found if sentence not in ("one reads", "---")]
    return {each: re.compile(re.escape(each).replace("…", ".+?")) for each in sentences}


def row_of(said: str) -> str:
    """The row of the page that this sentence is in: the one with the most words, for some begin alike."""
    matching = [row for row, pattern in rows().items() if pattern.match(said)]
    assert matching, f"not in {PAGE.name}: {said}"
    return max(matching, key=len)


@pytest.fixture
def scene(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr(board_module, "JOIN_WAIT", DEADLINE)
    with ExitStack() as stack:
        yield Scene(stack, home, monkeypatch)


@pytest.fixture
def magics(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], str]]:
    """Run a line of `%sketch`, and return all that it printed."""
    monkeypatch.setattr(board_module, "_left", WeakValueDictionary())
    made: Any = SketchMagics(InteractiveShell())

    def run(line: str) -> str:
        capsys.readouterr()
        made.sketch(line)
        return "".join(capsys.readouterr())

    yield run
    for board in board_module.boards():
        board.disconnect()


def test_each_row_of_the_page_is_provoked() -> None:
    provoked = [*CASES, *ELSEWHERE]
    assert len(set(rows())) == len(provoked)
    for row in rows():
        assert [words for words in provoked if row.startswith(words)], row


@pytest.mark.parametrize("words", CASES)
def test_one_sentence_names_the_cause_and_what_to_do(
    words: str, scene: Scene, magics: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if words in TRIED_AGAIN:
        monkeypatch.setattr(board_module, "JOIN_WAIT", 0.5)
        monkeypatch.setattr(opening, "OPEN_TIMEOUT", 0.2 if "does not answer: it is" in words else DEADLINE)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "")
    url = CASES[words](scene)
    printed = magics(f"connect {url} --room r")
    boards = board_module.boards()
    assert bool(boards) is (words in TRIED_AGAIN), printed
    if boards:
        wait_until(lambda: "reconnecting" in boards[-1].status, "it says what it waits for")
        said = boards[-1].status
    else:
        said = next(line for line in printed.splitlines() if line.startswith("ipysketch: ")).removeprefix(
            "ipysketch: "
        )
        assert said.count("\n") == 0
    assert row_of(said).startswith(words), said
    # What to do, behind what is.
    assert re.search(r"[;:?] ?.{8,}", said), said
    assert len(said) < 480
    doctor = magics("doctor")
    if boards:
        while not pattern_of(said).search(doctor):  # It was in the middle of a try.
            doctor = magics("doctor")
    else:
        assert f"!! the last %sketch connect failed: {said}" in doctor
    assert "3. your own relay: " in doctor, "it says why not the others"
    assert "Traceback" not in printed + doctor


def pattern_of(said: str) -> re.Pattern[str]:
    return rows()[row_of(said)]


def test_a_page_that_came_encrypted_says_that_its_relay_must_be_too() -> None:
    said = node.says(script=MIXED.replace("./relay", (ROOT / "relay").as_uri()))
    assert row_of(said).startswith("this page came encrypted")
    assert "should begin with wss://" in said


def test_behind_a_gateway_that_limits_frames_what_fits_arrives_and_the_rest_is_named(scene: Scene) -> None:
    port = scene.relay()
    limit = 32 << 10

    async def pass_on(client: ServerConnection) -> None:
        async with connect_socket(at(port), proxy=None, max_size=None) as upstream:

            async def back() -> None:
                async for frame in upstream:
                    await client.send(frame)

            task = asyncio.ensure_future(back())
            try:
                async for frame in client:
                    await upstream.send(frame, text=True)
            finally:
                task.cancel()

    @contextlib.asynccontextmanager
    async def gateway() -> AsyncIterator[int]:
        async with serve(pass_on, "127.0.0.1", 0, max_size=limit, compression=None) as server:
            yield server.sockets[0].getsockname()[1]

    board = Sketch(name="Ada").connect(f"ws://127.0.0.1:{scene.runs(gateway())}", "big")
    statuses: list[str] = []
    try:
        board.stroke([(n % 1000 + 0.5, n % 700) for n in range(9000)])

        def given_up() -> str:
            statuses.append(board.status)
            return session_of(board).call(lambda session: session.membership.notice)

        notice = wait_until(given_up, "the stroke is given up")
        assert row_of(notice.partition("refused: ")[2] or notice).startswith("… larger than the relay takes")
        lost = [said for said in statuses if "reconnecting" in said]
        assert all(row_of(said).startswith("the connection to the relay was lost") for said in lost), lost
        for row in range(200):
            board.stroke([(n, row) for n in range(60)])
        wait_until(board.flush, "the rest arrives")
        assert len(board.elements) == 200
    finally:
        board.disconnect()


def test_a_relay_that_cannot_be_started_again_is_tried_for_who_was_in(scene: Scene) -> None:
    """People draw on meanwhile, and an end would be for good."""
    board = Sketch(name="Ada").connect(None, "r")
    try:
        runtime = scene.home / "runtime"
        runtime.chmod(0o777)
        [file] = runtime.glob("own-*.json")
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(re.findall(r'"pid": ?(\d+)', file.read_text())[0]), 15)
        wait_until(lambda: "can be changed by others" in board.status, "it says why")
        assert "reconnecting" in board.status
        runtime.chmod(stat.S_IRWXU)
        wait_until(lambda: board.connected, "it is back")
    finally:
        board.disconnect()


def test_what_is_refused_for_good_is_an_error(scene: Scene) -> None:
    for words in ("… answered with HTTP 404", "no relay can be started"):
        with pytest.raises(SketchError) as caught:
            Sketch().connect(CASES[words](scene) or None)
        assert row_of(str(caught.value)).startswith(words)
