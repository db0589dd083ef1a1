"""Two browsers on one kernel: two people, each with a cursor, a tool and an undo of their own; a second view is nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

import ipysketch

from ..support.processes import RelayProcess
from ..support.waiting import wait_until
from .conftest import Lab, Notebook
from .islands import people_list

PLUM = "#7b2d8b"
CURSORS = ".ipysketch-cursor"


@pytest.fixture
def eye(relay: RelayProcess) -> Iterator[ipysketch.Sketch]:
    board = ipysketch.Sketch(name="Eye", color="#222222").connect(relay.url, "tabs")
    yield board
    board.disconnect()


def lists(page: Page, *names: str) -> None:
    """Wait until these people are in the list, in this order."""
    rows = people_list(page).locator(".ipysketch-row-of-one .ipysketch-words")
    expect(rows).to_have_text(list(names))
    page.keyboard.press("Escape")


def cursors(eye: ipysketch.Sketch) -> dict[str, tuple[float, float] | None]:
    return {person.name: person.cursor for person in eye.people if not person.me}


def pressed(notebook: Notebook, tool: str) -> None:
    selector = f'.ipysketch-tool[data-tools~="{tool}"][aria-pressed=true]'
    notebook.page.locator(selector).wait_for()


def test_two_browsers_on_one_kernel_are_two_people(lab: Lab, eye: ipysketch.Sketch) -> None:
    cells = ["import ipysketch", f"ipysketch.connect(room='tabs', name='Tara', color='{PLUM}')"]
    tara = lab.notebook("tabs", cells)
    tara.run()
    tara.connected(here=2)
    guest = tara.again()
    for page in (tara, guest):
        page.connected(here=3)
    lists(tara.page, "Tara (you)", "Eye", "Tara (2)")
    lists(guest.page, "Tara (2) (you)", "Tara", "Eye")

    # A cursor of their own, for everybody and for each other.
    tara.page.mouse.move(*tara.place(200, 100))
    guest.page.mouse.move(*guest.place(900, 500))
    places = {"Tara": (200, 100), "Tara (2)": (900, 500)}

    def seen() -> bool:
        now = cursors(eye)
        return all(
            (at := now.get(name)) is not None and abs(at[0] - x) < 8 and abs(at[1] - y) < 8
            for name, (x, y) in places.items()
        )

    wait_until(seen, "both cursors", lambda: cursors(eye))
    expect(tara.page.locator(CURSORS)).to_contain_text("Tara (2)")
    expect(guest.page.locator(CURSORS)).to_have_text("Tara")

    # A tool of their own.
    guest.button("Eraser")
    pressed(guest, "eraser")
    pressed(tara, "pen")
    tara.stroke((100, 100), (300, 100))
    for page in (tara, guest):
        page.sees(200, 100, PLUM)
    pressed(guest, "eraser")
    guest.button("Pen")
    guest.stroke((100, 300), (300, 300))
    for page in (tara, guest):
        page.sees(200, 300, PLUM)
    guest.screenshot("guest")
    tara.screenshot("beside-a-guest")

    # An undo of their own: the guest's stroke was the last one.
    tara.button("Undo")
    for page in (tara, guest):
        page.sees_nothing(200, 100)
        page.sees(200, 300, PLUM)
    guest.button("Undo")
    for page in (tara, guest):
        page.sees_nothing(200, 300)
    expect(guest.page.get_by_role("button", name="Undo", exact=True).first).to_be_disabled()
    tara.button("Redo")
    tara.sees(200, 100, PLUM)
    assert not guest.errors
    guest.page.context.close()
    tara.connected(here=2)
    assert set(cursors(eye)) == {"Tara"}

    # What is loaded anew is who it was; a second view of one tab is nobody else.
    tara.reload()
    tara.connected(here=2)
    lists(tara.page, "Tara (you)", "Eye")
    assert not tara.errors
