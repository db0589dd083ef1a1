"""Where a kernel's page may reach the relay by itself, and what the doctor says of it."""

from __future__ import annotations

import pytest

from ipysketch.local.doctor import road
from ipysketch.local.short_road import SHORT_ROAD, addresses, is_off

LAB = "https://lab.example/user/ada/ipysketch/"


@pytest.mark.parametrize(
    ("relay", "public", "server", "expected"),
    [
        ("ws://127.0.0.1:8765", "", "", ["ws://127.0.0.1:8765/"]),
        ("ws://127.0.0.1:8765/", "", LAB, ["ws://127.0.0.1:8765/", "wss://lab.example/user/ada/ipysketch/"]),
        (
            "ws://hub:81/services/sketch/",
            "https://hub.example/services/sketch",
            "",
            ["wss://hub.example/services/sketch/", "ws://hub:81/services/sketch/"],
        ),
        ("wss://draw.example", "wss://draw.example/", "", ["wss://draw.example/"]),
        ("wss://ada:secret@draw.example/?token=t#f", "", "", ["wss://draw.example/"]),
        ("ws://127.0.0.1:8765", "javascript:alert(1)", "http://[", ["ws://127.0.0.1:8765/"]),
    ],
)
def test_the_nearest_address_is_first(relay: str, public: str, server: str, expected: list[str]) -> None:
    assert list(addresses(relay, public=public, server=server)) == expected


def test_a_setting_turns_it_off() -> None:
    assert is_off({SHORT_ROAD: "0"})
    assert not is_off({})


def test_the_doctor_says_which_way_and_why() -> None:
    assert (
        str(road("ws://127.0.0.1:8765/", ""))
        == "ok live ink goes between this page and ws://127.0.0.1:8765/, past the kernel"
    )
    assert str(road("", "nothing answers")) == "ok live ink goes over the kernel: nothing answers"
    assert "no way" in str(road("", ""))
