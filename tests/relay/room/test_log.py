"""The part of a log that is in memory: its marks, its latest commits and its snapshot."""

from __future__ import annotations

import zlib

import msgspec
import pytest

from relay.limits import Limits
from relay.protocol import MAX_COMMIT, SAFE_INTEGER, Commit, Create, Entry, Patch, Restore, encode_message
from relay.records import LoadedRoom, LogRow
from relay.room import log as module
from relay.room.log import RoomLog, encoded, packed, size_of


@pytest.fixture
def log() -> RoomLog:
    return RoomLog(LoadedRoom("epoch", 1, False, None, ()), Limits())


def commit(log: RoomLog, size: int = 0) -> int:
    """Commit an element, whose mark is 100 times its seq; returns the bytes of the commit."""
    seq = log.seq + 1
    create = Create(f"k{seq}", {"text": "x" * size})
    draft = log.draft()
    record = log.propose(draft, [create], "author", 0.0)
    body = bytes(encode_message(Commit(seq, 100 * seq, 0.0, "client", seq, "author", (create,))))
    log.take(LogRow(seq, 100 * seq, 0.0, "client", seq, body), packed(record, draft.size))
    return len(body)


def test_at_least_the_latest_marks_are_in_memory(log: RoomLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MARKS", 4)
    for _ in range(50):
        commit(log)
        remembered = [seq for seq in range(1, log.seq + 2) if log.remembers(seq)]
        assert remembered == list(range(remembered[0], log.seq + 1))
        assert min(4, log.seq) <= len(remembered) <= 8
        assert [log.mark(seq) for seq in remembered] == [100 * seq for seq in remembered]
        assert log.remembers(0)
        assert log.mark(0) == 0


def test_the_latest_commits_are_in_memory_up_to_their_limit(
    log: RoomLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = commit(log)
    monkeypatch.setattr(module, "TAIL_BYTES", 3 * length)
    for _ in range(5):
        assert commit(log) == length
    assert log.tail_start == 3
    assert [bytes(raw).count(f'"seq":{seq},'.encode()) for seq, raw in enumerate(log.after(4), 5)] == [1, 1]
    commit(log, 10 * length)
    assert log.tail_start == 6, "the last one stays however long it is"


def test_a_commit_too_large_for_a_frame_is_not_sent_as_one(log: RoomLog) -> None:
    commit(log)
    commit(log, MAX_COMMIT)
    assert log.tail_start == 2
    assert list(log.after(2)) == []


def test_a_snapshot_of_an_unchanged_drawing_is_not_built_again(log: RoomLog) -> None:
    commit(log)
    first = log.snapshot()
    assert log.snapshot() is first
    commit(log)
    second = log.snapshot()
    assert (first.seq, first.entries, second.seq, second.entries) == (1, 1, 2, 2)


def test_values_are_encoded_once_and_count_as_much_as_before() -> None:
    fields = {"color": "#ffffff", "points": [1, 2, 3]}
    create = encoded(Create("k", dict(fields)))
    patch = encoded(Patch("k", dict(fields)))
    restored = encoded(Restore((Entry("k", (1, 0), "a", 0.0, "", dict(fields), {}),)))
    assert isinstance(create, Create)
    assert isinstance(patch, Patch)
    assert isinstance(restored, Restore)
    values = {name: bytes(value) for name, value in create.fields.items()}
    assert values == {"color": b'"#ffffff"', "points": b"[1,2,3]"}
    assert {name: bytes(value) for name, value in patch.fields.items()} == values
    [entry] = restored.entries
    assert {name: bytes(value) for name, value in entry.fields.items()} == values
    assert encoded(create) is create


NAMES = ["x", "points", "é" * 64, '"' * 64, "\x01" * 64]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [0, 1, 40])
def test_an_entry_counts_as_much_as_it_takes_in_a_snapshot(name: str, count: int) -> None:
    fields = {f"{number}{name}": number * "1" for number in range(count)}
    most = SAFE_INTEGER - 1
    for first, at, versions in (
        ((1, 0), 1.0, {}),
        ((most, 4_095), 1795940867.1923988, dict.fromkeys(fields, most)),
    ):
        entry = Entry(name, first, "a" * 16, at, name, fields, versions)
        # With the comma after it.
        taken = len(msgspec.json.encode(entry)) + 1
        assert taken <= size_of(entry) <= 2 * taken + 200
    assert size_of(None) == 0


def test_what_a_drawing_counts_bounds_its_snapshot(log: RoomLog) -> None:
    """It was counted a tenth of that, and a drawing within its limit could be too large for any client."""
    for _ in range(500):
        commit(log, 1)
    assert len(zlib.decompress(log.snapshot().stream)) <= log.size


def test_moving_and_colouring_makes_a_drawing_no_larger(log: RoomLog) -> None:
    commit(log, 9)
    draft = log.draft()
    log.propose(draft, [encoded(Patch("k1", {"text": "y" * 9}))], "author", 0.0)
    assert draft.size == log.size
