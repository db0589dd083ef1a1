"""A real JupyterLab in Chromium, as the browser tests have it, and eyes in its pages that note when ink is there.

An eye does not poll: it looks when something is painted on the canvas that it watches. What it notes is when a pixel is
in the canvas; a display shows that with its next frame.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.conftest import Lab, Notebook, chromium
from tests.support.processes import RelayProcess

from .servers import ROOT

PAPER = ".ipysketch-desk canvas.ipysketch-paper"
LIVE = ".ipysketch-live"
WET = ".ipysketch-wet"
OVERLAY = ".ipysketch-overlay"
BOUNDLESS = ("--presence-rate", "10000", "--operation-rate", "1000000")

EYES = """(() => {
    const now = () => performance.timeOrigin + performance.now();
    const look = CanvasRenderingContext2D.prototype.getImageData;
    // Watch a canvas: when ink of a colour (none: any) comes to each of `places`, or goes from them, in their order.
    window.watch = (selector, places, { color = null, gone = false } = {}) => {
        const canvas = document.querySelector(selector);
        window.eye = { canvas, places, color, gone, seen: [], frames: 0, counted: false, ended: 0, first: 0 };
    };
    // Watch a board that is not there yet, and note when the first ink comes to it.
    window.awaitBoard = selector => {
        window.eye = { selector, canvas: null, places: [], seen: [], frames: 0, counted: false, ended: 0, first: 0 };
    };
    // A look at every pixel of an empty board would take longer than to paint it: some rows are enough.
    const inked = context => {
        const { width, height } = context.canvas;
        for (let y = 20; y < height; y += 40) {
            if (look.call(context, 0, y, width, 1).data.some((value, i) => i % 4 === 3 && value > 100)) return true;
        }
        return false;
    };
    const check = eye => {
        const canvas = eye.canvas;
        if (!eye.counted) {
            eye.counted = true;
            eye.frames += 1;
            requestAnimationFrame(() => { eye.counted = false; });
        }
        eye.ended = now();
        if (eye.looks || eye.seen.length === eye.places.length) return;
        eye.looks = true;  // Once for all that is painted together: looks are not free either.
        queueMicrotask(() => {
            eye.looks = false;
            see(eye, canvas);
        });
    };
    const see = (eye, canvas) => {
        while (eye.seen.length < eye.places.length) {
            const [x, y] = eye.places[eye.seen.length];
            const scale = canvas.width / 1280;
            const context = canvas.getContext('2d');
            const data = look.call(context, Math.round(x * scale) - 1, Math.round(y * scale) - 1, 3, 3).data;
            let inked = false;
            for (let i = 0; i < data.length; i += 4) {
                const right = !eye.color || eye.color.every((value, n) => Math.abs(value - data[i + n]) < 40);
                inked ||= data[i + 3] > 100 && right;
            }
            if (inked === eye.gone) return;
            eye.seen.push(now());
        }
    };
    for (const kind of ['stroke', 'fill', 'fillRect', 'drawImage', 'clearRect']) {
        const plain = CanvasRenderingContext2D.prototype[kind];
        CanvasRenderingContext2D.prototype[kind] = function (...given) {
            const result = plain.apply(this, given);
            const eye = window.eye;
            if (eye?.selector && this.canvas.matches?.(eye.selector)) {
                eye.canvas = this.canvas;
                eye.first ||= inked(this) ? now() : 0;
            }
            if (eye?.canvas === this.canvas) check(eye);
            return result;
        };
    }
    window.tasks = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            window.tasks.push([performance.timeOrigin + entry.startTime, entry.duration]);
        }
    }).observe({ entryTypes: ['longtask'] });
    // Move a hand along `places`, one each `pause` milliseconds or so; when each was moved.
    window.draw = async (selector, places, { pointer = true, pause = 70, height = 720 } = {}) => {
        const target = document.querySelector(selector);
        target.setPointerCapture = () => {};
        const send = (kind, [x, y]) => {
            const box = target.getBoundingClientRect();  // It moves when the toolbar grows.
            const at = { bubbles: true, button: 0, buttons: kind === 'up' ? 0 : 1, pointerId: 1, isPrimary: true,
                pointerType: 'mouse', clientX: box.left + x * box.width / 1280,
                clientY: box.top + y * box.height / height };
            target.dispatchEvent(pointer ? new PointerEvent(`pointer${kind}`, at) : new MouseEvent(`mouse${kind}`, at));
        };
        const times = [];
        const [begin, ...rest] = places;
        send('down', begin);
        for (const place of rest) {
            await new Promise(done => setTimeout(done, pause * (0.75 + 0.5 * Math.random())));
            times.push(now());
            send('move', place);
        }
        await new Promise(done => setTimeout(done, 300));
        send('up', rest.at(-1));
        delete target.setPointerCapture;
        return times;
    };
})();"""


@dataclass
class Scene:
    """A relay, a JupyterLab and a browser."""

    relay: RelayProcess
    lab: Lab
    browser: Browser

    def notebook(self, name: str, cells: list[str], **context: object) -> Notebook:
        """A notebook with eyes; its kernel is ready, and no cell has run."""
        return self.lab.notebook(name, cells, EYES, **context)

    def page(self, html: str) -> Page:
        """A page of its own, with eyes."""
        page = self.browser.new_context(viewport={"width": 1300, "height": 760}).new_page()
        page.set_content(html)
        page.evaluate(EYES)
        return page

    def done(self) -> None:
        """Close every page; their kernels end with the JupyterLab."""
        for context in self.browser.contexts:
            context.close()

    def log(self) -> str:
        """What the Jupyter server wrote."""
        return Path(self.lab.log.name).read_text()


@contextmanager
def scene() -> Iterator[Scene]:
    """All of it, with nothing of the user's."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium() as browser:
        relay = RelayProcess(Path(folder), None, *BOUNDLESS)
        try:
            lab = Lab(Path(folder), relay, browser)
            try:
                yield Scene(relay, lab, browser)
            finally:
                lab.close()
        finally:
            relay.stop()


