"""Moving around on the desk, on the widget and on the relay's web page: zoom, pan, and ink beside the sheet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

import ipysketch

from .conftest import Notebook, until_in_page
from .test_hands import BLUE, RED, Hand, empty, eye, hand, paul, wanda

__all__ = ["eye", "hand", "paul", "wanda"]  # The fixtures of the gestures, on both roads.

ZOOM = "() => Number(document.querySelector('.ipysketch-overlay').style.getPropertyValue('--zoom') || 1)"
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
    until_in_page(paul, "() => document.querySelector('.ipysketch-overlay').style.transform !== undefined")
    x, y = hand.place(300, 200)
    hand.page.mouse.move(x, y)
    with hand.holding("Control"):
        for _ in range(int(scale)):
            hand.page.mouse.wheel(0, 120 if scale == 1 else -120)
    until_in_page(paul, f"() => ({ZOOM})() !== 1")
    now = hand.place(300, 200)
    assert abs(now[0] - x) < 2
    assert abs(now[1] - y) < 2
