"""The relay's own page in Chromium, with a real relay: three pages, a notebook, a phone, a viewer, a relay that dies."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import ipysketch
from ipysketch.model.elements import Arrow, Ellipse, Highlighter, Line, Rectangle, Stroke, Text
from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until
from .conftest import FAR_AWAY, FRAME, SCREENSHOTS, Lab, at_rest, new_page, picture_of, until_in_page
from .islands import AT, JOINED, people_list, press
from .test_words import HOSTILE

RED, BLUE = "#d1495b", "#1f6fb2"
# The colours of 7 × 7 pixels around a place in board units, of one canvas.
PIXELS = f"""([x, y, name]) => {{
    const canvas = document.querySelector(name);
    const [left, top] = {AT}(canvas, x, y);
    const data = canvas.getContext('2d').getImageData(left - 3, top - 3, 7, 7).data;
    return Array.from({{ length: 49 }}, (_, i) => Array.from(data.slice(4 * i, 4 * i + 4)));
}}"""

BOX = "document.querySelector('.ipysketch-overlay').getBoundingClientRect()"


class Visitor:
    """Somebody with a browser on a room's page."""

    def __init__(
        self,
        browser: Browser,
        relay: RelayProcess,
        name: str,
        color: str,
        path: str,
        **context: Any,
    ) -> None:
        script = context.pop("script", "")
        self.page: Page = new_page(browser, **{"viewport": {"width": 1000, "height": 720}, **context})
        if script:
            self.page.add_init_script(script)
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(relay.url.replace("ws", "http", 1) + path)
        if name:
            self.page.get_by_label("Your name").fill(name)
            self.page.get_by_label("Your colour").fill(color)
            self.page.get_by_role("button", name="Join", exact=True).click()

    def until(self, script: str, argument: object = None) -> None:
        """Wait, frame by frame; the page's policy lets nobody else evaluate text in it."""
        until_in_page(self.page, script, argument)

    def connected(self, here: int | None = None) -> None:
        self.until(JOINED, here)

    def says(self, words: str) -> None:
        """Wait for a sentence on the board."""
        self.page.locator(".ipysketch-toasts").get_by_text(words).wait_for()

    def place(self, x: float, y: float) -> tuple[float, float]:
        box = self.page.locator(".ipysketch-overlay").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 1280, box["y"] + y * box["height"] / 720

    def press(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.place(x, y))
        self.page.mouse.down()

    def drag(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.place(x, y), steps=8)

    def stroke(self, *points: tuple[float, float]) -> None:
        self.press(*points[0])
        for point in points[1:]:
            self.drag(*point)
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        press(self.page, name)

    def rename(self) -> None:
        """Ask for another name."""
        people_list(self.page).get_by_role("button", name="Change your name").click()

    def sees(self, x: float, y: float, color: str, canvas: str = ".ipysketch-paper") -> None:
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        self.until(
            f"([x, y, canvas, wanted]) => ({PIXELS})([x, y, canvas])"
            ".some(p => p[3] > 90 && wanted.every((c, i) => Math.abs(c - p[i]) < 24))",
            [x, y, canvas, wanted],
        )

    def sees_nothing(self, x: float, y: float) -> None:
        self.until(f"place => ({PIXELS})(place).every(p => p[3] === 0)", [x, y, ".ipysketch-paper"])

    def picture(self) -> str:
        """The canvas at 640 × 360, as a PNG in base64."""
        return picture_of(self.page, ".ipysketch-paper")

    def shows(self, picture: Callable[[], str]) -> None:
        """Wait until this board looks as `picture` says, pixel by pixel."""
        wait_until(lambda: self.picture() == picture(), "the same pictures", lambda: self.page.evaluate(FRAME))

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def close(self) -> None:
        assert self.errors == []
        assert all(url.startswith(self.page.url.split("/r/")[0]) for url in self.asked)
        self.page.context.close()


@pytest.fixture
def visit(browser: Browser, relay: RelayProcess) -> Iterator[Any]:
    guests: list[Visitor] = []

    def came(name: str = "Ada", color: str = RED, path: str = "/r/page", **context: Any) -> Visitor:
        guests.append(Visitor(browser, relay, name, color, path, **context))
        return guests[-1]

    yield came
    for guest in guests:
        guest.page.context.close()


@pytest.fixture
def eye(relay: RelayProcess) -> Iterator[ipysketch.Sketch]:
    """A peer in Python; the room is empty when it comes."""
    board = ipysketch.Sketch(name="Eye").connect(relay.url, "page")
    board.clear()
    assert board.flush(DEADLINE)
    yield board
    board.disconnect()


