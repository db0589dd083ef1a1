"""Moving around on the desk, on the widget and on the relay's web page: zoom, pan, and ink beside the sheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image as Pixels
from playwright.sync_api import Page

import ipysketch
from ipysketch.model.elements import Image, Rectangle

from .conftest import Notebook, rests, until_in_page
from .islands import press
from .test_hands import BLUE, RED, Hand, empty, eye, hand, paul, wanda

__all__ = ["eye", "hand", "paul", "wanda"]  # The fixtures of the gestures, on both roads.

ZOOM = "() => Number(document.querySelector('.ipysketch-overlay').style.getPropertyValue('--zoom') || 1)"
BOARD_PLACE = """([x, y]) => {
    const { left, top, width, height } = document.querySelector('.ipysketch-overlay').getBoundingClientRect();
    return [(x - left) * 1280 / width, (y - top) * 720 / height];
}"""
SHOWN = "zoom => document.querySelector('.ipysketch-zoom .ipysketch-where').textContent === zoom"


def corner(hand: Hand) -> tuple[float, float]:
    """Where the corner of the sheet is, in pixels."""
    return hand.place(0, 0)


def waits_for(hand: Hand, zoom: int) -> None:
    until_in_page(hand.page, SHOWN, f"{zoom} %")


def moved(hand: Hand, before: tuple[float, float], dx: float, dy: float) -> None:
    """Wait until the sheet lies so many pixels from where it was."""
    until_in_page(
        hand.page,
        """([x, y]) => {
            const { left, top } = document.querySelector('.ipysketch-overlay').getBoundingClientRect();
            return Math.hypot(left - x, top - y) < 2;
        }""",
        [before[0] + dx, before[1] + dy],
    )


def test_a_zoom_ends_at_25_and_at_800_per_cent(hand: Hand) -> None:
    hand.keys(*"--------")
    waits_for(hand, 25)
    hand.keys(*"++++++++++++++++++")
    waits_for(hand, 800)
    hand.keys("0")
    waits_for(hand, 100)


def test_ink_lies_on_the_desk_beside_the_sheet(hand: Hand) -> None:
    hand.keys("-", "-", "-", "-")
    waits_for(hand, 41)
    press(hand.page, "Width: Extra thick")  # Fast ink is thin, and pale where a pixel is not covered.
    hand.drag((-300, 200), (-300, 400))
    stroke = hand.one(lambda one: one.bounds.x1 < 0)
    assert abs(stroke.bounds.y1 - 400) < 12
    hand.eye.rect(-40, 500, 80, 60, color=BLUE, fill=BLUE)
    hand.sees(-20, 530, BLUE)
    hand.sees(20, 530, BLUE)
    # It stays there while the sheet is moved and enlarged: on a raster of what is seen.
    hand.page.mouse.move(*hand.place(-300, 300))
    with hand.holding("Control"):
        for _ in range(6):
            hand.page.mouse.wheel(0, -120)
    until_in_page(hand.page, f"() => ({ZOOM})() > 2")
    hand.sees(-300, 300, RED)
    # Whoever selects it there has it.
    hand.keys("v")
    hand.click(-300, 300)
    hand.keys("Delete")
    hand.elements(1)
    hand.sees(-300, 300, "#eef0f2")


def test_everything_is_seen_with_what_lies_on_the_desk(hand: Hand) -> None:
    hand.eye.rect(-1200, 100, 100, 100, color=RED, fill=RED)
    hand.lists(1)
    hand.keys("Shift+Digit1")
    until_in_page(hand.page, f"() => ({ZOOM})() < 0.6")
    hand.sees(-1150, 150, RED)
    hand.keys("0")
    waits_for(hand, 100)


def test_a_hand_and_the_space_bar_pan(hand: Hand) -> None:
    hand.keys("h")
    before = corner(hand)
    start, end = (700.0, 300.0), (600.0, 250.0)
    hand.page.mouse.move(*start)
    hand.page.mouse.down()
    hand.page.mouse.move(*end)
    hand.page.mouse.up()
    moved(hand, before, -100, -50)
    hand.keys("p")
    hand.overlay.focus()
    with hand.holding("Space"):
        hand.page.mouse.move(*end)
        hand.page.mouse.down()
        hand.page.mouse.move(*start)
        hand.page.mouse.up()
    moved(hand, before, 0, 0)
    hand.drag((100, 100), (200, 100))
    assert hand.one().bounds.x0 < 120, "after the space bar the pen draws again"


def test_a_wheel_pans_a_board_that_has_the_focus(hand: Hand) -> None:
    hand.overlay.focus()
    before = corner(hand)
    hand.page.mouse.move(*hand.place(640, 300))
    hand.page.mouse.wheel(40, 60)
    moved(hand, before, -40, -60)
    with hand.holding("Shift"):
        hand.page.mouse.wheel(0, 30)
    moved(hand, before, -70, -60)


def test_the_notebook_scrolls_over_a_board_without_focus(wanda: Notebook, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(wanda.page, eye))
    hand.page.evaluate("() => document.activeElement.blur()")
    watch = """() => {
        window.wheel = new Promise(done => document.addEventListener('wheel', e => done(e.defaultPrevented)));
    }"""
    hand.page.evaluate(watch)
    hand.page.mouse.move(*hand.place(640, 300))
    hand.page.mouse.wheel(0, 1)
    assert hand.page.evaluate("() => window.wheel") is False
    # Enlarged, it is the board's without focus too.
    hand.keys("+")
    hand.page.evaluate("() => document.activeElement.blur()")
    hand.page.evaluate(watch)
    hand.page.mouse.wheel(0, 1)
    assert hand.page.evaluate("() => window.wheel") is True


@pytest.mark.parametrize("scale", [1, 4])
def test_a_zoom_keeps_the_place_under_the_pointer(paul: Page, eye: ipysketch.Sketch, scale: float) -> None:
    hand = empty(Hand(paul, eye))
    x, y = map(round, hand.place(300, 200))  # A wheel says whole pixels.
    place = hand.page.evaluate(BOARD_PLACE, [x, y])
    hand.page.mouse.move(x, y)
    with hand.holding("Control"):
        for _ in range(int(scale)):
            hand.page.mouse.wheel(0, 120 if scale == 1 else -120)
    until_in_page(paul, f"() => ({ZOOM})() !== 1")
    now = hand.place(*place)
    assert abs(now[0] - x) < 1
    assert abs(now[1] - y) < 1


def test_the_frame_of_a_selection_is_as_thin_at_any_zoom(paul: Page, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(paul, eye))
    hand.box(600, 330, 680, 390)
    hand.keys("v")
    hand.click(640, 360)
    hand.handle("se")
    thick = """() => {
        const frame = document.querySelector('.ipysketch-selection path.frame');
        return frame.getScreenCTM().a * frame.getAttribute('stroke-width');
    }"""
    assert paul.evaluate(thick) == pytest.approx(1.5, abs=0.1)
    hand.keys(*"++++++++++++++++++")
    waits_for(hand, 800)
    until_in_page(paul, f"() => Math.abs(({thick})() - 1.5) < 0.1")
    hand.keys("0")
    waits_for(hand, 100)


# --- the map, and links to a view -------------------------------------------------------------------------------------


def test_a_map_shows_what_is_seen_and_goes_where_it_is_pressed(hand: Hand) -> None:
    board_map = hand.page.get_by_role("application", name="Map of the board")
    assert not board_map.is_visible(), "all of the sheet is seen"
    hand.box(20, 220, 220, 340)
    hand.keys(*"+++++++")
    board_map.wait_for()
    frame = board_map.locator(".ipysketch-frame")
    box = board_map.locator("canvas").bounding_box()
    assert box is not None
    hand.page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.39)
    hand.sees(120, 280, RED)
    before = frame.bounding_box()
    assert before is not None
    board_map.press("ArrowRight")
    board_map.press("ArrowDown")
    after = frame.bounding_box()
    assert after is not None
    assert after["x"] > before["x"]
    assert after["y"] > before["y"]
    # It shows what is drawn.
    hand.page.wait_for_function(
        """() => {
            const canvas = document.querySelector('.ipysketch-map canvas');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return data.some((_, i) => i % 4 === 0 && data[i] > 190 && data[i + 1] < 110);
        }"""
    )
    hand.keys("0")
    board_map.wait_for(state="hidden")


def test_a_link_shows_the_same_view(paul: Page, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(paul, eye))
    paul.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand.keys("+", "+", "+")
    hand.overlay.press("Shift+F10")
    paul.get_by_role("menuitem", name="Copy link to this view").click()
    paul.get_by_text("Copied", exact=True).wait_for()
    link = paul.evaluate("() => navigator.clipboard.readText()")
    assert link.endswith("/r/hands#640,360,1.95")
    hand.keys("0")
    waits_for(hand, 100)
    paul.evaluate("() => { location.hash = '#100,600,4'; }")
    waits_for(hand, 400)
    box = paul.locator(".ipysketch-desk").bounding_box()
    assert box is not None
    place = paul.evaluate(BOARD_PLACE, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    assert [round(value) for value in place] == [100, 600]
    paul.evaluate("() => history.replaceState(null, '', location.pathname)")
    hand.keys("0")


# --- the menu ---------------------------------------------------------------------------------------------------------


def test_the_menu_is_opened_and_used_by_keys(hand: Hand) -> None:
    hand.box()
    hand.keys("v")
    hand.click(150, 130)
    hand.handle("se")
    for key in ("Shift+F10", "ContextMenu"):
        hand.overlay.press(key)
        menu = hand.page.get_by_role("menu", name="Board menu")
        menu.wait_for()
        hand.page.keyboard.press("Escape")
        menu.wait_for(state="hidden")
        assert hand.page.evaluate("() => document.activeElement.classList.contains('ipysketch-overlay')")
    hand.overlay.press("Shift+F10")
    for key in ("End", "ArrowUp"):
        hand.page.keyboard.press(key)
    assert hand.page.evaluate("() => document.activeElement.textContent").startswith("Delete")
    hand.page.keyboard.press("Enter")
    hand.elements(0)


def test_a_finger_that_rests_opens_the_menu_and_draws_nothing(hand: Hand) -> None:
    touch = hand.page.context.new_cdp_session(hand.page)
    x, y = hand.place(600, 300)
    at = [{"x": x, "y": y}]
    menu = hand.page.get_by_role("menu", name="Board menu")
    with rests(hand.page):
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
        menu.wait_for()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert menu.is_visible()
    hand.page.keyboard.press("Escape")
    # One that moves draws.
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    for step in range(1, 6):
        moved_to = [{"x": x + 8 * step, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved_to})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    hand.elements(1)
    touch.detach()


def test_no_menu_of_the_front_end_opens_over_an_island(wanda: Notebook, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(wanda.page, eye))
    hand.page.locator(".ipysketch-tools").first.click(button="right", position={"x": 2, "y": 2})
    hand.page.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(done)))")
    assert hand.page.locator(".lm-Menu").count() == 0


# --- the clipboard, and pictures --------------------------------------------------------------------------------------


def test_a_selection_is_copied_as_a_png_and_as_svg(paul: Page, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(paul, eye))
    paul.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand.box()
    hand.keys("v")
    hand.click(150, 130)
    hand.handle("se")
    hand.overlay.press("Shift+F10")
    paul.get_by_role("menuitem", name="Copy as PNG").click()
    paul.get_by_text("Copied", exact=True).wait_for()
    size, red = paul.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const bitmap = await createImageBitmap(await item.getType('image/png'));
            const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
            context.drawImage(bitmap, 0, 0);
            return [[bitmap.width, bitmap.height], [...context.getImageData(bitmap.width / 2, bitmap.height / 2, 1, 1).data]];
        }"""
    )
    assert size == [2 * (104 + 16), 2 * (64 + 16)]
    assert red == [0xD1, 0x49, 0x5B, 255]
    hand.overlay.press("Shift+F10")
    paul.get_by_role("menuitem", name="Copy as SVG").click()
    paul.wait_for_function("() => navigator.clipboard.readText().then(text => text.startsWith('<svg'))")
    # By the keys all go together: elements, and a picture.
    hand.keys("Control+c")
    paul.wait_for_function(
        """() => navigator.clipboard.read().then(([{ types }]) =>
            ['text/html', 'text/plain', 'image/png'].every(type => types.includes(type)))"""
    )
    hand.keys("Escape", "Control+v")
    hand.elements(2)


