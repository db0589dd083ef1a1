"""A Jupyter server at a name that is none of this machine's, with HTTPS, a base URL and a token: the relay's page through
our extension, and through jupyter-server-proxy by port and by name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role

from ..support.jupyter import BASE, TOKEN, JupyterServer, own_relay
from ..support.processes import RelayProcess
from ..support.proxies import make_certificate
from ..support.waiting import DEADLINE
from .conftest import (
    MILLISECONDS,
    QUIET,
    SCREENSHOTS,
    VIEWPORT,
    Notebook,
    at_rest,
    new_page,
    quiet,
    until_in_page,
)
from .islands import JOINED
from .test_hub import SOCKETS
from .test_page import PIXELS
from .test_short_road import BLUE, COUNT, LISTEN, UP

NAME = "lab.school.example"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("remote")


@pytest.fixture(scope="module")
def relay(home: Path) -> Iterator[RelayProcess]:
    process = own_relay(home)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def server(home: Path, relay: RelayProcess) -> Iterator[JupyterServer]:
    certificate = make_certificate(home)
    quiet(home / "jupyter settings")
    running = JupyterServer(
        home,
        "--ServerApp.allow_remote_access=True",
        f"--ServerApp.certfile={certificate.chain}",
        f"--ServerApp.keyfile={certificate.key}",
        "--LabApp.expose_app_in_browser=True",
        module="jupyterlab",
        certificate=certificate,
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def elsewhere(browser: Browser) -> Iterator[Browser]:
    """A browser for which the server has a name of its own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    running = browser.browser_type.launch(
        executable_path=found,
        args=[*QUIET, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
        timeout=DEADLINE * MILLISECONDS,
    )
    yield running
    running.close()


def token(relay: RelayProcess, role: Role = Role.EDITOR) -> str:
    tokens = Tokens(read_secret(Path(relay.database + ".secret")))
    return tokens.mint(room="*", role=role, name="Ada", seconds=3600, now=time.time())[0]


def visit(browser: Browser, address: str) -> tuple[Page, list[str]]:
    page = new_page(browser, ignore_https_errors=True, viewport={"width": 900, "height": 700})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.add_init_script("localStorage.setItem('ipysketch.name', 'Ada')")
    page.goto(address)
    return page, errors


def login(page: Page) -> None:
    page.locator("#password_input").fill(TOKEN)
    page.locator("#login_submit").click()


def connected(page: Page) -> None:
    until_in_page(page, JOINED, None)


def draw(page: Page, y: int) -> None:
    """A line at `y` board units, from 300 to 900."""
    left, top, width, _ = at_rest(page)
    scale = width / 1280
    page.mouse.move(left + 300 * scale, top + y * scale)
    page.mouse.down()
    page.mouse.move(left + 900 * scale, top + y * scale, steps=5)
    page.mouse.up()


def sees(page: Page, y: int) -> None:
    """Wait for dry ink in the middle of the line at `y`, thin as it may be: it was drawn fast."""
    until_in_page(page, f"place => ({PIXELS})(place).some(p => p[3] > 40)", [600, y, ".ipysketch-paper"])


def test_a_room_opens_after_the_servers_login_and_stays_after_a_reload(
    server: JupyterServer, elsewhere: Browser
) -> None:
    page, errors = visit(elsewhere, f"https://{NAME}:{server.port}{BASE}ipysketch/r/algebra")
    login(page)
    connected(page)
    assert page.url == f"https://{NAME}:{server.port}{BASE}ipysketch/r/algebra"
    draw(page, 300)
    sees(page, 300)
    page.reload()
    connected(page)
    sees(page, 300)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "jupyter-server.png")
    assert errors == []
    page.context.close()


def test_a_link_with_a_token_is_what_the_token_says(
    server: JupyterServer, relay: RelayProcess, elsewhere: Browser
) -> None:
    page, _ = visit(elsewhere, f"https://{NAME}:{server.port}{BASE}ipysketch/?token={TOKEN}")
    page.locator("input[name=room]").wait_for()
    page.goto(f"https://{NAME}:{server.port}{BASE}ipysketch/r/algebra#token={token(relay, Role.VIEWER)}")
    connected(page)
    page.locator("[data-draws=false]").first.wait_for()
    page.context.close()


def test_live_ink_of_a_notebook_goes_past_its_kernel_by_way_of_the_server(
    home: Path, server: JupyterServer, elsewhere: Browser
) -> None:
    cell = f"%load_ext ipysketch\n%sketch connect --room plane --name Grace --color '{BLUE}'"
    spec = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)], metadata=spec)
    (home / "lesson.ipynb").write_text(nbformat.writes(content))
    base = f"{NAME}:{server.port}{BASE}"
    page = new_page(elsewhere, ignore_https_errors=True, viewport=VIEWPORT)
    page.add_init_script(LISTEN)
    notebook = Notebook(page, f"https://{base}lab/tree/lesson.ipynb?token={TOKEN}")
    notebook.run()
    page.wait_for_function(UP)
    assert [url.partition("?")[0] for url in page.evaluate(SOCKETS)] == [f"wss://{base}ipysketch/"]
    other, errors = visit(elsewhere, f"https://{base}ipysketch/r/plane")
    login(other)
    connected(other)
    notebook.connected(here=2)
    notebook.press(300, 200)
    notebook.drag(900, 200)
    # The button is still down.
    until_in_page(other, f"place => ({PIXELS})(place).some(p => p[3] > 40)", [600, 200, ".ipysketch-live"])
    assert page.evaluate(COUNT, ["sent", "preview"])
    notebook.screenshot("jupyter-server-notebook")
    notebook.release()
    sees(other, 200)
    assert errors == notebook.errors == []
    for each in (page, other):
        each.context.close()


@pytest.mark.parametrize("way", ["by port", "by name"])
def test_jupyter_server_proxy_reaches_it_too(
    server: JupyterServer, relay: RelayProcess, elsewhere: Browser, way: str
) -> None:
    path = f"proxy/{relay.port}/" if way == "by port" else "ipysketch-relay/"
    page, errors = visit(elsewhere, f"https://{NAME}:{server.port}{BASE}{path}?token={TOKEN}")
    page.locator("input[name=room]").wait_for()
    page.goto(f"https://{NAME}:{server.port}{BASE}{path}r/algebra#token={token(relay)}")
    connected(page)
    height = 400 if way == "by port" else 500
    draw(page, height)
    sees(page, height)
    page.reload()
    connected(page)
    sees(page, height)
    assert errors == []
    page.context.close()
