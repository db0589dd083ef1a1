"""A relay that asks for tokens, in a real JupyterLab: the field that asks, the locked board, and no trace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

import ipysketch
from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role

from ..support.processes import RelayProcess
from ..support.waiting import wait_until
from .conftest import Lab, Notebook
from .islands import people_list

GREEN = "#2e8b57"


@pytest.fixture(scope="module")
def closed(home: Path) -> Iterator[RelayProcess]:
    """A relay that lets in only who has a token."""
    process = RelayProcess(home, str(home / "closed.sqlite"), "--require-token")
    yield process
    process.stop()


def mint(relay: RelayProcess, role: Role, name: str) -> str:
    tokens = Tokens(read_secret(Path(relay.database + ".secret")))
    return tokens.mint(room="algebra", role=role, name=name, seconds=3600, now=time.time())[0]


@pytest.fixture(scope="module")
def teacher(closed: RelayProcess, home: Path) -> Iterator[ipysketch.Sketch]:
    patch = pytest.MonkeyPatch()
    patch.setenv("IPYSKETCH_DATA_DIR", str(home / "teacher"))
    board = ipysketch.Sketch(name="Teacher")
    board.connect(closed.url, "algebra", token=mint(closed, Role.MODERATOR, "Teacher"))
    yield board
    board.disconnect()
    patch.undo()


def names_that_were_given_are_marked(student: Notebook, closed: RelayProcess) -> None:
    listed = people_list(student.page)
    expect(listed.locator(".ipysketch-verified")).to_have_count(2)
    guest = ipysketch.Sketch(name="Teacher").connect(closed.url, "algebra", token=mint(closed, Role.EDITOR, ""))
    expect(listed.get_by_text("chosen name")).to_have_count(1)
    expect(listed.locator(".ipysketch-verified")).to_have_count(2)
    student.screenshot("verified-names")
    assert sorted(person.verified for person in guest.people) == [False, True, True]
    guest.disconnect()
    student.connected(here=2)


def test_the_token_is_asked_for_and_leaves_no_trace(
    lab: Lab, closed: RelayProcess, teacher: ipysketch.Sketch
) -> None:
    token = mint(closed, Role.EDITOR, "Student")
    cells = [
        "%load_ext ipysketch",
        f"%sketch connect {closed.url} --room algebra --color '{GREEN}'",
    ]
    student = lab.notebook("student", cells)
    student.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    field = student.page.locator(".jp-Stdin-input")
    expect(field).to_have_attribute("type", "password")
    field.fill(token)
    field.press("Enter")
    student.connected(here=2)
    student.stroke((100, 100), (300, 100))
    student.sees(200, 100, GREEN)
    expect(people_list(student.page), "the token says who it is").to_contain_text("Student (you)")
    assert teacher.role == "moderator"
    names_that_were_given_are_marked(student, closed)
    lock_and_unlock(student, teacher)
    student.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    student.reload()
    student.connected(here=2)
    saved = (lab.root / "student.ipynb").read_text()
    assert "ipysketch" in saved
    assert token not in saved
    wait_until(
        lambda: any("name=Student" in line and "role=editor" in line for line in closed.log), "it is in the log"
    )
    assert token not in "\n".join(closed.log)


def lock_and_unlock(student: Notebook, teacher: ipysketch.Sketch) -> None:
    page = student.page
    teacher.lock()
    says(student, "Locked: only moderators draw.")
    for label in ("Pen", "Eraser", "Undo", "Style"):
        button = page.get_by_role("button", name=label, exact=True)
        expect(button, label).to_have_attribute("aria-disabled", "true")
    student.stroke((100, 300), (300, 300))
    student.screenshot("locked")
    teacher.stroke([(100, 400), (300, 400)], color="#d1495b")
    student.sees(200, 400, "#d1495b")  # The teacher's own ink still comes.
    assert student.blank(200, 300)
    # Who is lent the pen draws.
    teacher.lock("Student")
    expect(page.get_by_text("Locked: only moderators draw.")).to_have_count(0)
    student.stroke((100, 300), (300, 300))
    student.sees(200, 300, GREEN)
    wait_until(lambda: len(teacher.elements) == 3, "the teacher has it too")
    teacher.unlock()
    expect(page.get_by_text("Locked: only moderators draw.")).to_have_count(0)
    student.stroke((100, 500), (300, 500))
    student.sees(200, 500, GREEN)
    expect(page.get_by_role("button", name="Pen", exact=True)).to_have_attribute("aria-disabled", "false")
    page.get_by_role("button", name="Board menu").click()
    expect(page.get_by_role("menuitem", name="Clear the board")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")


def says(notebook: Notebook, words: str) -> None:
    notebook.page.locator(".ipysketch-toasts").get_by_text(words).wait_for()


def test_a_viewer_watches(lab: Lab, closed: RelayProcess, teacher: ipysketch.Sketch) -> None:
    token = mint(closed, Role.VIEWER, "Visitor")
    cells = [
        f"import os; os.environ['IPYSKETCH_TOKEN'] = {token!r}",
        "%load_ext ipysketch",
        f"%sketch connect {closed.url} --room algebra",
    ]
    visitor = lab.notebook("visitor", cells)
    visitor.run()
    says(visitor, "You are watching.")
    visitor.stroke((600, 100), (800, 100))
    teacher.stroke([(600, 200), (800, 200)], color="#d1495b")
    visitor.sees(700, 200, "#d1495b")
    assert visitor.blank(700, 100)
    visitor.screenshot("viewer")
    teacher.remove("Visitor")
    says(visitor, "a moderator took you out of the room")
    visitor.screenshot("removed")
