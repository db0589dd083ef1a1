"""A relay at the door of a Hub that a test changes under it. A real Hub: ``tests/browser/test_hub.py``."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.server import ServerConnection, serve

from ipysketch import Sketch, SketchError
from ipysketch.local import hub as local_hub
from relay.access.base_path import base_path
from relay.access.courses import Courses, HubUser, Seat
from relay.access.hub import Hub
from relay.access.hub_login import HubLogin
from relay.access.origins import OriginPolicy
from relay.protocol import CLOSE_RESTART, CLOSE_REVOKED, Code, Delete, Error, Join, PeerState, Share, Welcome
from relay.server.hub_door import HubDoor
from relay.server.relay import Relay
from relay.store import MemoryStore

from ..support.fake_hub import FakeHub
from ..support.http import fetch
from ..support.processes import environment, free_port
from ..support.raw_client import RawClient, relay_on, wire
from ..support.sessions import session_of
from ..support.waiting import DEADLINE, wait_until

SECRET = b"s" * 32
RECHECK = 0.2


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    running = FakeHub()
    yield running
    running.close()


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


def relay_of(fake: FakeHub) -> AbstractAsyncContextManager[Relay]:
    """A relay in this process that is the service of a Hub."""
    service = fake.service
    hub = Hub(service, recheck=RECHECK, now=time.monotonic, log=logging.getLogger("relay"))
    door = HubDoor(service, hub, Courses(), SECRET, recheck=RECHECK)
    origins = OriginPolicy(base=base_path(service.prefix), any_name=True)
    return relay_on(MemoryStore(), door=door, origins=origins)


def on(relay: Relay, token: str) -> AbstractAsyncContextManager[RawClient]:
    return wire(relay.port, path="/services/sketch/", Authorization=f"Bearer {token}")


async def enter(client: RawClient, room: str, **fields: Any) -> Welcome:
    await client.say(Join(room, **fields))
    welcome: Welcome = await client.hear((Welcome, Error))
    return welcome


def test_another_role_is_told_and_taken_at_once(fake: FakeHub) -> None:
    ada = fake.add("ada", "algebra-students")
    fake.group_names.append("algebra-instructors")

    async def story() -> None:
        async with relay_of(fake) as relay:
            async with on(relay, ada) as client:
                assert (await enter(client, "main")).role == "editor"
                fake.users["ada"]["groups"] = ["algebra-instructors"]
                assert await client.closed() == CLOSE_RESTART
                assert client.socket.close_reason == "you are a moderator here from now on"
            async with on(relay, ada) as client:
                assert (await enter(client, "main")).role == "moderator"

    go(story())


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda fake: fake.users["ada"].update(groups=[]), CLOSE_REVOKED, "ada is in no group of 'algebra'"),
        (lambda fake: fake.tokens.clear(), CLOSE_REVOKED, "your server stopped, or you logged out"),
        (lambda fake: fake.tokens["token-ada"].update(scopes=[]), CLOSE_REVOKED, "no longer lets you in"),
    ],
    ids=["group", "token", "scope"],
)
def test_who_may_no_longer_be_in_is_out(
    fake: FakeHub, change: Callable[[FakeHub], None], code: int, words: str
) -> None:
    ada, grace = fake.add("ada", "algebra-students"), fake.add("grace", "algebra-students")

    async def story() -> None:
        async with relay_of(fake) as relay, on(relay, ada) as client, on(relay, grace) as other:
            await enter(client, "main")
            await enter(other, "main")
            change(fake)
            assert await client.closed() == code
            assert words in (client.socket.close_reason or "")
            if ada not in fake.tokens and grace not in fake.tokens:
                assert await other.closed() == code
                with pytest.raises(InvalidStatus):
                    async with on(relay, ada):
                        pass
            else:
                assert other.socket.close_code is None

    go(story())


def test_a_fault_with_one_person_leaves_the_others_watched(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada, grace = fake.add("ada", "algebra-students"), fake.add("grace", "algebra-students")
    seat = Courses.seat

    async def story() -> None:
        async with relay_of(fake) as relay, on(relay, ada) as client, on(relay, grace) as other:
            await enter(client, "main")
            await enter(other, "main")

            def broken(self: Courses, user: HubUser, *rest: Any) -> Seat:
                assert user.name != "ada", "a fault of the relay"
                return seat(self, user, *rest)

            monkeypatch.setattr(Courses, "seat", broken)
            fake.users["grace"]["groups"] = []
            assert await other.closed() == CLOSE_REVOKED
            assert client.socket.close_code is None

    go(story())
    assert "looking at a person failed" in caplog.text
    assert ada not in caplog.text


def test_rooms_go_to_a_course_when_there_is_one(fake: FakeHub) -> None:
    ada = fake.add("ada")

    async def story() -> None:
        async with relay_of(fake) as relay:
            async with on(relay, ada) as client:
                assert (await enter(client, "main")).room == "main"
                fake.add("ada", "algebra-students")
                assert await client.closed() == CLOSE_RESTART
            async with on(relay, ada) as client:
                assert (await enter(client, "main")).room == "algebra.main"

    go(story())


def test_page_and_kernel_of_one_person_are_one_author(fake: FakeHub) -> None:
    ada = fake.add("ada")
    login = HubLogin(fake.service, SECRET)
    cookie = login.admit(ada, time.time(), encrypted=False)
    kept = {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}

    async def story() -> None:
        async with relay_of(fake) as relay:
            header = "; ".join(f"{name}={value}" for name, value in kept.items())
            page = await asyncio.to_thread(fetch, relay.port, "/services/sketch/r/main", Cookie=header)
            found = re.search(r'ticket" content="([^"]+)"', page.body.decode())
            assert found
            assert page.headers["Cache-Control"] == "no-store"
            assert ada not in page.body.decode()
            origin = f"http://127.0.0.1:{relay.port}"
            async with (
                on(relay, ada) as kernel,
                wire(relay.port, path="/services/sketch/", Cookie=header, Origin=origin) as browser,
            ):
                first = await enter(kernel, "main", secret="one", name="x")
                second = await enter(browser, "main", secret="two", token=found[1], name="y")
                assert first.author == second.author == "hub:ada"
                assert first.client != second.client
                names = {(await browser.hear(PeerState)).state["name"] for _ in range(2)}
                assert names == {"ada"}

    go(story())


def test_two_servers_of_one_person_are_told_apart_and_are_one_author(
    fake: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named servers have a token each. Whoever runs cells in a server that is shared has its owner's."""
    first, grace = fake.add("ada", "algebra-students"), fake.add("grace", "algebra-students")
    fake.tokens["token-second"] = fake.tokens[first]

    def board(url: str, token: str) -> Sketch:
        relay = local_hub.HubRelay(url, token)
        monkeypatch.setattr(local_hub, "find", lambda *_: relay)
        return Sketch(name="whatever").connect(room="lesson")

    async def story() -> None:
        async with relay_of(fake) as relay:
            url = f"ws://127.0.0.1:{relay.port}/services/sketch/"

            def people() -> None:
                one, two, other = boards = [board(url, each) for each in (first, "token-second", grace)]
                try:
                    wait_until(lambda: len(other.people) == 3, "all are seen")
                    seen = {person.peer: person for person in other.people}
                    assert len(seen) == 3, "each server is there by itself"
                    assert sorted(person.author for person in seen.values()) == [
                        "hub:ada",
                        "hub:ada",
                        "hub:grace",
                    ]
                    assert all(person.verified for person in seen.values())
                    shown = sorted(person.name for person in seen.values())
                    assert shown == ["ada", "ada", "grace"]
                    erase = [Delete((one.stroke([(10, 10), (90, 90)]).key,))]
                    wait_until(lambda: two.elements and other.elements, "it is seen")
                    assert {each.author for each in two.elements} == {"hub:ada"}
                    # What one drew at one server, one erases at the other; nobody else does.
                    session_of(other).call(lambda session: session.operations.operate(erase))
                    wait_until(
                        lambda: session_of(other).call(lambda session: session.membership.notice),
                        "grace is refused",
                    )
                    session_of(two).call(lambda session: session.operations.operate(erase))
                    wait_until(lambda: not one.elements, "it is gone")
                finally:
                    for each in boards:
                        each.disconnect()

            await asyncio.to_thread(people)

    go(story())


