"""The words beside a link, typed on a relay's start page in Chromium: into the room, in the role of the link."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import ipysketch
from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role
from relay.server import code_page

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until
from .conftest import Lab
from .test_page import RED, Visitor

GREEN = "#2e8b57"
PUBLIC = "http://draw.localhost/"
PHONE = {"viewport": {"width": 390, "height": 700}}


def test_the_words_of_a_link_lead_where_it_leads(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = RelayProcess(tmp_path, None, "--require-token", "--public-url", PUBLIC)
    tokens = Tokens(read_secret(Path(relay.database + ".secret")))
    token, _ = tokens.mint(room="7 b", role=Role.OWNER, name="Teacher", seconds=600, now=time.time())
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(tmp_path / "teacher"))
    teacher = ipysketch.Sketch(name="Teacher").connect(relay.url, "7 b", token=token)
    teacher.line([(100, 100), (300, 100)], color=GREEN, width=12)
    assert teacher.flush(DEADLINE)
    try:
        for role in ("viewer", "editor"):
            link = teacher.share(role=role)
            guest = Visitor(browser, relay, "", RED, "/", **PHONE)
            page = guest.page
            words = page.get_by_label("Or the words of a code")
            words.fill("river lake")
            page.get_by_role("button", name="Open with these words").click()
            expect(page.get_by_role("alert")).to_have_text(code_page.NOT_SPELLED)
            words.fill("river castle tiger lemon")
            words.press("Enter")
            expect(page.get_by_role("alert")).to_have_text(code_page.NO_CODE)
            guest.screenshot("word-code")
            page.emulate_media(color_scheme="dark")
            guest.screenshot("word-code-dark")
            page.emulate_media(color_scheme="light")
            guest.errors.clear()  # The browser says itself that a page was answered with 400, and with 404.
            words.fill(link.code.title())
            words.press("Enter")
            page.get_by_label("Your name").fill("Vera")
            page.get_by_role("button", name="Join", exact=True).click()
            guest.connected(here=2)
            guest.sees(200, 100, GREEN)
            [vera] = wait_until(
                lambda: [person for person in teacher.people if person.name == "Vera"], "she is in the list"
            )
            assert vera.role == role
            assert page.url == relay.url.replace("ws", "http", 1) + "/r/7%20b"
            guest.close()
    finally:
        teacher.disconnect()
        relay.stop()


def test_a_notebook_shows_the_words_beside_the_squares(lab: Lab, relay: RelayProcess, tmp_path: Path) -> None:
    elsewhere = RelayProcess(tmp_path, ":memory:", "--public-url", PUBLIC)
    cells = [
        "import ipysketch",
        f"board = ipysketch.connect('{elsewhere.url}', room='words')",
        "board.share()",
        f"board.connect('{relay.url}', room='words').share()",
    ]
    notebook = lab.notebook("codes", cells)
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    shared = notebook.page.get_by_role("group", name="Link to the page of this room")
    first, second = shared.nth(0), shared.nth(1)
    expect(first.locator("svg")).to_be_visible()
    expect(first).to_contain_text(f"{PUBLIC} and types, within 10 minutes:")
    assert len(first.locator("strong").inner_text().split()) == 4
    # What opens on this computer alone is not shown to a phone.
    expect(second).to_contain_text("no phone")
    expect(second.locator("svg, strong")).to_have_count(0)
    first.scroll_into_view_if_needed()
    notebook.screenshot("words-beside-a-link")
    notebook.page.context.close()
    elsewhere.stop()
