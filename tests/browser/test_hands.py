"""Gestures on the widget, in a real JupyterLab, and on the relay's web page: each is done on both, and comes to the same."""

from __future__ import annotations

import io
import math
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image as Pixels
from playwright.sync_api import Browser, Page, expect

import ipysketch
from ipysketch.local.identity import author_secret
from ipysketch.model.elements import Arrow, Ellipse, Highlighter, Image, Line, Rectangle, Stroke, Text
from ipysketch.model.palette import COMMON, PEOPLE

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until
from .conftest import FRAME, SCREENSHOTS, Lab, Notebook, new_page, rests
from .islands import choose_color, press

RED, BLUE, PAPER = "#d1495b", "#1f77b4", "#ffffff"
Place = tuple[float, float]


class Hand:
    """A hand on one board, wherever that is; `eye` is a peer in Python, who sees what comes of it."""

    def __init__(self, page: Page, eye: ipysketch.Sketch) -> None:
        self.page, self.eye = page, eye
        self.overlay = page.locator(".ipysketch-overlay").first

    def place(self, x: float, y: float) -> Place:
        box = self.overlay.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 1280, box["y"] + y * box["height"] / 720

    def keys(self, *keys: str) -> None:
        self.overlay.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def press(self, x: float, y: float, button: Any = "left") -> None:
        self.page.mouse.move(*self.place(x, y))
        self.page.mouse.down(button=button)

    def move(self, *places: Place) -> None:
        for place in places:
            self.page.mouse.move(*self.place(*place), steps=6)

    def release(self, button: Any = "left") -> None:
        self.page.mouse.up(button=button)

    def drag(self, start: Place, *places: Place, button: Any = "left") -> None:
        self.press(*start, button=button)
        self.move(*places)
        self.release(button)

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.place(x, y))

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        self.page.keyboard.down(key)
        try:
            yield
        finally:
            self.page.keyboard.up(key)

    def handle(self, name: str) -> Place:
        """Where a handle of the selection is, in board units."""
        handle = self.page.locator(f"[data-handle={name}]").first
        # One that is there may be replaced by that of the changed selection at any time.
        box = wait_until(handle.bounding_box, f"the handle {name}")
        board = self.overlay.bounding_box()
        assert box is not None
        assert board is not None
        x, y = box["x"] + box["width"] / 2 - board["x"], box["y"] + box["height"] / 2 - board["y"]
        return x * 1280 / board["width"], y * 720 / board["height"]

    def colors(self, x: float, y: float) -> list[tuple[int, ...]]:
        """What people see within two pixels of a place."""
        left, top = self.place(x, y)
        data = self.page.screenshot(clip={"x": left - 2, "y": top - 2, "width": 5, "height": 5})
        pixels = Pixels.open(io.BytesIO(data)).convert("RGB").tobytes()
        return [tuple(pixels[i : i + 3]) for i in range(0, len(pixels), 3)]

    def sees(self, x: float, y: float, color: str, by: int = 40) -> None:
        """Wait until there is ink of a colour, or nothing but paper: lines are thin, and hands are not exact."""
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        there = all if color == PAPER else any
        wait_until(
            lambda: there(
                all(abs(a - b) < by for a, b in zip(pixel, wanted, strict=True)) for pixel in self.colors(x, y)
            ),
            f"{color} at {x}, {y}",
            lambda: self.page.evaluate(FRAME),
        )

    def sees_label(self, words: str) -> None:
        """Wait for the size or the angle beside the selection."""
        self.page.locator(".ipysketch-selection text", has_text=words).first.wait_for(state="attached")

    def elements(self, count: int, right: Callable[..., bool] = lambda *_: True) -> list[Any]:
        """What is on the board, once it is `count` elements of which `right` is true."""

        def there() -> list[Any] | None:
            elements = list(self.eye.elements)
            return [elements] if len(elements) == count and right(*elements) else None

        # What is dragged is shown where the hand is before it rests there: that is not looked at.
        [elements] = wait_until(there, f"{count} elements of the gesture") or [[]]
        return list(elements)

    def one(self, right: Callable[[Any], bool] = lambda _: True) -> Any:
        [element] = self.elements(1, right)
        return element

    def lists(self, count: int) -> None:
        """Wait until the board of the hand has so many elements; the paper may show them sooner, or show old ones."""
        found = self.page.locator("ul[aria-label='On this page']").first.locator("li")
        expect(found.filter(has_not_text="Nothing yet")).to_have_count(count)

    def has(self, kind: str, *arguments: Any, **style: Any) -> None:
        """Put an element on the board, and wait until the hand can take hold of it."""
        getattr(self.eye, kind)(*arguments, color=RED, **style)
        assert self.eye.flush(DEADLINE)
        self.lists(len(self.eye.elements))

    def box(self, x0: float = 100, y0: float = 100, x1: float = 200, y1: float = 160) -> None:
        """Put a red box on the board."""
        self.has("rect", x0, y0, x1 - x0, y1 - y0, width=4, fill=RED)
        self.sees((x0 + x1) / 2, (y0 + y1) / 2, RED)


