"""The elements of each page: decoded once, the same objects while they stay the same."""

from __future__ import annotations

from typing import Any

import pytest

from ipysketch.client.scenes import Scenes
from ipysketch.client.sync import Sync
from ipysketch.client.view import PageInfo
from ipysketch.model.archive import PAGES
from relay.protocol import Create, Delete, Patch


def line(x: int, **more: Any) -> dict[str, Any]:
    return {"kind": "stroke", "color": "#123456", "width": 8, "points": [x, 0, 8, 8], **more}


@pytest.fixture
def sync() -> Sync:
    sync = Sync()
    sync.submit([Create(f"k{n}", line(8 * n, group="g" if n % 2 else "h")) for n in range(5)])
    return sync


def keys(scenes: Scenes, page: str = "") -> list[str]:
    return [element.key for element in scenes.of(page)]


def test_what_stays_the_same_is_the_same_object(sync: Sync) -> None:
    scenes = Scenes(sync)
    before = scenes.of("")
    assert scenes.of("") is before
    sync.submit([Patch("k2", {"color": "#ffffff"})])
    after = scenes.of("")
    assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, False, True, True]
    sync.submit([Delete(("k0",)), Create("other", line(0), "p")])
    assert keys(scenes) == ["k1", "k2", "k3", "k4"]
    assert keys(scenes, "p") == ["other"]


def test_pages_come_in_order_after_the_first(sync: Sync) -> None:
    scenes = Scenes(sync)
    assert scenes.pages() == (PageInfo("", ""),)
    sync.submit([Create("p", {"kind": "page", "name": "Draft"}, PAGES)])
    sync.submit([Create("odd", line(0), PAGES)])  # No page, whoever put it there.
    assert scenes.pages() == (PageInfo("", ""), PageInfo("p", "Draft"))


def test_a_large_page_is_shown_from_below_only_before_all_of_it_was(sync: Sync) -> None:
    scenes = Scenes(sync)
    part = scenes.lowest("", 3)
    assert part is not None
    assert [element.key for element in part] == ["k0", "k1", "k2"]
    assert scenes.lowest("", 5) is None, "there are no more than that"
    whole = scenes.of("")
    assert all(one is other for one, other in zip(part, whole, strict=False)), "nothing is decoded twice"
    assert scenes.lowest("", 3) is None


def test_entries_are_found_by_key_and_by_group(sync: Sync) -> None:
    scenes = Scenes(sync)
    entry = scenes.entry("k1")
    assert entry is not None
    assert entry[0]["points"] == [8, 0, 8, 8]
    assert scenes.entry("none") is None
    assert scenes.own_group("g") == ("k1", "k3")
    assert scenes.own_group("none") == ()


def test_the_lowest_place_is_that_of_one_page(sync: Sync) -> None:
    scenes = Scenes(sync)
    assert scenes.lowest_place("none") == 0.0
    sync.submit([Patch("k3", {"place": -7.5})])
    assert scenes.lowest_place("") == -7.5
