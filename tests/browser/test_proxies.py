"""The relay's page in Chromium behind each proxy of docs/deploy, by HTTP/2: its files, its websocket, a reload."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role

from ..support.proxies import FORMS, PROXIES, Proxy, certificate, proxied, proxy_to, replaced
from .conftest import new_page
from .test_jupyter_server import connected, draw, sees

__all__ = ["certificate", "proxied"]


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("form", FORMS)
def test_a_page_draws_and_a_reloaded_one_stays_in(
    proxied: dict[str, Proxy], name: str, form: str, browser: Browser
) -> None:
    proxy = proxied[name]
    relay = proxy.relay
    assert relay is not None
    room = f"{name}{list(FORMS).index(form)}"
    token, _ = Tokens(read_secret(relay.home / "relay.sqlite.secret")).mint(
        room=room, role=Role.EDITOR, name="Ada", seconds=3600, now=time.time()
    )
    page = new_page(browser, ignore_https_errors=True, viewport={"width": 900, "height": 700})
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script("localStorage.setItem('ipysketch.name', 'Ada')")
    page.goto(f"{proxy.page_address(form, room)}#token={token}")
    connected(page)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    draw(page, 300)
    sees(page, 300)
    page.reload()
    connected(page)
    sees(page, 300)
    assert "token" not in page.url
    assert errors == []
    base = proxy.page_address(form, "")[: -len("r/")]
    assert all(url.startswith(base) for url in asked), "pages ask beside themselves"
    page.context.close()


def test_a_page_without_its_websocket_says_what_is_in_the_way(
    proxied: dict[str, Proxy], browser: Browser, tmp_path: Path
) -> None:
    relay = proxied["nginx"].relay
    assert relay is not None

    def broken(text: str) -> str:
        return replaced(text, ("    proxy_set_header Upgrade $http_upgrade;\n", ""))

    with proxy_to(relay.port, "nginx", proxied["nginx"].certificate, tmp_path / "nginx", broken) as proxy:
        page = new_page(browser, ignore_https_errors=True)
        page.add_init_script("localStorage.setItem('ipysketch.name', 'Ada')")
        page.goto(proxy.page_address("an address of its own", "lost"))
        page.locator(".ipysketch-toasts").get_by_text("a proxy in between passes none on").wait_for()
        page.context.close()