@contextmanager
def crowd(port: int, room: str, people: int, server: str = "ours") -> Iterator[None]:
    """So many people draw in the room meanwhile, for ten minutes at most."""
    command = [sys.executable, "-m", "benchmarks.crowd", server, str(port), room, str(people), "600"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "drawing":
            raise RuntimeError("nobody draws")
        try:
            yield
        finally:
            process.kill()


def run(notebook: Notebook, number: int) -> str:
    """Run a cell to its end; what it printed. Raises RuntimeError when it fails."""
    notebook.page.evaluate(
        """async number => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
            await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        number,
    )
    said = notebook.output(number)
    if "Traceback (most recent call last)" in said:
        raise RuntimeError(said)
    return said


def seen(page: Page, count: int, patience: float = 60.0) -> dict[str, Any]:
    """What the page's eye saw, when it has seen so many of its places."""
    page.wait_for_function("n => window.eye.seen.length >= n", arg=count, timeout=1e3 * patience)
    return noted(page)


def noted(page: Page) -> dict[str, Any]:
    """What the page's eye saw so far: times in milliseconds since 1970."""
    found: dict[str, Any] = page.evaluate("() => { const { canvas, ...rest } = window.eye; return rest; }")
    return found


def still(page: Page, milliseconds: float = 400.0, patience: float = 120.0) -> dict[str, Any]:
    """What the page's eye saw, when nothing was painted for a while after something was."""
    page.wait_for_function(
        "ms => window.eye.ended && performance.timeOrigin + performance.now() - window.eye.ended > ms",
        arg=milliseconds,
        timeout=1e3 * patience,
    )
    return noted(page)


def cpu(pid: int) -> float:
    """Seconds of CPU that a process used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100


def now() -> float:
    """Milliseconds since 1970, as pages count them."""
    return 1e3 * time.time()