@pytest.fixture(scope="module")
def eye(relay: RelayProcess) -> Iterator[ipysketch.Sketch]:
    board = ipysketch.Sketch(name="Eye").connect(relay.url, "hands")
    yield board
    board.disconnect()


@pytest.fixture(scope="module")
def wanda(lab: Lab, eye: ipysketch.Sketch) -> Iterator[Notebook]:
    connect = f"%sketch connect --room hands --name Wanda --color '{RED}'"
    notebook = lab.notebook(
        "hands", ["%load_ext ipysketch", connect, "import os; print('pid', os.getpid(), '.')"]
    )
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    notebook.page.locator(".ipysketch-overlay").first.wait_for()
    notebook.page.locator(".jp-OutputArea-output", has_text="pid").first.wait_for()
    notebook.show()
    yield notebook
    assert notebook.errors == []


@pytest.fixture(scope="module")
def paul(browser: Browser, relay: RelayProcess, eye: ipysketch.Sketch) -> Iterator[Page]:
    page = new_page(browser, viewport={"width": 1100, "height": 800})
    # The same author as the eye: everybody may change what is on the board.
    page.add_init_script(f"localStorage.setItem('ipysketch.secret', '{author_secret()}')")
    # He is offered the colour that he takes, which Wanda has too.
    page.add_init_script(f"Math.random = () => {PEOPLE.index(RED) / COMMON}")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(relay.url.replace("ws", "http", 1) + "/r/hands")
    page.get_by_label("Your name").fill("Paul")
    page.get_by_label("Your colour").fill(RED)
    page.get_by_role("button", name="Join", exact=True).click()
    page.locator(".ipysketch-overlay").first.wait_for()
    yield page
    assert errors == []


def empty(hand: Hand) -> Hand:
    """Return the hand on an empty board, with a pen."""
    hand.keys("Escape", "0", "p")
    hand.eye.clear()
    assert hand.eye.flush(DEADLINE)
    hand.lists(0)
    return hand


@pytest.fixture(params=["wanda", "paul"])
def hand(request: pytest.FixtureRequest, eye: ipysketch.Sketch) -> Iterator[Hand]:
    """A hand on each kind of board, which is off the board in the end: others would see its cursor."""
    board = request.getfixturevalue(request.param)
    hand = empty(Hand(board.page if isinstance(board, Notebook) else board, eye))
    yield hand
    hand.page.mouse.move(1, 1)


def near(box: Any, *wanted: float, by: float = 4) -> bool:
    found = (box.x0, box.y0, box.x1, box.y1)
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


# --- drawing ----------------------------------------------------------------------------------------------------------


def test_a_pen_draws_strokes_and_dots(hand: Hand) -> None:
    press(hand.page, "Width: Extra thick")  # Fast ink is thin, and pale where a pixel is not covered.
    hand.drag((100, 100), (300, 100), (300, 200))
    stroke = hand.one()
    assert isinstance(stroke, Stroke)
    assert len(stroke.points) > 5
    assert stroke.t is not None
    hand.sees(200, 100, RED)
    hand.click(400, 300)
    dot = hand.elements(2)[1]
    assert len(dot.points) == 1
    hand.sees(400, 300, RED)
    press(hand.page, "Width: Medium")


