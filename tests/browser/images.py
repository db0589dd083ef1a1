"""The pictures of the documentation, taken from a running JupyterLab and a relay's page: ``make images``."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from ..support.processes import ROOT, RelayProcess
from .conftest import Lab, Notebook, chromium, until_in_page
from .islands import JOINED

Theme = Literal["light", "dark"]

IMAGES = ROOT / "docs" / "images"
HALF = {"width": 820, "height": 650}
PHONE: ViewportSize = {"width": 360, "height": 420}
COLORS = 255
"""So many are enough for ink and words, and make a file half as large."""
THEMES: dict[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
BACK = {"light": "#e3e8ee", "dark": "#0d1117"}
QUIET_LAB = """() => {
    const { commands } = window.jupyterapp;
    return Promise.all([
        commands.execute('application:toggle-left-area'),
        commands.execute('statusbar:toggle'),
        commands.execute('apputils:change-theme', { theme: '%s' }),
    ]);
}"""


@contextmanager
def running() -> Iterator[tuple[Lab, RelayProcess, Browser]]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        home = Path(folder)
        relay = RelayProcess(home)
        lab = Lab(home, relay, browser)
        try:
            yield lab, relay, browser
        finally:
            lab.close()
            relay.stop()


def choose(notebook: Notebook, label: str) -> None:
    notebook.button(label)


def parabola(ada: Notebook, grace: Notebook) -> None:
    """A lesson: Ada has drawn axes and a parabola, Grace its tangent."""
    ada.connected(here=2)
    choose(ada, "Arrow")
    ada.stroke((200, 600), (1080, 600))
    ada.stroke((640, 590), (640, 80))
    choose(ada, "Pen")
    choose(ada, "Width: Thick")
    ada.stroke(*((640 + 20 * x, 600 - 1.25 * x * x) for x in range(-20, 21)))
    choose(grace, "Line")
    choose(grace, "Colour: red")
    grace.stroke((760, 575), (1040, 225))
    choose(grace, "Text")
    grace.press(905, 478)
    grace.release()
    grace.page.keyboard.type("the slope here is 2")
    grace.page.keyboard.press("Shift+Enter")
    grace.page.keyboard.type("times x, isn't it?")
    grace.page.keyboard.press("Enter")
    choose(grace, "Ellipse")
    choose(grace, "Width: Medium")
    grace.stroke((812, 447), (868, 503))
    grace.page.mouse.move(*grace.place(480, 140))
    choose(ada, "Highlighter")
    choose(ada, "Colour: yellow")
    ada.press(915, 526)
    ada.drag(1105, 526)


def take(theme: Theme, lab: Lab, relay: RelayProcess, browser: Browser) -> None:
    room = f"algebra-{theme}"
    halves = []
    for name, color in (("Ada", "#1f77b4"), ("Grace", "#d62728")):
        cells = [f"%load_ext ipysketch\n%sketch connect --room {room} --name {name} --color '{color}'"]
        half = lab.notebook(
            f"{name.lower()}-{theme}", cells, viewport=HALF, device_scale_factor=2, color_scheme=theme
        )
        half.page.evaluate(QUIET_LAB % THEMES[theme])
        half.run()
        halves.append(half)
    parabola(*halves)
    halves[1].sees(340, 319, "#1f77b4")
    shots = [half.page.locator(".jp-NotebookPanel").screenshot() for half in halves]
    together(browser, shots, theme, "two-notebooks")
    halves[0].release()
    phone = browser.new_context(
        viewport=PHONE, device_scale_factor=2, color_scheme=theme, has_touch=True
    ).new_page()
    visit(phone, relay, room)
    together(browser, [phone.screenshot()], theme, "page")
    for page in (*(half.page for half in halves), phone):
        page.context.close()


def visit(page: Page, relay: RelayProcess, room: str) -> None:
    page.goto(f"{relay.url.replace('ws', 'http', 1)}/r/{room}")
    page.get_by_label("Your name").fill("Mary")
    page.get_by_label("Your colour").fill("#2a8f3c")
    page.get_by_role("button", name="Join", exact=True).click()
    until_in_page(page, JOINED, 3)
    page.evaluate("() => new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))")


def together(browser: Browser, shots: list[bytes], theme: str, name: str) -> None:
    """Put pictures side by side in one file of few colours."""
    frame = browser.new_page(device_scale_factor=2)
    pictures = (f"<img src='data:image/png;base64,{base64.b64encode(shot).decode()}'>" for shot in shots)
    frame.set_content(
        f"<body style='margin:0'><div style='display:inline-flex;gap:16px;padding:16px;background:{BACK[theme]}'>"
        f"<style>img {{ zoom: 0.5; border-radius: 12px }}</style>{''.join(pictures)}</div>"
    )
    file = IMAGES / f"{name}-{theme}.png"
    frame.locator("div").screenshot(path=file)
    frame.close()
    Image.open(file).convert("RGB").quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        file, optimize=True
    )
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    with running() as (lab, relay, browser):
        for theme in THEMES:
            take(theme, lab, relay, browser)