def test_a_code_is_typed_by_who_has_logged_in(fake: FakeHub) -> None:
    ada = fake.add("ada")
    login = HubLogin(fake.service, SECRET)
    cookie = login.admit(ada, time.time(), encrypted=False).split(";")[0]

    async def story() -> None:
        async with relay_of(fake) as relay, on(relay, ada) as kernel:
            await enter(kernel, "lesson")
            await kernel.say(Share(id=1))
            code: Code = await kernel.hear(Code)
            path = f"/services/sketch/code?words={quote(code.words)}"
            stranger = await asyncio.to_thread(fetch, relay.port, path)
            assert (stranger.status, "/hub/api/oauth2/authorize" in stranger.headers["Location"]) == (302, True)
            assert "lesson" not in stranger.headers["Location"]
            answer = await asyncio.to_thread(fetch, relay.port, path, Cookie=cookie)
            assert (answer.status, answer.headers["Location"]) == (303, "r/lesson")
            hidden = await asyncio.to_thread(fetch, relay.port, path, Cookie=cookie, Sec_Fetch_Mode="cors")
            assert hidden.status == 403

    go(story())


def test_a_cookie_is_of_use_to_pages_that_a_person_opened_alone(fake: FakeHub) -> None:
    ada, mallory = fake.add("ada"), fake.add("mallory")
    login = HubLogin(fake.service, SECRET)
    cookie, other = (login.admit(token, time.time(), encrypted=False).split(";")[0] for token in (ada, mallory))
    session = login.session({"ipysketch-session": other.partition("=")[2]}, time.time())
    assert session is not None

    async def story() -> None:
        async with relay_of(fake) as relay:
            origin = f"http://127.0.0.1:{relay.port}"
            for ticket in ("", ada, "forged", login.ticket(session, time.time())):
                async with wire(relay.port, "/services/sketch/", Cookie=cookie, Origin=origin) as page:
                    await page.say(Join("main", token=ticket))
                    assert (await page.hear((Welcome, Error))).code == "token", ticket
            for mode, dest in (
                ("cors", "empty"),
                ("no-cors", "script"),
                ("navigate", "iframe"),
                ("", "object"),
            ):
                answer = await asyncio.to_thread(
                    fetch,
                    relay.port,
                    "/services/sketch/r/main",
                    Cookie=cookie,
                    Sec_Fetch_Mode=mode,
                    Sec_Fetch_Dest=dest,
                )
                assert (answer.status, b"ticket" in answer.body) == (403, False)
            modules = await asyncio.to_thread(fetch, relay.port, "/services/sketch/page/page.js")
            assert modules.status == 200

    go(story())


