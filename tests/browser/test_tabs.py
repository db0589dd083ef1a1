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


def each_has_their_own(host: Notebook, guest: Notebook, eye: ipysketch.Sketch, name: str) -> None:
    """Draw in two browsers of one kernel, whose person is `name`: nothing that one does is done by the other."""
    # A cursor of their own, for everybody and for each other.
    host.page.mouse.move(*host.place(200, 100))
    guest.page.mouse.move(*guest.place(900, 500))
    places = {name: (200, 100), f"{name} (2)": (900, 500)}

    def seen() -> bool:
        now = cursors(eye)
        return all(
            (at := now.get(each)) is not None and abs(at[0] - x) < 8 and abs(at[1] - y) < 8
            for each, (x, y) in places.items()
        )

    wait_until(seen, "both cursors", lambda: cursors(eye))
    expect(host.page.locator(CURSORS)).to_contain_text(f"{name} (2)")
    expect(guest.page.locator(CURSORS)).to_have_text(name)

    # A tool of their own.
    guest.button("Eraser")
    pressed(guest, "eraser")
    pressed(host, "pen")
    host.stroke((100, 100), (300, 100))
    for page in (host, guest):
        page.sees(200, 100, PLUM)
    pressed(guest, "eraser")
    guest.button("Pen")
    guest.stroke((100, 300), (300, 300))
    for page in (host, guest):
        page.sees(200, 300, PLUM)
    guest.screenshot(f"guest of {name}")
    host.screenshot(f"{name} beside a guest")

    # An undo of their own: the guest's stroke was the last one.
    host.button("Undo")
    for page in (host, guest):
        page.sees_nothing(200, 100)
        page.sees(200, 300, PLUM)
    guest.button("Undo")
    for page in (host, guest):
        page.sees_nothing(200, 300)
    expect(guest.page.get_by_role("button", name="Undo", exact=True).first).to_be_disabled()
    host.button("Redo")
    host.sees(200, 100, PLUM)


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

    each_has_their_own(tara, guest, eye, "Tara")
    assert not guest.errors
    guest.page.context.close()
    tara.connected(here=2)
    assert set(cursors(eye)) == {"Tara"}

    # What is loaded anew is who it was; a second view of one tab is nobody else.
    tara.reload()
    tara.connected(here=2)
    lists(tara.page, "Tara (you)", "Eye")
    assert not tara.errors
