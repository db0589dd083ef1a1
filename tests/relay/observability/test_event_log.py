"""Log lines: readable, and nothing in them that a peer could use."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from relay.observability.event_log import (
    BURST,
    BURST_OF_ALL,
    RATE,
    SOURCES,
    JsonFormatter,
    LineQuota,
    TextFormatter,
    event,
)

LOG = logging.getLogger("relay.test")


def lines(caplog: pytest.LogCaptureFixture, formatter: logging.Formatter, **circumstances: Any) -> str:
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
        assert json.loads(line)["name"] == (hostile if len(hostile) <= 400 else hostile[:400] + "…")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_what_a_library_logs_is_one_event_too(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("bad\x1b[31m\nheader")
    except ValueError:
        record = logging.LogRecord(
            "websockets.server", logging.ERROR, "x.py", 1, "failed %s\n", ("\r\x9b",), sys.exc_info()
        )
    for changed in (record, logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, "%d and", ("no",), None)):
        line = formatter.format(changed)
        assert line.isprintable()
        assert "library" in line


def test_a_circumstance_does_not_take_the_place_of_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    said = json.loads(lines(caplog, JsonFormatter(), event="leave", at="never"))
    assert (said["event"], said["level"]) == ("join", "info")


class Kept(logging.Handler):
    """Keeps records in a list."""

    def __init__(self, told: list[logging.LogRecord]) -> None:
        super().__init__()
        self.told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record)


class Quota:
    """A log with a quota, whose time stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log = logging.Logger("relay.quota", logging.DEBUG)
        self.told: list[logging.LogRecord] = []
        self.log.addHandler(Kept(self.told))
        self.quota = LineQuota(self.log, lambda: self.now)
        self.log.addFilter(self.quota)

    def said(self, what: str) -> list[dict[str, object]]:
        return [record.__dict__["circumstances"] for record in self.told if record.__dict__["what"] == what]


def test_one_address_has_so_many_lines_and_the_rest_is_a_number() -> None:
    quota = Quota()
    for second in range(100):
        quota.now = float(second)
        for _ in range(100):
            event(quota.log, logging.INFO, "refused", source="1.2.3.4", address="1.2.3.4")
        event(quota.log, logging.INFO, "join", source="5.6.7.8", address="5.6.7.8")
        quota.quota.tell()
    quota.quota.tell(now=True)
    assert len(quota.said("join")) == 100, "others have theirs"
    logged, left_out = len(quota.said("refused")), quota.said("suppressed")
    assert logged <= BURST + 100 * RATE
    assert len(left_out) <= 11
    assert logged + sum(int(str(line["lines"])) for line in left_out) == 100 * 100
    quota.quota.tell(now=True)
    assert len(quota.said("suppressed")) == len(left_out), "told once"


def test_many_addresses_have_a_quota_together_and_are_forgotten() -> None:
    quota = Quota()
    for number in range(20_000):
        event(quota.log, logging.INFO, "refused", source=f"address {number}")
    quota.quota.tell(now=True)
    assert len(quota.said("refused")) == BURST_OF_ALL
    [left_out] = quota.said("suppressed")
    assert left_out["lines"] == 20_000 - BURST_OF_ALL
    assert int(str(left_out["sources"])) <= SOURCES + 1


def test_what_happens_in_the_relay_itself_and_what_debugging_shows_is_never_left_out() -> None:
    quota = Quota()
    for _ in range(20_000):
        event(quota.log, logging.ERROR, "commit failed")
        event(quota.log, logging.DEBUG, "message", source="1.2.3.4")
    assert len(quota.told) == 40_000
