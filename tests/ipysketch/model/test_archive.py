"""A drawing outside of a board, and the operations that bring it onto one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from ipysketch.model.archive import Item, LoadReport, creations, items, size_of
from relay.protocol import Create, Entry, encode_message, resolve
from relay.room.log import size_of as relay_size_of

from ...contract.make_elements import IMAGE, TEXT
from ..files.drawn import PAGES


def keys() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"new{next(numbers)}"


def test_a_file_becomes_elements_under_new_keys() -> None:
    report, creates = creations(LoadReport((PAGES[-1], *PAGES[:-1])), keys(), "here")
    page = next(create for create in creates if create.fields["kind"] == "page")
    assert page.page == "pages"
    assert [create.page for create in creates].count(page.key) == 2
    assert len({create.key for create in creates}) == len(PAGES) == len(report.items)
    assert {create.page for create in creates} - {"pages"} | {""} == {"", "here", page.key}


def test_one_wrong_thing_in_a_file_does_not_lose_the_others() -> None:
    page = {"kind": "page", "name": "P"}
    found = [
        Item(page, "p", "pages"),
        Item(page, "p", "pages"),
        Item({**TEXT, "place": "high"}, "a"),
        Item({**TEXT, "place": True}, "b"),
        Item({**TEXT, "place": -3}, "c", "p"),
        Item({**IMAGE, "data": "A" * 2_000}, "d"),
        Item({**TEXT, "note": "\ud800"}, "e"),
        Item({**TEXT, "note": 2**60}, "f"),
    ]
    report, creates = creations(LoadReport(tuple(found), Counter(hint=1)), keys(), largest=1_000)
    assert report.skipped == {
        "hint": 1,
        "page that is there twice": 1,
        "element larger than the relay takes": 1,
        "broken element": 2,
    }
    assert [item.key for item in report.items] == ["p", "a", "b", "c"]
    assert [create.fields.get("place") for create in creates] == [None, None, None, -3]
    assert creates[-1].page == creates[0].key
    resolve({}, creates, 1, {})  # Raises where the relay would refuse all of them.


def test_elements_count_no_more_than_the_relay_counts_them() -> None:
    creates = [Create("k", {**TEXT, "text": "élan"}), Create("l", {**IMAGE})]
    normalized = [msgspec.json.decode(encode_message(create), type=Create[msgspec.Raw]) for create in creates]
    entries = [Entry(each.key, (1, 0), "a", 0.0, "", each.fields, {}) for each in normalized]
    assert 100 < size_of(creates) <= sum(map(relay_size_of, entries))


def test_the_entries_of_a_room_in_drawing_order() -> None:
    def entry(key: str, first: int, page: str = "", **fields: Any) -> Entry:
        return Entry(key, (first, 0), "ada", 0.0, page, fields, {})

    entries = [entry("b", 2), entry("c", 1, "p"), entry("a", 3, place=-1), entry("p", 4, kind="page", name="P")]
    assert [item.key for item in items(entries)] == ["a", "b", "p", "c"]
