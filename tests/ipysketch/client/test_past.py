"""Reading the log: at one entry, at a time, and all of it in parts."""

from __future__ import annotations

import asyncio
import zlib

import msgspec
import pytest

from ipysketch.client import past
from ipysketch.errors import SketchError
from ipysketch.model.history import HistoryRange
from relay.protocol import Commit, Create, History

OLDEST, NEWEST = 3, 12


class Log:
    """A log whose entry N was committed at second 10 N, and notes what was read of it."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, int]] = []

    async def read(self, first: int, last: int) -> HistoryRange:
        self.reads.append((first, last))
        assert OLDEST <= first <= last <= NEWEST
        commits = [
            Commit(seq, 0, 10.0 * seq, "c", seq, "a", (Create(f"k{seq}", {}),))
            for seq in range(first, last + 1)
        ]
        stream = zlib.compress(msgspec.json.encode({"entries": [], "commits": commits}))
        read = HistoryRange(History(first - 1, last, OLDEST, len(stream)))
        assert read.chunk(stream)
        return read


def keys_at(when: int | float, log: Log | None = None) -> list[str]:
    document = asyncio.run(past.document_at(when, (log or Log()).read, OLDEST, NEWEST))
    return list(document.entries)


def test_an_entry_is_one_read() -> None:
    log = Log()
    assert keys_at(7, log) == ["k7"]
    assert log.reads == [(7, 7)]
    assert keys_at(0) == [], "before everything"


@pytest.mark.parametrize(("time", "seq"), [(30.0, 3), (49.9, 4), (50.0, 5), (120.0, 12), (1e9, 12)])
def test_a_time_is_the_last_entry_committed_by_then(time: float, seq: int) -> None:
    log = Log()
    assert keys_at(time, log) == [f"k{seq}"]
    assert len(log.reads) <= 5, "the entries are searched by halves"


@pytest.mark.parametrize("when", [2, 13, 1.0])
def test_what_is_not_kept_is_an_error(when: int | float) -> None:
    with pytest.raises(SketchError, match="goes from 3 to 12"):
        keys_at(when)


def test_a_film_is_read_in_parts_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "AT_A_TIME", 4)
    log, parts = Log(), list[float]()
    asyncio.run(past.film(log.read, OLDEST, NEWEST, parts.append))
    assert log.reads == [(3, 6), (7, 10), (11, 12)]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_a_film_is_read_in_smaller_parts_where_the_relay_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "AT_A_TIME", 8)
    log = Log()

    async def read(first: int, last: int) -> HistoryRange:
        if last - first >= 3:
            log.reads.append((first, last))
            raise SketchError("these entries have more bytes than are read at a time", "bad-range")
        return await log.read(first, last)

    film = asyncio.run(past.film(read, OLDEST, NEWEST, lambda part: None))
    assert log.reads == [(3, 10), (3, 6), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12)]
    assert film.last == NEWEST


def test_a_film_fails_where_not_even_one_entry_can_be_read() -> None:
    async def refuse(first: int, last: int) -> HistoryRange:
        raise SketchError("no", "bad-range")

    with pytest.raises(SketchError, match="no"):
        asyncio.run(past.film(refuse, OLDEST, NEWEST, lambda part: None))


def test_a_room_without_a_log_has_no_film() -> None:
    with pytest.raises(SketchError, match="nothing has been drawn"):
        asyncio.run(past.film(Log().read, 1, 0, print))
