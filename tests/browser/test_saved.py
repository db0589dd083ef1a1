"""What a notebook shows when its kernel is gone, or has never been there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Lab

GREEN = "#2e8b57"
# Whether the picture of the board has the stroke.
INKED = """() => {
    const image = document.querySelector('.jp-RenderedImage img');
    if (!image?.complete || !image.naturalWidth) return false;
    const context = new OffscreenCanvas(1280, 720).getContext('2d');
    context.drawImage(image, 0, 0, 1280, 720);
    const [red, green, blue] = context.getImageData(550, 350, 1, 1).data;
    return Math.abs(red - 0x2e) + Math.abs(green - 0x8b) + Math.abs(blue - 0x57) < 30;
}"""


def test_a_saved_notebook_shows_the_drawing_without_a_kernel(lab: Lab) -> None:
    cells = ["%load_ext ipysketch", f"%sketch connect --room saved --name Sada --color '{GREEN}'"]
    notebook = lab.notebook("sada", cells)
    notebook.run()
    picture = notebook.page.locator(".jp-RenderedImage img")
    picture.wait_for(state="attached")
    expect(picture, "the board lives: its picture would be there twice").to_be_hidden()
    notebook.button("Width: Extra thick")  # Fast ink is thin, and pale where a pixel is not covered.
    notebook.stroke((200, 200), (900, 500))
    notebook.page.wait_for_function(INKED)
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = json.loads((lab.root / "sada.ipynb").read_text())
    kinds = [sorted(output.get("data", ())) for cell in saved["cells"] for output in cell["outputs"]]
    assert ["image/png", "text/plain"] in kinds
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    notebook.page.context.close()

    # Opened again, before any cell runs: the picture, and the ink is in it.
    again = lab.open("sada")
    image = again.page.locator(".jp-RenderedImage img")
    image.wait_for(state="visible")
    again.page.wait_for_function(INKED)
    again.screenshot("saved")
    again.page.context.close()


def test_a_notebook_saved_with_the_widgets_of_0_1_0_still_opens(lab: Lab) -> None:
    """Its state has a bar and an overlay, each with a module of its own: they say that the kernel is gone."""
    saved = gzip.decompress((Path(__file__).parent / "saved_by_0_1_0.ipynb.gz").read_bytes())
    (lab.root / "old.ipynb").write_bytes(saved)
    old = lab.open("old")
    old.page.locator(".jp-RenderedImage img").wait_for()  # Nothing else is shown of a notebook from elsewhere.
    old.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:trust'); }")
    old.page.get_by_role("dialog").get_by_role("button", name="Trust").click()
    old.page.get_by_text("This board has lost its kernel").wait_for()
    assert old.page.locator(".ipysketch-board .ipysketch-bar").count() == 1
    assert old.page.locator(".ipysketch-desk .ipysketch-overlay").count() == 1
    old.screenshot("saved-by-0-1-0")
    # Beside it, a board of this version draws.
    cells = ["%load_ext ipysketch", f"%sketch connect --room after --name Sada --color '{GREEN}'"]
    new = lab.notebook("new", cells)
    new.run()
    new.button("Width: Extra thick")
    new.stroke((200, 200), (900, 500))
    new.sees(550, 350, GREEN)
    for notebook in (old, new):
        assert not [error for error in notebook.errors if "ipysketch" in error]
        notebook.page.context.close()
