"""What is given to `connect`, as it is used. What is refused, and in which sentence, is in `test_board.py`."""

from __future__ import annotations

import pytest

from ipysketch.errors import ArgumentError
from ipysketch.local.doors import URL
from ipysketch.sketch.joining import identity, named_relay, normalize_token


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("ws://relay:8765/?room=x", "ws://relay:8765/?room=x"),
        ("wss://relay/draw/", "wss://relay/draw/"),
        ("http://relay:8765/", "ws://relay:8765"),
        ("https://relay/draw/?token=t#f", "wss://relay/draw"),
    ],
)
def test_an_address_of_the_web_is_that_of_a_websocket(given: str, used: str) -> None:
    named = named_relay(given)
    assert named is not None
    assert named.url == used


def test_an_address_of_the_environment_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, "relay:port")
    with pytest.raises(ArgumentError, match=rf"'relay:port' \(in {URL}\) is not the address"):
        named_relay(None)
    monkeypatch.setenv(URL, "ws://relay:port")
    with pytest.raises(ArgumentError, match="is not the address"):
        named_relay(None)


def test_a_token_of_a_file_loses_its_line_break() -> None:
    assert normalize_token(" abc.def \n") == "abc.def"


def test_a_colour_that_was_not_given_is_derived_from_the_name() -> None:
    name, color = identity("  Ada ", None)
    assert name == "Ada"
    assert identity("Ada", None) == (name, color)
    assert identity("Ada", "red") == ("Ada", "#ff0000")
    assert identity(None, None)[0]
