"""Decodes what pages send. Pure.

Pages are not trusted and may be of another version: an unknown kind is ignored, a field that does not validate takes
its default, and neither raises.
"""

from __future__ import annotations

import logging
from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from .page_messages import KINDS, PageMessage

_log = logging.getLogger(__name__)

INVALID = (msgspec.ValidationError, UnicodeError)
"""Raised for a value of another type: the second by a lone surrogate where a number belongs."""


class PageDecoder:
    """Decodes the messages of a board's pages. `ignored` counts messages and fields that were not valid; the first
    is logged, since a page that sends one may send thousands."""

    def __init__(self) -> None:
        self.ignored = 0

    def decode(self, content: object) -> PageMessage | None:
        """Return the message, or None for one that cannot be used. Never raises."""
        try:
            message: PageMessage = msgspec.convert(content, PageMessage)
            return message
        except INVALID as error:
            if not self.ignored:
                _log.info("ignored a page's message, or fields of it: %s", error)
            self.ignored += 1
        return _salvaged(content)


def _salvaged(content: object) -> PageMessage | None:
    """Return a message of the valid fields; None where a required one is missing."""
    if not isinstance(content, dict):
        return None
    kind = content.get("ipysketch")
    struct = KINDS.get(kind) if isinstance(kind, str) else None
    if struct is None:
        return None
    valid: dict[str, object] = {}
    for field in msgspec.structs.fields(struct):
        value = content.get(field.name, UNSET)
        if value is UNSET:
            continue
        if get_origin(field.type) is list and isinstance(value, list):
            [each] = get_args(field.type)
            valid[field.name] = [item for item in value if _converted(item, each) is not UNSET]
        elif _converted(value, field.type) is not UNSET:
            valid[field.name] = value
    message: PageMessage | UnsetType = _converted({"ipysketch": kind, **valid}, struct)
    return None if message is UNSET else message


def _converted(value: object, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except INVALID:
        return UNSET
