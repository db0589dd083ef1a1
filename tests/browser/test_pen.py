"""The pen, in a real JupyterLab: ink at once, every kind of hand, quiet when nothing is drawn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ipysketch
from ipysketch.model.elements import Fill, Line, Stroke

from ..support.boards import until_shown
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import DEADLINE, wait_until
from .conftest import FAR, FAR_AWAY, FRAME, Lab, Notebook, at_rest
from .islands import AT

VIOLET = "#8e5bb5"

WET = f"""([x, y]) => {{
    const wet = document.querySelector('.ipysketch-wet');
    const [left, top] = {AT}(wet, x, y);
    const data = wet.getContext('2d').getImageData(left - 3, top - 3, 7, 7).data;
    return data.some((value, i) => i % 4 === 3 && value > 90);
}}"""

# Looks at a place at each display frame, on the layers above the paper and on the paper.
WATCH = """([x, y]) => {
    window.watched = [];
    const alpha = canvas => canvas.getContext('2d').getImageData(...AT(canvas, x, y), 1, 1).data[3];
    const look = () => {
        // In between it lies on a layer of what the paper does not show yet.
        const above = [...document.querySelectorAll('.ipysketch-wet, .ipysketch-patch')];
        const seen = Math.max(0, ...above.filter(({ style }) => style.visibility !== 'hidden').map(alpha));
        const wet = alpha(document.querySelector('.ipysketch-wet'));
        const dry = alpha(document.querySelector('.ipysketch-desk canvas.ipysketch-paper'));
        window.watched.push([seen, dry]);
        window.dried = dry >= 90 && wet === 0;
        if (!window.dried) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}""".replace("AT(", f"{AT}(")


# Milliseconds from the event of a move to the frame that shows it, and how many frames those were.
MEASURE = """async ([pen, count]) => {
    const overlay = document.querySelector('.ipysketch-overlay');
    const paper = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
    const target = pen ? overlay : paper;
    const canvas = pen ? document.querySelector('.ipysketch-wet') : paper;
    const box = paper.getBoundingClientRect();
    const context = canvas.getContext('2d');
    const inked = (x, y) => {
        const [left, top] = AT(canvas, x, y);
        return context.getImageData(left - 1, top - 1, 3, 3).data.some((v, i) => i % 4 === 3 && v > 0);
    };
    const frame = () => new Promise(requestAnimationFrame);
    const send = (kind, x, y) => {
        const at = { bubbles: true, button: 0, buttons: 1, pointerId: 1, isPrimary: true, pointerType: 'mouse',
            clientX: box.left + x * box.width / 1280, clientY: box.top + y * box.height / 720 };
        const name = pen ? `pointer${kind}` : `mouse${kind}`;
        target.dispatchEvent(pen ? new PointerEvent(name, at) : new MouseEvent(name, at));
    };
    overlay.setPointerCapture = () => {};
    const times = [];
    const y = pen ? 150 : 250;
    send('down', 50, y);
    for (let i = 0; i < count; i++) {
        const x = 70 + 18 * i;
        await frame();
        const begun = performance.now();
        send('move', x, y);
        let frames = 0;
        while (!inked(x - 6, y)) {
            await frame();
            frames += 1;
        }
        times.push([performance.now() - begun, frames]);
    }
    send('up', 70 + 18 * count, y);
    delete overlay.setPointerCapture;
    return times;
}""".replace("AT(", f"{AT}(")


@pytest.fixture(scope="module")
def vera(lab: Lab) -> Notebook:
    cells = [
        "%load_ext ipysketch",
        f"%sketch connect --room pen --name Vera --color '{VIOLET}'",
        "import pathlib\nwhile not pathlib.Path('enough').exists():\n    sum(range(1000))",
    ]
    notebook = lab.notebook("vera", cells, has_touch=True)
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
    notebook.execute(0)
    notebook.execute(1)
    notebook.connected()
    return notebook


@pytest.fixture(scope="module")
def other(lab: Lab, relay: RelayProcess, vera: Notebook) -> Iterator[ipysketch.Sketch]:
    """Another peer in the room, who reads what was drawn."""
    board = ipysketch.Sketch(name="Other")
    board.connect(relay.url, "pen")
    yield board
    board.disconnect()


@pytest.fixture
def clean(other: ipysketch.Sketch, vera: Notebook) -> ipysketch.Sketch:
    other.clear()
    until_shown(other, lambda state: not state.elements and not state.live, "an empty board")
    vera.page.wait_for_function(
        """() => {
            const canvas = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return data.every((value, i) => i % 4 !== 3 || value === 0);
        }"""
    )
    return other


def drawn(board: ipysketch.Sketch, count: int = 1) -> list[Stroke]:
    until_shown(board, lambda state: len(state.elements) == count and not state.live, f"{count} strokes")
    return [element for element in board.elements if isinstance(element, Stroke)]


class Touch:
    """Fingers and a pen, through the browser's own protocol."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        notebook.show()
        self.session = notebook.page.context.new_cdp_session(notebook.page)

    def fingers(self, kind: str, *points: tuple[float, float]) -> None:
        """Points are in board units as the board lay when fingers were put down: they may move it."""
        if kind == "touchStart":
            (left, top), (right, bottom) = self.notebook.place(0, 0), self.notebook.place(1280, 720)
            self.origin, self.scale = (left, top), ((right - left) / 1280, (bottom - top) / 720)
        places = [
            {
                "x": self.origin[0] + x * self.scale[0],
                "y": self.origin[1] + y * self.scale[1],
                "id": number,
            }
            for number, (x, y) in enumerate(points)
        ]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def pen(self, kind: str, x: float, y: float, force: float = 0.5, **more: Any) -> None:
        px, py = self.notebook.place(x, y)
        pressed = kind != "mouseReleased"
        self.session.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": px,
                "y": py,
                "button": "left",
                "buttons": 1 if pressed else 0,
                "clickCount": 1,
                "pointerType": "pen",
                "force": force,
                **more,
            },
        )


