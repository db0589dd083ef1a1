"""A real JupyterLab in Chromium: the fixtures that the browser tests drive."""

from __future__ import annotations

import base64
import copy
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from ..support.processes import ROOT, RelayProcess, environment, free_port, wait_until_it_answers
from ..support.waiting import DEADLINE, wait_until
from .islands import AT, JOINED, press

SCREENSHOTS = Path("build/screenshots")
VIEWPORT: ViewportSize = {"width": 1100, "height": 900}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

MILLISECONDS = 1000
FRAME = "() => new Promise(requestAnimationFrame)"
WHERE = """() => {
    const { x, y, width, height } = document.querySelector('.ipysketch-overlay').getBoundingClientRect();
    return [x, y, width, height];
}"""
"""Where a board is in its page, and how large."""

REACH_THROUGH = """through => {
    document.querySelectorAll('.ipysketch-island').forEach(({ style }) => { style.pointerEvents = through ? 'none' : ''; });
}"""

FAR = 200
FAR_AWAY = f"""(() => {{
    const Near = window.WebSocket;
    window.WebSocket = class extends Near {{
        send(data) {{ setTimeout(() => {{ if (this.readyState === 1) super.send(data); }}, {FAR}); }}
        set onmessage(hear) {{
            super.onmessage = event => setTimeout(() => hear.call(this, event), {FAR});
        }}
    }};
}})();"""
"""What a page runs first that is far away: every word to its kernel or relay, and every one back, takes FAR milliseconds."""

POINTERS = (ROOT / "relay" / "web" / "editing" / "pointers.js").read_text()
RESTS = [int(re.findall(rf"const {name} = (\d+);", POINTERS)[0]) for name in ("REST", "LONG_PRESS")]
UNHURRIED = f"""(() => {{
    const later = window.setTimeout;
    window.setTimeout = (work, delay, ...given) =>
        later(work, {RESTS}.includes(delay) && !window.handsRest ? {DEADLINE * MILLISECONDS} : delay, ...given);
}})();"""
"""On a busy machine a hand waits between two moves for as long as one that rests: no stroke shall become neat by that, and
no finger open a menu. See `rests`."""
expect.set_options(timeout=DEADLINE * MILLISECONDS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, or Playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=QUIET,
            # As people have it on Windows and Linux: what is too wide shows.
            ignore_default_args=["--hide-scrollbars"],
            headless=not os.environ.get("HEADED"),
            timeout=DEADLINE * MILLISECONDS,
        )
        yield browser
        browser.close()


def new_page(browser: Browser, **options: Any) -> Page:
    """Return a page in a browser context of its own, which waits for whatever it waits for up to the deadline."""
    context = browser.new_context(**options)
    context.set_default_timeout(DEADLINE * MILLISECONDS)
    context.add_init_script(UNHURRIED)
    return context.new_page()


@contextmanager
def rests(page: Page) -> Iterator[None]:
    """A hand on `page` that does not move rests, as it does for people."""
    page.evaluate("() => { window.handsRest = true; }")
    yield
    page.evaluate("() => { window.handsRest = false; }")


def until_in_page(page: Page, script: str, argument: object = None) -> None:
    """Wait, frame by frame, until `script` is true: where a page's policy lets nobody evaluate text in it by itself."""
    wait_until(
        lambda: page.evaluate(script, argument),
        f"{script} of {argument}",
        lambda: page.evaluate(FRAME),
    )


def picture_of(page: Page, canvas: str) -> str:
    """Return what a canvas shows, at 640 × 360, as a PNG in base64: far less to carry than its pixels as numbers."""
    picture: str = page.evaluate(
        """async canvas => {
            const copy = new OffscreenCanvas(640, 360);
            copy.getContext('2d').drawImage(document.querySelector(canvas), 0, 0, 640, 360);
            const data = new Uint8Array(await (await copy.convertToBlob()).arrayBuffer());
            return btoa(Array.from(data, byte => String.fromCharCode(byte)).join(''));
        }""",
        canvas,
    )
    return picture


def alike(one: str, other: str) -> bool:
    """Whether two pictures of boards show the same: at the edges of lines a few pixels may differ."""
    first, second = (
        np.asarray(Picture.open(io.BytesIO(base64.b64decode(each))).convert("RGBA"), np.int16)
        for each in (one, other)
    )
    ink = (first[..., 3] > 0) | (second[..., 3] > 0)
    return bool((np.abs(first - second).max(axis=2)[ink] > 96).mean() < 0.003) if ink.any() else True


