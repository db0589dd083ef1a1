"""The link to a room's page."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from ipysketch.share import Link, page_address, reach


@pytest.mark.parametrize(
    ("relay", "room", "token", "address"),
    [
        ("ws://127.0.0.1:8765", "main", "", "http://127.0.0.1:8765/r/main"),
        ("wss://draw.example.org", "7 b", "", "https://draw.example.org/r/7%20b"),
        ("wss://example.org/sketch/", "a", "x.y-z", "https://example.org/sketch/r/a#token=x.y-z"),
        ("ws://[::1]:1", "a", "", "http://[::1]:1/r/a"),
    ],
)
def test_the_address_of_a_rooms_page(relay: str, room: str, token: str, address: str) -> None:
    assert page_address(relay, room, token) == address
    assert unquote(urlsplit(address).path).endswith(f"/r/{room}")


def test_a_token_is_never_in_what_a_browser_sends() -> None:
    parts = urlsplit(page_address("ws://relay.example.org", "main", "secret"))
    assert "secret" not in parts.path + parts.query
    assert parts.fragment == "token=secret"


@pytest.mark.parametrize(
    ("relay", "alone"),
    [
        ("ws://127.0.0.1:1", True),
        ("ws://localhost", True),
        ("ws://[::1]:1", True),
        ("wss://example.org", False),
        ("ws://192.0.2.7:8765", False),
    ],
)
def test_loopback_is_told_of(relay: str, alone: bool) -> None:
    assert bool(reach(relay)) == alone


def test_it_shows_itself_as_a_link_and_a_code_without_being_read_as_html() -> None:
    shown = Link('http://127.0.0.1/r/a"><script>x</script>', "<b>note</b>")._repr_html_()
    assert "<svg" in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    assert repr(Link("http://a/r/b")) == "http://a/r/b"