def test_shift_makes_a_stroke_straight(hand: Hand) -> None:
    hand.press(100, 100)
    with hand.holding("Shift"):
        hand.move((200, 300), (300, 110))
        hand.release()
    assert len(hand.one().points) == 2


def held(hand: Hand) -> None:
    """Draw a long line that is nearly level, and hold the pen until it is level."""
    hand.press(100, 300)
    with rests(hand.page):
        hand.move((250, 303), (500, 314))
        hand.sees(480, 300, RED)
        hand.sees(480, 313, PAPER)


def test_a_stroke_that_is_held_still_becomes_neat(hand: Hand) -> None:
    held(hand)
    hand.release()
    (x0, y0), (x1, y1) = hand.one(lambda one: isinstance(one, Line)).points
    assert y0 == y1
    assert abs(x0 - 100) < 2
    assert abs(x1 - 500) < 2


TURN = [2 * math.pi * part / 24 for part in range(24)]


@pytest.mark.parametrize(
    ("points", "only_neat", "kind"),
    [
        ([(250 + 90 * math.cos(a), 500 + 80 * math.sin(a)) for a in TURN], (334, 489), Ellipse),
        ([(450, 450), (640, 452), (642, 560), (451, 558), (452, 480)], (450, 465), Rectangle),
        ([(760, 560), (960, 550), (850, 420), (771, 540)], (765, 550), Line),
        ([(700, 150), (1000, 160), (950, 115), (1000, 160), (940, 190)], (960, 150), Arrow),
    ],
)
def test_a_stroke_that_is_held_still_becomes_what_it_looks_like(
    hand: Hand, points: list[Place], only_neat: Place, kind: type
) -> None:
    hand.press(*points[0])
    hand.move(*points[1:-1])
    with rests(hand.page):
        hand.move(points[-1])
        hand.sees(*only_neat, RED)
    hand.page.screenshot(path=SCREENSHOTS / f"neat-{kind.__name__.lower()}.png")
    hand.release()
    assert type(hand.one()) is kind


def test_a_hand_that_goes_on_after_a_rest_leaves_ink(hand: Hand) -> None:
    held(hand)
    hand.move((500, 400))
    hand.sees(500, 380, RED)
    hand.release()
    stroke = hand.one(lambda one: isinstance(one, Stroke))
    assert near(stroke.bounds, 98, 298, 502, 402)


def test_escape_gives_the_ink_of_a_neat_shape_back(hand: Hand) -> None:
    held(hand)
    hand.page.keyboard.press("Escape")
    assert near(hand.one(lambda one: isinstance(one, Stroke)).bounds, 98, 298, 502, 316)
    hand.release()
    hand.keys("p")
    hand.drag((100, 100), (200, 100))
    hand.elements(2)


def test_a_neat_shape_that_the_system_cancels_leaves_nothing(hand: Hand) -> None:
    held(hand)
    hand.overlay.evaluate(
        "it => it.dispatchEvent(new PointerEvent('pointercancel', { pointerId: 1, pointerType: 'touch' }))"
    )
    hand.release()
    hand.drag((100, 100), (200, 100))
    assert near(hand.one().bounds, 98, 98, 202, 102)


@pytest.mark.parametrize(
    ("key", "kind"), [("m", Highlighter), ("l", Line), ("a", Arrow), ("r", Rectangle), ("o", Ellipse)]
)
def test_a_key_takes_a_tool_that_draws_its_kind(hand: Hand, key: str, kind: type) -> None:
    hand.keys(key)
    hand.drag((100, 100), (200, 140))
    assert type(hand.one()) is kind


def test_alt_begins_a_shape_in_its_middle(hand: Hand) -> None:
    hand.keys("r")
    hand.press(300, 300)
    with hand.holding("Alt"):
        hand.move((340, 320))
        hand.release()
    assert near(hand.one().bounds, 258, 278, 342, 322)


