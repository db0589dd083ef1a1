"""Two people who share a notebook by jupyter-collaboration: one document, one kernel, and two people on the board.

The server has a token, and each of them came by a link with it. Its libraries are in an environment of their own
(`make hosts`): with them every notebook is shared, and those of the other tests shall not be.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser

import ipysketch

from ..support.jupyter import BASE, TOKEN, JupyterServer, own_relay
from ..support.processes import RelayProcess
from ..support.waiting import wait_until
from .conftest import FRAME, VIEWPORT, Notebook, new_page, quiet
from .islands import JOINED
from .test_app_servers import ENVIRONMENT
from .test_tabs import PLUM, each_has_their_own, lists

CELLS = [
    "import ipysketch",
    f"board = ipysketch.connect(room='shared', name='Ada', color='{PLUM}')\nboard",
    "print('marker')",
]
WIDGET = "application/vnd.jupyter.widget-view+json"
OTHERS = (
    "panel.io.jupyter_server_extension",
    "solara.server.jupyter.server_extension",
    "voila.server_extension",
)
"""What else that environment would load into the server, and which takes long to load."""
OUTPUTS = "number => window.jupyterapp.shell.currentWidget.model.sharedModel.getCell(number).toJSON().outputs"
COUNT = """number => {
    window.written = 0;
    window.jupyterapp.shell.currentWidget.model.sharedModel.getCell(number).changed.connect((_, change) => {
        window.written += Boolean(change.outputsChange);
    });
}"""
"""Count from now on how often another browser changes the outputs of a cell: the document tells a page of no change of
its own."""

PATIENT = """new MutationObserver(() => {
    for (const button of document.querySelectorAll('.jp-Dialog button'))
        if (button.textContent.includes('Continue waiting')) button.click();
}).observe(document, { childList: true, subtree: true });"""
"""On a busy machine jupyter-collaboration asks, above the board, whether one waits for the document."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IPYSKETCH_RUNTIME_DIR", str(path / "runtime"))
        yield path


