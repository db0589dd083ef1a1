"""The board beside two others, drawn on by the same hand at the same size: ``python -m tests.browser.beside FOLDER``

FOLDER is outside this working copy and has what `npm install @excalidraw/excalidraw tldraw @tldraw/assets react@18
react-dom@18 esbuild` put there. Writes `docs/images/beside-light.png` and `beside-dark.png`.
"""

from __future__ import annotations

import functools
import http.server
import io
import math
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from ..support.processes import RelayProcess
from .conftest import chromium, new_page, until_in_page
from .images import BACK, COLORS, IMAGES, THEMES
from .islands import JOINED, press

SIZE: ViewportSize = {"width": 960, "height": 540}
GAP = 16
OTHERS = {
    "excalidraw": """
        import { Excalidraw } from "@excalidraw/excalidraw";
        import "@excalidraw/excalidraw/index.css";
        const board = (theme) => createElement(Excalidraw, { theme, excalidrawAPI: () => { window.ready = true; } });
    """,
    "tldraw": """
        import { Tldraw } from "tldraw";
        import "tldraw/tldraw.css";
        import { getAssetUrls } from "@tldraw/assets/selfHosted";
        const onMount = (theme) => (editor) => {
            editor.user.updateUserPreferences({ colorScheme: theme });
            window.ready = true;
        };
        const assetUrls = getAssetUrls({ baseUrl: location.origin + "/assets" });
        const board = (theme) => createElement("div", { style: { position: "fixed", inset: 0 } },
            createElement(Tldraw, { assetUrls, onMount: onMount(theme) }));
    """,
}
SHOW = """
    import { createElement } from "react";
    import { createRoot } from "react-dom/client";
    createRoot(document.getElementById("root")).render(board(new URLSearchParams(location.search).get("theme")));
"""
INDEX = """<!doctype html><meta charset="utf-8"><style>html, body, #root { margin: 0; height: 100% }</style>
<link rel="stylesheet" href="NAME.css"><div id="root"></div><script>window.EXCALIDRAW_ASSET_PATH = "/"</script>
<script type="module" src="NAME.js"></script>"""
DEFINED = ('--define:process.env.NODE_ENV="production"', '--define:process.env.IS_PREACT="false"')


class Files(http.server.SimpleHTTPRequestHandler):
    """The pages of the others."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(packages: Path) -> Iterator[str]:
    """Serve a page of each of the others, with all that it loads."""
    modules = packages / "node_modules"
    with tempfile.TemporaryDirectory(dir=packages) as folder:
        site = Path(folder) / "site"
        site.mkdir()
        shutil.copytree(modules / "@tldraw" / "assets", site / "assets")
        shutil.copytree(modules / "@excalidraw" / "excalidraw" / "dist" / "prod" / "fonts", site / "fonts")
        for name, source in OTHERS.items():
            entry = Path(folder) / f"{name}.js"
            entry.write_text(source + SHOW)
            command: list[str | Path] = [
                modules / ".bin" / "esbuild",
                entry,
                f"--outfile={site / name}.js",
                "--bundle",
                "--minify",
            ]
            options = ["--format=esm", "--conditions=production", "--loader:.woff2=file", "--log-level=error"]
            subprocess.run([*command, *options, *DEFINED], check=True)
            (site / f"{name}.html").write_text(INDEX.replace("NAME", name))
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Files, directory=str(site))
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


def hand(page: Page) -> None:
    """Draw the same in each: loops, a wave that is quick at its end, a rectangle, an arrow, words."""
    loops = [(300 + 5 * n + 22 * math.cos(n / 2.5), 130 + 34 * math.sin(n / 2.5)) for n in range(50)]
    wave = [(290 + n * n / 9, 250 + 26 * math.sin(n / 5)) for n in range(50)]
    for key, points in (
        ("p", loops),
        ("p", wave),
        ("r", [(640, 90), (780, 180)]),
        ("a", [(600, 290), (760, 210)]),
    ):
        # All of them have the pen, or its like, at one of these keys.
        page.keyboard.press("d" if key == "p" and "tldraw" in page.url else key)
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=1 if len(points) > 2 else 12)
        page.mouse.up()
    page.keyboard.press("t")
    page.mouse.click(300, 350)
    until_in_page(page, "() => document.activeElement?.matches('textarea, [contenteditable=true]')")
    page.keyboard.insert_text("the slope is 2x")
    page.keyboard.press("Escape")
    page.keyboard.press("d" if "tldraw" in page.url else "p")
    page.mouse.move(560, 380)


def shots(browser: Browser, relay: RelayProcess, others: str, theme: str) -> Iterator[Image.Image]:
    http_relay = relay.url.replace("ws", "http", 1)
    for address in (f"{http_relay}/r/{theme}", *(f"{others}/{name}.html?theme={theme}" for name in OTHERS)):
        page = new_page(browser, viewport=SIZE, color_scheme=theme)
        page.goto(address)
        if address.startswith(others):
            page.wait_for_function("() => window.ready && document.fonts.status === 'loaded'")
            page.mouse.click(560, 400)
        else:
            page.get_by_label("Your name").fill("Ada")
            page.get_by_role("button", name="Join", exact=True).click()
            until_in_page(page, JOINED, 1)
            press(page, "Colour: black")
        hand(page)
        page.evaluate("() => document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
        yield Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        page.context.close()


def main(packages: Path) -> None:
    with tempfile.TemporaryDirectory() as home, chromium() as browser, served(packages) as others:
        relay = RelayProcess(Path(home))
        for theme in THEMES:
            width, height = SIZE["width"] + 2 * GAP, (SIZE["height"] + GAP) * (len(OTHERS) + 1) + GAP
            picture = Image.new("RGB", (width, height), BACK[theme])
            for number, shot in enumerate(shots(browser, relay, others, theme)):
                picture.paste(shot, (GAP, GAP + number * (SIZE["height"] + GAP)))
            quantized = picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            quantized.save(IMAGES / f"beside-{theme}.png", optimize=True)
        relay.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
