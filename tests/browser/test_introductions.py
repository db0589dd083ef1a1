"""What the relay's page remembers of who looks at it, and what it does where it may remember nothing."""

from __future__ import annotations

from playwright.sync_api import Browser

from ..processes import RelayProcess
from .test_page import RED, Visitor

NAME = "() => localStorage.getItem('ipysketch.name')"
# As in a browser that keeps nothing of this site.
FORGETFUL = (
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } });"
)


def test_a_browser_that_remembers_nothing_asks_with_the_name_it_has(
    browser: Browser, relay: RelayProcess
) -> None:
    page = browser.new_context().new_page()
    page.add_init_script(FORGETFUL)
    page.goto(relay.url.replace("ws", "http", 1) + "/r/introductions")
    page.get_by_label("Your name").fill("Mary")
    page.get_by_label("Your colour").fill("#123456")
    page.get_by_role("button", name="Join", exact=True).click()
    page.locator(".status", has_text="connected").wait_for()
    page.get_by_role("button", name="Mary (you)").click()
    assert page.get_by_label("Your name").input_value() == "Mary"
    assert page.get_by_label("Your colour").input_value() == "#123456"
    page.context.close()


def test_the_name_of_a_screen_is_not_that_of_the_person(browser: Browser, relay: RelayProcess) -> None:
    ada = Visitor(browser, relay, "Ada", RED, "/r/introductions")
    ada.connected()
    screen = ada.page
    screen.goto(ada.page.url + "?view")
    ada.connected()
    screen.get_by_role("button", name="screen (you)").click()
    assert screen.get_by_label("Your name").input_value() == "screen"
    screen.get_by_label("Your name").fill("wall")
    screen.get_by_role("button", name="Change", exact=True).click()
    screen.get_by_role("button", name="wall (you)").wait_for()
    assert screen.evaluate(NAME) == "Ada"
    ada.close()