@pytest.fixture(scope="module")
def relay(home: Path) -> Iterator[RelayProcess]:
    process = own_relay(home)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def server(home: Path, relay: RelayProcess) -> Iterator[JupyterServer]:
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), "jupyter-collaboration is not installed: make hosts"
    quiet(home / "jupyter settings")
    running = JupyterServer(
        home,
        f"--ServerApp.jpserver_extensions={dict.fromkeys(OTHERS, False)}",
        "--LabApp.expose_app_in_browser=True",
        module="jupyterlab",
        python=python,
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def eye(relay: RelayProcess) -> Iterator[ipysketch.Sketch]:
    board = ipysketch.Sketch(name="Eye", color="#222222").connect(room="shared")  # It is Ada's too.
    yield board
    board.disconnect()


@pytest.fixture(scope="module")
def pair(
    home: Path, server: JupyterServer, browser: Browser, eye: ipysketch.Sketch
) -> tuple[Notebook, Notebook]:
    """The notebook of Ada, who ran it, and of somebody to whom she gave its link."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (home / "shared.ipynb").write_text(json.dumps(content))
    link = f"http://127.0.0.1:{server.port}{BASE}lab/tree/shared.ipynb?token={TOKEN}"
    ada, guest = (new_page(browser, viewport=VIEWPORT) for _ in range(2))
    for page in (ada, guest):
        page.add_init_script(PATIENT)
    notebook = Notebook(ada, link)
    for number in (0, 1):
        notebook.execute(number)
    notebook.connected(here=2)
    return notebook, Notebook(guest, link)


def outputs(notebook: Notebook, number: int) -> list[dict[str, Any]]:
    """The outputs of a cell in the document that both share, as one browser has it."""
    found: list[dict[str, Any]] = notebook.page.evaluate(OUTPUTS, number)
    return found


def pictured(found: list[dict[str, Any]], x: float, y: float) -> bool:
    """Whether the outputs are a board and one picture of it, with ink around (x, y), in board units."""
    if ["image/png" in each["data"] for each in found] != [False, True]:
        return False
    picture = Picture.open(io.BytesIO(base64.b64decode(found[1]["data"]["image/png"]))).convert("RGB")
    scale = picture.width / 1280
    box = (int(x * scale) - 3, int(y * scale) - 3, int(x * scale) + 4, int(y * scale) + 4)
    return bool(np.asarray(picture.crop(box)).min() < 200)


def test_two_people_of_a_shared_notebook_are_two_on_its_board(
    pair: tuple[Notebook, Notebook], eye: ipysketch.Sketch
) -> None:
    ada, guest = pair
    for page in pair:
        page.connected(here=3)
        assert page.page.evaluate("() => window.jupyterapp.shell.currentWidget.model.collaborative")
    lists(ada.page, "Ada (you)", "Eye", "Ada (2)")
    lists(guest.page, "Ada (2) (you)", "Ada", "Eye")
    each_has_their_own(ada, guest, eye, "Ada")


def test_the_picture_in_the_shared_document_is_one_and_written_once(
    pair: tuple[Notebook, Notebook],
) -> None:
    ada, guest = pair
    guest.stroke((100, 500), (300, 500))
    for page in pair:
        wait_until(
            lambda page=page: pictured(outputs(page, 1), 200, 500),  # type: ignore[misc]
            "the guest's stroke is in the picture",
            lambda page=page: page.page.evaluate(FRAME),  # type: ignore[misc]
        )
    for page in pair:
        page.page.evaluate(COUNT, 1)
    ada.stroke((100, 600), (300, 600))
    for page in pair:
        wait_until(
            lambda page=page: pictured(outputs(page, 1), 200, 600),  # type: ignore[misc]
            "Ada's stroke is in the picture",
            lambda page=page: page.page.evaluate(FRAME),  # type: ignore[misc]
        )
    # What comes by the same way afterwards has overtaken nothing.
    guest.finish(2)
    ada.page.wait_for_function(f"number => ({OUTPUTS})(number).length === 1", arg=2)
    written = [page.page.evaluate("() => window.written") for page in pair]
    assert outputs(ada, 1) == outputs(guest, 1)
    assert written[0] == 0, "the guest's browser writes what Ada's has written"
    assert 1 <= written[1] <= 2


def test_whoever_came_by_a_shared_link_opens_the_rooms_page_too(
    server: JupyterServer, pair: tuple[Notebook, Notebook], eye: ipysketch.Sketch
) -> None:
    _, guest = pair
    page = guest.page.context.new_page()
    page.add_init_script("localStorage.setItem('ipysketch.name', 'Zoe')")
    page.goto(f"http://127.0.0.1:{server.port}{BASE}ipysketch/r/shared")  # The link with the token let them in.
    page.wait_for_function(JOINED, arg=4)
    [zoe] = wait_until(lambda: [person for person in eye.people if person.name == "Zoe"], "she is in the list")
    assert (zoe.role, zoe.verified) == ("editor", False)
    lists(guest.page, "Ada (2) (you)", "Ada", "Eye", "Zoe")
    page.close()


def test_a_cell_that_both_run_at_once_makes_nobody_twice(
    pair: tuple[Notebook, Notebook], eye: ipysketch.Sketch
) -> None:
    """What JupyterLab then shows of the two runs is a mixture, and whoever runs the cell alone mends it."""
    ada, guest = pair
    [board] = [each["data"][WIDGET]["model_id"] for each in outputs(ada, 1) if WIDGET in each.get("data", {})]
    for page in pair:
        page.execute(1)  # Neither waits for the other.
    for page in pair:
        page.finish(2)
    ada.finish(1)
    for page in pair:
        wait_until(
            lambda page=page: (
                [sorted(each["data"]) for each in outputs(page, 1)]  # type: ignore[misc]
                == [[WIDGET, "text/plain"], ["image/png", "text/plain"]]
            ),
            "one board, and its picture",
            lambda page=page: page.page.evaluate(FRAME),  # type: ignore[misc]
        )
        assert outputs(page, 1)[0]["data"][WIDGET]["model_id"] == board
        page.connected(here=3)
    lists(ada.page, "Ada (you)", "Eye", "Ada (2)")
    lists(guest.page, "Ada (2) (you)", "Ada", "Eye")
    assert sorted(person.name for person in eye.people) == ["Ada", "Ada (2)", "Eye"]