def test_ink_is_there_before_the_kernel_knows(vera: Notebook, clean: ipysketch.Sketch, lab: Lab) -> None:
    vera.execute(2)  # The kernel is busy until there is a file.
    vera.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    vera.press(200, 200)
    vera.drag(400, 200)
    vera.page.wait_for_function(WET, arg=[300, 200])
    vera.screenshot("wet")
    vera.release()
    (lab.root / "enough").touch()
    vera.sees(300, 200, VIOLET)
    [stroke] = drawn(clean)
    assert stroke.points[0] == pytest.approx((200, 200), abs=1.5)
    vera.page.wait_for_function(f"place => !({WET})(place)", arg=[300, 200])
    vera.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )


def test_wet_ink_gives_way_without_a_blank_frame_and_looks_the_same(
    vera: Notebook, clean: ipysketch.Sketch
) -> None:
    vera.button("Width: Extra thick")  # No part of a pixel.
    vera.press(200, 300)
    vera.drag(600, 300)
    vera.page.wait_for_function(WET, arg=[400, 300])
    vera.page.evaluate(WATCH, [400, 300])
    vera.page.wait_for_function("() => window.watched.length > 0")
    vera.release()
    vera.sees(400, 300, VIOLET)
    vera.page.wait_for_function("() => window.dried")
    frames = vera.page.evaluate("() => window.watched")
    whole = frames[0][0]
    assert whole > 90, "wet to begin with"
    assert frames[-1][1] == pytest.approx(whole, abs=12), "and dry in the end"
    assert all(max(frame) >= whole - 12 for frame in frames), "at no frame was the ink away"
    drawn(clean)
    vera.button("Width: Medium")


def test_a_hand_goes_out_and_comes_back_in_one_stroke(vera: Notebook, clean: ipysketch.Sketch) -> None:
    vera.press(1200, 250)
    vera.drag(1330, 250)
    vera.drag(1330, 400)
    vera.drag(1200, 400)
    vera.release()
    [stroke] = drawn(clean)
    assert stroke.points[:, 0].max() > 1285
    assert stroke.points[-1] == pytest.approx((1200, 400), abs=1.5)
    vera.drag(600, 500)
    vera.stroke((100, 500), (200, 500))
    [_, later] = drawn(clean, 2)
    assert later.points[0] == pytest.approx((100, 500), abs=1.5), "nothing stuck to the hand"


