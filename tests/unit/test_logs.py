"""Log lines: readable, and nothing in them that a peer could use."""

from __future__ import annotations

import json
import logging

import pytest

from relay.logs import JsonFormatter, TextFormatter, event

LOG = logging.getLogger("relay.test")


def lines(caplog: pytest.LogCaptureFixture, formatter: logging.Formatter, **circumstances: object) -> str:
    caplog.set_level(logging.INFO, LOG.name)
    event(LOG, logging.INFO, "join", **circumstances)
    return formatter.format(caplog.records[-1])


def test_a_line_for_people(caplog: pytest.LogCaptureFixture) -> None:
    line = lines(caplog, TextFormatter(), room="algebra", name="Ada L.", token=None, peers=3)
    assert line.endswith("INFO join room=algebra name='Ada L.' peers=3")


def test_a_line_for_programs(caplog: pytest.LogCaptureFixture) -> None:
    said = json.loads(lines(caplog, JsonFormatter(), room="algebra", name="Ada", peers=3))
    assert said.pop("at").endswith("Z")
    assert said == {"level": "info", "event": "join", "room": "algebra", "name": "Ada", "peers": 3}


@pytest.mark.parametrize(
    "hostile",
    [
        "a\nINFO join room=b",
        "\x1b[31mred",
        "\x00",
        "\u202egnp.exe",
        "\x9b2J",
        "\r",
        "\u2028",
        "a room=b",
        "x" * 10_000,
    ],
)
@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_no_name_breaks_a_line(
    caplog: pytest.LogCaptureFixture, formatter: logging.Formatter, hostile: str
) -> None:
    line = lines(caplog, formatter, name=hostile)
    assert line.isprintable()
    if isinstance(formatter, TextFormatter):
        assert len(line) < 600
        assert " room=b" not in line or "'" in line
    else:
        assert json.loads(line)["name"] == hostile
