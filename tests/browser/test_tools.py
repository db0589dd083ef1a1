"""Every tool, in a real JupyterLab: what the hand did, under everybody's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import expect

import ipysketch
from ipysketch.client.view import BoardState
from ipysketch.model.elements import Arrow, Element, Ellipse, Highlighter, Line, Rectangle, Stroke, Text

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import wait_until
from .conftest import FRAME, Lab, Notebook
from .islands import AT, choose_color, choose_opacity, people_list

TEAL = "#0f766e"
# Whether there is light in a part of the board.
LIGHT = f"""([x, y, wide, high]) => {{
    const wet = document.querySelector('.ipysketch-wet');
    const [left, top] = {AT}(wet, x, y);
    const [right, bottom] = {AT}(wet, x + wide, y + high);
    const data = wet.getContext('2d').getImageData(left, top, right - left, bottom - top).data;
    return data.some((value, i) => i % 4 === 3 && value > 0);
}}"""
# A light fades by itself, so it is watched for, frame by frame, from before it goes on.
WATCH = f"""part => {{
    window.lit = false;
    const look = () => {{
        window.lit = ({LIGHT})(part);
        if (!window.lit) requestAnimationFrame(look);
    }};
    requestAnimationFrame(look);
}}"""


@pytest.fixture(scope="module")
def tess(lab: Lab) -> Notebook:
    notebook = lab.notebook(
        "tess", ["%load_ext ipysketch", f"%sketch connect --room tools --name Tess --color '{TEAL}'"]
    )
    notebook.run()
    return notebook


@pytest.fixture(scope="module")
def eye(tess: Notebook, relay: RelayProcess) -> Iterator[ipysketch.Sketch]:
    """Another peer, who sees what is drawn."""
    board = ipysketch.Sketch(name="Eye").connect(relay.url, "tools")
    yield board
    board.disconnect()


@pytest.fixture(autouse=True)
def empty(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.button("Pen")
    choose_color(tess.page, TEAL)
    eye.clear()
    until_shown(eye, lambda state: not state.elements, "an empty board")
    tess.page.wait_for_function(
        """() => {
            const canvas = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return data.every((value, i) => i % 4 !== 3 || value === 0);
        }"""
    )


def elements(eye: ipysketch.Sketch, count: int) -> list[Element]:
    until_shown(eye, lambda state: len(state.elements) == count and not state.live, f"{count} elements")
    return list(eye.elements)


def chosen(notebook: Notebook, count: int) -> None:
    notebook.page.wait_for_function(
        "count => (document.querySelectorAll('.ipysketch-selection .each').length"
        " || document.querySelectorAll('.ipysketch-selection .frame').length && 1) === count",
        arg=count,
    )


def key(notebook: Notebook, name: str) -> None:
    notebook.page.locator(".ipysketch-overlay").first.focus()
    notebook.page.keyboard.press(name)


def test_shapes_are_drawn_live_and_kept(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.button("Rectangle")
    tess.press(100, 100)
    tess.drag(300, 250)
    until_shown(
        eye,
        lambda state: any(isinstance(ink.element, Rectangle) for ink in state.live),
        "a rectangle under a hand",
    )
    tess.release()
    tess.sees(200, 100, TEAL)
    tess.sees_nothing(200, 175)
    for number, (tool, kind) in enumerate(
        {"Ellipse": Ellipse, "Line": Line, "Arrow": Arrow, "Highlighter": Highlighter}.items()
    ):
        tess.button(tool)
        tess.stroke((400 + 200 * number, 100), (500 + 200 * number, 250))
        found = elements(eye, number + 2)[-1]
        assert type(found) is kind
    rectangle = elements(eye, 5)[0]
    assert isinstance(rectangle, Rectangle)
    assert rectangle.box.x0 == pytest.approx(100, abs=1.5)
    assert rectangle.box.y1 == pytest.approx(250, abs=1.5)
    tess.screenshot("tools")


def test_fill_dash_and_opacity_are_chosen_and_seen(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.button("Ellipse")
    tess.button("Fill: light")
    tess.button("Line style: dashed")
    choose_opacity(tess.page, 50)
    tess.stroke((100, 100), (400, 300))
    [ellipse] = elements(eye, 1)
    assert isinstance(ellipse, Ellipse)
    assert (ellipse.dash, ellipse.opacity) == ("dashed", 0.5)
    assert ellipse.fill is not None
    tess.button("Fill: none")
    tess.button("Line style: solid")
    choose_opacity(tess.page, 100)


def test_a_text_is_typed_on_the_board(tess: Notebook, eye: ipysketch.Sketch) -> None:
    key(tess, "t")
    tess.page.wait_for_selector('[aria-label="Text"][aria-pressed="true"]')
    tess.press(200, 200)
    tess.release()
    tess.page.keyboard.type("p & q <b>")
    tess.page.keyboard.press("Shift+Enter")
    tess.page.keyboard.type("two")
    tess.screenshot("typing")
    tess.page.keyboard.press("Enter")
    [text] = elements(eye, 1)
    assert isinstance(text, Text)
    assert text.text == "p & q <b>\ntwo"
    assert text.bounds.contains(202, 210)
    tess.press(300, 400)
    tess.release()
    tess.page.keyboard.type("kept")
    tess.page.keyboard.press("Escape")
    kept = elements(eye, 2)[-1]
    assert isinstance(kept, Text)
    assert kept.text == "kept", "whoever presses Escape has typed something"
    key(tess, "t")
    tess.press(300, 500)
    tess.release()
    field = tess.page.get_by_label("Text on the board")
    field.wait_for()
    tess.page.keyboard.press("Escape")
    field.wait_for(state="detached")
    elements(eye, 2)


def test_a_text_is_changed_where_it_is(tess: Notebook, eye: ipysketch.Sketch) -> None:
    eye.text(200, 200, "wrods", size=60, color=TEAL)
    elements(eye, 1)
    key(tess, "v")
    tess.page.wait_for_selector('[aria-label="Select"][aria-pressed="true"]')
    field = tess.page.get_by_label("Text on the board")
    tess.page.mouse.dblclick(*tess.place(250, 230))
    field.wait_for()
    expect(field).to_have_value("wrods")

    def over_it() -> bool:
        box = field.bounding_box()
        assert box is not None
        return (box["x"], box["y"]) == pytest.approx(tess.place(200, 200), abs=2)

    wait_until(over_it, "the field lies over the text", lambda: tess.page.evaluate(FRAME))
    tess.page.keyboard.press("Control+a")
    tess.page.keyboard.type("words")
    tess.screenshot("changing")
    tess.page.keyboard.press("Enter")
    until_shown(
        eye, lambda state: [getattr(e, "text", "") for e in state.elements] == ["words"], "a changed text"
    )
    chosen(tess, 1)
    # By the keyboard alone; a text of nothing is none.
    key(tess, "Enter")
    tess.page.keyboard.press("Control+a")
    tess.page.keyboard.press("Delete")
    tess.page.keyboard.press("Enter")
    elements(eye, 0)
    key(tess, "Control+z")
    elements(eye, 1)


def test_what_is_chosen_moves_is_restyled_duplicated_and_deleted(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.stroke((100, 100), (200, 100))
    tess.stroke((100, 300), (200, 300))
    elements(eye, 2)
    key(tess, "v")
    tess.press(60, 96)
    tess.drag(240, 140)
    tess.page.wait_for_selector(".ipysketch-selection .band", state="attached")
    tess.release()
    chosen(tess, 1)
    tess.press(122, 100)  # Between the handles of its frame.
    tess.drag(122, 200)
    until_shown(
        eye,
        lambda state: abs(state.elements[0].bounds.y0 - 198) < 2,
        "the stroke on its way, while the hand is down",
    )
    assert eye.strokes[0].points[0][1] == pytest.approx(100, abs=1.5)
    tess.screenshot("selection")
    tess.release()
    tess.sees(150, 200, TEAL)
    tess.sees_nothing(150, 100)
    tess.button("Colour: red")

    def turned_red(state: BoardState) -> bool:
        stroke = state.elements[0]
        assert isinstance(stroke, Stroke)
        return stroke.color == "#d62728"

    until_shown(eye, turned_red, "red")
    key(tess, "Control+d")
    elements(eye, 3)
    chosen(tess, 1)
    key(tess, "Delete")
    elements(eye, 2)
    chosen(tess, 0)
    for _ in range(4):  # The deletion, the duplicate, the colour, the move.
        key(tess, "Control+z")
    until_shown(
        eye, lambda state: abs(state.elements[0].bounds.y0 - 98) < 2 and len(state.elements) == 2, "as it was"
    )
    tess.sees(150, 100, TEAL)


def test_front_and_back(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.stroke((100, 100), (300, 100))
    tess.button("Colour: red")
    tess.stroke((200, 96), (200, 150))
    elements(eye, 2)
    tess.sees(200, 100, "#d62728")
    key(tess, "v")
    tess.press(120, 100)
    tess.release()
    chosen(tess, 1)
    key(tess, "]")
    tess.sees(200, 100, TEAL)
    key(tess, "[")
    tess.sees(200, 100, "#d62728")


def test_a_part_is_cut_out_of_a_stroke(tess: Notebook, eye: ipysketch.Sketch) -> None:
    tess.stroke((100, 100), (300, 100))
    elements(eye, 1)
    key(tess, "x")
    tess.page.wait_for_selector('[aria-label="Part eraser"][aria-pressed="true"]')
    tess.stroke((200, 96), (200, 140))
    left, right = elements(eye, 2)
    assert left.bounds.x1 < 195
    assert right.bounds.x0 > 205
    tess.sees_nothing(200, 100)
    tess.sees(150, 100, TEAL)
    key(tess, "Control+z")
    elements(eye, 1)
    tess.sees(200, 100, TEAL)


def test_a_light_is_seen_fades_and_is_not_kept(tess: Notebook, eye: ipysketch.Sketch) -> None:
    before = eye.seq
    key(tess, "k")
    tess.page.wait_for_selector('[aria-label="Laser pointer"][aria-pressed="true"]')
    part = [0, 0, 1280, 720]
    tess.page.wait_for_function(f"part => !({LIGHT})(part)", arg=part)
    tess.page.evaluate(WATCH, part)
    tess.press(100, 100)
    tess.drag(400, 300)
    until_shown(eye, lambda state: bool(state.lasers) and len(state.lasers[0].points) >= 8, "the light")
    tess.page.wait_for_function("() => window.lit")
    tess.release()
    until_shown(eye, lambda state: not state.lasers, "darkness")
    tess.page.wait_for_function(f"part => !({LIGHT})(part)", arg=part)
    assert eye.seq == before


def test_somebody_elses_light_is_seen_here(tess: Notebook, eye: ipysketch.Sketch) -> None:
    part = [600, 290, 100, 20]
    tess.page.wait_for_function(f"part => !({LIGHT})(part)", arg=part)
    tess.page.evaluate(WATCH, part)
    thread, session = session_of(eye).thread, session_of(eye).object
    for number, x in enumerate(range(600, 700, 10)):
        fields = None if number else {"kind": "laser", "color": TEAL}
        thread.call(partial(session.hands.preview, "light", 2 * number, [8 * x, 8 * 300], fields))
    tess.page.wait_for_function("() => window.lit")
    thread.call(lambda: session.hands.end_preview("light"))


def test_pages_are_added_named_turned_and_followed(tess: Notebook, eye: ipysketch.Sketch) -> None:
    def there(state: BoardState, count: int) -> bool:
        return len(state.pages) == count

    tess.stroke((100, 100), (200, 100))
    tess.button("Add a page")
    until_shown(eye, lambda state: there(state, 2), "a second page")
    tess.sees_nothing(150, 100)
    tess.button("Rename this page")
    tess.page.get_by_label("Name of the page").fill("Proof")
    tess.page.get_by_label("Name of the page").press("Enter")
    until_shown(eye, lambda state: there(state, 2) and state.pages[1].name == "Proof", "its name")
    tess.screenshot("pages")
    eye.turn("Proof")
    people_list(tess.page).get_by_role("button", name="Follow Eye").click()
    eye.turn(0)
    tess.sees(150, 100, TEAL)
    eye.turn("Proof")
    tess.sees_nothing(150, 100)
    tess.page.get_by_role("button", name="Stop", exact=True).click()
    tess.button("Delete this page")
    until_shown(eye, lambda state: there(state, 1), "one page")
    tess.sees(150, 100, TEAL)
    assert tess.errors == []


def test_a_grid_comes_and_goes(tess: Notebook) -> None:
    grid = "() => getComputedStyle(document.querySelector('.ipysketch-overlay')).backgroundImage.includes('gradient')"
    key(tess, "g")
    tess.page.wait_for_function(grid)
    tess.button("Grid")
    tess.page.wait_for_function(f"() => !({grid})()")
