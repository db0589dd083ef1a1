"""Live ink past the kernels, in a real JupyterLab: while both compute, over a road that breaks, and without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.waiting import wait_until
from .conftest import Lab, Notebook

RED, BLUE = "#d1495b", "#1f6fb2"
LISTEN = """
const Real = window.WebSocket;
window.roads = [];
window.WebSocket = class extends Real {
    constructor(url, protocols) {
        super(url, protocols);
        if (!String(url).includes('companion')) return;
        const road = { socket: this, sent: [], heard: [] };
        window.roads.push(road);
        this.addEventListener('message', ({ data }) => road.heard.push(...JSON.parse(data)));
        const send = this.send.bind(this);
        this.send = data => { road.sent.push(...JSON.parse(data)); send(data); };
    }
};
"""
"""Has `roads` of all that went by a page's own connections to the relay."""
BLOCK = """
const Real = window.WebSocket;
window.blocked = 0;
window.WebSocket = class extends Real {
    constructor(url, protocols) {
        if (String(url).includes('companion')) { window.blocked += 1; throw new Error('blocked'); }
        super(url, protocols);
    }
};
"""
GHOST = """
from ipysketch.magics import _connected
widget = _connected(set())[-1]._widget
ghost = ["ghost/s", 0, [8000, 5200, 8800, 5200], {"kind": "stroke", "color": "#1f6fb2", "width": 64}]
news = {"number": widget._sender._ink_feed.number + 1, "whole": False, "grown": [ghost], "gone": []}
widget._frontend.send({"live": news})
"""
LEFT = """
import time
from ipysketch.magics import _connected
session = _connected(set())[-1]._session.object
while session.peers.complete or session.previews._asking:
    time.sleep(0.01)
print("left to the page")
"""
"""Waits until the kernel is not sent others' ink any more."""
UP = "() => window.roads.some(({ heard, socket }) => socket.readyState === 1 && heard.some(({ type }) => type === 'peer'))"
COUNT = (
    "([way, type]) => window.roads.flatMap(road => road[way]).filter(message => message.type === type).length"
)
BUSY = """
import pathlib
print("computing")
while not pathlib.Path("{free}").exists():
    sum(range(1000))
print("computed")
"""


def two(lab: Lab, room: str, script: str) -> tuple[Notebook, Notebook]:
    notebooks = []
    for name, color in (("ada", RED), ("grace", BLUE)):
        cells = [
            "%load_ext ipysketch",
            f"%sketch connect --room {room} --name {name.capitalize()} --color '{color}'",
            BUSY.format(free=f"{room}.free"),
            "%sketch doctor",
            GHOST,
            LEFT,
        ]
        notebook = lab.notebook(f"{name}-{room}", cells, script)
        for number in range(2):
            notebook.execute(number)
        notebook.connected()
        notebooks.append(notebook)
    for notebook in notebooks:
        notebook.connected(here=2)
    return notebooks[0], notebooks[1]


@pytest.fixture
def pair(lab: Lab, request: pytest.FixtureRequest) -> Iterator[tuple[Notebook, Notebook]]:
    room, script = request.param
    ada, grace = two(lab, room, script)
    yield ada, grace
    (lab.root / f"{room}.free").touch()
    for notebook in (ada, grace):
        notebook.page.context.close()


def says(notebook: Notebook, number: int, words: str) -> None:
    wait_until(lambda: words in notebook.output(number), f"a cell says {words!r}")


def counted(notebook: Notebook, way: str, kind: str) -> int:
    count: int = notebook.page.evaluate(COUNT, [way, kind])
    return count


@pytest.mark.parametrize("pair", [("busy", LISTEN)], indirect=True, ids=["busy"])
def test_ink_is_live_while_both_kernels_compute(pair: tuple[Notebook, Notebook], lab: Lab) -> None:
    ada, grace = pair
    for notebook in pair:
        notebook.page.wait_for_function(UP)
        notebook.execute(2)
        says(notebook, 2, "computing")
    ada.press(100, 100)
    ada.drag(300, 100)
    grace.sees(200, 100, RED)  # The button is still down.
    ada.drag(300, 200)
    grace.sees(300, 150, RED)
    assert counted(ada, "sent", "preview")
    assert counted(grace, "heard", "ink")
    assert "computed" not in ada.output(2) + grace.output(2)
    grace.screenshot("short-road-live")
    ada.release()
    grace.stroke((500, 300), (700, 400))
    ada.sees(600, 350, BLUE)
    Path(lab.root / "busy.free").touch()
    for notebook in pair:
        says(notebook, 2, "computed")
    ada.shows(grace.picture)
    assert not ada.blank(200, 100)
    assert not grace.blank(600, 350)
    # Of what is dry nothing is left above the paper.
    for notebook in pair:
        notebook.page.wait_for_function(
            "() => document.querySelector('.ipysketch-live').style.visibility === 'hidden'"
        )
        assert not [error for error in notebook.errors if "ipysketch" in error]
    ada.execute(3)
    says(ada, 3, "past the kernel")
    ada.screenshot("short-road-doctor")


@pytest.mark.parametrize("pair", [("broken", LISTEN)], indirect=True, ids=["broken"])
def test_a_road_that_breaks_under_the_hand_is_not_seen(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    for notebook in pair:
        notebook.page.wait_for_function(UP)
        notebook.execute(5)
        says(notebook, 5, "left to the page")  # And has to ask for it again.
    ada.press(100, 100)
    ada.drag(300, 100)
    grace.sees(200, 100, RED)
    for notebook in pair:
        notebook.page.evaluate("() => window.roads.forEach(({ socket }) => socket.close())")
    ada.drag(300, 300)
    grace.sees(300, 250, RED)
    grace.sees(200, 100, RED)
    for notebook in pair:
        notebook.page.wait_for_function(UP)  # It comes back, also under the hand.
    ada.drag(500, 300)
    grace.sees(400, 300, RED)
    grace.sees(200, 100, RED)
    ada.release()
    grace.page.wait_for_function(
        "() => document.querySelector('.ipysketch-live').style.visibility === 'hidden'"
    )
    assert not grace.blank(200, 100)
    ada.shows(grace.picture)  # When its own kernel has painted it, too.


@pytest.mark.parametrize("pair", [("blocked", BLOCK)], indirect=True, ids=["blocked"])
def test_without_a_road_all_goes_as_before(pair: tuple[Notebook, Notebook]) -> None:
    ada, grace = pair
    ada.page.wait_for_function("() => window.blocked > 0")
    ada.press(100, 100)
    ada.drag(300, 100)
    grace.sees(200, 100, RED)
    ada.release()
    ada.shows(grace.picture)
    grace.sees(200, 100, RED)
    grace.execute(4)  # As if the kernel had said that it is over, and that had been lost.
    grace.sees(1050, 650, BLUE)
    ada.press(1000, 560)
    ada.drag(1100, 560)
    grace.sees(1050, 560, RED)
    grace.sees_nothing(1050, 650)
    ada.release()
    ada.execute(3)
    says(ada, 3, "live ink goes over the kernel")
