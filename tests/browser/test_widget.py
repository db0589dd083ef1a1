"""A board among other widgets: in boxes, with a layout, linked to what lies beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..support.waiting import DEADLINE
from .conftest import Lab, Notebook, at_rest
from .islands import choose_color, press

BOARD = """
import ipysketch
from ipywidgets import ColorPicker, HBox, HTML, IntSlider, VBox, link
board = ipysketch.connect(room="boxes", name="Ada", color="#1f6fb2")
slider = IntSlider(max=3)
picker = ColorPicker(concise=True)
told = HTML("nothing yet")
link((board, "color"), (picker, "value"))
link(
    (board, "page"),
    (slider, "value"),
    transform=(lambda page: board.pages.index(page), lambda number: board.pages[min(number, len(board.pages) - 1)]),
)
board.observe(lambda change: setattr(told, "value", f"{len(change.new)} on the page"), "value")
VBox([board, HBox([slider, picker, told])])
"""
SIDE_BY_SIDE = """
board.layout.width = "300px"
HBox([board, IntSlider(description="beside")])
"""
WIDTHS = """() => Array.from(document.querySelectorAll('.ipysketch-board'), board => board.clientWidth)"""


@pytest.fixture(scope="module")
def boxes(lab: Lab) -> Notebook:
    notebook = lab.notebook("boxes", [BOARD, "board.add_page('two'); board.tool = 'eraser'", SIDE_BY_SIDE])
    notebook.execute(0)
    notebook.connected()
    return notebook


def test_what_is_drawn_and_chosen_reaches_what_is_linked(boxes: Notebook) -> None:
    page = boxes.page
    boxes.stroke((100, 300), (400, 300))
    boxes.sees(200, 300, "#1f6fb2")
    expect(page.get_by_text("1 on the page")).to_be_visible()
    choose_color(page, "#c46a1b")
    expect(page.locator(".widget-colorpicker input[type=color]")).to_have_value("#c46a1b")
    page.locator(".widget-colorpicker input[type=color]").evaluate(
        "input => { input.value = '#2e7d32'; input.dispatchEvent(new Event('change', { bubbles: true })); }"
    )
    expect(page.locator(".ipysketch-sample")).to_have_css("background-color", "rgb(46, 125, 50)")
    boxes.stroke((100, 400), (400, 400))
    boxes.sees(200, 400, "#2e7d32")
    boxes.screenshot("widget-in-boxes")


def test_pages_turn_both_ways(boxes: Notebook) -> None:
    page = boxes.page
    boxes.execute(1)
    expect(page.locator(".widget-readout").first).to_have_text("1")
    expect(page.get_by_text("0 on the page")).to_be_visible()
    expect(page.locator('.ipysketch-tool[data-tools~="eraser"]')).to_have_attribute("aria-pressed", "true")
    press(page, "Pen")
    page.locator(".widget-readout").first.fill("0")
    page.keyboard.press("Enter")
    boxes.sees(200, 400, "#2e7d32")


def test_its_layout_is_that_of_any_widget(boxes: Notebook) -> None:
    boxes.execute(2)
    boxes.page.wait_for_function("() => document.querySelectorAll('.ipysketch-overlay').length === 2")
    # With its border, the board is as wide as its layout says, in both places.
    assert at_rest(boxes.page, WIDTHS) == [298, 298]
    box = boxes.page.get_by_text("beside", exact=True).bounding_box(timeout=DEADLINE * 1000)
    board = boxes.page.locator(".ipysketch-board").nth(1).bounding_box()
    assert box is not None
    assert board is not None
    assert board["x"] + board["width"] <= box["x"]
    boxes.screenshot("widget-with-layout")
    assert [error for error in boxes.errors if "favicon" not in error] == []