def test_escape_gives_up_what_is_under_the_hand(hand: Hand) -> None:
    hand.press(100, 100)
    hand.move((200, 200))
    hand.page.keyboard.press("Escape")
    hand.release()
    hand.drag((300, 300), (400, 300))
    assert near(hand.one().bounds, 298, 298, 402, 302)


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_an_eraser_dims_and_takes_when_it_is_lifted(hand: Hand) -> None:
    hand.box()
    hand.keys("e")
    hand.press(60, 130)
    hand.move((150, 130))
    hand.sees(180, 130, "#f4d2d6")
    hand.elements(1)
    hand.release()
    hand.elements(0)
    hand.sees(150, 130, PAPER, by=60)


def test_escape_gives_back_what_is_being_erased(hand: Hand) -> None:
    hand.box()
    hand.keys("e")
    hand.press(60, 130)
    hand.move((150, 130))
    hand.sees(180, 130, "#f4d2d6")
    hand.page.keyboard.press("Escape")
    hand.sees(180, 130, RED)
    hand.release()
    hand.keys("p")
    hand.drag((300, 300), (400, 300))
    hand.elements(2)


def test_a_click_of_the_right_button_erases_nothing_and_opens_no_menu_of_the_front_end(hand: Hand) -> None:
    hand.box()
    hand.page.mouse.click(*hand.place(150, 130), button="right")
    hand.handle("se")
    assert hand.page.locator(".lm-Menu").count() == 0
    hand.keys("Escape", "p")
    hand.drag((300, 300), (400, 300))
    hand.elements(2)


def test_the_right_button_erases_when_it_is_dragged(hand: Hand) -> None:
    hand.box()
    hand.drag((60, 130), (150, 130), button="right")
    hand.elements(0)


def test_a_part_eraser_cuts_strokes(hand: Hand) -> None:
    hand.has("stroke", [(100, 300), (300, 300)])
    hand.sees(200, 300, RED)
    hand.keys("x")
    hand.drag((200, 260), (200, 340))
    left, right = hand.elements(2)
    assert near(left.bounds, 98, 298, 192, 302, by=6)
    assert near(right.bounds, 208, 298, 302, 302, by=6)


# --- selecting --------------------------------------------------------------------------------------------------------


def test_a_dragged_element_is_moved_and_undone_as_one(hand: Hand) -> None:
    hand.box()
    hand.keys("v")
    hand.drag((150, 130), (350, 230))
    assert near(hand.one(lambda e: e.bounds.x0 > 200).bounds, 298, 198, 402, 262)
    hand.sees(350, 230, RED)
    hand.sees(150, 130, PAPER, by=60)
    hand.keys("Control+z")
    hand.one(lambda e: e.bounds.x0 < 200)


def test_a_box_selects_what_it_surrounds(hand: Hand) -> None:
    hand.box()
    hand.box(300, 100, 400, 160)
    hand.box(500, 100, 600, 160)
    hand.keys("v")
    hand.drag((60, 250), (450, 80))  # Not from where an island lies.
    hand.keys("Delete")
    assert near(hand.one().bounds, 498, 98, 602, 162)


def test_a_lasso_selects_what_it_goes_around(hand: Hand) -> None:
    hand.box()
    hand.box(300, 300, 400, 360)
    hand.keys("v")
    with hand.holding("Alt"):
        hand.drag((60, 250), (60, 80), (250, 80), (250, 250))
    hand.keys("Delete")
    assert near(hand.one().bounds, 298, 298, 402, 362)


@pytest.mark.parametrize(
    ("handle", "to", "wanted"),
    [
        ("se", (300, 420), (98, 298, 298, 418)),
        ("nw", (50, 270), (52, 272, 202, 362)),
        ("e", (300, 600), (98, 298, 298, 362)),
        ("s", (400, 500), (98, 298, 202, 498)),
    ],
)
def test_a_handle_scales(hand: Hand, handle: str, to: Place, wanted: tuple[float, ...]) -> None:
    hand.box(100, 300, 200, 360)
    hand.keys("v")
    hand.click(150, 330)
    hand.drag(hand.handle(handle), to)
    changed = hand.one(lambda e: not near(e.bounds, 98, 298, 202, 362))
    assert near(changed.bounds, *wanted, by=8)
    hand.keys("Control+z")
    hand.one(lambda e: near(e.bounds, 98, 298, 202, 362, by=0.5))


