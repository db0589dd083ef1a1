"""A real JupyterHub with its proxy: its users meet in one room under the names that it has for them, and nobody else.

The Hub is started once. Servers of its users are started beside one another, for each takes seconds.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from relay.protocol import (
    CLOSE_REVOKED,
    Error,
    Event,
    Join,
    PeerEvent,
    PeerState,
    Presence,
    Welcome,
    decode_server,
    encode,
)

from ..support.hub import HubProcess, Visitor
from ..support.waiting import DEADLINE, wait_until
from .conftest import FRAME, PIXELS, SCREENSHOTS, WHERE, Notebook, at_rest, new_page, quiet
from .islands import JOINED, ink_color, people_list, press
from .test_short_road import LISTEN, UP

SOCKETS = "() => window.roads.filter(({ socket }) => socket.readyState === 1).map(({ socket }) => socket.url)"
FIRST_CELL = "%load_ext ipysketch\n%sketch connect --room lesson1"
CELLS = [
    FIRST_CELL,
    "import ipysketch\nboard = ipysketch.connect(room='lesson1')\n[*board.people, board.share()]",
    "import ipysketch\nprint(ipysketch.connect(room='lesson1').share().url)",
]
GROUPS = {
    "algebra-students": ["ada", "grace", "mary"],
    "algebra-instructors": ["emmy"],
    "physics-students": ["mallory"],
}
PAPER = WHERE.replace(".ipysketch-overlay", ".ipysketch-paper")
ACCESS = "access:services!service=sketch"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    home = tmp_path_factory.mktemp("hub")
    # Nobody tells this Hub or its relay at which address people reach them.
    running = HubProcess(home, GROUPS, more='c.JupyterHub.public_url = ""\n')
    for user in ("ada", "grace"):
        quiet(home / user / ".jupyter")
        (home / user / "lesson.ipynb").write_text(json.dumps(lesson()))
        running.start_server(user)
    running.start_server("mary", "second")
    yield running
    running.stop()


def lesson() -> dict[str, Any]:
    """The notebook of a lesson: its first cell connects."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for n, text in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def open_socket(hub: HubProcess, **headers: str) -> Iterator[ClientConnection]:
    """A websocket by way of the Hub's proxy; raises InvalidStatus."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = hub.relay.replace("http", "ws", 1)
    with connect(url, additional_headers=named, proxy=None, open_timeout=DEADLINE, compression=None) as socket:
        yield socket


def refused(hub: HubProcess, **headers: str) -> tuple[int, str]:
    """With which status and words a websocket is refused."""
    with pytest.raises(InvalidStatus) as caught, open_socket(hub, **headers):
        pass
    return caught.value.response.status_code, caught.value.response.body.decode()


def messages_until(socket: ClientConnection, *kinds: type) -> list[Any]:
    """What the relay says up to a message of one of these kinds."""
    heard: list[Any] = []
    while not any(isinstance(message, kinds) for message in heard):
        frame = socket.recv(timeout=DEADLINE)
        if isinstance(frame, str):
            heard += decode_server(frame)
    return heard


def join(socket: ClientConnection, room: str, **fields: Any) -> list[Any]:
    """Join a room; returns what the relay said until it was let in, and who is there, or refused."""
    socket.send(encode([Join(room, **fields)]), text=True)
    return messages_until(socket, PeerState, Error)


def closed(socket: ClientConnection) -> tuple[int, str]:
    """With which code and words the relay closes a websocket."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=DEADLINE)
    return socket.close_code or 0, socket.close_reason or ""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_in(page: Page, hub: HubProcess, user: str, url: str) -> None:
    """Open a page of the Hub; its login comes in between."""
    page.goto(url)
    page.fill("#username_input", user)
    page.fill("#password_input", "any")
    page.click("#login_submit")


@pytest.fixture(scope="module")
def notebooks(hub: HubProcess, browser: Browser) -> list[Notebook]:
    """Ada's and Grace's notebooks: each has logged in, opened the same notebook, and run its first cell."""
    opened = []
    for user in ("ada", "grace"):
        hub.start_kernel(user, "lesson.ipynb")
        page = new_page(browser, viewport={"width": 1100, "height": 900})
        log_in(page, hub, user, f"{hub.address}/hub/token")  # A page that loads little.
        page.wait_for_url("**/hub/token")
        opened.append(Notebook(page, f"{hub.address}/user/{user}/lab/tree/lesson.ipynb"))
    for notebook in opened:
        notebook.execute(0)
    for notebook in opened:
        notebook.connected(here=2)
    return opened


