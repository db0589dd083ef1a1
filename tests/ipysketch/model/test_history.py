"""The stretches in which the past is sent, and the film that they make."""

from __future__ import annotations

import zlib
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest

from ipysketch.model import history
from ipysketch.model.document import Document
from ipysketch.model.history import Film, HistoryRange, Timeline
from relay.protocol import Change, Commit, Create, Delete, Entry, History, Patch, Record, RemoteError

STROKE = {"kind": "stroke", "points": [80, 160, 40, -24], "color": "#d62728", "width": 32}


def commit(seq: int, *changes: Change, at: float = 0.0) -> Commit:
    return Commit(seq, 0, at, "client", seq, "ada", changes)


def stretch(entries: list[Entry], commits: list[Commit], base: int = 0) -> HistoryRange:
    """A stretch as it was sent: from the drawing of `entries` at `base`, `commits`."""
    stream = zlib.compress(msgspec.json.encode({"entries": entries, "commits": commits}))
    stretch = HistoryRange(History(base, base + len(commits), 1, len(stream)))
    assert stretch.chunk(stream)
    return stretch


def drawn(count: int, seed: int = 7) -> list[Commit]:
    """A log of strokes on two pages that come, change and go; its entry N was committed at second N."""
    chance, keys = Random(seed), list[str]()
    commits = list[Commit]()
    for seq in range(1, count + 1):
        what = chance.random()
        change: Change
        if not keys or what < 0.5:
            keys.append(f"k{seq}")
            change = Create(keys[-1], dict(STROKE), chance.choice(["", "two"]))
        elif what < 0.8:
            change = Patch(chance.choice(keys), {"width": 8 * seq})
        else:
            change = Delete((keys.pop(chance.randrange(len(keys))),))
        commits.append(commit(seq, change, at=float(seq)))
    return commits


def folded(commits: list[Commit]) -> Document:
    document = Document()
    for each in commits:
        document.apply(each)
    return document


# --- stretches --------------------------------------------------------------------------------------------


def test_a_stretch_is_complete_with_its_last_chunk() -> None:
    commits = drawn(5)
    stream = zlib.compress(msgspec.json.encode({"entries": [], "commits": commits}))
    read = HistoryRange(History(0, 5, 1, len(stream)))
    assert [read.chunk(stream[:9]), read.chunk(stream[9:-1]), read.chunk(stream[-1:])] == [False, False, True]
    assert (read.base, len(read.commits), read.time) == ((0, []), 5, 5.0)


def test_the_drawing_at_each_entry_of_a_stretch() -> None:
    commits = drawn(30)
    base = folded(commits[:10])
    read = stretch(list(base.entries.values()), commits[10:], base=10)
    for seq in range(10, 31):
        assert read.document(seq).digest() == folded(commits[:seq]).digest()
        assert read.document(seq).seq == seq


@pytest.mark.parametrize(
    ("commits", "last"),
    [
        ([commit(1), commit(2)], 3),
        ([commit(1), commit(2)], 1),
        ([commit(1), commit(3)], 2),
        ([commit(2), commit(1)], 2),
        ([], 1),
    ],
)
def test_a_stretch_that_is_not_what_was_announced_is_an_error(commits: list[Commit], last: int) -> None:
    stream = zlib.compress(msgspec.json.encode({"entries": [], "commits": commits}))
    with pytest.raises(RemoteError, match="is incomplete") as refusal:
        HistoryRange(History(0, last, 1, len(stream))).chunk(stream)
    assert refusal.value.code == "bad-history"


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (zlib.compress(b"[]"), "bad-history"),
        (zlib.compress(b'{"entries":[]}'), "bad-history"),
        (zlib.compress(b'{"entries":[],"commits":[{"seq":"1"}]}'), "bad-history"),
        (zlib.compress(b"\xff"), "bad-history"),
        (b"nonsense", "bad-snapshot"),
        (zlib.compress(b'{"entries":[],"commits":[]}')[:-1], "bad-snapshot"),
    ],
)
def test_a_stretch_that_cannot_be_read_is_an_error(stream: bytes, code: str) -> None:
    with pytest.raises(RemoteError) as refusal:
        HistoryRange(History(0, 0, 1, len(stream))).chunk(stream)
    assert refusal.value.code == code


# --- films ------------------------------------------------------------------------------------------------


