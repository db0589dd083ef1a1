"""What the websockets library logs of a connection, as events of the relay: one line, without what its peer sent raw.

The library logs a traceback where a handshake fails, and which failures those are differs from release to release. A
peer that does not speak the protocol is no fault of the relay's; anything else is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import WebSocketException

from ..observability.event_log import event

NAME = "relay.websockets"
PEERS_FAULTS = (WebSocketException, OSError, EOFError, UnicodeError)
"""Also TimeoutError and every error of a socket, which are kinds of OSError."""


class LibraryLog(logging.Filter):
    """Turns each record into an event in `log`; `address` returns that of a connection."""

    def __init__(self, log: logging.Logger, address: Callable[[ServerConnection], str]) -> None:
        super().__init__()
        self._log = log
        self._address = address

    def filter(self, record: logging.LogRecord) -> bool:
        """Log an event in place of the record, and drop that."""
        connection = getattr(record, "websocket", None)
        try:
            address = self._address(connection) if connection is not None else "?"
        except ReferenceError:  # It is a weak one.
            address = "?"
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, PEERS_FAULTS):
            reason = record.getMessage() + (f": {type(error).__name__}: {error}" if error is not None else "")
            event(self._log, logging.INFO, "broken", source=address, address=address, reason=reason)
            return False
        record.name, record.source = self._log.name, "websockets"
        return True


def library_logger(log: logging.Logger, address: Callable[[ServerConnection], str]) -> logging.Logger:
    """Return the logger for the library of a relay that logs to `log`."""
    logger = logging.Logger(NAME, logging.WARNING)
    logger.parent = log
    logger.addFilter(LibraryLog(log, address))
    return logger
