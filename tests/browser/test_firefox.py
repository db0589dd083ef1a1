"""The same board in Firefox: ink goes out and comes in, the pen is at hand, and nothing complains."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipysketch
from ipysketch.model.elements import Stroke

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from .conftest import SCREENSHOTS, Lab
from .firefox import Firefox, executable

GREEN, BLUE = "#2e8b57", "#1f6fb2"

PIXEL = """(() => {
    const canvas = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
    const scale = canvas.width / 1280;
    return Array.from(canvas.getContext('2d').getImageData(X * scale, Y * scale, 1, 1).data);
})()"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if executable() is None:
        pytest.skip("there is no Firefox here; install firefox-esr")
    running = Firefox(tmp_path_factory.mktemp("firefox"))
    yield running
    running.close()


def test_firefox_draws_with_the_others(
    firefox: Firefox, lab: Lab, relay: RelayProcess, tmp_path: Path, browser: object
) -> None:
    cells = ["%load_ext ipysketch", f"%sketch connect --room firefox --name Fox --color '{GREEN}'"]
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
    (lab.root / "fox.ipynb").write_text(json.dumps(content))
    other = ipysketch.Sketch(name="Other", color=BLUE)
    other.connect(relay.url, "firefox")
    firefox.open(f"{lab.address}/lab/workspaces/fox/tree/fox.ipynb")
    firefox.until("window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    firefox.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1)")
    firefox.until(
        "document.querySelector('.ipysketch-surface')?.dataset.people === '2'"
        " && document.querySelector('.ipysketch-surface').dataset.connection === 'connected'"
    )
    box = firefox.at_rest(
        "(b => [b.x, b.y, b.width / 1280])(document.querySelector('.ipysketch-overlay').getBoundingClientRect())"
    )

    def place(x: float, y: float) -> tuple[float, float]:
        return box[0] + x * box[2], box[1] + y * box[2]

    firefox.mouse(
        ("down", *place(100, 100)),
        *(("move", *place(100 + 20 * n, 100)) for n in range(1, 16)),
        ("up", *place(400, 100)),
    )
    until_shown(other, lambda state: len(state.elements) == 1, "the stroke from Firefox")
    [stroke] = other.elements
    assert isinstance(stroke, Stroke)
    assert stroke.points[0] == pytest.approx((100, 100), abs=1.5)
    assert stroke.points[-1] == pytest.approx((400, 100), abs=1.5)
    other.stroke([(100, 300), (400, 300)], width=6)
    firefox.until(PIXEL.replace("X", "250").replace("Y", "300") + "[2] === 178")
    firefox.until(PIXEL.replace("X", "250").replace("Y", "100") + "[1] > 100")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS / "firefox.png").write_bytes(base64.b64decode(firefox.screenshot()))
    assert not [error for error in firefox.errors if "ipysketch" in error.lower()]
    other.disconnect()
