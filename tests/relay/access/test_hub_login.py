"""Logins at a Hub: only the browser that began one ends it, and what a browser keeps cannot be made or moved."""

from __future__ import annotations

import base64
import hashlib
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest

from relay.access.hub import HubService
from relay.access.hub_login import LOGIN_SECONDS, SESSION_SECONDS, HubLogin

SERVICE = HubService.of({"JUPYTERHUB_API_URL": "http://hub/hub/api", "JUPYTERHUB_API_TOKEN": "t"})
LOGIN = HubLogin(SERVICE, b"s" * 32)
OTHER = HubLogin(SERVICE, b"o" * 32)
NOW = 1_790_000_000.0


def kept(*headers: str) -> dict[str, str]:
    """What a browser keeps of cookies."""
    return {name: morsel.value for header in headers for name, morsel in SimpleCookie(header).items()}


def test_a_login_ends_where_it_began() -> None:
    begun = LOGIN.begin("/services/sketch/r/algebra?view", NOW, encrypted=True)
    query = {name: value[0] for name, value in parse_qs(urlsplit(begun.location).query).items()}
    assert (query["client_id"], query["response_type"]) == ("service-sketch", "code")
    cookies = kept(begun.cookie)
    returned = LOGIN.end(cookies, query["state"], NOW + 5)
    assert returned is not None
    assert returned.next == "/services/sketch/r/algebra?view"
    digest = hashlib.sha256(returned.verifier.encode()).digest()
    assert query["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert query["code_challenge_method"] == "S256"
    assert returned.verifier not in begun.location
    assert kept(LOGIN.forget(returned.cookie)) == {returned.cookie: ""}


def test_no_other_browser_state_time_or_relay_ends_a_login() -> None:
    begun = LOGIN.begin("/services/sketch/", NOW, encrypted=False)
    state = parse_qs(urlsplit(begun.location).query)["state"][0]
    cookies = kept(begun.cookie)
    [name] = cookies
    assert LOGIN.end({}, state, NOW) is None
    assert LOGIN.end(cookies, state[:-1] + "!", NOW) is None
    assert LOGIN.end(cookies, "", NOW) is None
    assert LOGIN.end({**cookies, "ipysketch-login-": cookies[name]}, "", NOW) is None
    assert LOGIN.end(cookies, state, NOW + LOGIN_SECONDS + 1) is None
    assert OTHER.end(cookies, state, NOW) is None
    session = kept(LOGIN.admit("token", NOW, encrypted=False))["ipysketch-session"]
    assert LOGIN.end({name: session}, state, NOW) is None  # Signed, for something else.


def test_a_ticket_is_of_one_session() -> None:
    first, second = (LOGIN.session(kept(LOGIN.admit("t", NOW, encrypted=True)), NOW) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.token == "t"
    ticket = LOGIN.ticket(first, NOW)
    assert LOGIN.is_ticket(ticket, first, NOW)
    assert not LOGIN.is_ticket(ticket, second, NOW)
    assert not LOGIN.is_ticket(ticket, first, NOW + SESSION_SECONDS + 1)
    assert not OTHER.is_ticket(ticket, first, NOW)
    for forged in ("", "x", ticket[:-2], kept(LOGIN.admit("t", NOW, encrypted=True))["ipysketch-session"]):
        assert not LOGIN.is_ticket(forged, first, NOW)
    assert "t" not in ticket.split(".")  # The Hub's token is not in it.


@pytest.mark.parametrize("encrypted", [True, False])
def test_cookies_are_for_the_relay_alone(encrypted: bool) -> None:
    begun = LOGIN.begin("/services/sketch/", NOW, encrypted=encrypted).cookie
    for cookie in (begun, LOGIN.admit("t", NOW, encrypted=encrypted)):
        parts = cookie.split("; ")
        assert {"Path=/services/sketch/", "HttpOnly", "SameSite=Lax"} <= set(parts)
        assert ("Secure" in parts) is encrypted
    assert LOGIN.session({"ipysketch-session": "x"}, NOW) is None
    assert OTHER.session(kept(LOGIN.admit("t", NOW, encrypted=True)), NOW) is None
