"""A notebook that was saved with an older version is shown as it was, and runs in this one with the same results."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

from ..support.processes import RelayProcess, environment
from .conftest import unpacked

WIDGETS = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"

pytestmark = pytest.mark.timeout(600)


OTHERWISE = ("ipysketch draws through the relay ", "Handle(")
"""How texts begin that version 0.1.0 did not print, or that are not printed any more."""


def results(notebook: NotebookNode) -> Iterator[list[str]]:
    """What each cell printed and returned; keys are new in each run."""
    for cell in notebook.cells:
        texts = [
            output.text if output.output_type == "stream" else output.data["text/plain"]
            for output in cell.outputs
            if output.output_type != "display_data"
        ]
        yield [re.sub(r"key='\w+'", "key", text) for text in texts if not text.startswith(OTHERWISE)]


@pytest.fixture
def notebook() -> NotebookNode:
    saved: NotebookNode = nbformat.reads(unpacked("notebook.ipynb").decode(), as_version=4)
    return saved


def test_the_saved_notebook_shows_its_drawing(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    state = notebook.metadata.widgets[WIDGETS].state
    outputs = [
        output for cell in notebook.cells for output in cell.outputs if output.output_type == "display_data"
    ]
    views = [output.data[VIEW].model_id for output in outputs if VIEW in output.data]
    assert views
    assert all(view in state for view in views)
    [still] = [output.data["image/png"] for output in outputs if "image/png" in output.data]
    with Image.open(io.BytesIO(base64.b64decode(still))) as image:
        colors = image.convert("RGB").getcolors(image.width * image.height)
    assert colors is not None
    assert len(colors) > 3


def test_the_saved_notebook_runs_again_with_the_same_results(notebook: NotebookNode, tmp_path: Path) -> None:
    before = list(results(notebook))
    relay = RelayProcess(tmp_path)
    try:
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute(env=environment(tmp_path, IPYSKETCH_URL=relay.url))
    finally:
        relay.stop()
    assert list(results(notebook)) == before
    assert any(VIEW in output.get("data", {}) for cell in notebook.cells for output in cell.outputs)