def test_shift_keeps_the_ratio_and_alt_the_middle(hand: Hand) -> None:
    hand.box(100, 300, 200, 360)
    hand.keys("v")
    hand.click(150, 330)
    hand.press(*hand.handle("se"))
    with hand.holding("Shift"):
        hand.move((310, 370))
        hand.release()
    bounds = hand.one(lambda e: e.bounds.x1 > 250).bounds
    assert abs((bounds.x1 - bounds.x0) / (bounds.y1 - bounds.y0) - 104 / 64) < 0.1
    hand.keys("Control+z")
    hand.one(lambda e: near(e.bounds, 98, 298, 202, 362, by=0.5))
    wait_until(lambda: hand.handle("e")[0] < 250, "its own board shows it too")
    hand.press(*hand.handle("e"))
    with hand.holding("Alt"):
        hand.move((260, 330))
        hand.release()
    bounds = hand.one(lambda e: e.bounds.x1 > 220).bounds
    assert abs(bounds.x0 + bounds.x1 - 300) < 2


def test_the_knob_turns_by_15_degrees_with_shift(hand: Hand) -> None:
    hand.box(100, 300, 200, 360)
    hand.keys("v")
    hand.click(150, 330)
    hand.press(*hand.handle("turn"))
    with hand.holding("Shift"):
        hand.move((230, 328))
        hand.sees_label("90°")
        hand.release()
    assert near(hand.one(lambda e: e.bounds.y0 < 290).bounds, 118, 278, 182, 382)
    hand.sees(150, 370, RED)


def test_alt_drags_a_copy(hand: Hand) -> None:
    hand.box()
    hand.keys("v")
    with hand.holding("Alt"):
        hand.drag((150, 130), (350, 230))
    first, copy = hand.elements(2)
    assert near(first.bounds, 98, 98, 202, 162)
    assert near(copy.bounds, 298, 198, 402, 262)


def test_what_is_grouped_is_selected_and_moved_together(hand: Hand) -> None:
    hand.box()
    hand.box(300, 100, 400, 160)
    hand.keys("v", "Control+a", "Control+g", "Escape")
    hand.elements(2, lambda a, b: a.group and a.group == b.group)
    hand.drag((150, 130), (150, 330))
    hand.elements(2, lambda a, b: a.bounds.y0 > 280 and b.bounds.y0 > 280)


def test_what_is_locked_stays(hand: Hand) -> None:
    hand.box()
    hand.box(300, 100, 400, 160)
    hand.keys("v")
    hand.click(150, 130)
    hand.keys("Control+Shift+l", "Escape", "Control+a", "Delete")
    assert near(hand.one().bounds, 98, 98, 202, 162)
    hand.drag((150, 130), (150, 330))
    hand.keys("p")
    hand.drag((500, 300), (600, 300))
    assert near(hand.elements(2)[0].bounds, 98, 98, 202, 162)


def test_control_lines_up_with_another(hand: Hand) -> None:
    hand.box()
    hand.box(300, 300, 400, 360)
    hand.keys("v")
    with hand.holding("Control"):
        hand.drag((350, 330), (154, 420))
    moved = hand.elements(2, lambda _, b: b.bounds.x0 < 250)[1]
    assert abs(moved.bounds.x0 - 98) < 0.3, "its left edge is that of the other"


# --- text -------------------------------------------------------------------------------------------------------------


