"""The elements of one page, kept up to date. The simulation compares a scene that follows with one that is made anew."""

from __future__ import annotations

from typing import Any

from ipysketch.model.scene import Scene
from relay.protocol import Entry

from ...contract.make_elements import STROKE


def entry(key: str, first: int, page: str = "", author: str = "ada", **fields: Any) -> Entry:
    return Entry(key, (first, 0), author, 0.0, page, {**STROKE, **fields}, {})


def entries(*several: Entry) -> dict[str, Entry]:
    return {each.key: each for each in several}


def test_a_scene_is_one_page_in_drawing_order_without_what_is_no_element() -> None:
    everything = entries(
        entry("c", 3),
        entry("a", 1),
        entry("b", 2, place=9),
        entry("x", 4, kind="spiral"),
        entry("p", 5, page="p"),
    )
    assert [element.key for element in Scene().of(everything)] == ["a", "c", "b"]
    assert [element.key for element in Scene().of(everything, "p")] == ["p"]


def test_an_element_stays_the_same_object_until_its_entry_looks_another_way() -> None:
    scene = Scene()
    [before] = scene.of(entries(entry("a", 1)))
    [committed] = scene.of(entries(entry("a", 2)), touched=["a"])
    assert committed is before
    [wider] = scene.of(entries(entry("a", 2, width=80)), touched=["a"])
    assert wider is not before
    [another] = scene.of(entries(entry("a", 2, width=80, author="grace")))
    assert another is not wider
    assert scene.of({}, touched=["a"]) == ()


def test_the_lowest_elements_are_decoded_once() -> None:
    scene = Scene()
    everything = entries(*(entry(f"k{number}", number) for number in range(5)), entry("p", 9, page="p"))
    lowest = scene.lowest(everything, "", 2)
    assert lowest is not None
    assert [element.key for element in lowest] == ["k0", "k1"]
    assert scene.lowest(everything, "", 5) is None
    assert scene.of(everything)[:2] == lowest
