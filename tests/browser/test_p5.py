"""The p5 sketch of ``notebooks/p5``, in Chromium: with a second one and a notebook's board in one room."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ..support.processes import RelayProcess, free_port
from ..support.waiting import wait_until
from .conftest import FRAME, SCREENSHOTS, Lab, new_page

P5 = "2.3.4"
SKETCH = Path(__file__).parents[2] / "notebooks" / "p5"
BLUE, ORANGE = (31, 119, 180), (224, 123, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sketch with its p5, from the npm registry: what its page of explanation says, done."""
    npm = shutil.which("npm")
    assert npm, "npm is needed for p5: install it and try again"
    made = tmp_path_factory.mktemp("p5")
    subprocess.run([npm, "pack", "--silent", f"p5@{P5}"], cwd=made, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(made / f"p5-{P5}.tgz") as package:
        found = package.extractfile("package/lib/p5.min.js")
        assert found is not None
        (made / "p5.min.js").write_bytes(found.read())
    for name in ("index.html", "sketch.js"):
        shutil.copy(SKETCH / name, made)
    return made


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", free_port()), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, folder: Path, origin: str) -> Iterator[RelayProcess]:
    """A relay that lets the sketch's origin in, at the address that the sketch has."""
    process = RelayProcess(tmp_path_factory.mktemp("hub"), ":memory:", "--allow-origin", origin)
    text = (SKETCH / "sketch.js").read_text()
    (folder / "sketch.js").write_text(
        text.replace("http://127.0.0.1:8765", process.url.replace("ws", "http", 1))
    )
    yield process
    process.stop()


def sketch(browser: Browser, origin: str) -> Page:
    page = new_page(browser, viewport={"width": 700, "height": 420})
    page.goto(origin)
    page.wait_for_function("() => typeof socket !== 'undefined' && socket?.connection === 'connected'")
    return page


def drag(page: Page) -> None:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=10)
    page.mouse.up()


def sees(page: Page, x: int, y: int, color: tuple[int, int, int]) -> None:
    page.wait_for_function(
        """([x, y, color]) => {
            const canvas = document.querySelector('canvas');
            const scale = canvas.width / 640;
            const [r, g, b] = canvas.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data;
            return Math.abs(r - color[0]) + Math.abs(g - color[1]) + Math.abs(b - color[2]) < 12;
        }""",
        arg=[x, y, list(color)],
    )


def test_two_sketches_and_a_notebook_in_one_room(
    browser: Browser, origin: str, hub: RelayProcess, lab: Lab
) -> None:
    page = SKETCH.joinpath("README.md").read_text()
    said = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert said
    code = said[1].replace("ws://127.0.0.1:8765", hub.url)
    first, second = sketch(browser, origin), sketch(browser, origin)
    notebook = lab.notebook("p5", [f"{code}\nboard"])
    notebook.run()
    for eye in (first, second):
        sees(eye, 320, 180, ORANGE)  # The notebook's own dot.
    drag(first)
    sees(first, 200, 150, BLUE)
    sees(second, 200, 150, ORANGE)
    notebook.sees(300, 200, "#e07b00")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    second.screenshot(path=SCREENSHOTS / "p5.png")
    notebook.screenshot("p5-notebook")
    for eye in (first, second):
        eye.context.close()
    notebook.page.context.close()


def test_a_sketch_from_an_origin_that_was_not_allowed_cannot_join(
    browser: Browser, folder: Path, origin: str, tmp_path: Path
) -> None:
    closed = RelayProcess(tmp_path, ":memory:")
    page = new_page(browser)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(origin)
    failed = page.evaluate(
        "url => import(url).then(() => '', error => String(error))",
        closed.url.replace("ws", "http", 1) + "/ipysketch.js",
    )
    assert "Failed to fetch" in failed
    wait_until(
        lambda: any("CORS" in error for error in errors), "the browser says why", lambda: page.evaluate(FRAME)
    )
    page.context.close()
    closed.stop()
