"""A stretch of a room's past, as the relay sends it: the drawing before it, and what happened since. Pure."""

from __future__ import annotations

import msgspec

from relay.protocol import Bad, Commit, Entry, History

from .document import Document, unpack


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