def test_a_double_click_writes_and_a_click_outside_only_ends_it(hand: Hand) -> None:
    hand.keys("v")
    hand.page.mouse.dblclick(*hand.place(300, 200))
    field = hand.page.get_by_label("Text on the board")
    field.fill("why?")
    hand.click(800, 500)
    text = hand.one()
    assert isinstance(text, Text)
    assert text.text == "why?"
    assert hand.page.get_by_label("Text on the board").count() == 0
    hand.page.mouse.dblclick(*hand.place(310, 215))
    assert field.input_value() == "why?"
    field.fill("because")
    field.press("Enter")
    assert hand.one(lambda e: e.text == "because").at == text.at


def write(hand: Hand, words: str) -> None:
    field = hand.page.get_by_label("Text on the board")
    field.fill(words)
    field.press("Enter")


LONG = "The quick brown fox jumps over the lazy dog and runs away"


def test_a_text_is_as_wide_as_it_was_dragged_and_its_side_breaks_it_anew(hand: Hand) -> None:
    hand.keys("t")
    hand.drag((300, 200), (600, 230))
    write(hand, LONG)
    text = hand.one()
    assert abs(text.wrap - 300) < 1
    before = len(text.lines)
    assert before > 1
    hand.keys("v")
    hand.click(310, 215)
    hand.drag(hand.handle("e"), (452, 240))
    narrow = hand.one(lambda e: e.wrap < 200)
    assert len(narrow.lines) > before
    assert narrow.size == text.size
    hand.drag(hand.handle("w"), (400, 240))
    moved = hand.one(lambda e: e.at[0] > 350)
    assert abs(moved.at[0] + moved.wrap - narrow.at[0] - narrow.wrap) < 1, "its right side stays"
    hand.keys("Control+z")
    assert hand.one(lambda e: e.at[0] < 350).wrap == narrow.wrap


def test_a_corner_scales_a_text(hand: Hand) -> None:
    hand.has("text", 300, 200, "large", size=40)
    hand.keys("v")
    hand.click(320, 225)
    hand.drag(hand.handle("se"), (700, 300))
    a, b, c, d = hand.one(lambda e: e.transform is not None).transform
    assert a == d > 1.5, "letters keep their form"
    assert b == c == 0


def test_what_is_typed_stays_on_the_board(hand: Hand) -> None:
    hand.keys("t")
    hand.click(1000, 200)
    write(hand, LONG)
    text = hand.one()
    assert len(text.lines) > 1
    assert text.bounds.x1 <= 1280


def test_a_letter_chooses_the_size_of_a_text(hand: Hand) -> None:
    hand.has("text", 300, 200, "size", size="S")
    hand.keys("v")
    hand.click(310, 212)
    hand.page.get_by_role("button", name="Style", exact=True).first.click()
    hand.page.get_by_role("button", name="Text size: extra large").first.click()
    assert hand.one(lambda e: e.size > 20).size == 56
    hand.page.get_by_role("button", name="Text size: small").first.click()
    assert hand.one(lambda e: e.size < 20).size == 18
    hand.keys("Escape")


def test_a_text_has_the_style_that_is_chosen_while_it_is_typed(hand: Hand) -> None:
    hand.keys("t")
    hand.click(300, 200)
    field = hand.page.get_by_label("Text on the board")
    hand.page.keyboard.type("green")
    press(hand.page, "Colour: green")
    press(hand.page, "Text size: large")
    expect(field).to_have_value("green")
    hand.page.keyboard.type(" ink")
    hand.click(800, 500)
    text = hand.one()
    assert (text.text, text.color, text.size) == ("green ink", "#2a8f3c", 37)
    # What is there is changed in one frame, and has its base direction from its words.
    hand.keys("v")
    hand.lists(1)
    hand.page.mouse.dblclick(*hand.place(320, 220))
    expect(field).to_have_value("green ink")
    expect(hand.page.locator(".ipysketch-selection .frame")).to_have_count(0)
    field.fill("\u05e9\u05dc\u05d5\u05dd")
    assert field.evaluate("field => getComputedStyle(field).direction") == "rtl"
    press(hand.page, "Colour: blue")
    field.press("Enter")
    hand.one(lambda e: e.color == BLUE and e.text != text.text)
    hand.page.locator(".ipysketch-selection .frame").first.wait_for(state="attached")
    hand.keys("Escape")
    press(hand.page, "Text size: medium")
    choose_color(hand.page, RED)


