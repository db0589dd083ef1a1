"""The same board in Jupyter Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ..support.processes import RelayProcess
from .conftest import Lab, Notebook

ORANGE = "#c46a1b"


class Notebook7(Lab):
    application = "notebook"
    kind = "JupyterNotebookApp"
    path = "notebooks/{name}.ipynb"


@pytest.fixture(scope="module")
def pair(home: Path, relay: RelayProcess, browser: Browser) -> Iterator[list[Notebook]]:
    server = Notebook7(home, relay, browser)
    notebooks = []
    for name in ("otto", "olga"):
        cells = [
            "%load_ext ipysketch",
            f"%sketch connect --room seven --name {name.capitalize()} --color '{ORANGE}'",
        ]
        notebook = server.notebook(name, cells)
        notebook.run()
        notebooks.append(notebook)
    yield notebooks
    server.close()


def test_two_notebooks_draw_together(pair: list[Notebook]) -> None:
    otto, olga = pair
    for notebook in pair:
        notebook.connected(here=2)
    otto.press(100, 100)
    otto.drag(300, 100)
    olga.sees(200, 100, ORANGE)  # Live.
    otto.release()
    otto.sees(200, 100, ORANGE)
    olga.shows(otto.picture)
    otto.screenshot("notebook7")
    otto.button("Undo")
    olga.sees_nothing(200, 100)
    for notebook in pair:
        # Notebook 7 itself complains of a setting when it opens.
        assert [error for error in notebook.errors if "reading 'schema'" not in error] == []
