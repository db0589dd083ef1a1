"""The elements of one page, kept up to date. The simulation compares a scene that follows with one that is made anew."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from ipysketch.model import scene as scene_module
from ipysketch.model.elements import Arrow, Element
from ipysketch.model.scene import Scene
from relay.protocol import Entry

from ...contract.make_elements import ARROW, RECTANGLE, STROKE


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


def test_many_changes_at_once_are_one_pass_and_the_same_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = 0
    search = vars(scene_module)["bisect_left"]

    def counted(places: Any, place: Any) -> int:
        nonlocal searched
        searched += 1
        return int(search(places, place))

    monkeypatch.setattr(scene_module, "bisect_left", counted)
    scene, chance = Scene(), Random(3)
    everything = entries(*(entry(f"k{number}", number) for number in range(400)))
    scene.of(everything)
    for count in (300, 399, 150, scene_module.FEW + 1):
        touched = chance.sample([f"k{number}" for number in range(600)], count)
        for key in touched:
            if chance.random() < 0.4:
                everything.pop(key, None)
            else:
                everything[key] = entry(key, int(key[1:]), place=chance.choice([None, -3, 7, 2.5]))
        seen = [element.key for element in scene.of(everything, touched=touched)]
        assert seen == [element.key for element in Scene().of(everything)]
    assert searched == 0
    # An undo of all of it, and a few as they come.
    assert scene.of({}, touched=list(everything)) == ()
    assert searched == 0
    assert len(scene.of(entries(entry("a", 1), entry("b", 2)), touched=["a", "b"])) == 2
    assert searched == 2


def test_the_lowest_elements_are_decoded_once() -> None:
    scene = Scene()
    everything = entries(*(entry(f"k{number}", number) for number in range(5)), entry("p", 9, page="p"))
    lowest = scene.lowest(everything, "", 2)
    assert lowest is not None
    assert [element.key for element in lowest] == ["k0", "k1"]
    assert scene.lowest(everything, "", 5) is None
    assert scene.of(everything)[:2] == lowest


POINTS = [80, 160, 800, 240]
"""Where the arrow is that follows nothing."""


def joined() -> dict[str, Entry]:
    """An arrow from one box to another, below both."""
    ends = {"from": ["left", 500, 500], "to": ["right", 500, 500]}
    arrow = Entry("arrow", (1, 0), "ada", 0.0, "", {**ARROW, "points": POINTS, **ends}, {})
    left = Entry("left", (2, 0), "ada", 0.0, "", {**RECTANGLE, "box": [0, 0, 800, 800]}, {})
    right = Entry("right", (3, 0), "ada", 0.0, "", {**RECTANGLE, "box": [4000, 0, 800, 800]}, {})
    return entries(arrow, left, right)


def moved(entry: Entry, dx: int, dy: int) -> Entry:
    return msgspec.structs.replace(entry, fields={**entry.fields, "offset": [dx, dy]})


def ends(elements: tuple[Element, ...]) -> list[tuple[float, float]]:
    [arrow] = [element for element in elements if isinstance(element, Arrow)]
    return [(float(x), float(y)) for x, y in arrow.points]


def test_a_bound_arrow_follows_what_it_is_bound_to() -> None:
    scene, everything = Scene(), joined()
    before = scene.of(everything)
    [start, end] = ends(before)
    assert start[1] == end[1] == 50
    assert 100 < start[0] < end[0] < 500
    everything["right"] = moved(everything["right"], 0, 1600)
    after = scene.of(everything, touched=["right"])
    assert ends(after)[1][1] > 150
    assert after[1] is before[1], "what did not move stays the same object"
    assert ends(Scene().of(everything)) == ends(after), "as a scene that is made anew"
    assert scene.of(everything, touched=["left"])[0] is after[0], "it did not move either"


def test_a_bound_arrow_is_where_its_points_are_when_nothing_is_left_to_follow() -> None:
    scene, everything = Scene(), joined()
    scene.of(everything)
    del everything["right"], everything["left"]
    assert ends(scene.of(everything, touched=["left", "right"])) == ends(Scene().of(everything))
    assert ends(scene.of(everything))[0] == (10, 20)
    everything["left"] = joined()["left"]
    assert ends(scene.of(everything, touched=["left"]))[0] != (10, 20)


def test_what_is_on_another_page_is_not_followed() -> None:
    everything = joined()
    followed = ends(Scene().of(everything))[-1]
    everything["right"] = msgspec.structs.replace(everything["right"], page="p")
    assert followed != (110, 50) == ends(Scene().of(everything))[-1]
