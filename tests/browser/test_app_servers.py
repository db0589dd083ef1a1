"""Two people at one app server: each has a board of their own, sees the other's ink, and leaves with their page.

The libraries are in an environment of their own (`make hosts`): docs/decisions/0027. Pages of Panel and Solara load files
from elsewhere, which are not to be had in a test: these are spoken to without a browser.
"""

from __future__ import annotations

import json
import subprocess
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from websockets.sync.client import connect

from ipysketch import Sketch

from ..support.processes import RelayProcess, environment, free_port, wait_until_it_answers
from ..support.waiting import DEADLINE, wait_until
from .conftest import new_page

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-hosts"

SHINY = """
import ipysketch
from shiny import App, ui
from shinywidgets import output_widget, render_widget

def server(input, output, session):
    @render_widget
    def board():
        return ipysketch.connect(room="shiny").widget

app = App(ui.page_fluid(output_widget("board")), server)
"""
PANEL = """
import ipysketch, panel as pn
pn.extension("ipywidgets")
pn.pane.IPyWidget(ipysketch.connect(room="panel").widget).servable()
"""
SOLARA = """
import ipysketch, solara

@solara.component
def Page():
    solara.display(solara.use_memo(lambda: ipysketch.connect(room="solara"), []).widget)
"""
VOILA = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "first",
            "metadata": {},
            "outputs": [],
            "source": "import ipysketch\nipysketch.connect(room='voila')",
        }
    ],
    "metadata": {"kernelspec": {"display_name": "Python", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}

BOARD = ".ipysketch-overlay"
INK = """canvases => canvases.filter(canvas => canvas.width && canvas.height).map(canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
    return painted;
}).reduce((sum, each) => sum + each, 0)"""
"""How many pixels of a page's canvases are painted."""


@contextmanager
def server(
    folder: Path,
    relay: RelayProcess,
    file: str,
    text: str,
    command: Callable[[int], list[str]],
    path: str = "/",
) -> Iterator[str]:
    """Serve an app from the environment of app servers; yields its address."""
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), "the app servers are not installed: make hosts"
    (folder / file).write_text(text)
    port, log = free_port(), folder / "server.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [python, "-m", *command(port)],
            cwd=folder,
            env=environment(folder, IPYSKETCH_URL=relay.url),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}{path}"
        wait_until_it_answers(process, address, log)
        yield address
    finally:
        process.terminate()
        process.wait(DEADLINE)


@contextmanager
def watching(relay: RelayProcess, room: str) -> Iterator[Sketch]:
    watcher = Sketch(name="Watcher").connect(relay.url, room)
    yield watcher
    watcher.disconnect()


def two_pages(browser: Browser, address: str) -> list[Page]:
    pages = []
    for _ in range(2):
        page = new_page(browser)
        page.goto(address)
        page.locator(BOARD).first.wait_for()
        pages.append(page)
    return pages


def others(watcher: Sketch) -> list[str]:
    return [person.name for person in watcher.people if not person.me]


def draw(page: Page) -> None:
    """Draw a stroke in a page."""
    box = page.locator(BOARD).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=5)
    page.mouse.up()


def authors(watcher: Sketch) -> set[str]:
    return {element.author for element in watcher.elements}


