"""Entries laid over others, and the actions that cannot be resolved."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from relay.protocol import (
    Action,
    Change,
    Clear,
    Create,
    Delete,
    Entry,
    Overlay,
    Patch,
    RemoteError,
    Restore,
    Revert,
    Touch,
    apply,
    decode_entries,
    resolve,
    revert,
)


def entry(key: str, seq: int = 1) -> Entry:
    return Entry(key, (seq, 0), "ada", 0.0, "", {"n": seq}, {})


@pytest.mark.parametrize("seed", range(20))
def test_an_overlay_is_a_copy_of_what_is_below_and_changes_nothing_there(seed: int) -> None:
    chance = Random(seed)
    base = {key: entry(key) for key in "abcd"}
    before, expected, overlay = dict(base), dict(base), Overlay(base)
    for seq in range(2, 60):
        key = chance.choice("abcdefgh")
        if chance.random() < 0.5:
            overlay[key] = expected[key] = entry(key, seq)
        elif key in expected:
            del overlay[key], expected[key]
        else:
            with pytest.raises(KeyError):
                del overlay[key]
        assert {key: overlay.get(key) for key in "abcdefgh"} == {key: expected.get(key) for key in "abcdefgh"}
        assert [key in overlay for key in "abcdefgh"] == [key in expected for key in "abcdefgh"]
        assert (dict(overlay), len(overlay)) == (expected, len(expected))
        assert base == before
    with pytest.raises(KeyError):
        overlay["other"]
    overlay["a"] = entry("a")
    del overlay["a"]
    with pytest.raises(KeyError):
        overlay["a"]
    assert overlay.get("a", 7) == 7
    assert "a" in overlay.keys_laid_over()


def test_a_record_has_each_touched_key_once_with_its_entries_before_and_after() -> None:
    entries = {"a": entry("a"), "b": entry("b"), "p": msgspec.structs.replace(entry("p"), page="other")}
    a, b = entries["a"], entries["b"]
    changes: list[Change] = [
        Patch("a", {"n": 2}),
        Delete(("a", "gone")),
        Patch("gone", {"n": 3}),
        Restore((a,)),
        Clear(),
    ]
    record = apply(entries, changes, 5, "grace", 1.0)
    assert record == (Touch("a", a, None), Touch("gone", None, None), Touch("b", b, None))
    assert list(entries) == ["p"]


def test_a_revert_leaves_alone_what_somebody_wrote_since() -> None:
    entries = {"a": entry("a"), "b": entry("b")}
    record = apply(entries, [Patch("a", {"n": 2, "m": 2}), Delete(("b",))], 2, "ada", 0.0)
    apply(entries, [Patch("a", {"n": 3}), Create("b", {"n": 9})], 3, "grace", 0.0)
    [change] = revert(entries, record)
    assert isinstance(change, Restore)
    [restored] = change.entries
    assert (restored.key, restored.fields, restored.versions) == ("a", {"n": 3}, {"n": 3})


@pytest.mark.parametrize(
    ("actions", "code"),
    [
        ([Create("a", {})], "key-taken"),
        ([Create("b", {}), Create("b", {})], "key-taken"),
        ([Revert(7)], "too-old"),
        ([Create("b", {"place": "back"})], "bad-place"),
        ([Patch("a", {"place": True})], "bad-place"),
        ([Patch("a", {"place": msgspec.Raw(b"[1]")})], "bad-place"),
    ],
)
def test_an_impossible_action_is_refused(actions: list[Action], code: str) -> None:
    with pytest.raises(RemoteError) as refusal:
        resolve({"a": entry("a")}, actions, 2, {})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("place", "number"), [("front", 9), (msgspec.Raw(b'"front"'), 9), (1.5, 1.5), (-3, -3), (1e9, 9)]
)
def test_a_place_becomes_a_number_that_is_no_higher_than_the_front(place: object, number: float) -> None:
    assert resolve({}, [Create("k", {"place": place, "n": 1})], 9, {}) == [
        Create("k", {"place": number, "n": 1})
    ]


@pytest.mark.parametrize("data", [b"", b"{}", b'[{"key":1}]', b"[" * 100_000, b"\xff"])
def test_a_snapshot_that_cannot_be_read_is_an_error(data: bytes) -> None:
    with pytest.raises(RemoteError, match="snapshot") as refusal:
        decode_entries(data)
    assert refusal.value.code == "bad-snapshot"
