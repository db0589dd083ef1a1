"""A room's past: the stretches in which the relay sends it, and the film that they make. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from relay.protocol import Bad, Commit, Entry, History

from .document import Document, Elements, unpack
from .elements import Element


class _Told(msgspec.Struct):
    entries: list[Entry]
    commits: list[Commit]


class Stretch:
    """What came of one request to read the past."""

    def __init__(self, announced: History) -> None:
        self.announced = announced
        self._stream = bytearray()
        self._told: _Told | None = None

    def chunk(self, data: bytes) -> bool:
        """Take a piece of the stream; whether it is whole now. Raises `Bad` when it is not what was announced."""
        self._stream += data
        if len(self._stream) < self.announced.size:
            return False
        try:
            told = msgspec.json.decode(unpack(bytes(self._stream)), type=_Told)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Bad("bad-history", f"the past could not be read: {error}") from None
        last = self.announced.base + len(told.commits)
        seqs = [commit.seq for commit in told.commits]
        if last != self.announced.last or seqs != list(range(self.announced.base + 1, last + 1)):
            raise Bad("bad-history", "the past that was read is not whole")
        self._told = told
        return True

    @property
    def base(self) -> tuple[int, list[Entry]]:
        """The entry of the log after which it begins, and the drawing there."""
        assert self._told is not None
        return self.announced.base, self._told.entries

    @property
    def commits(self) -> list[Commit]:
        """What happened since."""
        assert self._told is not None
        return self._told.commits

    @property
    def time(self) -> float:
        """When its last entry was committed, in seconds since 1970 by the relay's clock."""
        assert self._told is not None
        return self._told.commits[-1].at

    def document(self, seq: int) -> Document:
        """The drawing at `seq`, from the stretch's base to its last entry."""
        assert self._told is not None
        document = Document()
        document.replace(self._told.entries, self.announced.base, 0)
        for commit in self._told.commits[: seq - self.announced.base]:
            document.apply(commit)
        return document


KEPT_EVERY = 200
"""Operations between two drawings that a film keeps, so that going back costs no more than that."""


class Film:
    """The drawing through time, from `first`, the entry of the log where it begins, to `last`. For one thread."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.first, entries = stretches[0].base
        self._commits: list[Commit] = []
        for stretch in stretches:
            known = self.first + len(self._commits)
            self._commits += [commit for commit in stretch.commits if commit.seq > known]
        self._document = Document()
        self._document.replace(entries, self.first, 0)
        self._kept = {self.first: list(entries)}
        self._elements: dict[str, Elements] = {}

    @property
    def last(self) -> int:
        """The last entry of the log that it knows."""
        return self.first + len(self._commits)

    def at(self, seq: int, page: str = "") -> tuple[Element, ...]:
        """The elements of a page after entry `seq` of the log, bottom first; what did not change stays the same."""
        seq = max(self.first, min(self.last, seq))
        document = self._document
        if seq < document.seq or seq - document.seq > KEPT_EVERY:
            nearest = max(kept for kept in self._kept if kept <= seq)
            if seq < document.seq or nearest > document.seq:
                document.replace(self._kept[nearest], nearest, 0)
        while document.seq < seq:
            document.apply(self._commits[document.seq - self.first])
            if (document.seq - self.first) % KEPT_EVERY == 0:
                self._kept.setdefault(document.seq, list(document.entries.values()))
        return self._elements.setdefault(page, Elements()).of(document.entries, page)

    def moments(self, longest: float = 1.0) -> list[float]:
        """When each entry after `first` is shown, in seconds since the film began: as it was, but for no pause longer
        than `longest`."""
        shown: list[float] = []
        for before, commit in pairwise([None, *self._commits]):
            assert commit is not None
            pause = min(longest, commit.at - before.at) if before is not None else 0.0
            shown.append((shown[-1] if shown else 0.0) + pause)
        return shown


class Timeline:
    """Which entry of the log a film shows when; `speed` times as fast as it was drawn, in steps of `step` seconds."""

    def __init__(self, film: Film, speed: float, step: float) -> None:
        self._first = film.first
        self._moments = [moment / speed for moment in film.moments()]
        self._step = step
        self.steps = int((self._moments[-1] if self._moments else 0.0) / step) + 2

    def seq(self, step: int) -> int:
        """The entry that is shown at a step, from 0 to `steps`: at the first none, at the last all."""
        if step <= 0:
            return self._first
        if step >= self.steps:
            return self._first + len(self._moments)
        return self._first + bisect_right(self._moments, (step - 1) * self._step)
