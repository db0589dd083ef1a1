"""Hands on the islands over a board, in a notebook and on the relay's web page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

TOOLS = {
    "Select": "select",
    "Hand": "hand",
    "Pen": "pen",
    "Highlighter": "highlighter",
    "Line": "line",
    "Arrow": "arrow",
    "Rectangle": "rectangle",
    "Ellipse": "ellipse",
    "Text": "text",
    "Note": "note",
    "Eraser": "eraser",
    "Part eraser": "cutter",
    "Laser pointer": "laser",
}
MENU = ("Rename this page", "Delete this page", "Clear the board", "Grid", "Dark paper", "Keyboard shortcuts")
STYLE = ("Colour: ", "Width: ", "Text size: ", "Line style: ", "Fill: ")
AT = """((canvas, x, y) => {
    const paper = (canvas.closest('.ipysketch-desk') ?? document).querySelector('canvas.ipysketch-paper');
    const [sheet, own] = [paper.getBoundingClientRect(), canvas.getBoundingClientRect()];
    const scale = canvas.width / (own.width || 1);
    return [
        Math.round((sheet.x + x * sheet.width / 1280 - own.x) * scale),
        Math.round((sheet.y + y * sheet.height / 720 - own.y) * scale),
    ];
})"""
"""Where a place in board units is on a canvas, in its pixels: those above the paper cover more than the sheet."""
JOINED = """here => {
    const { connection, people } = document.querySelector('.ipysketch-surface')?.dataset ?? {};
    return connection === 'connected' && (here === null || Number(people) === here);
}"""
"""Whether a board is connected, with so many people in its room, or any number for null."""


def press(page: Page, label: str, board: Locator | None = None) -> None:
    """Press what is called `label`, wherever it is: on an island, in a tool's menu, in a panel, in the board's menu."""
    inside = board or page.locator(".ipysketch-board").first
    if tool := TOOLS.get(label):
        button = inside.locator(f'.ipysketch-tool[data-tools~="{tool}"]')
        button.click()
        if button.get_attribute("aria-haspopup") == "menu":
            inside.get_by_role("menuitemradio", name=label, exact=True).click()
    elif label.startswith(STYLE):
        with_style(inside).get_by_role("button", name=label, exact=True).click()
        inside.locator(".ipysketch-ink").click()
    elif label in MENU:
        inside.get_by_role("button", name="Board menu", exact=True).click()
        inside.locator("[role=menu]").get_by_text(label, exact=True).click()
    else:
        inside.get_by_role("button", name=label, exact=True).first.click()


def with_style(board: Locator) -> Locator:
    """Open the panel of the style."""
    board.locator(".ipysketch-ink").click()
    return board.get_by_role("dialog", name="Style")


def choose_color(page: Page, color: str) -> None:
    """Choose a colour that is none of the swatches."""
    board = page.locator(".ipysketch-board").first
    with_style(board).get_by_label("Another colour").evaluate(
        "(input, color) => { input.value = color; input.dispatchEvent(new Event('change')); }", color
    )
    board.locator(".ipysketch-ink").click()


def choose_opacity(page: Page, opacity: int) -> None:
    """Choose an opacity in per cent; 100 is the tool's own."""
    board = page.locator(".ipysketch-board").first
    with_style(board).get_by_label("Opacity").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('change')); }", opacity
    )
    board.locator(".ipysketch-ink").click()


def ink_color(page: Page, number: int = 0) -> str:
    """The colour of the ink in hand on board `number`."""
    color = page.locator(".ipysketch-ink").nth(number).get_attribute("data-color")
    assert color is not None
    return color


def people_list(page: Page) -> Locator:
    """Open the list of people."""
    board = page.locator(".ipysketch-board").first
    listed = board.get_by_role("dialog", name="People")
    if not listed.count():
        board.locator(".ipysketch-stack").click()
    return listed
