"""The link to a room's page: where it opens, whom it lets in, and what it says of that."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from ipysketch.errors import SketchError
from ipysketch.local import lan
from ipysketch.local.hub import HubRelay
from ipysketch.local.hub import page_address as hub_page
from ipysketch.local.links import (
    Link,
    Place,
    hub_link,
    is_loopback,
    open_terms,
    pages,
    place_of,
    room_link,
    token_terms,
)

OWN = "ws://127.0.0.1:8765"


@pytest.mark.parametrize(
    ("relay", "room", "token", "address"),
    [
        (OWN, "main", "", "http://127.0.0.1:8765/r/main"),
        ("wss://draw.example.org", "7 b", "", "https://draw.example.org/r/7%20b"),
        ("wss://example.org/sketch/", "a", "x.y-z", "https://example.org/sketch/r/a#token=x.y-z"),
        ("ws://[::1]:1", "a", "", "http://[::1]:1/r/a"),
        ("https://lab.example/user/ada/ipysketch/", "a", "", "https://lab.example/user/ada/ipysketch/r/a"),
    ],
)
def test_the_address_of_a_rooms_page(relay: str, room: str, token: str, address: str) -> None:
    link = room_link(Place(pages(relay)), room, token=token)
    assert link.url == address
    assert unquote(urlsplit(address).path).endswith(f"/r/{room}")


def test_a_token_is_never_in_what_a_browser_sends() -> None:
    parts = urlsplit(room_link(Place("http://relay.example.org/"), "main", token="secret").url)
    assert "secret" not in parts.path + parts.query
    assert parts.fragment == "token=secret"


@pytest.mark.parametrize(
    ("relay", "others", "address", "said"),
    [
        (OWN, {}, "http://127.0.0.1:8765/", "no phone"),
        ("ws://localhost:1", {}, "http://localhost:1/", "no phone"),
        ("wss://draw.example", {}, "https://draw.example/", ""),
        ("wss://draw.example", {"server": "https://lab.example/ipysketch/"}, "https://draw.example/", ""),
        (OWN, {"public": "wss://draw.example/d"}, "https://draw.example/d/", ""),
        (
            OWN,
            {"server": "https://lab.example/user/ada/ipysketch/"},
            "https://lab.example/user/ada/ipysketch/",
            "log in to the Jupyter server at lab.example",
        ),
        # A login would stand before what opens without one.
        (OWN, {"server": "http://localhost:8888/ipysketch/"}, "http://127.0.0.1:8765/", "no phone"),
        (OWN, {"public": "http://localhost:1"}, "http://127.0.0.1:8765/", "no phone"),
        (
            OWN,
            {"public": "https://draw.example", "server": "https://lab.example/ipysketch/"},
            "https://draw.example/",
            "",
        ),
        (
            OWN,
            {"lan": "ws://192.0.2.7:8765", "public": "https://draw.example"},
            "http://192.0.2.7:8765/",
            "Nothing is encrypted",
        ),
    ],
)
def test_it_opens_where_people_are(relay: str, others: dict[str, str], address: str, said: str) -> None:
    place = place_of(relay, **others)
    assert place.address == address
    assert said in place.note
    assert bool(place.note) is bool(said)


@pytest.mark.parametrize(
    ("others", "reached"),
    [
        ({}, False),
        ({"server": "http://127.0.0.1:8888/ipysketch/"}, False),
        ({"server": "https://lab.example/ipysketch/"}, True),
    ],
)
def test_an_address_that_opens_on_one_computer_alone_is_told_to_be_that(
    others: dict[str, str], reached: bool
) -> None:
    place = place_of(OWN, **others)
    assert is_loopback(place.address) is not reached
    assert ("Only browsers on the computer of this kernel" in place.note) is not reached


def test_it_says_how_long_and_as_what() -> None:
    assert token_terms("viewer", 5400) == "It opens the room for 1.5 hours, in the role of viewer."
    assert "asked for a token" in open_terms("editor", "", asks=True)
    open_to_all = open_terms("editor", "", asks=False)
    assert "asks for no token" in open_to_all
    assert "editor" in open_to_all
    assert open_terms("editor", "editor", asks=False) == open_to_all
    assert "makes nobody moderator" in open_terms("editor", "moderator", asks=False)


def test_a_relay_of_another_computer_is_reached_as_it_is() -> None:
    assert lan.lan_address("ws://192.0.2.7:8765") == "ws://192.0.2.7:8765"


def test_a_relay_that_listens_on_this_computer_alone_has_no_address_for_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lan, "own_addresses", list)
    with pytest.raises(SketchError, match="listens on this computer alone"):
        lan.lan_address(OWN)


def test_it_shows_itself_as_a_link_and_a_code_without_being_read_as_html() -> None:
    shown = Link('http://a.example/r/a"><script>x</script>', "<b>note</b>")._repr_html_()
    assert "<svg" in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    assert repr(Link("http://a/r/b")) == "http://a/r/b"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8765/r/a", "http://localhost/r/a", "http://[::1]/r/a", "/r/a"]
)
def test_no_phone_is_shown_the_loopback_of_another_computer(url: str) -> None:
    shown = Link(url)._repr_html_()
    assert "<svg" not in shown
    assert f'href="{url}"' in shown


@pytest.mark.parametrize(
    ("environment", "address", "words"),
    [
        (
            {"JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example/hub/"},
            "https://hub.example/services/sketch/r/a.b",
            "login",
        ),
        ({"JUPYTERHUB_HOST": "https://hub.example"}, "https://hub.example/services/sketch/r/a.b", "login"),
        (
            {"JUPYTERHUB_PUBLIC_HUB_URL": "/hub/"},
            "/services/sketch/r/a.b",
            "Put the address of this Hub in front",
        ),
        ({}, "/services/sketch/r/a.b", "Put the address of this Hub in front"),
    ],
)
def test_a_link_at_a_hub_is_where_browsers_reach_it(
    environment: dict[str, str], address: str, words: str
) -> None:
    relay = HubRelay("ws://127.0.0.1:8766/services/sketch/", "secret")
    link = hub_link(hub_page(relay, environment), "a.b")
    assert (link.url, words in link.note) == (address, True)
    assert ("<svg" in link._repr_html_()) == address.startswith("https")
    assert "secret" not in repr(link) + repr(relay)
