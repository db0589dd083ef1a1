"""What a notebook shows besides its board: a replay, and the link to the room's page."""

from __future__ import annotations

from playwright.sync_api import expect

import ipysketch

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE
from .conftest import Lab

PLUM = "#7b2d8b"


def test_a_replay_plays_and_its_slider_goes_back(lab: Lab, relay: RelayProcess) -> None:
    board = ipysketch.Sketch(name="Past").connect(relay.url, "replay")
    for n in range(5):
        board.line([(100 + 200 * n, 100), (100 + 200 * n, 600)], color=PLUM, width=12)
        assert board.flush(DEADLINE)
    cells = [
        "import ipysketch",
        "board = ipysketch.connect(room='replay', name='Rita')",
        "board.replay(speed=20)",
        "board.share()",
    ]
    rita = lab.notebook("rita", cells)
    rita.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    rita.page.wait_for_selector(".ipysketch-replay canvas.ipysketch-paper")
    rita.sees(900, 300, PLUM)  # It begins with its end: the drawing as it is.
    sheet = rita.page.locator(".ipysketch-replay .ipysketch-desk").bounding_box()
    assert sheet is not None
    assert sheet["height"] > 0.5 * sheet["width"]
    rita.page.get_by_text("operation 5 of 5").wait_for()
    rita.page.locator(".ipysketch-replay .noUi-handle").focus()
    rita.page.keyboard.press("Home")
    rita.sees_nothing(100, 300)
    rita.page.get_by_title("Play", exact=True).or_(
        rita.page.locator(".jupyter-widgets.widget-play button")
    ).first.click()
    rita.sees(100, 300, PLUM)
    rita.sees(900, 300, PLUM)
    link = rita.page.locator('[aria-label="Link to the page of this room"] a')
    link.scroll_into_view_if_needed()
    rita.screenshot("replay-and-link")
    expect(link).to_have_attribute("href", f"{relay.url.replace('ws', 'http', 1)}/r/replay")
    rita.page.context.close()
    board.disconnect()