def keys_and_widths(elements: tuple[Any, ...]) -> list[tuple[str, float]]:
    return [(element.key, element.width) for element in elements]


def expected(commits: list[Commit], page: str) -> list[tuple[str, float]]:
    entries = sorted(folded(commits).entries.values(), key=lambda entry: entry.first)
    return [(entry.key, entry.fields["width"] / 8) for entry in entries if entry.page == page]


@pytest.mark.parametrize("seed", range(5))
def test_a_film_shows_each_entry_in_whatever_order_it_is_asked(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CACHED_EVERY", 7)
    chance, commits = Random(seed), drawn(60, seed)
    base = folded(commits[:10])
    film = Film([stretch(list(base.entries.values()), commits[10:], base=10)])
    assert (film.first, film.last) == (10, 60)
    for seq in [*chance.choices(range(10, 61), k=60), 60, 10, 60, 10]:
        page = chance.choice(["", "two"])
        assert keys_and_widths(film.at(seq, page)) == expected(commits[:seq], page), (seq, page)
    assert film.at(0) == film.at(10)
    assert film.at(1000) == film.at(60)


def test_stretches_that_overlap_make_one_film() -> None:
    commits = drawn(20)
    base = folded(commits[:8])
    film = Film([stretch([], commits[:12]), stretch(list(base.entries.values()), commits[8:], base=8)])
    assert (film.first, film.last) == (0, 20)
    for seq in range(21):
        assert keys_and_widths(film.at(seq)) == expected(commits[:seq], "")


def test_an_element_that_did_not_change_stays_the_same() -> None:
    film = Film([stretch([], [commit(seq, Create(f"k{seq}", dict(STROKE))) for seq in (1, 2, 3)])])
    (first,) = film.at(1)
    assert film.at(3)[0] is first
    assert film.at(2)[0] is first


def test_going_back_costs_no_more_than_the_way_from_a_drawing_that_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "CACHED_EVERY", 10)
    film, applied = Film([stretch([], drawn(95))]), list[int]()
    apply = Document.apply

    def counted(document: Document, each: Commit) -> Record:
        applied.append(each.seq)
        return apply(document, each)

    monkeypatch.setattr(Document, "apply", counted)
    film.at(95)
    assert applied == list(range(1, 96))
    for seq in (94, 57, 50, 95, 3):
        applied.clear()
        film.at(seq)
        assert len(applied) < 10, seq


def test_a_film_shows_no_pause_longer_than_the_longest() -> None:
    times = [100.0, 100.5, 160.5, 160.5, 161.25]
    film = Film([stretch([], [commit(seq, at=at) for seq, at in enumerate(times, 1)])])
    assert film.moments() == [0.0, 0.5, 1.5, 1.5, 2.25]
    assert film.moments(longest=100.0) == [0.0, 0.5, 60.5, 60.5, 61.25]
    assert Film([stretch([], [])]).moments() == []


# --- timelines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.5, 1.0, 3.0])
def test_a_timeline_begins_before_the_first_entry_and_ends_with_the_last(speed: float) -> None:
    commits = drawn(25)
    film = Film([stretch(list(folded(commits[:5]).entries.values()), commits[5:], base=5)])
    timeline = Timeline(film, speed, step=0.25)
    shown = [timeline.seq(step) for step in range(timeline.steps + 1)]
    assert (timeline.seq(-1), shown[0], shown[1]) == (5, 5, 6)
    assert (shown[-1], timeline.seq(timeline.steps + 7)) == (25, 25)
    assert all(0 <= after - before <= 1 for before, after in pairwise(shown)), "one entry a second, four steps"
    assert timeline.steps == pytest.approx(19 / speed / 0.25, abs=2)


def test_entries_at_the_same_moment_are_shown_in_one_step() -> None:
    times = [1.0, 1.0, 1.0, 1.9]
    timeline = Timeline(
        Film([stretch([], [commit(seq, at=at) for seq, at in enumerate(times, 1)])]), speed=1.0, step=0.5
    )
    assert [timeline.seq(step) for step in range(timeline.steps + 1)] == [0, 3, 3, 4]


def test_a_timeline_without_entries_stays_at_its_base() -> None:
    timeline = Timeline(Film([stretch([], [], base=9)]), speed=1.0, step=0.5)
    assert {timeline.seq(step) for step in range(timeline.steps + 1)} == {9}
