"""One log line for each event that matters to an operator: what happened, then ``key=value`` for each circumstance.

Nothing that peers send can break a line or colour a terminal: what is not plain is quoted and escaped. That holds for
what libraries log as well, and for tracebacks. And nothing that they send can fill a disk: see `LineQuota`.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable

_PLAIN = re.compile(r"[\w.:/@+\-]{1,200}", re.ASCII)
MAX_TEXT = 400
MAX_TRACEBACK = 4_000
"""Characters of a traceback; its end says most."""
OURS = "relay"
"""The logger of the relay; lines of others name theirs."""

BURST, RATE = 1_000.0, 5.0
"""Lines of one source at once, and a second on average."""
BURST_OF_ALL, RATE_OF_ALL = 5_000.0, 50.0
"""Lines of all sources together."""
SOURCES = 1_024
"""Sources whose lines are counted; of those that were silent longest it is forgotten."""
TOLD_EVERY = 10.0
"""Seconds between two lines that tell how many were left out."""


def event(
    log: logging.Logger, level: int, what: str, *, source: str | None = None, **circumstances: object
) -> None:
    """Log that `what` happened, with its circumstances; None ones are left out. `source` is the address or the part
    whose lines a `LineQuota` counts together."""
    if log.isEnabledFor(level):
        present = {name: value for name, value in circumstances.items() if value is not None}
        extra = {"what": what, "circumstances": present, "source": source}
        log.log(level, "%s", _words(what, present), extra=extra)


def fault(log: logging.Logger, what: str, **circumstances: object) -> None:
    """Log a fault of the relay itself, with the exception that is being handled. However often it comes, it does not
    fill the log."""
    event(
        log,
        logging.ERROR,
        what,
        source=what,
        **circumstances,
        traceback=traceback.format_exc()[-MAX_TRACEBACK:],
    )


def _words(what: str, circumstances: dict[str, object]) -> str:
    return " ".join([what, *(f"{name}={_shown(name, value)}" for name, value in circumstances.items())])


def _shown(name: str, value: object) -> str:
    text = _cut(name, str(value))
    return text if _PLAIN.fullmatch(text) else ascii(text) if not text.isprintable() else repr(text)


def _cut(name: str, text: str) -> str:
    limit = MAX_TRACEBACK if name == "traceback" else MAX_TEXT
    return text if len(text) <= limit else text[:limit] + "…"


def _escaped(text: str) -> str:
    """Return `text` as a part of one line."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _as_event(record: logging.LogRecord) -> tuple[str, dict[str, object]]:
    """Return what a record says happened, with its circumstances, whoever logged it."""
    what = getattr(record, "what", None)
    circumstances = dict(getattr(record, "circumstances", {}))
    if what is None:
        try:
            said = record.getMessage()
        except Exception as error:  # The arguments of a library do not fit its text.
            said = f"{record.msg} ({error})"
        if record.name.partition(".")[0] == OURS:
            what = _escaped(said)
        else:
            what, circumstances = "library", {"logger": record.name, "message": said}
    if record.exc_info and record.exc_info[0] is not None:
        told = "".join(traceback.format_exception(*record.exc_info))
        circumstances["traceback"] = told[-MAX_TRACEBACK:]
    return str(what), circumstances


class TextFormatter(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s")

    def format(self, record: logging.LogRecord) -> str:
        record.asctime = self.formatTime(record, self.datefmt)
        return f"{self.formatMessage(record)} {_words(*_as_event(record))}"


class JsonFormatter(logging.Formatter):
    """Lines for programs: one JSON object each, ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        what, circumstances = _as_event(record)
        line: dict[str, object] = {
            name: _cut(name, value) if isinstance(value, str) else value
            for name, value in circumstances.items()
        }
        line |= {"at": f"{at}.{int(record.msecs):03d}Z", "level": record.levelname.lower(), "event": what}
        return json.dumps(line, default=str)


class _Level:
    """How many lines one source may still log."""

    __slots__ = ("_at", "_full", "_level", "_rate")

    def __init__(self, full: float, rate: float, now: float) -> None:
        self._full, self._rate, self._level, self._at = full, rate, full, now

    def take(self, now: float) -> bool:
        self._level = min(self._full, self._level + self._rate * (now - self._at))
        self._at = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True


class LineQuota(logging.Filter):
    """Leaves out lines of `log` whose source has logged too many, and tells how many from time to time.

    A peer may be refused a hundred times a second, for as long as it likes: what an operator needs of that is some
    lines and a number. `clock` returns seconds.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._log = log
        self._clock = clock
        self._levels: OrderedDict[str, _Level] = OrderedDict()
        self._all = _Level(BURST_OF_ALL, RATE_OF_ALL, clock())
        self._left_out: Counter[str] = Counter()
        self._told_at = clock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be logged."""
        source = getattr(record, "source", None)
        if source is None or record.levelno <= logging.DEBUG:
            return True
        now = self._clock()
        if (level := self._levels.get(source)) is None:
            level = self._levels[source] = _Level(BURST, RATE, now)
        self._levels.move_to_end(source)
        if len(self._levels) > SOURCES:
            self._levels.popitem(last=False)
        if level.take(now) and self._all.take(now):
            return True
        if len(self._left_out) >= SOURCES and source not in self._left_out:
            source = "others"
        self._left_out[source] += 1
        return False

    def tell(self, *, now: bool = False) -> None:
        """Log how many lines were left out since the last time, when it is time, or with `now` in any case."""
        if not self._left_out or (not now and self._clock() - self._told_at < TOLD_EVERY):
            return
        self._told_at = self._clock()
        [(most, _)] = self._left_out.most_common(1)
        event(
            self._log,
            logging.WARNING,
            "suppressed",
            lines=self._left_out.total(),
            sources=len(self._left_out),
            most=most,
        )
        self._left_out.clear()
