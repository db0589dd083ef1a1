"""The main job, as people do it: two notebooks, two kernels, a real relay, a hand and eyes.

The tests of this module go on from each other in one room, as an afternoon of drawing does.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..support.processes import RelayProcess
from ..support.waiting import wait_until
from .conftest import PIXELS, Lab, Notebook, alike, at_rest

RED, BLUE = "#d1495b", "#1f6fb2"


@pytest.fixture(scope="module")
def pair(lab: Lab) -> tuple[Notebook, Notebook]:
    notebooks = []
    for name, color in (("ada", RED), ("grace", BLUE)):
        cells = [
            "%load_ext ipysketch",
            f"%sketch connect --room algebra --name {name.capitalize()} --color '{color}'",
        ]
        notebook = lab.notebook(name, cells)
        for number in range(2):
            notebook.execute(number)
        notebook.connected()
        notebooks.append(notebook)
    for notebook in notebooks:
        notebook.connected(here=2)
    return notebooks[0], notebooks[1]


def test_ink_is_live_and_stays(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.press(100, 100)
    ada.drag(300, 100)
    grace.sees(200, 100, RED)  # The button is still down.
    ada.drag(300, 200)
    ada.release()
    grace.sees(300, 150, RED)
    ada.sees(300, 150, RED)


WATCH = """place => {
    const look = %s;
    const looks = window.looks = [];
    const next = () => {
        if (window.looks !== looks) return;
        looks.push(look(place).some(p => p[3] > 100));
        requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
}"""
DRY = """place => {
    const paper = document.querySelectorAll('.ipysketch-desk canvas.ipysketch-paper')[place[2]];
    const [x, y] = place.map(value => Math.round(value * paper.width / 1280));
    return paper.getContext('2d').getImageData(x - 3, y - 3, 7, 7).data.some((value, i) => i % 4 === 3 && value > 200)
        && paper.closest('.ipysketch-desk').querySelector('.ipysketch-live').style.visibility === 'hidden';
}"""


def test_ink_that_dries_is_never_gone(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    place = [500, 60, grace.number]
    grace.page.evaluate(WATCH % PIXELS, place)
    grace.page.wait_for_function("() => window.looks.length > 0")
    ada.press(450, 60)
    ada.drag(700, 60)
    grace.sees(500, 60, RED)
    ada.release()
    grace.page.wait_for_function(DRY, arg=place)
    looks: list[bool] = grace.page.evaluate(
        "() => new Promise(requestAnimationFrame).then(() => { const { looks } = window; window.looks = null; return looks; })"
    )
    assert looks[-1]
    assert not looks[0]
    assert all(looks[looks.index(True) :]), "from under the hand to the paper without a frame between"


def test_who_comes_sees_what_is_under_a_hand(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.press(450, 30)
    ada.drag(600, 30)
    grace.sees(500, 30, RED)
    grace.reload()
    grace.sees(500, 30, RED)
    ada.drag(700, 30)
    grace.sees(650, 30, RED)
    ada.release()
    grace.page.wait_for_function(DRY, arg=[500, 30, grace.number])


def test_both_draw_at_once_and_see_the_same(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.press(500, 100)
    grace.press(600, 400)
    for n in range(1, 6):
        ada.drag(500 + 40 * n, 100 + 20 * (n % 2), steps=3)
        grace.drag(600 - 30 * n, 400 + 20 * n, steps=3)
    ada.release()
    grace.release()
    ada.sees(520, 110, RED)
    grace.sees(520, 110, RED)
    ada.sees(585, 410, BLUE)
    grace.sees(585, 410, BLUE)
    ada.shows(grace.picture)


def test_a_click_leaves_a_dot(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.stroke((50, 520))
    grace.sees(50, 520, RED)


def test_undo_takes_back_only_my_own(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.stroke((700, 200), (900, 200))
    grace.sees(800, 200, RED)
    grace.stroke((850, 150), (850, 250))
    ada.sees(850, 240, BLUE)
    ada.button("Undo")
    grace.sees_nothing(800, 200)
    grace.sees(850, 240, BLUE)
    ada.button("Redo")
    grace.sees(800, 200, RED)
    grace.sees(850, 200, BLUE)  # It is back beneath what was drawn on top of it.
    ada.sees(850, 200, BLUE)


def test_eraser_takes_a_whole_stroke(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.stroke((950, 500), (1150, 500))
    grace.sees(1050, 500, RED)
    grace.button("Eraser")
    # A choice goes through the kernel: a hand that is faster still draws.
    grace.page.wait_for_selector('[aria-label="Eraser"][aria-pressed="true"]')
    grace.stroke((1000, 480), (1000, 520))
    ada.sees_nothing(1050, 500)
    grace.button("Undo")
    ada.sees(1050, 500, RED)
    grace.button("Pen")
    grace.page.wait_for_selector('[aria-label="Pen"][aria-pressed="true"]')


def test_out_of_the_board_and_back_draws_no_line_across(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.press(1100, 100)
    ada.drag(1200, 100)
    ada.drag(1350, 100)
    ada.drag(1350, 300)
    ada.release()  # Outside: the canvas never hears of it.
    ada.drag(1200, 300)
    ada.drag(1100, 300)
    ada.stroke((1050, 350), (1060, 350))
    grace.sees(1055, 350, RED)
    ada.sees(1055, 350, RED)
    grace.sees(1150, 100, RED)
    assert grace.blank(1150, 300)
    assert ada.blank(1150, 300)


def test_the_page_comes_back_whole(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    grace.reload()
    grace.sees(200, 100, RED)
    grace.sees(585, 410, BLUE)
    grace.shows(ada.picture)
    before = grace.picture()
    ada.stroke((100, 560), (200, 560))
    grace.sees(150, 560, RED)
    wait_until(
        lambda: not alike(before, grace.picture()),
        "another picture, by one stroke",
        lambda: at_rest(grace.page),
    )


def test_a_killed_relay_comes_back_with_everything(
    pair: tuple[Notebook, Notebook], relay: RelayProcess
) -> None:
    ada, grace = pair
    there = at_rest(ada.page)
    relay.kill()
    try:
        ada.page.wait_for_function(
            "() => document.querySelector('.ipysketch-surface').dataset.connection === 'connecting'"
        )
        ada.stroke((300, 600), (500, 600))  # While there is no relay.
        ada.sees(400, 600, RED)
        ada.page.wait_for_function(
            "() => /[1-9] changes? will be sent/.test(document.querySelector('.ipysketch-toasts').textContent)"
        )
        assert at_rest(ada.page) == there  # Whatever the toolbar has to say.
        ada.screenshot("no-relay")
    finally:
        relay.start()
    ada.connected(here=2)
    grace.connected(here=2)
    grace.sees(400, 600, RED)
    grace.sees(200, 100, RED)
    ada.shows(grace.picture)


def test_ink_arrives_while_the_kernel_is_busy(pair: tuple[Notebook, Notebook], lab: Lab) -> None:
    ada, _ = pair
    busy = lab.notebook(
        "busy",
        [
            "%load_ext ipysketch\n%sketch connect --room algebra --name Busy",
            "import pathlib, time\nprint('begun')\n"
            "while not pathlib.Path('over').exists():\n    time.sleep(0.05)\nprint('over')",
        ],
    )
    busy.execute(0)
    busy.connected(here=3)
    busy.sees(200, 100, RED)
    busy.execute(1)
    busy.page.wait_for_function("() => document.body.innerText.includes('begun')")
    ada.stroke((100, 300), (200, 300))
    busy.sees(150, 300, RED)
    assert "over" not in busy.output(1)
    (lab.root / "over").touch()
    busy.page.wait_for_function("() => document.body.innerText.includes('over')")
    busy.page.context.close()


def test_a_restarted_kernel_finds_the_drawing(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.restart_kernel()
    mourning = ada.page.get_by_text("The kernel stopped.")
    mourning.wait_for()
    assert ada.page.locator(".ipysketch-surface").get_attribute("data-connection") == "gone"
    ada.run()
    mourning.wait_for(state="detached")
    ada.connected()
    ada.sees(200, 100, RED)
    ada.sees(400, 600, RED)
    ada.shows(grace.picture)
    expect(ada.page.locator(".ipysketch-board")).to_have_count(1)


def test_the_browser_had_nothing_to_complain(pair: tuple[Notebook, Notebook]) -> None:
    for notebook in pair:
        ours = [error for error in notebook.errors if "WebSocket" not in error]
        assert not ours