def test_a_pen_presses_and_what_it_pressed_is_kept(vera: Notebook, clean: ipysketch.Sketch) -> None:
    touch = Touch(vera)
    touch.pen("mousePressed", 200, 400, 0.1)
    for n in range(1, 21):
        touch.pen("mouseMoved", 200 + 20 * n, 400, n / 20)
    touch.pen("mouseReleased", 600, 400, 0)
    vera.sees(500, 400, VIOLET)
    [stroke] = drawn(clean)
    assert stroke.pressure is not None
    assert len(stroke.pressure) == len(stroke.points) > 10
    assert stroke.pressure[1] == pytest.approx(0.05, abs=0.03)
    assert stroke.pressure.max() == pytest.approx(1.0, abs=0.01)
    assert stroke.t is not None
    [ink] = stroke.display
    assert isinstance(ink, Fill)
    [contour] = ink.contours
    begin, end = (contour[np.abs(contour[:, 0] - x) < 15, 1] for x in (230, 570))
    assert np.ptp(end) > 2 * np.ptp(begin) > 0, "it is thin where the pen was light"
    vera.screenshot("pressure")
    # From now on the pen draws, and a hand that rests beside it does not.
    touch.fingers("touchStart", (300, 600))
    touch.fingers("touchMove", (500, 600))
    touch.fingers("touchEnd")
    touch.pen("mousePressed", 200, 500)
    touch.pen("mouseMoved", 300, 500)
    touch.pen("mouseReleased", 300, 500, 0)
    assert len(drawn(clean, 2)) == 2
    assert vera.blank(400, 600)


def test_the_right_button_erases(vera: Notebook, clean: ipysketch.Sketch) -> None:
    vera.stroke((200, 200), (400, 200))
    vera.stroke((200, 300), (400, 300))
    drawn(clean, 2)
    vera.page.mouse.move(*vera.place(300, 150))
    vera.page.mouse.down(button="right")
    vera.page.mouse.move(*vera.place(300, 250), steps=5)
    vera.page.mouse.up(button="right")
    [left] = drawn(clean, 1)
    assert left.points[0] == pytest.approx((200, 300), abs=1.5)


def test_escape_takes_a_stroke_back_and_shift_straightens_it(vera: Notebook, clean: ipysketch.Sketch) -> None:
    vera.press(200, 200)
    vera.drag(400, 250)
    vera.page.wait_for_function(WET, arg=[300, 225])
    vera.page.keyboard.press("Escape")
    vera.page.wait_for_function(f"place => !({WET})(place)", arg=[300, 225])
    vera.drag(500, 500)
    vera.release()
    vera.press(200, 400)
    vera.drag(300, 500)
    vera.page.keyboard.down("Shift")
    vera.drag(600, 400)
    vera.page.keyboard.up("Shift")
    vera.release()
    [stroke] = drawn(clean)
    assert len(stroke.points) <= 3
    assert stroke.points[-1] == pytest.approx((600, 400), abs=1.5)


def test_two_fingers_move_and_zoom_and_draw_nothing(vera: Notebook, clean: ipysketch.Sketch) -> None:
    vera.stroke((600, 300), (700, 300))
    drawn(clean)
    touch = Touch(vera)
    touch.fingers("touchStart", (500, 300))
    touch.fingers("touchStart", (500, 300), (800, 300))
    for n in range(1, 11):
        touch.fingers("touchMove", (500 - 20 * n, 300), (800 + 20 * n, 300))
    touch.fingers("touchEnd")
    home = vera.page.get_by_role("button", name="Whole board")
    home.wait_for()
    vera.screenshot("zoomed")
    vera.page.wait_for_function(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('.ipysketch-overlay')).transform).a > 1.5"
    )
    at_rest(vera.page)
    vera.stroke((650, 350), (680, 350))  # Where it is seen is where it is drawn.
    strokes = drawn(clean, 2)
    assert strokes[-1].points[0] == pytest.approx((650, 350), abs=1.5)
    home.click()
    home.wait_for(state="hidden")