def elements(eye: ipysketch.Sketch, count: int) -> list[object]:
    until_shown(eye, lambda state: len(state.elements) == count and not state.live, f"{count} elements")
    return list(eye.elements)


def test_three_pages_show_the_same(visit: Any, eye: ipysketch.Sketch) -> None:
    ada, grace, mary = visit("Ada", RED), visit("Grace", BLUE), visit("Mary", "#2e8b57", color_scheme="dark")
    for guest in (ada, grace, mary):
        guest.connected(4)
    ada.press(100, 100)
    ada.drag(300, 200)
    grace.sees(200, 150, RED, ".ipysketch-live")  # While the hand is down.
    ada.page.mouse.up()
    grace.stroke((300, 100), (100, 200))
    for guest in (ada, grace, mary):
        guest.sees(120, 110, RED)
        guest.sees(280, 110, BLUE)
    for guest in (grace, mary):
        guest.shows(ada.picture)
    ada.screenshot("page-light")
    mary.screenshot("page-dark")
    assert len(elements(eye, 2)) == 2
    for guest in (ada, grace, mary):
        guest.close()


def test_a_dot_is_ink_where_the_pen_touched(visit: Any, eye: ipysketch.Sketch) -> None:
    ada, grace = visit(), visit("Grace", BLUE)
    ada.connected(3)
    ada.press(200, 200)
    ada.sees(200, 200, RED, ".ipysketch-wet")
    grace.sees(200, 200, RED, ".ipysketch-live")
    ada.page.mouse.up()
    [dot] = elements(eye, 1)
    assert isinstance(dot, Stroke)
    assert len(dot.points) == 1
    ada.sees(200, 200, RED)
    eye.stroke([(700, 300)], color=BLUE, width=40)
    eye.stroke([(900, 300)], color=BLUE, width=40, opacity=0.9)
    eye.area(
        [(100, 400), (300, 400), (200, 600)], [(150, 430), (250, 430), (200, 530)], fill=BLUE, rule="evenodd"
    )
    ada.sees(715, 300, BLUE)
    ada.sees(915, 300, BLUE)
    ada.sees(130, 415, BLUE)
    ada.sees_nothing(200, 460)
    ada.page.reload()
    ada.sees(200, 200, RED)
    ada.sees(715, 300, BLUE)
    grace.close()
    ada.close()


def test_a_pen_that_says_no_pressure_first_and_last_presses_in_between(
    visit: Any, eye: ipysketch.Sketch
) -> None:
    ada = visit()
    ada.connected()
    session = ada.page.context.new_cdp_session(ada.page)

    def pen(kind: str, x: float, force: float) -> None:
        place = dict(zip("xy", ada.place(x, 300), strict=True))
        held = {"button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1}
        session.send(
            "Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", "force": force, **place, **held}
        )

    pen("mousePressed", 200, 0)
    for n in range(1, 11):
        pen("mouseMoved", 200 + 20 * n, n / 10)
    pen("mouseReleased", 420, 0)  # A little further than its last move.
    [stroke] = elements(eye, 1)
    assert isinstance(stroke, Stroke)
    assert stroke.points[-1][0] == pytest.approx(420, abs=1.5)
    assert stroke.pressure is not None
    assert stroke.pressure[0] == 0
    assert list(stroke.pressure[-2:]) == pytest.approx([1, 1], abs=0.01)
    ada.close()


def test_hands_are_not_held_up_by_a_relay_that_is_far(visit: Any, eye: ipysketch.Sketch) -> None:
    eye.text(200, 200, "words", size=60, color=BLUE)
    assert eye.flush(DEADLINE)
    ada = visit(script=FAR_AWAY)
    ada.connected(2)
    ada.sees(215, 250, BLUE)
    ada.page.keyboard.press("v")
    ada.stroke((230, 230))
    ada.page.locator(".ipysketch-selection .frame").first.wait_for(state="attached")
    # A text begins where there is none, whatever is selected elsewhere.
    ada.page.mouse.dblclick(*ada.place(700, 500))
    field = ada.page.get_by_label("Text on the board")
    expect(field).to_have_value("")
    field.fill("more")
    field.press("Enter")
    texts = [element.text for element in elements(eye, 2) if isinstance(element, Text)]
    assert texts == ["words", "more"]
    # Each choice counts for what is drawn next.
    ada.page.keyboard.press("l")
    looks = [("#d62728", "red", "dashed"), ("#2a8f3c", "green", "dotted")]
    for number, (_, color, line) in enumerate(looks):
        for label in (f"Colour: {color}", f"Line style: {line}"):
            ada.tool(label)
        ada.stroke((600, 200 + 50 * number), (800, 200 + 50 * number))
    lines = [element for element in elements(eye, 4) if isinstance(element, Line)]
    assert [(one.color, one.dash) for one in lines] == [(color, line) for color, _, line in looks]
    ada.close()


