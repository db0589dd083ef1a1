"""A room's past: the ranges of the log that the relay sends, and the film that they make. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from relay.protocol import Commit, Entry, History, RemoteError

from .document import Document, check_announced, check_chunk, unpack
from .elements import Element
from .scene import Scene


class _Content(msgspec.Struct):
    """What the stream of a `History` holds."""

    entries: list[Entry]
    commits: list[Commit]


class HistoryRange:
    """The answer to one request to read the past, as its stream comes in."""

    def __init__(self, announced: History) -> None:
        check_announced(announced.size)
        self.announced = announced
        self._stream = bytearray()
        self._content: _Content | None = None

    def chunk(self, data: bytes) -> bool:
        """Add a piece of the stream and return whether it is complete; raise `RemoteError` unless it holds the commits
        that were announced."""
        check_chunk(data, len(self._stream), self.announced.size)
        self._stream += data
        if len(self._stream) < self.announced.size:
            return False
        try:
            content = msgspec.json.decode(unpack(bytes(self._stream)), type=_Content)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise RemoteError("bad-history", f"the past could not be read: {error}") from None
        last = self.announced.base + len(content.commits)
        seqs = [commit.seq for commit in content.commits]
        if last != self.announced.last or seqs != list(range(self.announced.base + 1, last + 1)):
            raise RemoteError("bad-history", "the past that was read is incomplete")
        self._content = content
        return True

    @property
    def base(self) -> tuple[int, list[Entry]]:
        """The seq before its first commit, and the entries of the drawing there."""
        assert self._content is not None
        return self.announced.base, self._content.entries

    @property
    def commits(self) -> list[Commit]:
        """The commits after `base`, in order."""
        assert self._content is not None
        return self._content.commits

    @property
    def time(self) -> float:
        """When its last commit was made, in seconds since 1970 by the relay's clock."""
        assert self._content is not None
        return self._content.commits[-1].at

    def document(self, seq: int) -> Document:
        """Return the drawing at `seq`, which lies between the base and the last commit."""
        assert self._content is not None
        document = Document()
        document.replace(self._content.entries, self.announced.base, 0)
        for commit in self._content.commits[: seq - self.announced.base]:
            document.apply(commit)
        return document


CACHED_EVERY = 200
"""Commits between two drawings that a film caches: going back applies no more than these."""


class Film:
    """The drawing through time, from the seq `first` to `last`. For one thread."""

    def __init__(self, ranges: Sequence[HistoryRange]) -> None:
        self.first, entries = ranges[0].base
        self._commits: list[Commit] = []
        for part in ranges:
            last = self.first + len(self._commits)
            self._commits += [commit for commit in part.commits if commit.seq > last]
        self._document = Document()
        self._document.replace(entries, self.first, 0)
        self._cached = {self.first: list(entries)}
        self._scenes: dict[str, Scene] = {}

    @property
    def last(self) -> int:
        """The seq of the last commit."""
        return self.first + len(self._commits)

    def at(self, seq: int, page: str = "") -> tuple[Element, ...]:
        """Return the elements of a page at `seq`.

        Args:
            seq: the number of a commit; one outside of the film is its first or last.
            page: the key of the page, "" for the first.

        Returns:
            The elements, bottom first. An element that did not change since the last call stays the same object.
        """
        seq = max(self.first, min(self.last, seq))
        document = self._document
        if seq < document.seq or seq - document.seq > CACHED_EVERY:
            nearest = max(cached for cached in self._cached if cached <= seq)
            if seq < document.seq or nearest > document.seq:
                document.replace(self._cached[nearest], nearest, 0)
        while document.seq < seq:
            document.apply(self._commits[document.seq - self.first])
            if (document.seq - self.first) % CACHED_EVERY == 0:
                self._cached.setdefault(document.seq, list(document.entries.values()))
        return self._scenes.setdefault(page, Scene()).of(document.entries, page)

    def moments(self, longest: float = 1.0) -> list[float]:
        """Return when each commit after `first` is shown, in seconds since the film began: as it was made, but with no
        pause longer than `longest` seconds."""
        shown: list[float] = []
        for before, commit in pairwise([None, *self._commits]):
            assert commit is not None
            pause = min(longest, commit.at - before.at) if before is not None else 0.0
            shown.append((shown[-1] if shown else 0.0) + pause)
        return shown


class Timeline:
    """Which seq a film shows when: `speed` times as fast as it was drawn, in steps of `step` seconds."""

    def __init__(self, film: Film, speed: float, step: float) -> None:
        self._first = film.first
        self._moments = [moment / speed for moment in film.moments()]
        self._step = step
        self.steps = int((self._moments[-1] if self._moments else 0.0) / step) + 2

    def seq(self, step: int) -> int:
        """Return the seq that is shown at a step, from 0 to `steps`: no commit at the first, all at the last."""
        if step <= 0:
            return self._first
        if step >= self.steps:
            return self._first + len(self._moments)
        return self._first + bisect_right(self._moments, (step - 1) * self._step)
