"""One line for each thing an operator cares about: what happened, then ``key=value`` for each circumstance.

Nothing that peers say can break a line or colour a terminal: whatever is not plain is quoted and escaped.
"""

from __future__ import annotations

import json
import logging
import re
import time

_PLAIN = re.compile(r"[\w.:/@+\-]{1,200}", re.ASCII)
LONGEST = 400


def event(log: logging.Logger, level: int, what: str, **circumstances: object) -> None:
    """Log that `what` happened, with its circumstances; None ones are left out."""
    if log.isEnabledFor(level):
        known = {name: value for name, value in circumstances.items() if value is not None}
        words = [what, *(f"{name}={_shown(value)}" for name, value in known.items())]
        log.log(level, "%s", " ".join(words), extra={"what": what, "circumstances": known})


def _shown(value: object) -> str:
    text = str(value)
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    return text if _PLAIN.fullmatch(text) else ascii(text) if not text.isprintable() else repr(text)


class TextFormatter(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")


class JsonFormatter(logging.Formatter):
    """Lines for programs: one JSON object each, ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": getattr(record, "what", None) or record.getMessage(),
        }
        line.update(getattr(record, "circumstances", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