def test_a_hover_says_nothing_unless_somebody_is_here_to_see_it(vera: Notebook, lab: Lab) -> None:
    sent: list[str | bytes] = []
    cells = ["%load_ext ipysketch", "%sketch connect --room quiet --name Quiet"]
    alone = lab.notebook("quiet", cells)

    def heard(frame: str | bytes) -> None:
        sent.append(frame)  # Playwright marks a handler; a built-in method cannot be marked.

    alone.page.on("websocket", lambda socket: socket.on("framesent", heard))
    alone.page.reload()
    alone.open()
    alone.run()
    alone.stroke((100, 100), (150, 100))
    alone.page.wait_for_function(f"place => !({WET})(place)", arg=[120, 100])

    def about_us() -> list[bytes]:
        return [frame for frame in map(_bytes, sent) if b"ipysketch" in frame]

    assert about_us(), "what a page says is seen here"
    alone.connected()
    before = len(about_us())
    alone.page.mouse.move(*alone.place(200, 200))
    alone.page.mouse.move(*alone.place(900, 600), steps=120)
    alone.button("Highlighter")  # Said after the hovering, so that all of it had its turn.
    wait_until(
        lambda: any(b'"highlighter"' in frame for frame in about_us()[before:]),
        "the choice of a tool is said",
        lambda: alone.page.evaluate(FRAME),
    )
    assert not [frame for frame in about_us()[before:] if b'"cursor"' in frame]
    assert not vera.errors


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def test_two_pages_on_one_kernel_draw_at_once(vera: Notebook, clean: ipysketch.Sketch) -> None:
    second = vera.again()
    vera.press(100, 250)
    second.press(100, 450)
    for n in range(1, 11):
        vera.drag(100 + 50 * n, 250, steps=2)
        second.drag(100 + 50 * n, 450, steps=2)
    second.sees(300, 250, VIOLET)  # Ink under the other page's hand.
    vera.release()
    second.release()
    strokes = drawn(clean, 2)
    assert sorted(round(stroke.points[:, 1].mean()) for stroke in strokes) == [250, 450]
    assert all(abs(stroke.points[:, 1].max() - stroke.points[:, 1].min()) < 3 for stroke in strokes)
    second.page.context.close()


def test_ink_is_there_in_the_next_frame(vera: Notebook, clean: ipysketch.Sketch) -> None:
    """From the event of a move to the frame that shows it: our pen, and ipycanvas' own events, in one run."""
    vera.show()
    print("\nfrom move to ink        p50 ms  p95 ms  p95 frames")
    late = {}
    for name, pen in (("the pen", True), ("ipycanvas' events", False)):
        times, late[name] = measured(vera, pen)
        print(f"{name:<22}{times[30]:>8.1f}{times[57]:>8.1f}{late[name]:>12}")
    assert late["the pen"] <= 1
    assert late["ipycanvas' events"] >= 1, "those go to the kernel and back"


def measured(notebook: Notebook, pen: bool) -> tuple[list[float], int]:
    """Return the sorted milliseconds of 60 moves until their ink is there, and the 95th percentile of its frames."""
    moves = notebook.page.evaluate(MEASURE, [pen, 60])
    return sorted(time for time, _ in moves), sorted(frames for _, frames in moves)[57]


def test_ink_is_as_soon_there_when_the_kernel_is_far(lab: Lab, relay: RelayProcess) -> None:
    cells = ["%load_ext ipysketch", f"%sketch connect --room far --name Faye --color '{VIOLET}'"]
    faye = lab.notebook("faye", cells, FAR_AWAY)
    faye.run()
    faye.show()
    begun = time.monotonic()
    faye.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo()"
    )
    assert time.monotonic() - begun >= 2 * FAR / 1000, "the kernel is far"
    times, late = measured(faye, True)
    print(
        f"\nfrom move to ink with {2 * FAR} ms to the kernel and back: p50 {times[30]:.1f}, p95 {times[57]:.1f} ms"
    )
    assert late <= 1
    faye.sees(600, 150, VIOLET)
    faye.page.wait_for_function(f"place => !({WET})(place)", arg=[600, 150])
    # A tool and a colour count from the click on, not from the kernel's answer.
    faye.button("Ellipse")
    faye.button("Colour: black")
    faye.stroke((100, 500), (300, 650))
    faye.sees(200, 500, "#1a1a1a")
    faye.sees_nothing(200, 575)
    faye.page.locator(".ipysketch-overlay").first.focus()
    faye.page.keyboard.press("l")
    faye.stroke((500, 500), (700, 650), (700, 500))
    faye.sees(600, 500, "#1a1a1a")
    faye.page.wait_for_function('() => document.querySelector(\'[aria-label="Line"][aria-pressed="true"]\')')
    # So do choices soon after each other, whose answers come one after another.
    eye = ipysketch.Sketch(name="Eye").connect(relay.url, "far")
    chosen = {
        ("#d62728", 8, "dashed"): ("Colour: red", "Width: Thick", "Line style: dashed"),
        ("#2a8f3c", 2, "dotted"): ("Colour: green", "Width: Thin", "Line style: dotted"),
        ("#1a1a1a", 16, ""): ("Colour: black", "Width: Extra thick", "Line style: solid"),
    }
    for number, labels in enumerate(chosen):
        for label in chosen[labels]:
            faye.button(label)
        faye.stroke((800, 300 + 40 * number), (1000, 300 + 40 * number))
    until_shown(eye, lambda state: len(state.elements) == 6 and not state.live, "three lines more")
    lines = [line for line in eye.elements if isinstance(line, Line)][1:]
    assert [(line.color, line.width, line.dash) for line in lines] == list(chosen)
    eye.disconnect()
    faye.page.context.close()


