"""Cuts operations that are larger than the relay accepts into several. Pure.

`relay/web/model/cutting.js` is its twin, and cuts at the same places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from relay.protocol import (
    MAX_ACTIONS,
    MAX_COMMIT,
    MAX_DELETES,
    MAX_FRAME,
    Action,
    Create,
    Delete,
    Patch,
    RemoteError,
)

ENVELOPE = 256
"""Bytes of a frame around the actions of one operation, at most."""
AROUND = 64
"""Bytes of an action around its key, its page and its fields, at most."""


class SendLimits(NamedTuple):
    """The limits of a relay: bytes of one `frame`, and `actions` of one operation."""

    frame: int = MAX_FRAME
    actions: int = MAX_ACTIONS

    @property
    def largest(self) -> int:
        """The most bytes of an operation with one action, which cannot be cut."""
        return self.frame - ENVELOPE

    @property
    def usual(self) -> int:
        """Bytes to aim at for an operation, or a frame of several messages. A larger commit is sent as a snapshot."""
        return max(1, min(MAX_COMMIT - 4096, self.frame // 2))


def cut(actions: Sequence[Action], limits: SendLimits) -> list[tuple[Action, ...]]:
    """Return `actions` as operations that `limits` allow, as few as possible.

    Raises `RemoteError` when one action alone is larger, or cannot be sent at all.
    """
    parts: list[list[Action]] = []
    space = 0
    for action, size in _sized(actions, limits):
        if size > limits.largest:
            raise RemoteError(
                "too-large",
                f"one element of {size} bytes is larger than the relay takes ({limits.largest}); draw it in parts",
            )
        if not parts or size > space or len(parts[-1]) >= limits.actions:
            parts.append([])
            space = limits.usual
        parts[-1].append(action)
        space -= size
    return [tuple(part) for part in parts] or [()]


def fits(actions: Sequence[Action], limits: SendLimits) -> bool:
    """Return whether a relay with these limits can have accepted `actions` as one operation."""
    if len(actions) > limits.actions:
        return False
    return sum(map(_size, actions)) <= limits.largest


def _sized(actions: Sequence[Action], limits: SendLimits) -> Iterator[tuple[Action, int]]:
    """Yield `actions` with their sizes; a deletion of many keys is split."""
    for action in actions:
        size = _size(action)
        if not isinstance(action, Delete) or (size <= limits.usual and len(action.keys) <= MAX_DELETES):
            yield action, size
            continue
        keys: list[str] = []
        size = AROUND
        for key in action.keys:
            more = _length(key) + 1
            if keys and (size + more > limits.usual or len(keys) == MAX_DELETES):
                yield Delete(tuple(keys)), size
                keys, size = [], AROUND
            keys.append(key)
            size += more
        yield Delete(tuple(keys)), size


def _size(action: Action) -> int:
    match action:
        case Create(key=key, fields=fields, page=page):
            return AROUND + _length(key) + _length(fields) + _length(page)
        case Patch(key=key, fields=fields):
            return AROUND + _length(key) + _length(fields)
        case Delete(keys=keys):
            return AROUND + sum(_length(key) + 1 for key in keys)
        case _:
            return AROUND


def _length(value: Any) -> int:
    try:
        return len(msgspec.json.encode(value))
    except (UnicodeEncodeError, msgspec.MsgspecError, TypeError, RecursionError) as error:
        raise RemoteError("bad-value", f"an element has a value that JSON cannot hold: {error}") from None