SERVERS = {
    "shiny": (
        "app.py",
        SHINY,
        lambda port: ["shiny", "run", "--port", str(port), "app.py"],
        "/",
    ),
    "voila": (
        "app.ipynb",
        json.dumps(VOILA),
        lambda port: ["voila", "--no-browser", f"--port={port}", "app.ipynb"],
        "/voila/static/voila.js",
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_two_visitors_are_two_people_and_each_leaves_with_their_page(
    name: str, tmp_path: Path, relay: RelayProcess, browser: Browser
) -> None:
    file, text, command, path = SERVERS[name]
    with server(tmp_path, relay, file, text, command, path) as address, watching(relay, name) as watcher:
        pages = two_pages(browser, address.removesuffix("voila/static/voila.js"))
        try:
            wait_until(lambda: len(others(watcher)) == 2, "both visitors are there", lambda: None)
            assert len(set(others(watcher))) == 2
            for number, page in enumerate(pages, 1):
                wait_until(
                    lambda number=number: len(authors(watcher)) == number,  # type: ignore[misc]
                    "a stroke of the page is at the relay, by somebody else than all before",
                    lambda page=page: draw(page),  # type: ignore[misc]
                )
            painted = [page.locator("canvas").evaluate_all(INK) for page in pages]
            watcher.rect(700, 300, 200, 200, fill="#1f6fb2")
            for page, before in zip(pages, painted, strict=True):
                wait_until(
                    lambda page=page, before=before: (  # type: ignore[misc]
                        page.locator("canvas").evaluate_all(INK) > before
                    ),
                    "a visitor sees what somebody else draws",
                )
            pages[0].close(run_before_unload=True)
            wait_until(lambda: len(others(watcher)) == 1, "who closed their page is not there")
            before = len(watcher.elements)
            wait_until(lambda: len(watcher.elements) > before, "the other one draws on", lambda: draw(pages[1]))
        finally:
            for page in pages:
                page.context.close()
        wait_until(lambda: not others(watcher), "nobody is there")


class SolaraPage:
    """What a page of Solara sends to run its app."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        kernel, self._page = uuid.uuid4().hex, uuid.uuid4().hex
        self._closing = f"{address}_solara/api/close/{kernel}?session_id={self._page}"
        channels = (
            f"{address.replace('http', 'ws')}jupyter/api/kernels/{kernel}/channels?session_id={self._page}"
        )
        self._socket = stack.enter_context(connect(channels, proxy=None, open_timeout=DEADLINE))
        self._send("comm_open", {"comm_id": "control", "target_name": "solara.control", "data": {}})
        run = {"method": "run", "args": {"path": "", "appName": None, "themes": {}, "dark": False}}
        self._send("comm_msg", {"comm_id": "control", "data": run})

    def _send(self, kind: str, content: dict[str, object]) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": self._page,
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self._socket.send(json.dumps({**message, "buffers": []}))

    def lose(self) -> None:
        """Lose the connection, as a laptop does that is closed."""
        self._socket.close()

    def close(self) -> None:
        """Close as a browser does, which says so."""
        self._socket.close()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(self._closing, b""), timeout=DEADLINE).close()


def test_two_visitors_of_solara_are_two_people(tmp_path: Path, relay: RelayProcess) -> None:
    def command(port: int) -> list[str]:
        return ["solara", "run", "--no-open", "--host", "127.0.0.1", "--port", str(port), "app.py"]

    with (
        server(tmp_path, relay, "app.py", SOLARA, command, "/readyz") as address,
        watching(relay, "solara") as watcher,
        ExitStack() as stack,
    ):
        pages = [SolaraPage(address.removesuffix("readyz"), stack) for _ in range(2)]
        wait_until(lambda: len(others(watcher)) == 2, "both visitors are there")
        assert len(set(others(watcher))) == 2
        pages[0].close()
        wait_until(lambda: len(others(watcher)) == 1, "who closed their page is not there")
        pages[1].lose()
        wait_until(lambda: not others(watcher), "whose connection was lost is not there")


PANEL_PAGES = """
import sys
import panel, ipywidgets_bokeh.widget  # What the page holds.
from bokeh.client import pull_session
pages = [pull_session(url=sys.argv[1]) for _ in range(2)]
print("open", flush=True)
for page in pages:
    sys.stdin.readline()
    page.close()
    print("closed", flush=True)
sys.stdin.readline()
"""


def test_two_visitors_of_panel_are_two_people(tmp_path: Path, relay: RelayProcess) -> None:
    def command(port: int) -> list[str]:
        return ["panel", "serve", "--port", str(port), "app.py"]

    with (
        server(tmp_path, relay, "app.py", PANEL, command, "/favicon.ico") as address,
        watching(relay, "panel") as watcher,
        subprocess.Popen(
            [ENVIRONMENT / "bin" / "python", "-c", PANEL_PAGES, address.replace("favicon.ico", "app")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as pages,
    ):
        assert pages.stdin is not None
        assert pages.stdout is not None
        try:
            assert pages.stdout.readline() == "open\n"
            wait_until(lambda: len(others(watcher)) == 2, "both visitors are there")
            assert len(set(others(watcher))) == 2
            for left in (1, 0):
                pages.stdin.write("\n")
                pages.stdin.flush()
                assert pages.stdout.readline() == "closed\n"
                wait_until(lambda left=left: len(others(watcher)) == left, "who closed their page is not there")  # type: ignore[misc]
        finally:
            pages.kill()
