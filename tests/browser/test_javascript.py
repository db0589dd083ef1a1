"""The example of docs/how-to/javascript.md, as it stands there, in Chromium: a page of another origin beside a kernel."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ipysketch import Sketch
from ipysketch.model.elements import Stroke

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from .conftest import new_page

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "javascript.md"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An origin that is not the relay's, and the directory it shows."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


def example(relay: RelayProcess) -> str:
    """The example, with the port of this relay."""
    [html] = re.findall(r"```html\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert html.count("127.0.0.1:8765") == 3
    return str(html).replace("127.0.0.1:8765", f"127.0.0.1:{relay.port}")


def draw(page: Page, *points: tuple[int, int]) -> None:
    """A line of the mouse along `points` of the canvas."""
    corner = page.locator("#board").bounding_box()
    assert corner is not None
    places = [(corner["x"] + 1 + x, corner["y"] + 1 + y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)


INKED = "([x, y, ink]) => ink === document.querySelector('#board').getContext('2d').getImageData(x, y, 1, 1).data[3] > 0"


def until_inked(page: Page, x: int, y: int, ink: bool = True) -> None:
    """Wait until there is ink at (x, y), or none."""
    page.wait_for_function(INKED, arg=[x, y, ink])


def test_the_example_draws_with_a_kernel(browser: Browser, tmp_path: Path, site: tuple[str, Path]) -> None:
    origin, folder = site
    relay = RelayProcess(tmp_path, None, "--allow-origin", origin)
    board = Sketch(name="Grace")
    together = "connected · room algebra · 2 here"
    try:
        (folder / "index.html").write_text(example(relay))
        (folder / "favicon.ico").touch()
        board.connect(relay.url, "algebra")
        board.stroke([(100, 600), (300, 600)], width=8)
        page = new_page(browser, viewport={"width": 1300, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(origin)
        expect(page.locator("#status")).to_have_text(together)
        until_inked(page, 200, 600)
        draw(page, (100, 100), (300, 100), (300, 300))
        until_shown(board, lambda state: len(state.live) == 1, "the ink under the page's hand")
        page.mouse.up()
        until_shown(board, lambda state: len(state.elements) == 2 and not state.live, "the page's stroke")
        stroke = board.elements[1]
        assert isinstance(stroke, Stroke)
        assert stroke.color == "#d1495b"
        until_inked(page, 200, 100)
        relay.kill()
        expect(page.locator("#status")).to_contain_text("reconnecting in")
        draw(page, (500, 100), (700, 100))
        page.mouse.up()
        expect(page.locator("#status")).to_contain_text("1 stroke waiting")
        until_inked(page, 600, 100)
        relay.start()
        expect(page.locator("#status")).to_have_text(together)
        until_shown(board, lambda state: len(state.elements) == 3, "what was drawn meanwhile")
        page.locator("#undo").click()
        page.locator("#undo").click()
        expect(page.locator("#undo")).to_be_disabled()
        until_shown(board, lambda state: len(state.elements) == 1, "the undo of both")
        for x, y, ink in ((200, 600, True), (200, 100, False), (600, 100, False)):
            until_inked(page, x, y, ink)
        # That a socket could not be opened is said by the browser itself.
        assert not [error for error in errors if "ERR_CONNECTION_REFUSED" not in error]
        page.context.close()
    finally:
        board.disconnect()
        relay.stop()


def test_a_page_from_elsewhere_cannot_even_load_it(
    browser: Browser, tmp_path: Path, site: tuple[str, Path]
) -> None:
    origin, folder = site
    relay = RelayProcess(tmp_path)
    try:
        (folder / "index.html").write_text(example(relay))
        page = new_page(browser)
        page.goto(origin)
        load = "(url) => import(url).then(() => 'loaded', (error) => error.message)"
        said = page.evaluate(load, f"http://127.0.0.1:{relay.port}/ipysketch.js")
        assert "Failed to fetch dynamically imported module" in said
        page.context.close()
    finally:
        relay.stop()
