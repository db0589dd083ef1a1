"""What the doctor says of boards that are well and of boards that are not."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from ipysketch.local.doctor import NODELAY, Health, examine, nodelay, versions
from ipysketch.widget.pacing import ViewPacer

WELL = Health(
    "algebra", "connected · room algebra · 2 here", True, [0.001, 0.003, 0.002], 1, [0.02, 0.01], True
)


def test_a_board_that_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NODELAY, "1")
    found = list(examine(WELL, kernel=True))
    assert all(finding.well for finding in found)
    words = "\n".join(map(str, found))
    assert "room algebra: connected" in words
    assert "to the relay and back: 2.0 ms (1.0 to 3.0)" in words
    assert "painted frame and back: 15.0 ms (10.0 to 20.0), pages in sight: 1" in words
    assert "!!" not in words


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (WELL._replace(connected=False, status="reconnecting in 2 s"), "reconnecting in 2 s"),
        (WELL._replace(relay=[0.4]), "400.0 ms"),
        (WELL._replace(pages=[0.4]), "400.0 ms"),
        (WELL._replace(beside=False), "subshells are not in use"),
    ],
)
def test_what_is_not_well_is_said_with_what_to_do(
    health: Health, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NODELAY, "1")
    [ill] = [finding for finding in examine(health, kernel=True) if not finding.well]
    assert said in ill.what
    assert ill.advice in str(ill)
    assert str(ill).startswith("!!")


def test_a_script_has_no_pages() -> None:
    found = list(examine(WELL._replace(pages=[], beside=None, in_sight=0), kernel=False))
    assert [finding.what.split(":")[0] for finding in found] == [
        "room algebra",
        "from the kernel to the relay and back",
    ]


def test_a_server_without_our_extension_is_told_of() -> None:
    assert nodelay({NODELAY: "1"}).well
    ill = nodelay({})
    assert not ill.well
    assert "jupyter server extension list" in ill.advice


def test_versions_are_those_installed() -> None:
    assert f"websockets {version('websockets')}" in versions()


def test_a_round_trip_is_from_a_frame_to_its_own_acknowledgement() -> None:
    pages = ViewPacer()
    pages.received(0.0, True)
    pages.report("a", 1, True, 0.0)

    def told(now: float) -> int:
        pages.sent(now)
        number = pages.to_acknowledge(now, anyway=True)
        assert number is not None
        return number

    first = told(1.0)
    pages.acknowledge("a", first, 1.25)
    pages.acknowledge("a", first, 1.75)  # Said again: it is not a new trip.
    second = told(2.0)
    third = told(3.0)
    pages.acknowledge("a", second, 3.5)
    pages.acknowledge("a", third, 3.5)
    assert pages.trips == (0.25, 1.5, 0.5)
    assert (pages.in_sight, pages.off_main) == (1, True)