def test_a_browser_with_many_tabs_does_not_send_ever_more_cookies(fake: FakeHub) -> None:
    async def story() -> None:
        async with relay_of(fake) as relay:
            jar: dict[str, str] = {}
            for _ in range(20):
                header = "; ".join(f"{name}={value}" for name, value in jar.items())
                answer = await asyncio.to_thread(fetch, relay.port, "/services/sketch/r/main", Cookie=header)
                assert answer.status == 302
                for said in answer.headers.get_all("Set-Cookie") or []:
                    for name, morsel in SimpleCookie(said).items():
                        jar[name] = morsel.value
                jar = {name: value for name, value in jar.items() if value}
            assert 1 <= len(jar) <= 4

    go(story())


def test_a_hub_that_does_not_tell_groups_is_said_in_words(fake: FakeHub) -> None:
    ada = fake.add("ada")
    del fake.users["ada"]["groups"]

    async def story() -> None:
        async with relay_of(fake) as relay:
            with pytest.raises(InvalidStatus) as caught:
                async with on(relay, ada):
                    pass
            assert caught.value.response.status_code == 503
            assert b"gives the service sketch the scopes read:users:groups" in (
                caught.value.response.body or b""
            )

    go(story())


def test_a_board_shows_its_token_in_the_header_and_nowhere_else(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str, str]] = []

    def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        frame = str(socket.recv())
        seen.append((socket.request.headers.get("Authorization", ""), frame))
        socket.send(msgspec.json.encode([Error("token", "no", fatal=True)]).decode())

    with serve(handle, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/services/sketch/"
        monkeypatch.setattr(local_hub, "find", lambda *_: local_hub.HubRelay(url, "hubs-secret"))
        board = Sketch()
        with pytest.raises(SketchError):
            board.connect()
        with pytest.raises(SketchError):  # Another relay that a cell names does not get it.
            board.connect(url.replace("127.0.0.1", "localhost"))
        server.shutdown()
    (shown, frame), (elsewhere, _) = seen
    assert shown == "Bearer hubs-secret"
    assert elsewhere == ""
    assert "hubs-secret" not in frame + board.status + board.relay + caplog.text + repr(board)


def run_relay(home: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "relay", *options],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hub"], "--hub needs JUPYTERHUB_API_URL and JUPYTERHUB_API_TOKEN"),
        (["--hub", "--require-token"], "leave out --require-token"),
        (["--hub", "--hub-recheck", "0"], "--hub-recheck must be more than 0"),
        (["--hub", "--db", ":memory:"], "say --secret-file"),
        (["--hub", "--hub-students", "students"], "has {course} in it once"),
    ],
)
def test_options_that_cannot_be_are_said_in_words(tmp_path: Path, options: list[str], words: str) -> None:
    given = {} if options == ["--hub"] else {"JUPYTERHUB_API_URL": "http://hub", "JUPYTERHUB_API_TOKEN": "t"}
    ended = run_relay(tmp_path, *options, **given)
    assert (ended.returncode, words in ended.stderr) == (2, True), ended.stderr