def test_every_tool_of_the_page(visit: Any, eye: ipysketch.Sketch, relay: RelayProcess) -> None:
    ada = visit(path=f"/r/page#token={relay.secret}")  # Only who runs it may clear the board.
    ada.connected()
    for number, (tool, kind) in enumerate(
        {
            "Pen": Stroke,
            "Highlighter": Highlighter,
            "Line": Line,
            "Arrow": Arrow,
            "Rectangle": Rectangle,
            "Ellipse": Ellipse,
        }.items()
    ):
        ada.tool(tool)
        ada.stroke((100 + 180 * number, 100), (140 + 180 * number, 220), (200 + 180 * number, 180))
        assert type(elements(eye, number + 1)[-1]) is kind
    ada.page.keyboard.press("t")
    ada.press(200, 400)
    ada.page.mouse.up()
    ada.page.keyboard.type("p < q")
    ada.page.keyboard.press("Enter")
    text = elements(eye, 7)[-1]
    assert isinstance(text, Text)
    assert text.text == "p < q"
    ada.page.keyboard.press("e")
    ada.stroke((480, 120), (480, 240))
    assert Line not in map(type, elements(eye, 6))
    ada.page.keyboard.press("Control+z")
    elements(eye, 7)
    ada.page.keyboard.press("Control+Shift+z")
    elements(eye, 6)
    ada.tool("Undo")
    elements(eye, 7)
    ada.press(900, 500)
    ada.drag(1000, 600)
    ada.page.keyboard.press("Escape")
    ada.page.mouse.up()
    elements(eye, 7)
    ada.screenshot("page-tools")
    ada.tool("Clear the board")
    elements(eye, 0)
    ada.close()


INKED = 1000
"""Pixels of 640 × 360 that two strokes and a rectangle cover at least."""