def test_the_bare_first_cell_meets_in_one_room_with_the_hubs_names(
    hub: HubProcess, notebooks: list[Notebook]
) -> None:
    ada, grace = notebooks
    for notebook in notebooks:
        expect(notebook.page.get_by_role("button", name="algebra.lesson1 · 2 people")).to_be_visible()
    ada.button("Width: Extra thick")  # Fast ink is thin, and pale where a pixel is not covered.
    ada.stroke((200, 200), (500, 200))
    grace.sees(350, 200, ink_color(ada.page))
    listed = people_list(ada.page)
    expect(listed).to_contain_text("ada (you)")
    expect(listed).to_contain_text("grace")
    expect(listed.locator(".ipysketch-verified")).to_have_count(2)
    ada.screenshot("hub-notebook")
    grace.execute(1)
    wait_until(
        lambda: "author='hub:ada'" in grace.output(1), "people are printed", lambda: grace.page.evaluate(FRAME)
    )
    assert grace.output(1).count("verified=True") == 2
    assert f"{hub.relay}r/algebra.lesson1" in grace.output(1)
    for user, notebook in zip(("ada", "grace"), notebooks, strict=True):
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        saved = (hub.home / user / "lesson.ipynb").read_text()
        assert "ipysketch draws through this Hub's relay" in saved
        assert hub.server(user)["JUPYTERHUB_API_TOKEN"] not in saved


def test_live_ink_goes_past_the_kernel_at_an_address_that_only_the_page_knows(
    hub: HubProcess, browser: Browser, notebooks: list[Notebook]
) -> None:
    """By a name that is not loopback for the page, so that the relay's own address is of no use to it."""
    page = new_page(browser, viewport={"width": 1100, "height": 900})
    page.add_init_script(LISTEN)
    at = f"hub.localhost:{hub.port}"
    log_in(page, hub, "ada", f"http://{at}/hub/token")
    page.wait_for_url("**/hub/token")
    Notebook(page, f"http://{at}/user/ada/lab/tree/lesson.ipynb")
    page.wait_for_function(UP)
    sockets = page.evaluate(SOCKETS)
    assert [url.partition("?")[0] for url in sockets] == [f"ws://{at}/services/sketch/"]
    # Whoever sits there is somebody else, on the same kernel.
    expect(people_list(notebooks[1].page)).to_contain_text("ada (2)")
    page.context.close()


def test_a_page_opens_after_the_login_under_the_hubs_name(
    hub: HubProcess, browser: Browser, notebooks: list[Notebook]
) -> None:
    page = new_page(browser, viewport={"width": 1100, "height": 900})
    log_in(page, hub, "emmy", f"{hub.relay}r/lesson1")
    page.wait_for_url(f"{hub.relay}r/algebra.lesson1")  # The course is added.
    page.wait_for_function(JOINED, arg=3)
    assert page.locator("meta[name=ipysketch-ticket]").count() == 0
    box = page.locator(".ipysketch-paper").bounding_box()
    assert box is not None
    press(page, "Pen")
    press(page, "Width: Extra thick")
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    notebooks[0].sees(480, 360, ink_color(page))
    listed = people_list(page)
    expect(listed).to_contain_text("emmy (you)")
    expect(listed.locator(".ipysketch-verified")).to_have_count(3)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "hub-page.png")
    page.reload()
    page.wait_for_function(JOINED, arg=3)
    page.context.close()


