"""A relay with something altered: ``python -m tests.faults.altered A+B ARGUMENT…``, for tests only.

A harness that cannot fail shows nothing: with the alterations that break a rule, it must. ``counted`` breaks
nothing; it logs each snapshot that is built.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import relay.__main__
import relay.presence
import relay.room
import relay.server
from relay.drawing import Drawing, Picture
from relay.protocol import Bad, ClientMessage, check_fields, check_value, decode_client

BUILT = "snapshot built"


def unaltered() -> None:
    """The relay as it is."""


def quiet() -> None:
    """Only warnings and worse are logged, besides where it listens."""
    logging.getLogger("relay").addFilter(
        lambda record: record.levelno >= logging.WARNING or str(record.msg).startswith("listening")
    )


def no_watchdog() -> None:
    """Nobody is aborted for taking nothing."""
    relay.server.NO_PROGRESS = 1e9


def counted() -> None:
    """Each snapshot that is built is logged."""
    paint = Drawing.picture

    def paint_and_tell(drawing: Drawing) -> Picture:
        before = drawing._picture
        picture = paint(drawing)
        if picture is not before:
            logging.getLogger("relay").warning("%s seq=%d", BUILT, picture.seq)
        return picture

    Drawing.picture = paint_and_tell  # type: ignore[method-assign]


def no_sharing() -> None:
    """Each commit makes the last snapshot useless for the next join."""
    Drawing.recent_picture = lambda drawing, seq: drawing.picture()  # type: ignore[method-assign]


def no_value_check() -> None:
    """Values are taken as they come."""
    relay.room.check_value = lambda value, depth=0: None
    relay.room.check_fields = lambda fields: None
    relay.presence.check_value = lambda value, depth=0: None


def decoding_raises() -> None:
    """A message that cannot be read raises something nobody expects."""

    def decode_or_raise(frame: str | bytes) -> list[ClientMessage | Bad]:
        messages = decode_client(frame)
        for message in messages:
            if isinstance(message, Bad):
                raise KeyError(message.reason)
        return messages

    relay.server.decode_client = decode_or_raise


def undocumented_code() -> None:
    """One error has a code that no document names."""

    def renamed(check: Callable[[Any], None]) -> Callable[[Any], None]:
        def check_and_rename(value: Any) -> None:
            try:
                check(value)
            except Bad as bad:
                raise Bad("surprise", bad.reason) from None

        return check_and_rename

    relay.room.check_value, relay.room.check_fields = renamed(check_value), renamed(check_fields)


ALTERATIONS: dict[str, Callable[[], None]] = {
    alter.__name__: alter
    for alter in (
        unaltered,
        quiet,
        no_watchdog,
        counted,
        no_sharing,
        no_value_check,
        decoding_raises,
        undocumented_code,
    )
}


if __name__ == "__main__":
    for name in sys.argv[1].split("+"):
        ALTERATIONS[name]()
    sys.exit(relay.__main__.main(sys.argv[2:]))
