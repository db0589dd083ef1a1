"""What the relay's page remembers of who looks at it, and what it does where it may remember nothing."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from ..support.processes import RelayProcess
from .conftest import new_page, until_in_page
from .islands import JOINED, people_list
from .test_page import RED, Visitor

NAME = "() => localStorage.getItem('ipysketch.name')"
# As in a browser that keeps nothing of this site.
FORGETFUL = (
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } });"
)


def test_a_browser_that_remembers_nothing_asks_with_the_name_it_has(
    browser: Browser, relay: RelayProcess
) -> None:
    page = new_page(browser)
    page.add_init_script(FORGETFUL)
    page.goto(relay.url.replace("ws", "http", 1) + "/r/introductions")
    page.get_by_label("Your name").fill("Mary")
    page.get_by_label("Your colour").fill("#123456")
    page.get_by_role("button", name="Join", exact=True).click()
    until_in_page(page, JOINED)
    people_list(page).get_by_role("button", name="Change your name").click()
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Mary")
    expect(page.get_by_label("Your colour")).to_have_value("#123456")
    page.context.close()


def test_a_screen_is_nobody_and_has_no_name_of_the_person(browser: Browser, relay: RelayProcess) -> None:
    ada = Visitor(browser, relay, "Ada", RED, "/r/introductions")
    ada.connected(1)
    screen = ada.page.context.new_page()
    screen.goto(ada.page.url + "?view")
    until_in_page(screen, JOINED, 2)
    expect(people_list(screen).get_by_role("listitem")).to_have_text(["AAda"])
    expect(people_list(ada.page).get_by_role("listitem")).to_have_count(1)
    expect(people_list(ada.page)).to_contain_text("1 projector")
    expect(people_list(screen)).not_to_contain_text("projector")
    assert screen.evaluate(NAME) == "Ada"
    ada.close()