def test_a_phone_that_has_not_logged_in_draws_by_the_link_of_a_notebook(
    hub: HubProcess, browser: Browser, notebooks: list[Notebook]
) -> None:
    ada = notebooks[0]
    ada.execute(2)
    wait_until(lambda: "http" in ada.output(2), "the link is printed", lambda: ada.page.evaluate(FRAME))
    link = ada.output(2).strip()
    phone = new_page(
        browser, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    errors: list[str] = []
    phone.on("pageerror", lambda error: errors.append(str(error)))
    log_in(phone, hub, "mary", link)
    phone.wait_for_url(link)  # Not the Hub's home: what was scanned.
    phone.wait_for_function(JOINED, arg=3)
    left, top, width, height = at_rest(phone, PAPER)
    assert ada.blank(640, 540)
    touch = phone.context.new_cdp_session(phone)
    for kind, place in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.7), ("touchEnd", None)):
        at = [] if place is None else [{"x": left + width * place, "y": top + height * 3 / 4, "id": 0}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    # A finger's ink is thin, and pale where a pixel is not covered.
    ada.page.wait_for_function(f"place => ({PIXELS})(place).some(p => p[3] > 40)", arg=[640, 540, 0])
    expect(people_list(ada.page)).to_contain_text("mary")
    ada.page.keyboard.press("Escape")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    phone.screenshot(path=SCREENSHOTS / "hub-phone.png")
    ada.screenshot("hub-beside-a-phone")
    assert errors == []
    phone.context.close()


def test_a_kernel_is_its_servers_user_whatever_it_says(hub: HubProcess) -> None:
    said = hub.server("mary", "second")
    token = said["JUPYTERHUB_API_TOKEN"]
    with open_socket(hub, **bearer(token)) as socket:
        *_, mary = join(socket, "lesson1", name="emmy", secret="hub:emmy")
        assert (mary.author, mary.state["name"], mary.role, mary.verified) == (
            "hub:mary",
            "mary",
            "editor",
            True,
        )
        socket.send(encode([Presence({"name": "emmy"})]), text=True)
        [error] = [message for message in messages_until(socket, Error) if isinstance(message, Error)]
        assert error.code == "bad-name"
    assert said["IPYSKETCH_HUB_URL"] == f"ws://127.0.0.1:{hub.relay_port}/services/sketch/"


@pytest.mark.parametrize(
    ("user", "room", "expected"),
    [
        ("emmy", "lesson1", ("algebra.lesson1", "moderator")),
        ("mallory", "lesson1", ("physics.lesson1", "editor")),
        ("mallory", "algebra.lesson1", "mallory is in no group of 'algebra'; ask its instructor"),
        ("stranger", "lesson1", "stranger is in no group of a course; ask an instructor"),
        ("prof", "algebra.lesson1", ("algebra.lesson1", "moderator")),
        ("prof", "lesson1", "say of which course: algebra.lesson1, physics.lesson1"),
        ("ada", "~ada.diary", ("~ada.diary", "owner")),
        ("prof", "~ada.diary", "'~ada.diary' is not a room of prof's own: those begin with ~prof."),
    ],
)
def test_groups_say_which_room_and_which_role(hub: HubProcess, user: str, room: str, expected: Any) -> None:
    if user == "stranger":
        with suppress(HTTPError):  # It is there already.
            hub.api("POST", f"/users/{user}")
    with open_socket(hub, **bearer(hub.token(user, ACCESS))) as socket:
        heard = join(socket, room)
        [answer] = [message for message in heard if isinstance(message, Welcome | Error)]
        assert expected == (answer.reason if isinstance(answer, Error) else (answer.room, answer.role))


def test_who_has_not_logged_in_gets_the_login_and_no_websocket(hub: HubProcess) -> None:
    stranger = Visitor(hub)
    status, url, _ = stranger.get(f"{hub.relay}r/algebra.lesson1")
    assert (status, url.split("?")[0]) == (200, f"{hub.address}/hub/login")
    unknown = bearer("0" * 32)
    elsewhere = bearer(hub.token("ada", "access:servers!server=ada/"))
    for headers in ({}, unknown, elsewhere, {"Cookie": "ipysketch-session=forged"}, bearer(hub.admin)):
        status, words = refused(hub, **headers)
        known = headers == elsewhere
        assert (status, words.startswith("the Hub does not " + ("let" if known else "know") + " you")) == (
            403,
            True,
        ), headers
    status, _, words = stranger.get(f"{hub.relay}oauth_callback?code=x&state=y")
    assert (status, "begun no such login" in words) == (403, True)
    assert stranger.get(f"{hub.relay}metrics")[0] == 403
    assert stranger.get(f"{hub.relay}metrics", **bearer(hub.token("prof", "read:metrics")))[0] == 200
    assert stranger.get(f"{hub.relay}healthz")[0] == 200


def test_a_cookie_alone_opens_nothing(hub: HubProcess) -> None:
    ada, mallory = Visitor(hub), Visitor(hub)
    ada.log_in("ada")
    mallory.log_in("mallory")
    tickets = {"ada": ada.ticket("lesson1"), "mallory": mallory.ticket("lesson1")}
    cookie = {"Cookie": ada.cookie(), "Origin": hub.address}
    for token, code in (
        (tickets["ada"], ""),
        (tickets["mallory"], "token"),
        ("", "token"),
        ("forged", "token"),
    ):
        with open_socket(hub, **cookie) as socket:
            last = join(socket, "lesson1", token=token)[-1]
            assert (last.code if isinstance(last, Error) else "") == code
    assert refused(hub, Cookie=ada.cookie(), Origin="https://evil.example")[0] == 403
    # What scripts of another page would ask, from another site and from a notebook of the same Hub.
    for mode, dest, site in (
        ("cors", "empty", "same-origin"),
        ("no-cors", "image", "cross-site"),
        ("navigate", "iframe", "same-origin"),
    ):
        status, _, body = ada.get(
            f"{hub.relay}r/lesson1", Sec_Fetch_Mode=mode, Sec_Fetch_Dest=dest, Sec_Fetch_Site=site
        )
        assert status == 403
        assert "ticket" not in body
    for each in ada.cookies:
        if each.name.startswith("ipysketch"):
            assert each.path == "/services/sketch/"
            assert each.has_nonstandard_attr("HttpOnly")
            assert each.get_nonstandard_attr("SameSite") == "Lax"


def test_who_loses_the_group_or_the_login_is_out(hub: HubProcess) -> None:
    grace = Visitor(hub)
    grace.log_in("emmy")
    ticket = grace.ticket("lesson1")
    page = {"Cookie": grace.cookie(), "Origin": hub.address}
    kernel = bearer(hub.token("ada", ACCESS))
    with open_socket(hub, **kernel) as by_token, open_socket(hub, **page) as by_page:
        join(by_token, "lesson1")
        join(by_page, "lesson1", token=ticket)
        hub.api("DELETE", "/groups/algebra-students/users", {"users": ["ada"]})
        assert closed(by_token) == (CLOSE_REVOKED, "ada is in no group of 'algebra'; ask its instructor")
        hub.api("POST", "/groups/algebra-students/users", {"users": ["ada"]})
        grace.get(f"{hub.address}/hub/logout")
        code, reason = closed(by_page)
        assert (code, "you logged out" in reason) == (CLOSE_REVOKED, True)
    with open_socket(hub, **page) as socket:
        assert join(socket, "lesson1", token=ticket)[-1].code == "token-expired"


def test_a_server_that_stops_takes_its_token_along(hub: HubProcess) -> None:
    token = hub.server("mary", "second")["JUPYTERHUB_API_TOKEN"]
    with open_socket(hub, **bearer(token)) as socket:
        join(socket, "lesson1")
        hub.api("DELETE", "/users/mary/servers/second")
        assert closed(socket)[0] == CLOSE_REVOKED
    assert refused(hub, **bearer(token))[0] == 403
    assert token not in hub.log.read_text()
    stored = [path for path in hub.home.glob("relay.sqlite*") if path.is_file()]
    assert stored
    assert token.encode() not in b"".join(path.read_bytes() for path in stored)


def test_while_the_hub_is_away_who_is_in_stays_in(hub: HubProcess) -> None:
    tokens = [hub.token(user, ACCESS) for user in ("ada", "grace")]
    late = hub.token("ada", ACCESS)
    with ExitStack() as stack:
        ada, grace = (stack.enter_context(open_socket(hub, **bearer(token))) for token in tokens)
        for socket in (ada, grace):
            join(socket, "lesson1")
        hub.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: "the Hub does not answer" in hub.log.read_text(), "the relay notices")
            status, words = refused(hub, **bearer(late))
            assert (status, words) == (503, "the Hub does not answer; try again in a moment\n")
            ada.send(encode([Event("still", 1)]), text=True)
            assert any(isinstance(message, PeerEvent) for message in messages_until(grace, PeerEvent))
            with open_socket(hub, **bearer(tokens[0])) as again:  # A kernel whose connection was lost.
                assert any(isinstance(message, Welcome) for message in join(again, "lesson1"))
        finally:
            hub.process.send_signal(signal.SIGCONT)
        wait_until(lambda: "the Hub answers again" in hub.log.read_text(), "the relay notices")
