"""How long somebody waits who begins: from the first cell to a board that draws, and for the import in it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relay.javascript import built

from ..notebooks import OVERLAY, WET, Scene, now, scene
from ..results import Result
from ..servers import ROOT, Server
from . import Effort
from .drawing import _median, _say
from .seen import NAIVE, NAIVE_CELL

IMPORT_MS, CELL_MS = 60, 1_500
IMPORTS = 10
MODULES = ("ipysketch", "ipysketch.widget.board", "ipycanvas")
"""What is imported: the package, all of it that a board takes, and what that stands on."""
FIRST_CELL = "%load_ext ipysketch\n%sketch connect --room {room} --name Ada"
FIRST_INK = """([hand, eye, pointer]) => new Promise(done => {
    const look = CanvasRenderingContext2D.prototype.getImageData;
    const attempt = () => {
        requestAnimationFrame(attempt.over ? () => {} : attempt);
        const target = document.querySelector(hand), canvas = document.querySelector(eye);
        if (!target || !canvas?.width) return;
        target.setPointerCapture = () => {};
        const box = target.getBoundingClientRect();
        const send = (kind, x) => {
            const at = { bubbles: true, button: 0, buttons: kind === 'up' ? 0 : 1, pointerId: 1, isPrimary: true,
                pointerType: 'mouse', clientX: box.left + x * box.width / 1280, clientY: box.top + box.height / 2 };
            target.dispatchEvent(pointer ? new PointerEvent(`pointer${kind}`, at) : new MouseEvent(`mouse${kind}`, at));
        };
        if (!attempt.down) {
            attempt.down = true;
            attempt.x = 200;
            send('down', attempt.x);
        }
        attempt.x = attempt.x > 1000 ? 200 : attempt.x + 20;
        send('move', attempt.x);
        const { data } = look.call(canvas.getContext('2d'), 0, Math.round(canvas.height / 2) - 2, canvas.width, 4);
        if (data.some((value, i) => i % 4 === 3 && value > 100)) {
            attempt.over = true;
            send('up', attempt.x);
            delete target.setPointerCapture;
            done(performance.timeOrigin + performance.now());
        } else if (attempt.tries++ % 10 === 9) {
            attempt.down = false;
            send('up', attempt.x);
        }
    };
    attempt.tries = 0;
    attempt();
})"""
"""Tries to draw with each display frame from now on; when ink came of it."""


def _first_ink(stage: Scene, name: str, cell: str, hand: str, eye: str, *, pointer: bool) -> float:
    """Milliseconds from when a notebook's first cell is run until a hand can draw in its output."""
    notebook = stage.notebook(name, [cell])
    page = notebook.page
    begun = now()
    notebook.execute(0)
    drawn: float = page.evaluate(FIRST_INK, [hand, eye, pointer])
    page.context.close()
    return drawn - begun


@contextmanager
def _as_installed() -> Iterator[None]:
    """The widget's module lies there joined, as a wheel brings it; a source tree would join it with each import."""
    place = ROOT / built.MADE
    stored, was_there = place / f"{built.tag(built.WIDGET)}.js.gz", place.exists()
    if stored.exists():  # As `make demo` leaves it.
        yield
        return
    place.mkdir(exist_ok=True)
    stored.write_bytes(built.compressed(built.WIDGET))
    try:
        yield
    finally:
        stored.unlink()
        if not was_there:
            place.rmdir()


def _import(module: str) -> float:
    """Milliseconds of CPU that an import takes, beside a Python that imports nothing; the least of several times."""

    def least(code: str) -> float:
        found = []
        for _ in range(IMPORTS):
            begun = os.times()
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
            spent = os.times()
            found.append(
                spent.children_user + spent.children_system - begun.children_user - begun.children_system
            )
        return 1e3 * min(found)

    return least(f"import {module}") - least("pass")


def _clock(module: str) -> float:
    """Milliseconds that an import takes by the clock, in a Python that has started; the least of several times."""
    code = (
        f"import time; begun = time.perf_counter(); import {module}; print(1e3 * (time.perf_counter() - begun))"
    )
    return min(
        float(
            subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(IMPORTS)
    )


def first_cell(effort: Effort) -> Result:
    """From the first cell of a notebook to ink under a hand, in a lab that runs; and `import ipysketch`."""
    with _as_installed():
        return _first_cell(effort)


def _first_cell(effort: Effort) -> Result:
    entries: list[dict[str, Any]] = []
    for module in MODULES:
        figures = {"ms": round(_clock(module), 1), "cpu_ms": round(_import(module), 1)}
        entries.append(_say({"what": "import", "server": module, **figures}))
    with scene() as stage, Server("plain") as plain:
        for number in range(effort.rounds):
            cell = NAIVE_CELL.format(port=plain.port, room=f"first-{number}")
            took = _first_ink(stage, f"naive-{number}", cell, NAIVE, NAIVE, pointer=False)
            entries.append(_say({"what": "cell", "server": "ipycanvas", "ms": round(took, 1)}))
            cell = FIRST_CELL.format(room=f"first-{number}")
            took = _first_ink(stage, f"ada-{number}", cell, OVERLAY, WET, pointer=True)
            entries.append(_say({"what": "cell", "server": "ipysketch", "ms": round(took, 1)}))
            time.sleep(0.5)  # The kernel that ends is not what is measured.
    cells = {
        server: _median(entries, "ms", what="cell", server=server) for server in ("ipysketch", "ipycanvas")
    }
    imports = {server: _median(entries, "ms", what="import", server=server) for server in MODULES}
    return Result(
        row="first-cell",
        what="From a notebook's first cell to ink under a hand, in a lab that runs, import included; "
        "`import ipysketch` alone",
        reference=f"ipycanvas as one writes it first {cells['ipycanvas']:.0f} ms; "
        f"`import ipycanvas` {imports['ipycanvas']:.0f}",
        figure=f"{cells['ipysketch']:.0f} ms; {imports['ipysketch']:.0f} ms, and {imports[MODULES[1]]:.0f} "
        "for all that a board takes",
        target=f"≤ {CELL_MS:,} ms; ≤ {IMPORT_MS}",
        reached=cells["ipysketch"] <= CELL_MS and imports["ipysketch"] <= IMPORT_MS,
        short="the widget libraries are imported, the board's modules are sent to the page and compiled there, the "
        "room is joined",
        samples=entries,
    )
