"""Rules for values: for JSON, and for the names of rooms, peers, keys, pages and events, and colours. Pure.

``check_…`` raises and returns nothing; ``normalize_…`` raises, or returns the value as it is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from .actions import Action, Clear, Create, Delete, Patch
from .codec import decode_client, encode, encode_message, without_texts
from .limits import MAX_DELETES, MAX_DEPTH, MAX_FIELDS, MAX_KEY, MAX_NAME, MAX_ROOM, SAFE_INTEGER
from .messages import Event, RemoteError

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_ROOM = re.compile(r"(?=.{1,64}$)~?\w[\w .\-]*")


def check_value(value: object, depth: int = MAX_DEPTH) -> None:
    """Raise `RemoteError` unless `value` is JSON at most `depth` deep, with integers that every language holds."""
    if isinstance(value, list | dict):
        try:
            data = encode_message(value)
        except RecursionError:
            raise _too_deep() from None
        except (TypeError, ValueError, UnicodeError):
            _check_items(value, depth)  # No JSON; whoever sends it will find out.
        else:
            _check_encoded(bytes(data), value, depth)
    else:
        _check_items(value, depth)


_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _check_encoded(data: bytes, value: object, depth: int) -> None:
    """Raise `RemoteError` unless `value`, whose JSON is `data`, is as `check_value` says.

    A value may be a list of a million lists: this looks at the text, a hundred times faster than at each value.
    """
    bare = without_texts(data)
    brackets = bare.translate(_TO_SQUARE, _NO_BRACKETS)
    for _ in range(depth):
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise _too_deep()
    if _LONG_NUMBER.search(bare):
        _check_items(value, depth)


def _check_items(value: object, depth: int) -> None:
    if depth == 0 and isinstance(value, list | dict):
        raise _too_deep()
    if isinstance(value, list | dict):
        for item in value if isinstance(value, list) else value.values():
            _check_items(item, depth - 1)
    elif isinstance(value, int) and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        raise RemoteError("bad-value", _WHOLE)


def _too_deep() -> RemoteError:
    return RemoteError("too-deep", f"values may be nested at most {MAX_DEPTH} deep")


def check_key(key: str) -> None:
    """Raise `RemoteError` unless `key` can be an element's."""
    if not 0 < len(key) <= MAX_KEY:
        raise RemoteError("bad-key-name", f"an element's key must have 1 to {MAX_KEY} characters")


def check_page(page: str) -> None:
    """Raise `RemoteError` unless `page` can be a page's name; "" is the first page's."""
    if len(page) > MAX_KEY:
        raise RemoteError("bad-page", f"a page's name may have at most {MAX_KEY} characters")


def check_event_name(name: object) -> None:
    """Raise `RemoteError` unless `name` can be an event's."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_KEY:
        raise RemoteError("bad-event", f"an event's name must have 1 to {MAX_KEY} characters")


def normalize_action(action: Action) -> Action:
    """Return `action` as it is kept, its values still encoded; raises `RemoteError` when it breaks a rule."""
    match action:
        case Create(key=key, fields=fields, page=page):
            check_key(key)
            fields = normalize_fields(fields)
            check_page(page)
            return Create(key, fields, page)
        case Patch(key=key, fields=fields):
            check_key(key)
            return Patch(key, normalize_fields(fields))
        case Delete(keys=keys):
            if len(keys) > MAX_DELETES:
                raise RemoteError("too-many-keys", f"an operation may delete at most {MAX_DELETES} elements")
        case Clear(page=page):
            check_page(page)
    return action


def normalize_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` with values that are still encoded made as short as possible.

    They are as if each had been decoded and encoded again. Raises `RemoteError` unless `check_value` allows each value
    in an object, and there are not too many.
    """
    if len(fields) > MAX_FIELDS:
        raise RemoteError("too-many-fields", f"an element may have at most {MAX_FIELDS} fields")
    normalized = {}
    for name, value in fields.items():
        if isinstance(value, msgspec.Raw):
            data = bytes(value)
            normalized[name] = _checked_short(data) if len(data) <= _SHORT else _checked(data)
        else:
            check_value(value, MAX_DEPTH - 1)
            normalized[name] = value
    return normalized


_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 16
_SHORT = 40  # Bytes of a value that may well come again, such as a colour or a width.


def _checked(data: bytes) -> msgspec.Raw:
    if data.startswith(b"["):
        # Coordinates, as nearly all lists are. It is valid JSON, so these are short whole numbers in a row.
        shape = data.translate(_DIGITS)
        if _LONG not in shape and b"-0" not in data and not shape[1:-1].translate(None, b"0,-"):
            return msgspec.Raw(data)
    try:
        value = _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise RemoteError("bad-value", f"a value could not be read: {error}") from None
    encoded = encode_message(value)
    _check_encoded(bytes(encoded), value, MAX_DEPTH - 1)
    return encoded


def _number(text: str) -> int | float:
    """Return a number that is written with a fraction or an exponent as all languages write it: 1.0 and 1e0 are 1."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is out of range")
    if not value.is_integer():
        return value
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        raise ValueError(_WHOLE)
    return int(value)


_WHOLE = "whole numbers must lie within ±2^53"
_decoder = msgspec.json.Decoder(float_hook=_number)
_checked_short = lru_cache(1024)(_checked)


def decode_event(event: Event) -> Event:
    """Return `event` as a peer will decode it; raises `RemoteError` for a name or data that cannot be sent."""
    check_event_name(event.name)
    try:
        [decoded] = decode_client(encode([event]))
    except RecursionError:
        # How deep Python itself can go depends on its version.
        raise _too_deep() from None
    except (TypeError, ValueError) as error:
        raise RemoteError("bad-event", f"an event's data must be what JSON can hold: {error}") from None
    if not isinstance(decoded, Event):
        raise decoded if isinstance(decoded, RemoteError) else RemoteError("bad-event", "an event was expected")
    check_value(decoded.data)
    return decoded


def normalize_color(color: object) -> str:
    """Return `color` in lower case; raises `RemoteError` unless it is ``#rrggbb``."""
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        shown = str(color)[:40]
        raise RemoteError("bad-color", f"the colour {shown!r} is not of the form #rrggbb, such as #d62728")
    return color.lower()


def check_room(room: object) -> None:
    """Raise `RemoteError` unless `room` is 1 to 64 letters, digits, spaces, dots, dashes or underscores.

    It begins with a letter, a digit or an underscore; a ~ may stand before that, as it does in rooms of one's own at a
    Hub.
    """
    if not isinstance(room, str) or not _ROOM.fullmatch(room):
        shown = str(room)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        raise RemoteError(
            "bad-room",
            f"the room name {shown!r} cannot be used: choose 1 to {MAX_ROOM} letters, digits, spaces, . - or _",
        )


def normalize_name(name: object) -> str:
    """Return `name` without control characters; raises `RemoteError` unless it is text of at most 64 characters."""
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise RemoteError("bad-name", f"a name must be text of at most {MAX_NAME} characters")
    return "".join(c for c in name if c.isprintable()).strip()
