"""What messages cost the relay, and what each client may spend. Pure.

The unit is one second of one core of a usual machine. Costs are estimated from sizes before any work is done: bytes
received, elements touched, bytes stored and bytes sent to others. They need not be exact, as long as cheap messages are
cheap and expensive ones are charged. A client in debt waits; nothing is refused for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from ..protocol import MAX_COMMIT, Action, Clear, Create, Delete, Patch, Revert

MESSAGE = 20e-6
"""One message: to decode, check and handle it."""
CODE = 200e-6
"""One code of words, in addition: the token of its link is checked, and those that are there are counted."""
REFUSAL = 100e-6
"""One message that is refused, in addition: it is logged and answered."""
BYTE = 50e-9
"""One byte of a message, or of what is stored of it: to decode, check, store and encode it."""
ACTION = 5e-6
"""One action, whatever it does: to check it, apply it and encode what it came to."""
ELEMENT = 20e-6
"""One element that an operation touches, whatever its size."""
LOOK = 1e-6
"""One key, or one element that is only looked at."""
SENT = 2e-9
"""One byte that is sent to one peer."""
MANY = 1000
"""Keys of one `Delete` from which on they are taken for any: to look at each would take longer than a step may."""
MOST = 2.5
"""The most that one operation is charged: undoing a clear of a large drawing does not make its author wait for
minutes."""

BURST = 2.0
"""Seconds of work that a client can save up."""
FIRST = 0.5
"""Seconds of work that a new client starts with: reconnecting as a new one must not pay off."""


class Budget:
    """The seconds of work that one client may cause: `rate` more a second, up to `BURST`. A `level` below 0 is debt."""

    __slots__ = ("_counted_at", "level", "rate")

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.level = FIRST
        self._counted_at: float | None = None

    def spend(self, cost: float, now: float) -> None:
        """Charge `cost` at `now`, in seconds of a monotonic clock; the level may fall below 0."""
        self._refill(now)
        self.level -= cost

    def wait(self, now: float) -> float:
        """Return the seconds until there is no debt; 0 when there is none."""
        self._refill(now)
        # A debt of less than a microsecond is one of rounding.
        return -self.level / self.rate if self.level < -1e-6 else 0.0

    def _refill(self, now: float) -> None:
        if self._counted_at is not None:
            self.level = min(BURST, self.level + self.rate * max(0.0, now - self._counted_at))
        self._counted_at = now


class Sized(Protocol):
    """What `price` needs of a drawing."""

    def __len__(self) -> int:
        """Return the number of elements."""
        ...

    def size(self, key: str) -> int:
        """Return the bytes of an element; 0 when it is not there."""
        ...


class Records(Protocol):
    """What `price` needs of the undo records of a client."""

    def size_of(self, op: int) -> int:
        """Return the bytes of one record; 0 when it is not there."""
        ...

    def keys_of(self, op: int) -> list[str]:
        """Return the keys that one record touched, as far as it is small."""
        ...


def price(actions: Sequence[Action], entries: Sized, drawing: int, records: Records, peers: int) -> float:
    """Return what an operation costs in a room of `peers` peers, whose `entries` have `drawing` bytes."""
    cost = ACTION * len(actions)
    kept = 0
    touched: set[str] = set()
    cleared = False
    reverted: set[int] = set()

    def touch(key: str) -> float:
        if key in touched:
            return LOOK
        touched.add(key)
        size = entries.size(key)
        return ELEMENT + BYTE * size if size else LOOK

    for action in actions:
        match action:
            case Create(key=key, fields=fields):
                size = _size(fields)
                kept += size
                cost += ELEMENT + BYTE * size
            case Patch(key=key, fields=fields):
                size = _size(fields)
                kept += size
                cost += touch(key) + BYTE * size + LOOK * len(fields)
            case Delete(keys=keys):
                kept += 8 * len(keys)
                cost += sum(map(touch, keys)) if len(keys) <= MANY else _many(len(keys), len(entries), drawing)
            case Clear():
                cost += LOOK
                if not cleared:
                    cleared = True
                    cost += ELEMENT * len(entries) + BYTE * drawing
            case Revert(op=op):
                cost += LOOK
                if op not in reverted:
                    reverted.add(op)
                    size = records.size_of(op)
                    kept += size
                    cost += 4 * BYTE * size  # Read, computed, written, and kept to be undone in turn.
                    # What it touches may have grown since.
                    cost += 2 * sum(map(touch, records.keys_of(op)))
    sent = kept
    if kept > MAX_COMMIT:  # Its result is sent as a snapshot.
        sent = drawing
        cost += BYTE * drawing
    return min(MOST, cost + BYTE * kept + SENT * sent * peers)


def _many(keys: int, elements: int, drawing: int) -> float:
    """Return what so many keys cost, which are taken for those of any of the `elements`."""
    there = min(keys, elements)
    return LOOK * keys + ELEMENT * there + BYTE * drawing * there / max(1, elements)


def _size(fields: Mapping[str, Any]) -> int:
    size = 0
    for name, value in fields.items():
        # Only the relay itself makes values that are not encoded.
        size += len(name) + (len(value) if isinstance(value, msgspec.Raw | str) else 8)
    return size