def at_rest(page: Page, script: str = WHERE) -> Any:
    """Return the value of `script` once it was the same in ten display frames one after another: layout has settled."""
    seen = [page.evaluate(script)]

    def same() -> bool:
        seen.append(page.evaluate(f"() => new Promise(requestAnimationFrame).then({script})"))
        return len(seen) > 10 and seen[-10:] == [seen[-1]] * 10

    wait_until(same, f"{script} stays the same", lambda: None)
    return seen[-1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of one user, who runs the relay, the notebooks and the boards of this process."""
    path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IPYSKETCH_RUNTIME_DIR", str(path / "runtime"))
        yield path


@pytest.fixture(scope="session")
def relay(home: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(home)
    yield process
    process.stop()


def quiet(settings: Path) -> None:
    """Settings of a JupyterLab that does not ask whether it may fetch news: its question hides ink."""
    news = settings / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True, exist_ok=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')


class Lab:
    """A running JupyterLab, or Notebook 7, whose notebooks find `relay` by themselves."""

    application = "jupyterlab"
    kind = "LabApp"
    path = "lab/workspaces/{name}/tree/{name}.ipynb"

    def __init__(self, home: Path, relay: RelayProcess, browser: Browser) -> None:
        self.root = home / f"notebooks of {self.application}"
        self.root.mkdir()
        settings = home / "jupyter"
        quiet(settings)
        self.browser = browser
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = (home / f"{self.application}.log").open("w+")
        self.process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    self.application,
                    "--no-browser",
                    "--allow-root",
                    f"--port={self.port}",
                ),
                *(
                    f"--ServerApp.root_dir={self.root}",
                    "--IdentityProvider.token=",
                    "--ServerApp.port_retries=0",
                    "--ServerApp.disable_check_xsrf=True",
                ),
                f"--{self.kind}.expose_app_in_browser=True",
            ],
            env=environment(home, IPYSKETCH_URL=relay.url, JUPYTER_CONFIG_DIR=str(settings)),
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        wait_until_it_answers(self.process, f"{self.address}/api/status", Path(self.log.name))

    def notebook(self, name: str, cells: list[str], script: str = "", **context: object) -> Notebook:
        """A new notebook of `cells`, opened in a browser context of its own, with its kernel ready; `script` runs in
        its page before anything else."""
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{n}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": cell,
                }
                for n, cell in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.root / f"{name}.ipynb"
        assert not path.exists(), f"a test before had a notebook {name!r}: its kernel runs, with its boards"
        path.write_text(json.dumps(content))
        return self.open(name, script, **context)

    def open(self, name: str, script: str = "", **context: object) -> Notebook:
        """A notebook that is there, opened in a browser context of its own, with its kernel ready."""
        self._start_kernel(name)
        page = new_page(self.browser, **{"viewport": VIEWPORT, **context})
        if script:
            page.add_init_script(script)
        return Notebook(page, f"{self.address}/{self.path.format(name=name)}")

    def _start_kernel(self, name: str) -> None:
        """Have the server start the kernel of a notebook, so that it gets ready while the page loads."""
        session = {"path": f"{name}.ipynb", "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        request = urllib.request.Request(
            f"{self.address}/api/sessions", json.dumps(session).encode(), {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=DEADLINE):
            pass

    def close(self) -> None:
        """End it; what a kernel does then has tests of its own, so one that keeps it waiting is not waited for."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(DEADLINE)
        self.log.close()


class Notebook:
    """One notebook in one page, with one kernel."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.number = 0
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.on("console", self._console)
        self.open()

    def _console(self, message: ConsoleMessage) -> None:
        kind, text = message.type, message.text
        if kind == "error":
            self.errors.append(text)

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_function(
            """() => {
                const widget = window.jupyterapp?.shell?.currentWidget;
                return widget?.sessionContext?.session?.kernel?.status === 'idle';
            }"""
        )

    def again(self) -> Notebook:
        """The same notebook in another page, on the same kernel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        browser = self.page.context.browser
        assert browser is not None
        second = Notebook(new_page(browser, viewport=VIEWPORT), self.address)
        second.page.wait_for_selector(".ipysketch-desk canvas.ipysketch-paper")
        return second

    def board(self, number: int) -> Notebook:
        """The same page, with hands and eyes on its board `number`, counted from 0 downwards."""
        other = copy.copy(self)
        other.number = number
        return other

    def run(self) -> None:
        """Run every cell, and wait until the board says that it is connected."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.connected()

    def connected(self, here: int | None = None) -> None:
        self.page.wait_for_function(JOINED, arg=here)

    def execute(self, number: int) -> None:
        """Run cell `number` without waiting for its end."""
        self.page.evaluate(
            """number => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = number;
                window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            number,
        )

    def finish(self, number: int) -> None:
        """Execute cell `number` and wait for its end: its outputs are those of this run, and all of them."""
        self.page.evaluate(
            """number => {
                window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
                return window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            number,
        )

    def reload(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self.page.wait_for_selector(".ipysketch-desk canvas.ipysketch-paper")

    def restart_kernel(self) -> None:
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )

    # --- hands --------------------------------------------------------------------------------------------

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The position in the page of (x, y) in board units."""
        box = self.page.locator(".ipysketch-desk canvas.ipysketch-paper").nth(self.number).bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 1280, box["y"] + y * box["height"] / 720

    def show(self) -> None:
        self.page.locator(".ipysketch-desk").nth(self.number).scroll_into_view_if_needed()

    def press(self, x: float, y: float) -> None:
        """Put the pointer down on the paper, also where an island lies over it in a narrow cell."""
        self.show()
        self.page.evaluate(REACH_THROUGH, True)
        self.page.mouse.move(*self.place(x, y))
        self.page.mouse.down()

    def drag(self, x: float, y: float, steps: int = 12) -> None:
        self.page.mouse.move(*self.place(x, y), steps=steps)

    def release(self) -> None:
        self.page.mouse.up()
        self.page.evaluate(REACH_THROUGH, False)

    def stroke(self, *points: tuple[float, float]) -> None:
        self.press(*points[0])
        for point in points[1:]:
            self.drag(*point)
        self.release()

    def button(self, label: str) -> None:
        press(self.page, label, self.page.locator(".ipysketch-board").nth(self.number))

    # --- eyes ---------------------------------------------------------------------------------------------

    def blank(self, x: float, y: float) -> bool:
        """Whether there is no ink within 3 pixels of (x, y) now: to be asked once something later has been seen."""
        pixels: list[list[int]] = self.page.evaluate(PIXELS, [x, y, self.number])
        return all(pixel[3] == 0 for pixel in pixels)

    def sees(self, x: float, y: float, color: str) -> None:
        """Wait until there is ink of `color` #rrggbb within 3 pixels of (x, y): hands are not exact."""
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        self.page.wait_for_function(
            f"([x, y, number, wanted]) => ({PIXELS})([x, y, number])?.some("
            "p => p[3] > 90 && wanted.every((c, i) => Math.abs(c - p[i]) < 24))",
            arg=[x, y, self.number, wanted],
        )

    def sees_nothing(self, x: float, y: float) -> None:
        """Wait until there is no ink within 3 pixels of (x, y)."""
        self.page.wait_for_function(
            f"place => ({PIXELS})(place)?.every(p => p[3] === 0)",
            arg=[x, y, self.number],
        )

    def picture(self) -> str:
        """The canvas at 640 × 360, as a PNG in base64."""
        return picture_of(self.page, ".ipysketch-desk canvas.ipysketch-paper")

    def shows(self, picture: Callable[[], str]) -> None:
        """Wait until this board looks as `picture` says; their papers may differ by a few pixels in size."""
        wait_until(
            lambda: alike(self.picture(), picture()), "the same pictures", lambda: self.page.evaluate(FRAME)
        )

    def screenshot(self, name: str) -> None:
        """The whole page under build/screenshots, for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def output(self, number: int) -> str:
        text: str = self.page.evaluate(
            "n => window.jupyterapp.shell.currentWidget.content.widgets[n].outputArea.node.innerText", number
        )
        return text


PIXELS = """([x, y, number]) => {
    const canvas = document.querySelectorAll('.ipysketch-desk canvas.ipysketch-paper')[number];
    if (!canvas) return null;
    const copy = new OffscreenCanvas(7, 7).getContext('2d');
    // What is dry, and above it what is under others' hands.
    const live = canvas.closest('.ipysketch-desk').querySelector('.ipysketch-live');
    for (const layer of live && live.style.visibility !== 'hidden' ? [canvas, live] : [canvas]) {
        const [[left, top], [right]] = [AT(layer, x, y), AT(layer, x + 1280, y)];
        const size = layer === canvas ? 1 : canvas.width / (right - left || 1);
        copy.drawImage(layer, 3 - left * size, 3 - top * size, layer.width * size, layer.height * size);
    }
    const data = copy.getImageData(0, 0, 7, 7).data;
    return Array.from({ length: 49 }, (_, i) => Array.from(data.slice(4 * i, 4 * i + 4)));
}""".replace("AT(", f"{AT}(")


@pytest.fixture(scope="session")
def lab(home: Path, relay: RelayProcess, browser: Browser) -> Iterator[Lab]:
    running = Lab(home, relay, browser)
    yield running
    running.close()


@pytest.fixture(scope="module", autouse=True)
def pages_close(browser: Browser) -> Iterator[None]:
    """What one module opened does not go on painting beside the next."""
    yield
    for context in browser.contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed browser test leaves a screenshot of every page under build/."""
    report = yield
    if report.failed and isinstance(item, pytest.Function) and "browser" in item.fixturenames:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        browser = item.funcargs.get("browser")
        for number, context in enumerate(browser.contexts if isinstance(browser, Browser) else ()):
            for page in context.pages:
                # What is broken may break this too; then the failure itself is what counts.
                with suppress(Exception):
                    page.screenshot(path=SCREENSHOTS / f"{item.name}-{number}.png")
    return report
