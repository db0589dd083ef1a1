"""A real JupyterLab in Chromium: the fixtures that the browser tests drive."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from ..processes import RelayProcess, environment, free_port, wait_until_it_answers

SCREENSHOTS = Path("build/screenshots")
VIEWPORT: ViewportSize = {"width": 1100, "height": 900}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, or Playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


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
        (self.root / f"{name}.ipynb").write_text(json.dumps(content))
        return self.open(name, script, **context)

    def open(self, name: str, script: str = "", **context: object) -> Notebook:
        """A notebook that is there, opened in a browser context of its own, with its kernel ready."""
        options = {"viewport": VIEWPORT, **context}
        page = self.browser.new_context(**options).new_page()  # type: ignore[arg-type]
        if script:
            page.add_init_script(script)
        return Notebook(page, f"{self.address}/{self.path.format(name=name)}")

    def close(self) -> None:
        """End it; what a kernel does then has tests of its own, so one that keeps it waiting is not waited for."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.log.close()


class Notebook:
    """One notebook in one page, with one kernel."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.number = 0
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.on("console", lambda message: self._console(message))
        self.open()

    def _console(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]
        if kind == "error":
            self.errors.append(text)

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_function(
            """() => {
                const widget = window.jupyterapp?.shell?.currentWidget;
                return widget?.sessionContext?.session?.kernel?.status === 'idle';
            }""",
            timeout=90_000,
        )

    def again(self) -> Notebook:
        """The same notebook in another page, on the same kernel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        browser = self.page.context.browser
        assert browser is not None
        second = Notebook(browser.new_context(viewport=VIEWPORT).new_page(), self.address)
        second.page.wait_for_selector(".ipysketch-desk canvas.ipysketch-paper", timeout=60_000)
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
        words = f"{here} here" if here else "connected · room"
        self.page.wait_for_function(
            "words => document.querySelector('.ipysketch-status')?.textContent.includes(words)"
            " && document.querySelector('.ipysketch-status').textContent.startsWith('connected')",
            arg=words,
            timeout=60_000,
        )

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

    def reload(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self.page.wait_for_selector(".ipysketch-desk canvas.ipysketch-paper", timeout=60_000)

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
        self.show()
        self.page.mouse.move(*self.place(x, y))
        self.page.mouse.down()

    def drag(self, x: float, y: float, steps: int = 12) -> None:
        self.page.mouse.move(*self.place(x, y), steps=steps)

    def release(self) -> None:
        self.page.mouse.up()

    def stroke(self, *points: tuple[float, float]) -> None:
        self.press(*points[0])
        for point in points[1:]:
            self.drag(*point)
        self.release()

    def button(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).first.click()

    # --- eyes ---------------------------------------------------------------------------------------------

    def blank(self, x: float, y: float) -> bool:
        """Whether there is no ink within 3 pixels of (x, y) now."""
        pixels: list[list[int]] = self.page.evaluate(PIXELS, [x, y, self.number])
        return all(pixel[3] == 0 for pixel in pixels)

    def sees(self, x: float, y: float, color: str, timeout: float = 20) -> None:
        """Wait until there is ink of `color` #rrggbb within 3 pixels of (x, y): hands are not exact."""
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        self.page.wait_for_function(
            f"([x, y, number, wanted]) => ({PIXELS})([x, y, number])?.some("
            "p => p[3] > 200 && wanted.every((c, i) => Math.abs(c - p[i]) < 24))",
            arg=[x, y, self.number, wanted],
            timeout=timeout * 1000,
        )

    def sees_nothing(self, x: float, y: float, timeout: float = 20) -> None:
        """Wait until there is no ink within 3 pixels of (x, y)."""
        self.page.wait_for_function(
            f"place => ({PIXELS})(place)?.every(p => p[3] === 0)",
            arg=[x, y, self.number],
            timeout=timeout * 1000,
        )

    def picture(self) -> list[int]:
        """The canvas, one byte a pixel (alpha), sampled 640 × 360."""
        picture: list[int] = self.page.evaluate(
            """() => {
                const canvas = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
                const copy = new OffscreenCanvas(640, 360);
                const context = copy.getContext('2d');
                context.drawImage(canvas, 0, 0, 640, 360);
                return Array.from(context.getImageData(0, 0, 640, 360).data);
            }"""
        )
        return picture

    def shows(self, picture: Callable[[], list[int]], timeout: float = 20) -> None:
        """Wait until this board looks as `picture` says, pixel by pixel."""
        end = time.monotonic() + timeout
        while (mine := self.picture()) != (theirs := picture()):
            if time.monotonic() > end:
                other = sum(a != b for a, b in zip(mine, theirs, strict=True))
                raise AssertionError(f"{other} bytes of the pictures differ")
            self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def screenshot(self, name: str) -> None:
        """The whole page under build/screenshots, for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def output(self, number: int) -> str:
        text: str = self.page.evaluate(
            "n => window.jupyterapp.shell.currentWidget.content.widgets[n].outputArea.node.innerText", number
        )
        return text


WHERE = "() => document.querySelector('.ipysketch-overlay').getBoundingClientRect().y"
"""Where a board is in its page."""
PIXELS = """([x, y, number]) => {
    const canvas = document.querySelectorAll('.ipysketch-desk canvas.ipysketch-paper')[number];
    if (!canvas) return null;
    const scale = canvas.width / 1280;
    const copy = new OffscreenCanvas(7, 7).getContext('2d');
    // What is dry, and above it what is under others' hands.
    const live = canvas.closest('.ipysketch-desk').querySelector('.ipysketch-live');
    for (const layer of live && live.style.visibility !== 'hidden' ? [canvas, live] : [canvas]) {
        const corner = [3 - Math.round(x * scale), 3 - Math.round(y * scale)];
        copy.drawImage(layer, ...corner, canvas.width, canvas.height);
    }
    const data = copy.getImageData(0, 0, 7, 7).data;
    return Array.from({ length: 49 }, (_, i) => Array.from(data.slice(4 * i, 4 * i + 4)));
}"""


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
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed browser test leaves a screenshot of every page under build/."""
    report = yield
    if report.failed and "browser" in getattr(item, "fixturenames", ()):  # type: ignore[attr-defined]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for number, context in enumerate(item.funcargs["browser"].contexts):  # type: ignore[attr-defined]
            for page in context.pages:
                page.screenshot(path=SCREENSHOTS / f"{item.name}-{number}.png")
    return report
