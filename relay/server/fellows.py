"""The workers of one relay, as each of them knows the others: each has the rooms whose names come to its number.
About word codes, relays of one store ask each other as workers do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..access.codes import Opened


class CodeFellows(Protocol):
    """What one of several processes asks of the others about word codes."""

    async def find_code(self, words: str) -> Opened | None:
        """Return what a code of one of the others opens; None when it is none of theirs."""
        ...

    async def count_guess(self, address: str) -> bool | None:
        """Have the one that counts guesses for all count one from `address`; returns whether it may be. None when this
        is that one, or it does not answer."""
        ...

    async def guess_was_right(self, address: str) -> bool | None:
        """Have that one take back the last guess from `address`; None as in `count_guess`."""
        ...


class Fellows(CodeFellows, Protocol):
    """What a worker asks of the others."""

    inner: Path
    """The socket at which this one takes connections from the others."""

    def elsewhere(self, room: str) -> Path | None:
        """Return the inner socket of the worker that has `room`; None when that is this one."""
        ...

    async def figures(self, own: str) -> str:
        """Return the metrics of all workers, with this one's `own`."""
        ...

    async def problem(self) -> str:
        """Return what keeps one of the others' stores from being written, or ""."""
        ...