@pytest.mark.parametrize("kind", ["rect", "ellipse"])
def test_words_in_a_shape_are_typed_moved_and_erased_with_it(hand: Hand, kind: str) -> None:
    hand.has(kind, 300, 200, 200, 120)
    hand.keys("v")
    hand.page.mouse.dblclick(*hand.place(400, 260))
    write(hand, "so it is")
    shape = hand.one(lambda e: e.text == "so it is")
    [run] = shape.words.runs
    assert run.x == 400
    hand.drag((400, 260), (500, 360))
    assert hand.one(lambda e: e.box.x0 > 350).text == "so it is"
    hand.keys("Enter")
    field = hand.page.get_by_label("Text on the board")
    assert field.input_value() == "so it is"
    field.fill("")
    field.press("Escape")  # Nothing was typed, and nothing is taken away.
    assert hand.one().text == "so it is"
    hand.keys("Enter")
    write(hand, "")
    assert hand.one(lambda e: e.text == "").box.x0 > 350, "the shape stays"
    hand.keys("Delete")
    hand.elements(0)


def test_a_note_is_put_where_it_is_clicked_and_typed_on_at_once(hand: Hand) -> None:
    hand.keys("n")
    hand.click(400, 300)
    field = hand.page.get_by_label("Text on the board")
    field.wait_for()
    hand.sees(340, 240, "#fdefbe", by=20)  # While nothing is typed.
    field.press("Escape")
    hand.sees(340, 240, PAPER)
    hand.click(400, 300)
    write(hand, "ask why")
    note = hand.one()
    assert isinstance(note, Rectangle)
    assert (note.text, note.ink) == ("ask why", "#1a1a1a")
    assert near(note.box, 320, 220, 480, 380, by=1)
    hand.keys("Control+z")
    hand.elements(0)
    hand.keys("p")


# --- connectors -------------------------------------------------------------------------------------------------------


def test_an_arrow_between_shapes_stays_bound_when_they_move(hand: Hand) -> None:
    hand.has("rect", 100, 100, 100, 60, fill=RED)
    hand.has("ellipse", 500, 100, 100, 60, fill=RED)
    left, right = (element.key for element in hand.elements(2))
    hand.keys("a")
    hand.drag((150, 130), (300, 140), (550, 130))
    arrow = hand.elements(3)[2]
    assert [end.key for end in arrow.ends] == [left, right]
    assert 200 < arrow.points[0][0] < arrow.points[-1][0] < 500, "it ends at the outlines"
    hand.keys("v")
    hand.press(550, 130)
    hand.move((550, 430))
    hand.sees(350, 280, arrow.color)  # While the shape is dragged.
    hand.release()

    def follows(*elements: Any) -> bool:
        return bool(elements[2].points[-1][1] > 350)

    hand.elements(3, follows)
    fields = hand.eye._entry_fields(arrow.key)  # noqa: SLF001
    assert fields is not None
    assert sum(fields["points"][1::2]) / 8 > 350, "who does not know that arrows follow sees it there too"
    hand.keys("Control+z")
    hand.elements(3, lambda *elements: abs(elements[2].points[-1][1] - 130) < 1)
    hand.sees(550, 130, RED)
    hand.click(550, 130)
    hand.keys("Delete")
    [_, alone] = hand.elements(2)
    assert alone.ends[1] is None
    assert abs(alone.points[-1][0] - arrow.points[-1][0]) < 1, "it stays where it was"


def test_control_leaves_an_arrow_loose_and_dragging_lets_it_go(hand: Hand) -> None:
    hand.has("rect", 100, 100, 100, 60, fill=RED)
    hand.keys("a")
    with hand.holding("Control"):
        hand.drag((400, 130), (300, 130), (190, 130))
    loose = hand.elements(2)[1]
    assert loose.ends == (None, None)
    hand.drag((400, 330), (300, 250), (150, 130))
    bound = hand.elements(3)[2]
    assert bound.ends[1] is not None
    hand.keys("v")
    hand.drag((300, 243), (500, 443))
    moved = hand.elements(3, lambda *elements: elements[2].ends[1] is None)[2]
    assert moved.points[-1][0] > bound.points[-1][0] + 150