def alpha(picture: str) -> np.ndarray:
    """The opacity of each pixel of a PNG in base64."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA"))[:, :, 3]


def near(alpha: np.ndarray) -> np.ndarray:
    """The most ink at each pixel and those around it."""
    wide = np.pad(alpha, 1)
    height, width = alpha.shape
    around = [wide[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.asarray(np.max(around, axis=0))


def test_a_page_and_a_notebook_look_the_same(visit: Any, lab: Lab, relay: RelayProcess) -> None:
    eye = ipysketch.Sketch(name="Eye").connect(relay.url, "both")
    nora = lab.notebook(
        "nora", ["%load_ext ipysketch", f"%sketch connect --room both --name Nora --color '{BLUE}'"]
    )
    nora.run()
    ada = visit(path="/r/both")
    ada.connected(3)
    ada.stroke((100, 100), (300, 300))
    nora.sees(200, 200, RED)
    nora.stroke((300, 100), (100, 300))
    ada.sees(250, 150, BLUE)
    ada.tool("Rectangle")
    ada.stroke((400, 100), (600, 300))
    nora.sees(600, 200, RED)
    elements(eye, 3)

    def alike() -> bool:
        theirs, mine = alpha(nora.picture()), alpha(ada.picture())
        far = int(((theirs > 128) & (near(mine) < 64)).sum() + ((mine > 128) & (near(theirs) < 64)).sum())
        inked = int((mine > 128).sum())
        print(f"\npage and notebook: {far} of {inked} inked pixels differ by more than antialiasing")
        return inked > INKED and far <= inked * 0.02

    wait_until(alike, "a page and a notebook look the same", lambda: ada.page.evaluate(FRAME))
    nora.button("Undo")
    ada.sees_nothing(250, 150)
    ada.close()
    nora.page.context.close()
    eye.disconnect()


def test_a_finger_on_a_phone(visit: Any, eye: ipysketch.Sketch) -> None:  # noqa: PLR0915  # one visit
    ada = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=3)
    ada.connected()
    ada.until("() => document.documentElement.scrollWidth <= 360")
    expect(ada.page.get_by_role("button", name="Pen", exact=True)).to_be_visible()
    at_rest(ada.page)
    for made in ada.page.locator(".ipysketch-tools button").all():
        box = made.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert min(box["width"], box["height"]) >= 24
    session = ada.page.context.new_cdp_session(ada.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [
            {**dict(zip("xy", ada.place(*point), strict=True)), "id": n} for n, point in enumerate(points)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (200, 200))
    for x in range(240, 640, 40):
        touch("touchMove", (x, 200 + x / 10))
    touch("touchEnd")
    [stroke] = elements(eye, 1)
    assert isinstance(stroke, Stroke)
    assert stroke.points[-1][0] == pytest.approx(600, abs=6)
    ada.sees(400, 240, RED)
    ada.screenshot("page-phone")
    ada.page.set_viewport_size({"width": 740, "height": 360})
    ada.until(f"() => {{ const box = {BOX}; return box.bottom <= 360 && box.height > 250; }}")
    ada.sees(400, 240, RED)
    ada.screenshot("page-phone-on-its-side")
    ada.page.set_viewport_size({"width": 360, "height": 740})
    ada.until(f"() => {BOX}.right <= 360")
    at_rest(ada.page)
    ada.sees(400, 240, RED)
    touch("touchStart", (200, 200))
    touch("touchStart", (200, 200), (400, 200))
    touch("touchMove", (100, 200), (500, 200))
    touch("touchEnd")
    ada.page.get_by_role("button", name="Whole board").click()
    expect(ada.page.get_by_role("button", name="Whole board")).to_be_hidden()
    elements(eye, 1)
    # A text begins where one finger is lifted; two fingers mean the paper.
    ada.tool("Text")
    field = ada.page.get_by_label("Text on the board")
    touch("touchStart", (200, 500))
    touch("touchStart", (200, 500), (400, 500))
    touch("touchEnd")
    touch("touchStart", (300, 500))
    expect(field).to_have_count(0)
    touch("touchEnd")
    field.wait_for()
    assert float(field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)")) >= 16
    ada.page.keyboard.type("by a finger")
    ada.page.keyboard.press("Enter")
    [text] = elements(eye, 2)[1:]
    assert isinstance(text, Text)
    assert text.at == pytest.approx((300, 500), abs=4)
    # All of the screen is board, and the paper has the pixels of a sharp screen.
    assert ada.page.locator(".ipysketch-board").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 740}
    ada.until(
        """() => {
            const [paper, overlay] = ['.ipysketch-paper', '.ipysketch-overlay'].map(name => document.querySelector(name));
            return Math.abs(paper.width - 3 * overlay.clientWidth) <= 3;
        }"""
    )
    # Small fields would have iOS zoom in.
    ada.rename()
    name = ada.page.get_by_label("Your name", exact=True)
    assert float(name.evaluate("field => parseFloat(getComputedStyle(field).fontSize)")) >= 16
    ada.page.keyboard.press("Escape")
    ada.close()


def test_who_only_watches_looks_around_by_touch(visit: Any, eye: ipysketch.Sketch) -> None:
    screen = visit("", path="/r/page?view", has_touch=True)
    screen.connected(2)
    eye.stroke([(100, 300), (400, 300)], color=RED)
    screen.sees(250, 300, RED)
    screen.page.locator(".ipysketch-overlay").focus()
    for _ in range(3):
        screen.page.keyboard.press("+")
    screen.page.get_by_role("button", name="Whole board").wait_for()
    at_rest(screen.page)
    session = screen.page.context.new_cdp_session(screen.page)
    before = screen.place(250, 300)
    for kind, x, y in (("touchStart", 500, 400), ("touchMove", 470, 390), ("touchEnd", 0, 0)):
        points = [{"x": x, "y": y}] if kind != "touchEnd" else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    moved = pytest.approx((before[0] - 30, before[1] - 10), abs=1)
    wait_until(
        lambda: screen.place(250, 300) == moved, "the finger moves it", lambda: screen.page.evaluate(FRAME)
    )
    elements(eye, 1)
    screen.close()


def test_a_name_is_changed(visit: Any, eye: ipysketch.Sketch) -> None:
    ada = visit("Ad")
    ada.connected(2)
    ada.rename()
    field = ada.page.get_by_label("Your name", exact=True)
    expect(field).to_have_value("Ad")
    field.fill("Ada")
    ada.page.get_by_role("button", name="Change", exact=True).click()
    until_shown(eye, lambda state: "Ada" in [person.name for person in state.people], "another name")
    expect(people_list(ada.page)).to_contain_text("Ada (you)")
    ada.rename()
    ada.page.keyboard.press("Escape")
    ada.stroke((100, 100), (400, 100))
    elements(eye, 1)
    ada.close()


def test_the_relay_dies_under_the_hand_and_nothing_is_lost(browser: Browser, tmp_path: Path) -> None:
    own = RelayProcess(tmp_path)
    ada = Visitor(browser, own, "Ada", RED, "/r/page")
    ada.connected()
    ada.stroke((100, 100), (300, 100))
    ada.press(100, 300)
    ada.drag(200, 300)
    own.kill()
    ada.until("() => document.querySelector('.ipysketch-surface').dataset.connection === 'connecting'")
    ada.drag(400, 300)
    ada.page.mouse.up()
    ada.stroke((100, 500), (300, 500))
    ada.says("2 changes will be sent")
    ada.screenshot("page-away")
    own.start()
    ada.connected()
    eye = ipysketch.Sketch(name="Eye").connect(own.url, "page")
    strokes = elements(eye, 3)
    assert [
        round(stroke.points[:, 1].mean()) for stroke in strokes if isinstance(stroke, Stroke)
    ] == pytest.approx([100, 300, 500], abs=2)
    ada.sees(300, 300, RED)
    eye.disconnect()
    ada.page.context.close()
    own.stop()


def test_a_screen_only_watches(visit: Any, eye: ipysketch.Sketch) -> None:
    screen = visit("", path="/r/page?view")
    screen.connected(2)
    screen.stroke((100, 100), (400, 100))
    expect(screen.page.get_by_role("toolbar", name="Drawing")).to_have_count(0)
    eye.stroke([(100, 300), (400, 300)], color=RED)
    screen.sees(250, 300, RED)
    screen.sees_nothing(250, 100)
    elements(eye, 1)
    screen.screenshot("page-screen")
    screen.close()


def test_a_viewers_token_comes_in_the_fragment_and_goes_from_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    own = RelayProcess(tmp_path, None, "--require-token")
    secret = read_secret(next(tmp_path.glob("*secret*")))
    tokens = Tokens(secret)

    tokens_given: list[str] = []

    def token(role: Role) -> str:
        tokens_given.append(tokens.mint(room="page", role=role, name="", seconds=600, now=time.time())[0])
        return tokens_given[-1]

    vera = Visitor(browser, own, "Vera", RED, f"/r/page#token={token(Role.VIEWER)}")
    vera.says("You are watching.")
    wait_until(
        lambda: "token" not in vera.page.url, "no token in the address", lambda: vera.page.evaluate(FRAME)
    )
    vera.stroke((100, 100), (400, 100))
    vera.sees_nothing(250, 100)
    expect(vera.page.get_by_role("button", name="Pen")).to_have_attribute("aria-disabled", "true")
    vera.page.keyboard.press("r")
    vera.page.evaluate(FRAME)
    expect(vera.page.locator(".ipysketch-tool[aria-pressed=true]")).to_have_attribute("aria-label", "Pen")
    vera.screenshot("page-viewer")
    late = Visitor(browser, own, "Late", BLUE, "/r/page")
    late.page.get_by_role("textbox", name="Token").fill(token(Role.EDITOR))
    late.screenshot("page-token")
    late.page.get_by_role("button", name="Join", exact=True).click()
    late.connected(2)
    late.stroke((100, 300), (400, 300))
    vera.sees(250, 300, BLUE)
    # Who may draw may erase what is theirs, and is told so of the rest.
    third = Visitor(browser, own, "Mary", RED, f"/r/page#token={token(Role.EDITOR)}")
    third.connected(3)
    third.stroke((100, 500), (400, 500))
    third.sees(250, 300, BLUE)
    third.tool("Eraser")
    third.stroke((250, 250), (250, 350))
    third.says("Only a moderator may erase what others drew")
    third.stroke((250, 250), (250, 550))
    third.sees_nothing(250, 500)
    third.sees(250, 300, BLUE)
    vera.sees_nothing(250, 500)
    vera.sees(250, 300, BLUE)
    third.page.context.close()
    # A tab that is loaded anew, as phones do by themselves, is still in.
    for guest in (vera, late):
        guest.page.reload()
        guest.connected(2)
        assert "token" not in guest.page.url
    wait_until(lambda: len(own.log) >= 2, "the relay's log")
    assert not any(given in line for line in own.log for given in tokens_given)
    for guest in (vera, late):
        guest.page.context.close()
    own.stop()


def test_a_moderator_lends_a_pen_and_takes_it_back(browser: Browser, tmp_path: Path) -> None:
    own = RelayProcess(tmp_path, None, "--require-token")
    tokens = Tokens(read_secret(next(tmp_path.glob("*secret*"))))

    def token(role: Role) -> str:
        return tokens.mint(room="page", role=role, name="", seconds=600, now=time.time())[0]

    mary = Visitor(browser, own, "Mary", RED, f"/r/page#token={token(Role.MODERATOR)}")
    mary.connected(1)
    ed = Visitor(browser, own, "Ed", BLUE, f"/r/page#token={token(Role.EDITOR)}")
    ed.connected(2)
    people = people_list(mary.page)
    expect(people.get_by_role("button", name="Lend Ed the pen")).to_have_count(0)
    people.get_by_role("switch", name="Only moderators draw").click()
    ed.says("Locked: only moderators draw.")
    people.get_by_role("button", name="Lend Ed the pen").click()
    expect(people.get_by_text("has the pen")).to_be_visible()
    expect(ed.page.get_by_text("Locked: only moderators draw.")).to_have_count(0)
    ed.stroke((100, 300), (400, 300))
    mary.sees(250, 300, BLUE)
    mary.screenshot("page-pen-lent")
    people.get_by_role("button", name="Take the pen back from Ed").click()
    ed.says("Locked: only moderators draw.")
    expect(people.get_by_text("has the pen")).to_have_count(0)
    for guest in (mary, ed):
        assert guest.errors == []
        guest.page.context.close()
    own.stop()


def test_hostile_names_are_only_words(visit: Any, eye: ipysketch.Sketch) -> None:
    ada = visit()
    ada.connected()
    for word in HOSTILE:
        eye.rename(word[:64])
        eye.text(100, 100, word[:200] or "x")
    assert eye.flush(DEADLINE)
    elements(eye, len(HOSTILE))
    expect(people_list(ada.page)).to_contain_text(eye.people[0].name)
    ada.page.evaluate(FRAME)
    assert ada.page.evaluate("() => window.pwned") is None
    expect(
        ada.page.locator(
            ".ipysketch-surface img, .ipysketch-surface script, .ipysketch-cursors img, .ipysketch-cursors script"
        )
    ).to_have_count(0)
    ada.close()


def test_it_works_by_keyboard_and_says_what_each_thing_is(visit: Any, eye: ipysketch.Sketch) -> None:
    ada = visit()
    ada.connected()
    unnamed = ada.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas + div[tabindex]')]
            .filter(e => e.offsetParent && !e.ariaLabel && !e.textContent.trim() && !e.closest('label')).length"""
    )
    assert unnamed == 0
    ada.page.locator("body").press("Tab")
    ada.until("() => document.activeElement.matches('.ipysketch-overlay')")
    for _ in range(3):  # A stop for the pages, the people, the tools.
        ada.page.keyboard.press("Tab")
    ada.until("() => document.activeElement.ariaLabel === 'Pen'")
    ada.page.keyboard.press("ArrowRight")
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("button", name="Highlighter")).to_have_attribute("aria-pressed", "true")
    ada.page.keyboard.press("r")
    expect(ada.page.get_by_role("button", name="Rectangle")).to_have_attribute("aria-pressed", "true")
    ada.page.evaluate("() => { document.body.style.zoom = 2; }")
    ada.screenshot("page-200")
    ada.close()


def test_a_reload_under_the_hand_keeps_what_was_drawn(visit: Any, eye: ipysketch.Sketch) -> None:
    ada = visit()
    ada.connected()
    ada.press(200, 200)
    ada.drag(500, 400)
    until_shown(eye, lambda state: len(state.live) == 1, "the ink under the hand")
    ada.page.reload()
    elements(eye, 1)
    ada.connected()
    ada.sees(350, 300, RED)


def test_a_file_that_is_dropped_does_not_take_the_place_of_the_room(visit: Any) -> None:
    ada = visit()
    ada.connected()
    for target in (".ipysketch-overlay", "body"):
        prevented = ada.page.evaluate(
            """target => ['dragover', 'drop'].map(kind => {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File(['%PDF'], 'a.pdf', { type: 'application/pdf' }));
                const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer });
                document.querySelector(target).dispatchEvent(event);
                return event.defaultPrevented;
            })""",
            target,
        )
        assert prevented == [True, True], target
    ada.says("Only pictures and texts can be put on the board.")