def test_a_slow_page_keeps_up_with_twenty_people(
    vera: Notebook, relay: RelayProcess, clean: ipysketch.Sketch
) -> None:
    """The page runs four times slower; frames are skipped, never queued, and the last state is reached."""
    people = [ipysketch.Sketch(name=f"p{n}", color="#1f6fb2") for n in range(20)]
    for person in people:
        person.connect(relay.url, "pen")
    sessions = [session_of(person).object for person in people]
    throttle = vera.page.context.new_cdp_session(vera.page)
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    vera.show()
    vera.page.evaluate(
        """() => {
            window.frames = 0;
            const seen = () => { window.frames += 1; requestAnimationFrame(seen); };
            requestAnimationFrame(seen);
        }"""
    )

    async def draw() -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for n, session in enumerate(sessions):
            session.hands.pointer_down("hand", 60, 30 + 33 * n)
        while (now := loop.time() - begun) < SECONDS:
            for n, session in enumerate(sessions):
                session.hands.pointer_move("hand", 60 + 1100 * now / SECONDS, 30 + 33 * n + 8 * (now * 5 % 2))
            await asyncio.sleep(1 / 60)  # This is the load: hands at 60 Hz.
        for n, session in enumerate(sessions):
            session.hands.pointer_move("hand", 1160, 30 + 33 * n)
            session.hands.pointer_move("hand", 1200, 30 + 33 * n)
            session.hands.pointer_up("hand")

    SECONDS = 6.0
    session_of(people[0]).thread.run(draw(), DEADLINE)
    begun = time.monotonic()
    for n in range(20):
        vera.sees(1180, 30 + 33 * n, "#1f6fb2")
    behind = time.monotonic() - begun
    frames = vera.page.evaluate("() => window.frames")
    print(
        f"\n20 people, a page 4 times slower: {frames / SECONDS:.0f} display frames a second, last state after {behind:.1f} s"
    )
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    assert len(drawn(clean, 20)) == 20
    vera.stroke((100, 560), (300, 560))
    vera.sees(200, 560, VIOLET)
    for person in people:
        person.disconnect()
    assert not vera.errors


def test_a_refused_stroke_does_not_stay(lab: Lab, home: Path) -> None:
    relay = RelayProcess(home, str(home / "small.sqlite"), "--max-elements", "1")
    cells = [
        "%load_ext ipysketch",
        f"%sketch connect {relay.url} --room small --name Greedy --color '{VIOLET}'",
    ]
    greedy = lab.notebook("greedy", cells)
    greedy.run()
    greedy.stroke((200, 200), (400, 200))
    greedy.sees(300, 200, VIOLET)
    greedy.stroke((200, 400), (400, 400))
    greedy.page.locator(".ipysketch-toasts").get_by_text("the drawing has its 1 elements").wait_for()
    greedy.sees_nothing(300, 400)
    greedy.page.wait_for_function(f"place => !({WET})(place)", arg=[300, 400])
    greedy.screenshot("refused")
    greedy.sees(300, 200, VIOLET)
    greedy.page.context.close()
    relay.stop()
