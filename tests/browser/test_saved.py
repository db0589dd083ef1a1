"""What a notebook shows when its kernel is gone, or has never been there."""

from __future__ import annotations

import json

from .conftest import Lab

GREEN = "#2e8b57"


def test_a_saved_notebook_shows_the_drawing_without_a_kernel(lab: Lab) -> None:
    cells = ["%load_ext ipysketch", f"%sketch connect --room saved --name Sada --color '{GREEN}'"]
    notebook = lab.notebook("sada", cells)
    notebook.run()
    picture = notebook.page.locator(".jp-RenderedImage img")
    picture.wait_for(state="attached")
    before = picture.get_attribute("src")
    assert not picture.is_visible(), "the board lives: its picture would be there twice"
    notebook.stroke((200, 200), (900, 500))
    notebook.page.wait_for_function(
        "before => document.querySelector('.jp-RenderedImage img').src !== before", arg=before, timeout=30_000
    )
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = json.loads((lab.root / "sada.ipynb").read_text())
    kinds = [sorted(output["data"]) for cell in saved["cells"] for output in cell["outputs"]]
    assert ["image/png", "text/plain"] in kinds
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    notebook.page.context.close()

    # Opened again, before any cell runs: the picture, and the ink is in it.
    again = lab.open("sada")
    image = again.page.locator(".jp-RenderedImage img")
    image.wait_for(state="visible")
    shade = image.evaluate(
        """image => {
            const canvas = new OffscreenCanvas(1280, 720);
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0, 1280, 720);
            return Array.from(context.getImageData(550, 350, 1, 1).data);
        }"""
    )
    assert abs(shade[0] - 0x2E) + abs(shade[1] - 0x8B) + abs(shade[2] - 0x57) < 30
    again.screenshot("saved")
    again.page.context.close()