def test_elements_go_to_excalidraw_and_come_from_it(paul: Page, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(paul, eye))
    paul.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand.box()
    hand.keys("v")
    hand.click(150, 130)
    hand.handle("se")
    hand.overlay.press("Shift+F10")
    paul.get_by_role("menuitem", name="Copy for Excalidraw").click()
    paul.get_by_text("Copied", exact=True).wait_for()
    scene = json.loads(paul.evaluate("() => navigator.clipboard.readText()"))
    assert scene["type"] == "excalidraw/clipboard"
    [box] = scene["elements"]
    assert (box["type"], box["x"], box["y"], box["width"], box["height"]) == ("rectangle", 100, 100, 100, 60)
    assert (box["strokeColor"], box["backgroundColor"]) == (RED, RED)
    hand.keys("Escape", "Control+v")
    _, pasted = hand.elements(2)
    assert isinstance(pasted, Rectangle)
    assert (pasted.box.x1 - pasted.box.x0, pasted.fill) == (100, RED)


def test_a_picture_comes_from_a_file(hand: Hand, tmp_path: Path) -> None:
    Pixels.new("RGB", (60, 40), BLUE).save(tmp_path / "blue.png")
    with hand.page.expect_file_chooser() as chosen:
        hand.keys("i")
    chosen.value.set_files(tmp_path / "blue.png")
    picture = hand.one()
    assert isinstance(picture, Image)
    assert (picture.box.x0 + picture.box.x1) / 2 == pytest.approx(640, abs=2), "in the middle of what is seen"
    hand.sees(640, 360, BLUE)
    (tmp_path / "words.png").write_text("no picture")
    with hand.page.expect_file_chooser() as chosen:
        hand.keys("i")
    chosen.value.set_files(tmp_path / "words.png")
    hand.page.get_by_text("Only pictures and texts can be put on the board.").first.wait_for()