def test_a_relay_that_starts_anew_knows_who_has_logged_in(fake: FakeHub, tmp_path: Path) -> None:
    """The command line itself, by the variables that a Hub sets; it runs twice on one database."""
    ada = fake.add("ada")
    port = free_port()
    surroundings = environment(
        tmp_path, **fake.environment(), JUPYTERHUB_SERVICE_URL=f"http://127.0.0.1:{port}"
    )
    command = [sys.executable, "-m", "relay", "--hub", "--db", str(tmp_path / "relay.sqlite")]
    tickets = []
    cookie = ""
    for _ in range(2):
        with subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True) as relay:
            assert relay.stderr is not None
            assert f"listening on ws://127.0.0.1:{port}" in relay.stderr.readline()
            if not cookie:
                secret = (tmp_path / "relay.sqlite.secret").read_bytes().strip()
                cookie = HubLogin(fake.service, secret).admit(ada, time.time(), encrypted=False).split(";")[0]
            page = fetch(port, "/services/sketch/r/main", Cookie=cookie)
            tickets.append(re.findall(r'ticket" content="([^"]+)"', page.body.decode()))
            assert fetch(port, "/services/sketch/r/main", Cookie=cookie + "x").status == 302
            assert fetch(port, "/services/sketch/healthz").body == b"ok\n"
            relay.terminate()
    assert all(tickets), tickets
    assert os.stat(tmp_path / "relay.sqlite.secret").st_mode & 0o077 == 0
