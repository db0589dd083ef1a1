"""The islands over the paper, in Chromium with its scrollbars shown, over a board that records what is asked of it."""

from __future__ import annotations

import functools
import http.server
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import SCREENSHOTS, new_page
from .islands import TOOLS, press, with_style

ROOT = Path(__file__).parents[2]
ISLANDS = """() => [...document.querySelectorAll('.ipysketch-island')].filter(e => e.offsetParent)
    .map(e => [e.className, e.getBoundingClientRect().toJSON()])"""
BOARD = "() => document.querySelector('.ipysketch-board').getBoundingClientRect().toJSON()"
SIZES = {
    "notebook": (848, 700),
    "split": (494, 700),
    "phone": (360, 740),
    "large at 200 %": (424, 300),
    "cell at 200 %": (300, 300),
    "cell beside a sidebar": (266, 400),
}


class Files(http.server.SimpleHTTPRequestHandler):
    """The files of this working copy."""

    extensions_map = {  # noqa: RUF012  # as the base class has it
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = functools.partial(Files, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/tests/browser/surface/index.html"
    server.shutdown()
    server.server_close()


Open = Callable[..., Page]


@pytest.fixture
def surface(browser: Browser, address: str) -> Iterator[Open]:
    contexts = []

    def opened(query: str = "", size: tuple[int, int] = (900, 700), **context: Any) -> Page:
        page = new_page(browser, viewport={"width": size[0], "height": size[1]}, **context)
        contexts.append(page.context)
        page.on("pageerror", lambda error: pytest.fail(f"{error}\n{error.stack}"))
        page.goto(f"{address}?{query}")
        page.locator(".ipysketch-surface[data-size]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def asked(page: Page, name: str) -> list[list[Any]]:
    """What the surface asked for by that name."""
    calls: list[list[Any]] = page.evaluate(
        "name => window.asked.filter(([kind]) => kind === name).map(call => call.slice(1))", name
    )
    return calls


def screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"surface-{name}.png")


@pytest.mark.parametrize("width", [848, 494, 360])
def test_nothing_is_above_the_paper_and_nothing_scrolls_sideways(surface: Open, width: int) -> None:
    page = surface(size=(width + 60, 700))
    page.locator(".ipysketch-board").evaluate("(board, width) => { board.style.width = `${width}px`; }", width)
    page.wait_for_function(f"height => Math.abs(({BOARD})().height - height) < 3", arg=width * 9 / 16)
    board, paper = page.evaluate(BOARD), page.locator(".ipysketch-paper").bounding_box()
    assert paper is not None
    assert paper["y"] - board["y"] <= 1
    assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_board_is_never_higher_than_what_is_seen(surface: Open) -> None:
    page = surface(size=(1280, 500))
    assert page.evaluate(BOARD)["height"] == 500 - 48
    page.set_viewport_size({"width": 1280, "height": 400})
    page.wait_for_function(f"() => ({BOARD})().height === 352")
    grip = page.get_by_role("separator", name="Height of the board")
    grip.focus()
    grip.press("ArrowUp")
    assert page.evaluate(BOARD)["height"] == pytest.approx(332, abs=4)
    grip.press("Home")
    assert page.evaluate(BOARD)["height"] == 352


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_islands_do_not_lie_on_each_other(surface: Open, size: tuple[int, int], language: str) -> None:
    page = surface(f"people=43&language={language}&host=page", size)
    board = page.evaluate(BOARD)
    assert len(page.evaluate(ISLANDS)) >= 4
    # Enlarged there is a map too, where there is room.
    page.evaluate("() => window.editor.viewport.zoomBy(3)")
    islands = page.evaluate(ISLANDS)
    assert any("ipysketch-map" in name for name, _ in islands) == (size[0] > 440)
    for name, box in islands:
        assert box["left"] >= board["left"], name
        assert box["right"] <= board["right"], name
        assert box["top"] >= board["top"], name
        assert box["bottom"] <= board["bottom"], name
        for other, second in islands:
            apart = (
                box["right"] <= second["left"]
                or second["right"] <= box["left"]
                or box["bottom"] <= second["top"]
                or second["bottom"] <= box["top"]
            )
            assert name == other or apart, f"{name} lies on {other}"


def test_the_second_press_of_plus_deletes_nothing(surface: Open) -> None:
    page = surface()
    box = page.get_by_role("button", name="Add a page").bounding_box()
    assert box is not None
    for _ in range(12):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert len(asked(page, "addPage")) == 12
    assert asked(page, "removePage") == []
    assert page.get_by_role("button", name="Add a page").bounding_box() == box
    assert page.get_by_role("button", name="Page 13 of 13").count() == 1


def test_clearing_what_others_drew_asks_once(surface: Open) -> None:
    page = surface("people=43")

    def clear() -> None:
        page.get_by_role("button", name="Board menu").click()
        page.get_by_role("menuitem", name="Clear the board").click()

    clear()
    question = page.get_by_role("dialog", name="Clear page 1 for 43 people?")
    question.get_by_role("button", name="Cancel").click()
    assert asked(page, "clear") == []
    clear()
    question.get_by_role("button", name="Clear the board").click()
    expect(question).to_have_count(0)
    assert len(asked(page, "clear")) == 1
    page.evaluate("() => set(board, { elements: [{ key: 'b', kind: 'line', author: 'of 0' }] }, 'elements')")
    clear()
    assert len(asked(page, "clear")) == 2, "what is my own is cleared without a question"


def test_deleting_a_page_with_what_others_drew_asks_once(surface: Open) -> None:
    page = surface("people=43")
    page.get_by_role("button", name="Add a page").click()
    page.get_by_role("button", name="Board menu").click()
    page.get_by_role("menuitem", name="Delete this page").click()
    question = page.get_by_role("dialog", name="Delete page 2 for 43 people?")
    question.wait_for()
    assert asked(page, "removePage") == []
    question.get_by_role("button", name="Delete this page").click()
    expect(question).to_have_count(0)
    assert asked(page, "removePage") == [["page 1"]]


def test_what_vanishes_is_said_and_its_author_may_take_it_back(surface: Open) -> None:
    page = surface()
    page.evaluate(
        """() => {
            const made = [1, 2, 3].map(n => ({ key: `k${n}`, kind: 'line', author: 'of 0' }));
            set(board, { elements: made, clear: () => set(board, { elements: [] }, 'elements') }, 'elements');
        }"""
    )
    page.get_by_role("button", name="Board menu").click()
    page.get_by_role("menuitem", name="Clear the board").click()
    toast = page.locator(".ipysketch-toast", has_text="Page 1 was cleared.")
    toast.get_by_role("button", name="Undo").click()
    assert asked(page, "undo") == [[]]
    page.evaluate("() => set(board, { elements: [{ key: 'a' }, { key: 'b' }] }, 'elements')")
    page.evaluate("() => set(board, { elements: [] }, 'elements')")
    toast.wait_for()
    expect(toast.get_by_role("button", name="Undo")).to_have_count(0)


def test_the_toolbar_is_one_stop_and_arrows_move_in_it(surface: Open) -> None:
    page = surface()
    toolbar = page.get_by_role("toolbar", name="Drawing")
    assert toolbar.locator("button[tabindex='0']").count() == 1
    page.locator(".ipysketch-overlay").focus()
    # Board, pages, people with Share and full screen beside it, tools: a stop each.
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(toolbar.get_by_role("button", name="Pen")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(toolbar.get_by_role("button", name="Highlighter")).to_be_focused()
    page.keyboard.press("Enter")
    assert asked(page, "choose")[0] == [{"tool": "highlighter"}]
    page.keyboard.press("End")
    expect(toolbar.get_by_role("button", name="Style")).to_be_focused()
    page.keyboard.press("Tab")
    expect(toolbar.locator(":focus")).to_have_count(0)


def test_a_panel_never_lies_on_its_button(surface: Open) -> None:
    page = surface(size=(420, 300))
    for _ in range(2):
        page.get_by_role("button", name="Style", exact=True).click()
    expect(page.get_by_role("dialog", name="Style")).to_have_count(0)


def test_inks_are_round_and_other_choices_are_not(surface: Open) -> None:
    page = surface()
    # JupyterLab has a shape for each button of a page.
    page.add_style_tag(content="button { border-radius: 0; }")
    page.get_by_role("button", name="Style", exact=True).click()
    panel = page.get_by_role("dialog", name="Style")
    shape = "node => getComputedStyle(node).borderTopLeftRadius"
    assert panel.get_by_role("button", name="Colour: red", exact=True).evaluate(shape) == "50%"
    assert panel.locator(".ipysketch-own").evaluate(shape) == "50%"
    assert panel.get_by_role("button", name="Width: Medium", exact=True).evaluate(shape) == "8px"


def color_at(page: Page, place: Locator, x: float) -> list[int]:
    """What is seen in a thing, `x` pixels from its left edge."""
    box = place.bounding_box()
    assert box is not None
    seen = page.screenshot(clip={"x": box["x"] + x, "y": box["y"] + box["height"] / 2, "width": 1, "height": 1})
    return list(Image.open(io.BytesIO(seen)).convert("RGB").tobytes())


@pytest.mark.parametrize("theme", ["", "dark"])
def test_inks_are_shown_as_they_are_on_the_paper(surface: Open, theme: str) -> None:
    page = surface(theme)
    ink = page.get_by_role("button", name="Style", exact=True)
    ink.click()
    panel = page.get_by_role("dialog", name="Style")
    for color, name in (("#1a1a1a", "black"), ("#d62728", "red"), ("#f5c518", "yellow")):
        swatch = panel.get_by_role("button", name=f"Colour: {name}", exact=True)
        swatch.click()
        page.mouse.move(450, 30)  # Where no tip is shown.
        page.evaluate(
            """color => {
                const { width, height } = document.querySelector('.ipysketch-paper');
                const context = document.querySelector('.ipysketch-paper').getContext('2d');
                context.fillStyle = color;
                context.fillRect(0, 0, width, height);
            }""",
            color,
        )
        drawn = color_at(page, page.locator(".ipysketch-paper"), 300)
        assert (drawn == [int(color[i : i + 2], 16) for i in (1, 3, 5)]) == (not theme)
        assert color_at(page, ink.locator(".ipysketch-sample"), 3) == pytest.approx(drawn, abs=2)
        assert color_at(page, swatch, 5) == pytest.approx(drawn, abs=2)
    screenshot(page, f"inks-{theme or 'light'}")


def test_no_two_controls_have_one_name(surface: Open) -> None:
    page = surface("selected&people=5")
    page.get_by_role("button", name="Style", exact=True).click()
    names = page.locator(".ipysketch-surface :is(button, input)").evaluate_all(
        "found => found.filter(node => node.offsetParent).map(node => node.ariaLabel || node.textContent)"
    )
    assert len(names) > 40
    assert sorted(names) == sorted(set(names))


def test_the_dot_of_the_connection_is_seen_in_forced_colours(surface: Open) -> None:
    page = surface(forced_colors="active")
    assert color_at(page, page.locator(".ipysketch-people > .ipysketch-dot"), 4) == [0x2E, 0x7D, 0x32]
    screenshot(page, "forced")


def test_tools_that_share_a_button_are_in_its_menu(surface: Open) -> None:
    page = surface()
    page.get_by_role("button", name="Rectangle").click()
    assert asked(page, "choose")[-1] == [{"tool": "rectangle"}]
    page.get_by_role("menuitemradio", name="Ellipse").click()
    assert asked(page, "choose")[-1] == [{"tool": "ellipse"}]
    expect(page.get_by_role("button", name="Ellipse")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_the_highlighter_has_an_ink_of_its_own(surface: Open) -> None:
    page = surface()
    page.get_by_role("button", name="Highlighter").click()
    assert page.evaluate("() => editor.style.color") == "#f5c518"
    page.get_by_role("button", name="Text").click()
    assert page.evaluate("() => [editor.style.color, editor.style.width]") == ["#1f77b4", 4]


def test_the_panel_shows_what_is_selected(surface: Open) -> None:
    page = surface("selected")
    page.get_by_role("button", name="Style").click()
    panel = page.get_by_role("dialog", name="Style")
    expect(panel).to_contain_text("several styles")
    expect(panel.get_by_role("button", name="Width: Thick", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(panel.get_by_role("button", name="Line style: dotted")).to_have_attribute("aria-pressed", "true")
    expect(panel.locator("[aria-label^='Colour: '][aria-pressed=true]")).to_have_count(0)
    panel.get_by_role("button", name="Colour: red").click()
    assert asked(page, "choose")[-1] == [{"color": "#d62728"}]
    screenshot(page, "selection")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Delete").click()
    assert asked(page, "act")[-1] == ["delete"]


def test_forty_people_are_a_few_faces_and_a_list(surface: Open) -> None:
    page = surface("people=43", SIZES["notebook"])
    faces = page.get_by_role("button", name="demo · 43 people")
    expect(faces).to_contain_text("+40")
    faces.click()
    people = page.get_by_role("dialog", name="People")
    people.get_by_role("searchbox").fill("hopper 41")
    expect(people.get_by_role("listitem")).to_have_count(1)
    people.get_by_role("button", name="Follow Grace Hopper 41", exact=True).click()
    assert asked(page, "follow") == [["p41"]]
    # Not the tooltip "Stop following …", which comes where the pointer rests.
    page.locator(".ipysketch-toast", has_text="Following Grace Hopper 41").wait_for()
    screenshot(page, "people")
    page.get_by_role("button", name="Stop", exact=True).click()
    assert asked(page, "follow")[-1] == [""]
    expect(people).to_have_count(0)
    faces.click()
    people.get_by_role("searchbox").fill("41")
    people.get_by_role("button", name="Remove Grace Hopper 41").click()
    page.get_by_role("dialog", name="Remove Grace Hopper 41 from this room?").get_by_role(
        "button", name="Remove"
    ).click()
    page.wait_for_function("() => asked.some(([kind]) => kind === 'remove')")


def test_the_board_is_drawn_on_by_keyboard_alone(surface: Open) -> None:
    page = surface()
    overlay = page.locator(".ipysketch-overlay")
    overlay.focus()
    page.keyboard.press("r")
    for key in ("ArrowRight", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    downs, ups = asked(page, "pointerdown"), asked(page, "pointerup")
    board = page.evaluate(BOARD)
    unit = board["width"] / 1280
    assert downs == [[pytest.approx(640 * unit, abs=1), pytest.approx(360 * board["height"] / 720, abs=1)]]
    assert [ups[0][0] - downs[0][0], ups[0][1] - downs[0][1]] == pytest.approx([40 * unit, 40 * unit], abs=1.5)
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    assert asked(page, "startText") == [[680, 400]]


def test_a_key_of_a_cyrillic_layout_chooses_the_tool_at_its_place(surface: Open) -> None:
    page = surface()
    page.locator(".ipysketch-overlay").dispatch_event("keydown", {"key": "к", "code": "KeyR", "bubbles": True})
    assert asked(page, "choose") == [[{"tool": "rectangle"}]]


def test_what_others_do_is_said_and_what_is_there_is_a_list(surface: Open) -> None:
    page = surface()
    contents = page.get_by_role("list", name="On this page")
    expect(contents).to_have_text("rectangle, green, by Grace Hopper")
    page.evaluate(
        "() => set(board, { elements: [...board.elements, { key: 'n', kind: 'arrow', color: '#d62728', "
        "author: 'of 1' }] }, 'elements')"
    )
    page.get_by_text("Grace Hopper drew: arrow.").wait_for(state="attached")
    expect(contents.get_by_role("listitem").first).to_have_text("arrow, red, by Grace Hopper")
    page.evaluate(
        "() => board.dispatchEvent(new CustomEvent('news', { detail: "
        "{ text: 'Ada cleared page 2', undo: () => asked.push(['news undo']) } }))"
    )
    toast = page.get_by_role("status").filter(has_text="Ada cleared page 2")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_have_count(0)
    assert asked(page, "news undo") == [[]]


def test_a_connection_that_is_lost_is_a_sentence(surface: Open) -> None:
    page = surface()
    page.evaluate(
        "() => set(board, { status: { ...board.status, connection: 'connecting', pending: 2 } }, 'status')"
    )
    offline = page.get_by_text("Offline. Your drawing is kept and will be sent. 2 changes will be sent.")
    offline.wait_for()
    screenshot(page, "offline")
    page.evaluate(
        "() => set(board, { status: { ...board.status, connection: 'connected', pending: 0 } }, 'status')"
    )
    expect(offline).to_have_count(0)


def test_an_empty_board_says_what_to_do_and_a_tool_what_it_does(surface: Open) -> None:
    page = surface("empty")
    first = page.get_by_text("Draw anywhere. Everyone in “demo” sees it.")
    expect(first).to_be_visible()
    page.evaluate("() => set(board, { elements: [{ key: 'b', kind: 'line', author: 'of 0' }] }, 'elements')")
    expect(first).to_be_hidden()
    hint = page.get_by_text("Click to type.")
    for _ in range(3):
        page.get_by_role("button", name="Text").click()
        expect(hint).to_be_visible()
        page.get_by_role("button", name="Pen").click()
    page.get_by_role("button", name="Text").click()
    expect(hint).to_be_hidden()


def test_paper_is_dark_by_the_theme_and_by_choice(surface: Open) -> None:
    page = surface("dark")
    filtered = "() => getComputedStyle(document.querySelector('.ipysketch-paper')).filter"
    assert "invert" in page.evaluate(filtered)
    page.get_by_role("button", name="Board menu").click()
    page.get_by_role("menuitemcheckbox", name="Dark paper").click()
    assert page.evaluate(filtered) == "none"


def test_islands_fade_under_a_hand_that_draws(surface: Open) -> None:
    page = surface()
    tools = page.get_by_role("toolbar", name="Drawing")
    box = tools.bounding_box()
    assert box is not None
    page.evaluate("() => { editor.busy = true; }")
    page.mouse.move(box["x"] + 100, box["y"] - 30)
    expect(tools).to_have_css("opacity", "0.25")
    page.evaluate("() => set(editor, { busy: false }, 'gesture')")
    expect(tools).to_have_css("opacity", "1")


def test_a_name_and_its_key_are_shown_where_the_pointer_rests(surface: Open) -> None:
    page = surface()
    page.get_by_role("button", name="Undo").hover()
    expect(page.locator(".ipysketch-tip")).to_have_text("UndoCtrl+Z")
    page.mouse.move(400, 200)
    expect(page.locator(".ipysketch-tip")).to_be_hidden()


def test_a_projector_has_no_tools(surface: Open) -> None:
    page = surface("watching&people=5")
    expect(page.get_by_role("toolbar", name="Drawing")).to_have_count(0)
    page.get_by_role("button", name="demo · 4 people").click()
    expect(page.get_by_role("dialog", name="People").get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_text("(you)")).to_have_count(0)


def test_a_projector_shows_the_drawing_alone_until_somebody_uses_it(surface: Open) -> None:
    page = surface("watching&people=5")
    page.evaluate("() => set(board, { following: 'p1' }, 'people')")
    page.clock.install()
    # On a busy machine three seconds are over before a look: time passes when the test says so.
    page.clock.pause_at(page.evaluate("() => Date.now()") / 1000 + 60)
    resting = "() => document.querySelector('.ipysketch-board').classList.contains('ipysketch-resting')"

    def later() -> bool:
        page.clock.fast_forward(3100)
        return bool(page.evaluate(resting))

    people = page.locator(".ipysketch-people")
    page.mouse.move(300, 300)
    assert later()
    expect(people).to_have_css("opacity", "0")
    expect(page.get_by_text("Following")).to_have_count(0)
    screenshot(page, "projector")
    page.mouse.move(310, 300)
    expect(people).to_have_css("opacity", "1")
    page.get_by_role("button", name="demo · 4 people").click()
    assert not later(), "who reads the list is not done"
    page.keyboard.press("Escape")
    page.mouse.click(300, 400)
    assert later()


def test_who_comes_twice_has_the_letter_of_the_name(surface: Open) -> None:
    page = surface()
    page.evaluate("() => { board.people[0].name = 'Ada (2)'; board.dispatchEvent(new Event('people')); }")
    expect(page.locator(".ipysketch-stack .ipysketch-avatar").first).to_have_text("A2")


@pytest.mark.parametrize("size", ["notebook", "split", "phone", "large at 200 %"])
def test_every_tool_and_choice_is_reached_at_every_size(surface: Open, size: str) -> None:
    page = surface("people=43", SIZES[size])
    for label, tool in TOOLS.items():
        press(page, label)
        assert page.evaluate("() => editor.tool") == tool
        page.keyboard.press("Escape")
    with_style(page.locator(".ipysketch-board"))
    panel = page.get_by_role("dialog", name="Style")
    for choice in panel.locator("button, input").all():
        choice.scroll_into_view_if_needed()
        expect(choice).to_be_in_viewport()
    screenshot(page, f"style-{size.split(maxsplit=1)[0]}")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Board menu").click()
    menu = page.get_by_role("menu", name="Board menu")
    for item in menu.locator("button").all():
        item.scroll_into_view_if_needed()
        expect(item).to_be_in_viewport()


def test_each_tool_is_reached_in_a_cell_beside_a_sidebar(surface: Open) -> None:
    page = surface("people=43&host=widget", SIZES["cell beside a sidebar"])
    tools = page.get_by_role("toolbar", name="Drawing")
    assert tools.evaluate("node => node.scrollWidth <= node.clientWidth")
    for name in ("Pen", "Style"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("dialog", name="Style")).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Board menu").click()
    screenshot(page, "narrow")
    page.get_by_role("menuitem", name="Full screen").wait_for()


def test_screens_are_counted_below_the_people_with_what_they_show(surface: Open) -> None:
    page = surface("people=12", SIZES["phone"])
    page.get_by_role("button", name="demo · 12 people").click()
    screens = page.locator(".ipysketch-screens")
    expect(screens).to_be_hidden()
    page.evaluate("() => set(board, { projectors: [''] }, 'people')")
    expect(screens).to_have_text("1 projector")
    page.evaluate(
        """() => set(board, {
            projectors: ['', 'two', 'two'],
            pages: [{ key: '', name: '' }, { key: 'two', name: '' }],
        }, 'people')"""
    )
    expect(screens).to_have_text("3 projectors · Page 1 · Page 2")
    expect(screens).to_be_in_viewport()
    screenshot(page, "projectors")


def test_who_cleared_a_page_is_said_by_name_and_once(surface: Open) -> None:
    page = surface()
    cleared = """seq => {
        set(board, { elements: [{ key: 'a' }, { key: 'b' }] }, 'elements');
        set(board, { elements: [], cleared: { page: '', author: 'of 1', seq } }, 'elements');
    }"""
    toasts = page.locator(".ipysketch-toast")
    page.evaluate(cleared, 7)
    expect(toasts.filter(has_text="Grace Hopper cleared page 1.")).to_have_count(1)
    page.evaluate(cleared, 7)
    expect(toasts.filter(has_text="Page 1 was cleared.")).to_have_count(1)
    page.evaluate(
        """() => {
            set(board, { page: '', pages: [{ key: '', name: '' }, { key: 'two', name: '' }] }, 'pages');
            set(board, { pages: [{ key: '', name: '' }], cleared: { page: 'two', author: 'of 1', seq: 8 } }, 'pages');
        }"""
    )
    expect(toasts.filter(has_text="Grace Hopper deleted page 2.")).to_have_count(1)


def test_arabic_is_laid_out_from_right_to_left(surface: Open) -> None:
    page = surface("language=ar")
    board = page.evaluate(BOARD)
    boxes = dict(page.evaluate(ISLANDS))
    assert boxes["ipysketch-island ipysketch-pages"]["left"] > board["left"] + board["width"] / 2
    page.get_by_role("toolbar", name="الرسم").get_by_role("button", name="قلم", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="قلم تمييز")).to_be_focused()
    screenshot(page, "arabic")


@pytest.mark.parametrize("theme", ["", "dark"])
@pytest.mark.parametrize("size", [SIZES["notebook"], SIZES["phone"]], ids=["notebook", "phone"])
def test_axe_finds_nothing(surface: Open, theme: str, size: tuple[int, int]) -> None:
    page = surface(f"people=12&selected&{theme}", size)
    page.evaluate(
        "() => set(board, { status: { ...board.status, connection: 'connecting', pending: 2 } }, 'status')"
    )
    openings: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "map": lambda: page.evaluate("() => window.editor.viewport.zoomBy(3)"),
        "context menu": lambda: page.evaluate(
            "() => editor.dispatchEvent(new CustomEvent('menu', { detail: { clientX: 90, clientY: 90 } }))"
        ),
        "style": lambda: page.get_by_role("button", name="Style").click(),
        "people": lambda: page.get_by_role("button", name="demo · 12 people").click(),
        "menu": lambda: page.get_by_role("button", name="Board menu").click(),
        "keys": lambda: page.get_by_role("menuitem", name="Keyboard shortcuts").click(),
    }
    for name, act in openings.items():
        if name != "keys":  # It is in the menu.
            page.keyboard.press("Escape")
        act()
        found = Axe().run(page, context=".ipysketch-board").response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == [], name
