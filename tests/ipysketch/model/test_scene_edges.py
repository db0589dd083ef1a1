"""The elements of a page, kept up to date with the entries."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ipysketch.model.scene import Scene
from relay.protocol import Entry, order

STROKE: dict[str, Any] = {"kind": "stroke", "points": [80, 160, 40, -24], "color": "#d62728", "width": 32}
UNKNOWN: dict[str, Any] = {"kind": "spiral"}


def entry(key: str, seq: int, fields: dict[str, Any], page: str = "", **more: object) -> Entry:
    return Entry(key, (seq, 0), "ada", 0.0, page, {**fields, **more}, {})


@pytest.mark.parametrize("seed", range(20))
def test_an_update_of_some_entries_is_as_good_as_one_of_all(seed: int) -> None:
    chance, entries, scene = Random(seed), dict[str, Entry](), Scene()
    scene.of(entries)
    for seq in range(1, 80):
        touched = chance.sample("abcdef", 2)
        for index, key in enumerate(touched):
            if chance.random() < 0.3:
                entries.pop(key, None)
            else:
                fields = chance.choice([STROKE, STROKE, UNKNOWN])
                page = chance.choice(["", "", "two"])
                entries[key] = entry(
                    key, 2 * seq + index, fields, page, place=chance.randrange(9), width=8 * seq
                )
        elements = scene.of(entries, "", touched)
        fresh = Scene().of(entries)
        assert [(element.key, element.bounds) for element in elements] == [
            (element.key, element.bounds) for element in fresh
        ]
        ordered = sorted(entries.values(), key=order)
        assert [element.key for element in elements] == [
            entry.key for entry in ordered if entry.page == "" and entry.fields["kind"] == "stroke"
        ]
    assert scene.of(entries) == elements, "what did not change stays the same"


def test_the_lowest_are_those_of_the_page_and_are_decoded_once() -> None:
    entries = {
        "top": entry("top", 1, STROKE, place=9),
        "low": entry("low", 2, STROKE),
        "other": entry("other", 3, STROKE, "two", place=-9),
        "unknown": entry("unknown", 4, UNKNOWN, place=-1),
        "middle": entry("middle", 5, STROKE),
    }
    scene = Scene()
    assert scene.lowest(entries, "", 4) is None
    lowest = scene.lowest(entries, "", 3)
    assert lowest is not None
    assert [element.key for element in lowest] == ["low", "middle"], "one of the three is no element"
    assert all(mine is theirs for mine, theirs in zip(lowest, scene.of(entries), strict=False))
    assert [element.key for element in scene.of(entries)] == ["low", "middle", "top"]
