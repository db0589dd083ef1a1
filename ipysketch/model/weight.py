"""Estimates the memory of decoded JSON from its text, before it is decoded: a relay may be broken or hostile. Pure.

`relay/web/model/weight.js` is its twin, and computes the same numbers.
"""

from __future__ import annotations

MAX_WEIGHT = 256 << 20
"""The most that a client accepts of a drawing or of its past: bytes of JSON and of the objects decoded from it."""
MAX_FRAME_WEIGHT = 96 << 20
"""The same for one text frame."""

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_STRUCTURE = b'0123456789-,.[]{}:"'


class Weight:
    """The weight of a text that arrives in pieces; too high rather than too low."""

    def __init__(self) -> None:
        self._parts = 0
        self._text = 0
        self._wide = 1

    def add(self, data: bytes | bytearray) -> int:
        """Add a piece and return the weight so far."""
        shape = data.translate(_DIGITS)
        # Whole numbers of two digits at most, and not below zero, are shared; others are objects.
        numbers = (
            data.count(b"-") + data.count(b".") + shape.count(b"000") + data.count(b"e") + data.count(b"E")
        )
        self._parts += (
            len(data)
            + 8 * data.count(b",")
            + 28 * numbers
            + 30 * data.count(b'"')
            + 100 * data.count(b"[")
            + 150 * data.count(b"{")
        )
        self._text += len(data.translate(None, _STRUCTURE))
        if self._wide == 1 and (not data.isascii() or b"\\" in data):
            self._wide = 4
        return self.total

    @property
    def total(self) -> int:
        """The weight so far, in bytes."""
        return self._parts + self._wide * self._text


def weigh(data: bytes) -> int:
    """Return the weight of a whole text, in bytes."""
    return Weight().add(data)
