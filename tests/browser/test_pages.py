"""What a page brings along: fingers, a sharp screen, a dark theme, a keyboard, a second page on the same kernel."""

from __future__ import annotations

import pytest

from ..support.waiting import wait_until
from .conftest import FRAME, Lab, Notebook
from .islands import people_list

GREEN = "#2a8f3c"
CELLS = [
    "%load_ext ipysketch",
    f"%sketch connect --room pages --name Hana --color '{GREEN}'",
]

PAPER = ".ipysketch-desk canvas.ipysketch-paper"
CONTRAST = """selector => {
    const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const linear = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    return [...document.querySelectorAll(selector)].filter(e => e.textContent.trim()).map(element => {
        let below = element, back;
        do { back = parse(getComputedStyle(below).backgroundColor); below = below.parentElement; }
        while (below && back[3] === 0);
        let text = parse(getComputedStyle(element).color);
        const alpha = text[3] ?? 1;
        text = text.slice(0, 3).map((c, i) => c * alpha + back[i] * (1 - alpha));
        const [a, b] = [light(text), light(back)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    });
}"""


@pytest.fixture(scope="module")
def hana(lab: Lab) -> Notebook:
    notebook = lab.notebook("hana", CELLS, has_touch=True, device_scale_factor=2)
    notebook.run()
    return notebook


def test_the_paper_is_as_sharp_as_the_screen(hana: Notebook) -> None:
    hana.page.wait_for_function(
        """() => {
            const seen = document.querySelector('.ipysketch-overlay').clientWidth * devicePixelRatio;
            const { width } = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
            return width >= seen - 1 && width <= 1.5 * seen;
        }"""
    )
    hana.stroke((100, 100), (300, 100))
    hana.sees(200, 100, GREEN)


def test_a_finger_draws_and_leaves_nothing_stuck(hana: Notebook) -> None:
    hana.show()
    touch = hana.page.context.new_cdp_session(hana.page)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        places = [dict(zip("xy", hana.place(*point), strict=True)) for point in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    finger("touchStart", (100, 200))
    for n in range(1, 11):
        finger("touchMove", (100 + 20 * n, 200))
    finger("touchEnd")
    hana.sees(200, 200, GREEN)
    # The next one starts where it is put, not where the last one ended.
    finger("touchStart", (500, 400))
    finger("touchMove", (600, 400))
    finger("touchMove", (700, 400))
    finger("touchEnd")
    hana.sees(600, 400, GREEN)
    assert hana.blank(400, 300)


def test_a_second_page_on_the_kernel_shows_and_draws(hana: Notebook, lab: Lab) -> None:
    second = hana.again()
    second.sees(200, 100, GREEN)
    second.sees(600, 400, GREEN)
    second.stroke((100, 500), (300, 500))
    hana.sees(200, 500, GREEN)
    second.sees(200, 500, GREEN)
    hana.stroke((100, 550), (300, 550))
    second.sees(200, 550, GREEN)
    second.connected(here=2)  # Two tabs, one kernel: its user, and a guest.
    assert not second.errors
    second.page.context.close()
    # One that closed holds nobody up.
    hana.stroke((100, 600), (300, 600))
    hana.sees(200, 600, GREEN)


def test_keys_work_on_the_board_and_tab_leaves_it(hana: Notebook) -> None:
    hana.stroke((800, 100), (1000, 100))
    hana.sees(900, 100, GREEN)
    paper = hana.page.locator(".ipysketch-desk canvas.ipysketch-paper").first
    paper.focus()
    hana.page.keyboard.press("Control+z")
    hana.sees_nothing(900, 100)
    hana.page.keyboard.press("Control+Shift+z")
    hana.sees(900, 100, GREEN)
    hana.page.keyboard.press("e")
    hana.page.locator("button[aria-label=Eraser][aria-pressed=true]").wait_for()
    hana.page.keyboard.press("p")
    hana.page.locator("button[aria-label=Pen][aria-pressed=true]").wait_for()
    hana.page.keyboard.press("Shift+Tab")
    hana.page.wait_for_function(f"() => document.querySelector({PAPER!r}) !== document.activeElement")
    # Every control says what it is, and each island is one stop.
    labels = hana.page.locator(".ipysketch-island button").evaluate_all(
        "found => found.map(control => control.getAttribute('aria-label') || control.textContent)"
    )
    assert len(labels) > 10
    assert all(labels)
    for island in hana.page.locator(".ipysketch-island").all():
        assert island.locator("button[tabindex='0']").count() <= 1


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_words_are_legible_in_either_theme(hana: Notebook, theme: str) -> None:
    hana.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    light = str(theme == "JupyterLab Light").lower()
    hana.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
    people_list(hana.page)
    for selector in (".ipysketch-where", ".ipysketch-rows .ipysketch-words"):

        def are_legible(selector: str = selector) -> bool:
            return bool(min(hana.page.evaluate(CONTRAST, selector), default=0) >= 4.5)

        # The theme's style comes after its name.
        wait_until(are_legible, f"words of {selector} are legible", lambda: hana.page.evaluate(FRAME))
    hana.screenshot(f"theme-{theme[11:].lower()}")


def test_several_boards_in_one_kernel_and_one_in_two_cells(lab: Lab) -> None:
    cells = [
        "import ipysketch\nleft = ipysketch.connect(room='left', color='#d1495b', name='Lin')\nleft",
        "right = ipysketch.connect(room='right', color='#1f6fb2', name='Lin')\nright",
        "left",
    ]
    lin = lab.notebook("lin", cells)
    lin.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    lin.page.wait_for_function(
        "() => document.querySelectorAll('.ipysketch-surface[data-connection=connected]').length === 3"
    )
    lin.board(0).stroke((100, 100), (400, 100))
    for number in (0, 2):
        lin.board(number).sees(250, 100, "#d1495b")
    lin.board(2).stroke((100, 300), (400, 300))
    lin.board(0).sees(250, 300, "#d1495b")
    lin.board(1).stroke((100, 500), (400, 500))
    lin.board(1).sees(250, 500, "#1f6fb2")
    assert lin.board(1).blank(250, 100)
    assert lin.board(0).blank(250, 500)
    assert not [error for error in lin.errors if "WebSocket" not in error]


def test_alone_first_and_together_later(lab: Lab) -> None:
    cells = [
        "import ipysketch\nboard = ipysketch.Sketch()\nboard",
        "board.connect(room='later', name='Solo')",
    ]
    solo = lab.notebook("solo", cells)
    solo.execute(0)
    solo.page.locator(".ipysketch-surface[data-connection=solo]").wait_for()
    solo.button("Colour: red")
    solo.stroke((100, 100), (400, 100))
    solo.sees(250, 100, "#d62728")
    solo.execute(1)
    solo.connected(here=1)
    late = lab.notebook("late", ["%load_ext ipysketch\n%sketch connect --room later --name Late"])
    late.run()
    late.sees(250, 100, "#d62728")