# --- what hands do is seen at once ------------------------------------------------------------------------------------


def test_hands_are_answered_while_the_kernel_is_stopped(wanda: Notebook, eye: ipysketch.Sketch) -> None:
    hand = empty(Hand(wanda.page, eye))
    hand.box()
    hand.box(300, 100, 400, 160)
    hand.keys("v")
    words = wanda.page.locator(".jp-OutputArea-output", has_text="pid").first.inner_text().split()
    kernel = int(words[words.index("pid") + 1])
    os.kill(kernel, signal.SIGSTOP)
    try:
        hand.drag((150, 130), (150, 330))
        hand.sees(150, 330, RED)
        hand.sees(150, 130, PAPER, by=60)
        hand.click(150, 330)
        hand.drag(hand.handle("se"), (300, 440))
        hand.sees(280, 400, RED)
        hand.keys("e")
        hand.drag((270, 130), (350, 130))
        hand.sees(350, 130, PAPER, by=60)
        hand.keys("l")
        hand.drag((600, 300), (700, 300))
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        wanda.page.screenshot(path=SCREENSHOTS / "hands.png")
        hand.sees(650, 300, RED)
    finally:
        os.kill(kernel, signal.SIGCONT)
    # Before the line comes, the box that is erased is the other one.
    changed, _ = hand.elements(2, lambda a, b: a.bounds.x1 > 250 and isinstance(b, Line))
    assert near(changed.bounds, 98, 298, 298, 438, by=8)
    hand.sees(280, 400, RED)
    hand.sees(650, 300, RED)


# --- the clipboard ----------------------------------------------------------------------------------------------------

COPIED = """overlay => {
    overlay.focus();
    const clipboardData = new DataTransfer();
    overlay.dispatchEvent(new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true }));
    return [clipboardData.getData('text/html'), clipboardData.getData('text/plain')];
}"""
PASTED = """async (overlay, { html, text, side }) => {
    overlay.focus();
    const clipboardData = new DataTransfer();
    if (html) clipboardData.setData('text/html', html);
    if (text) clipboardData.setData('text/plain', text);
    if (side) {
        const canvas = new OffscreenCanvas(side, side);
        const context = canvas.getContext('2d');
        context.fillStyle = '#1f77b4';
        context.fillRect(0, 0, side, side);
        clipboardData.items.add(new File([await canvas.convertToBlob()], 'a.png', { type: 'image/png' }));
    }
    overlay.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_elements_go_through_the_clipboard_from_one_board_to_another(
    wanda: Notebook, paul: Page, eye: ipysketch.Sketch
) -> None:
    hand, other = empty(Hand(wanda.page, eye)), Hand(paul, eye)
    hand.box()
    hand.keys("v")
    hand.click(150, 130)
    hand.handle("se")
    html, text = hand.overlay.evaluate(COPIED)
    assert text.startswith("<svg")
    assert 'fill="#d1495b"' in html, "another program gets a picture"
    other.overlay.evaluate(PASTED, {"html": html})
    first, copy = hand.elements(2)
    assert near(copy.bounds, *(side + 16 for side in (first.bounds.x0, first.bounds.y0)), 218, 178)
    other.overlay.evaluate(PASTED, {"html": '<b onclick="alert(1)" data-ipysketch="e30=">no</b>', "text": "no"})
    assert isinstance(hand.elements(3)[2], Text), "what is not ours is a text"


def test_pictures_and_texts_are_pasted(hand: Hand) -> None:
    hand.overlay.evaluate(PASTED, {"text": "one\r\ntwo"})
    assert hand.one().text == "one\ntwo"
    hand.overlay.evaluate(PASTED, {"side": 100})
    picture = hand.elements(2)[1]
    assert isinstance(picture, Image)
    hand.sees((picture.box.x0 + picture.box.x1) / 2, picture.box.y0 + 5, BLUE)
