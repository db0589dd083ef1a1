"""A page as plain data, and back."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from ipysketch.errors import ArgumentError, ArgumentTypeError
from ipysketch.model.plain import from_plain, to_plain
from relay.protocol import (
    MAX_DELETES,
    Action,
    Clear,
    Create,
    Delete,
    Entry,
    Overlay,
    Patch,
    apply,
    order,
    resolve,
)

from ...support.seeds import seeds


def keys() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"new{next(numbers)}"


def stroke(x: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "stroke", "color": "#112233", "width": 32, "points": [x, 0, 8, 8], **fields}


def drawn(*fields: dict[str, Any]) -> dict[str, Entry]:
    """Return a page on which each of `fields` was created by an operation of its own."""
    entries: dict[str, Entry] = {}
    for number, each in enumerate(fields):
        did(entries, [Create(f"k{number}", each)], number + 1)
    return entries


def did(entries: dict[str, Entry], actions: list[Action], seq: int = 1000) -> None:
    apply(entries, resolve(Overlay(entries), actions, seq, {}), seq, "me", 0.0)


def shown(entries: dict[str, Entry]) -> list[int]:
    return [each["fields"]["points"][0] for each in to_plain(entries.values())]


def test_what_is_read_has_nothing_of_the_drawing_itself() -> None:
    entries = drawn(stroke(1, dash=None, place=3))
    (plain,) = to_plain(entries.values())
    assert plain == {"key": "k0", "author": "me", "fields": stroke(1)}
    plain["fields"]["points"][0] = 7
    assert entries["k0"].fields["points"] == [1, 0, 8, 8]


def test_a_value_that_is_set_is_read_again() -> None:
    entries = drawn(stroke(1), stroke(2), stroke(3))
    value = to_plain(entries.values())
    kept, given = value[2], stroke(9)
    wanted = [{"key": "k1", "fields": stroke(2, color="#ff0000", dash="dashed")}, kept, {"fields": given}]
    actions = from_plain(wanted, entries.values(), "", keys())
    assert actions == [
        Delete(("k0",)),
        Patch("k1", {"color": "#ff0000", "dash": "dashed"}),
        Create("new0", given),
    ]
    did(entries, actions)
    assert [each["fields"] for each in to_plain(entries.values())] == [each["fields"] for each in wanted]
    given["points"].append(1)
    assert entries["new0"].fields["points"] == [9, 0, 8, 8]
    # A field that is left out is taken away.
    assert from_plain([{"key": "k1", "fields": stroke(2)}], [entries["k1"]], "", keys()) == [
        Patch("k1", {"color": "#112233", "dash": None})
    ]


def test_what_is_the_same_is_nothing_to_do() -> None:
    entries = drawn(stroke(1), stroke(2, place=0.5), stroke(3, dash=None))
    assert from_plain(to_plain(entries.values()), entries.values(), "", keys()) == []
    assert from_plain([], [], "", keys()) == []


def test_nothing_left_is_a_clear_page_and_many_deletions_are_several() -> None:
    entries = drawn(*(stroke(n) for n in range(MAX_DELETES + 2)))
    assert from_plain([], entries.values(), "p", keys()) == [Clear("p")]
    left = from_plain(to_plain(entries.values())[-1:], entries.values(), "p", keys())
    assert [len(each.keys) for each in left if isinstance(each, Delete)] == [MAX_DELETES, 1]


def test_another_kind_is_another_element() -> None:
    entries = drawn(stroke(1))
    line = {**stroke(1), "kind": "line"}
    assert from_plain([{"key": "k0", "fields": line}], entries.values(), "", keys()) == [
        Clear(""),
        Create("new0", line),
    ]


@pytest.mark.parametrize("seed", seeds(30))
def test_the_order_of_the_list_is_that_of_the_page(seed: int) -> None:
    numbers = random.Random(seed)
    entries = drawn(
        *(
            stroke(n, **({"place": numbers.randrange(-3, 9)} if n % 3 else {}))
            for n in range(numbers.randrange(9))
        )
    )
    value: list[dict[str, Any]] = [each for each in to_plain(entries.values()) if numbers.random() < 0.8]
    value += [{"fields": stroke(100 + n)} for n in range(numbers.randrange(4))]
    numbers.shuffle(value)
    did(entries, from_plain(value, entries.values(), "", keys()))
    assert shown(entries) == [each["fields"]["points"][0] for each in value]
    # Whoever draws next draws above all of it.
    did(entries, [Create("above", stroke(-1))], 1001)
    assert max(entries.values(), key=order).key == "above"


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (None, ArgumentTypeError, "a value is a list of elements.*not None"),
        ("strokes", ArgumentTypeError, "a value is a list"),
        ([7], ArgumentTypeError, "its element 0 is none"),
        ([{"fields": stroke(1)}, {"kind": "stroke"}], ArgumentTypeError, "its element 1 is none"),
        (
            [{"fields": {"kind": "stroke"}}],
            ArgumentError,
            "element 0 of the value is nothing that can be drawn",
        ),
        ([{"fields": {"kind": "page", "name": "P"}}], ArgumentError, "nothing that can be drawn"),
        ([{"fields": stroke(1, group=object())}], ArgumentError, "nothing that can be drawn"),
        ([{"key": 7, "fields": stroke(1)}], ArgumentError, "nothing that can be drawn"),
        (
            [{"key": "a", "fields": stroke(1)}] * 2,
            ArgumentError,
            "element 1 of the value has the key of another",
        ),
        ([{"fields": stroke(1, note=2**60)}], ArgumentError, "the value cannot be drawn: "),
    ],
)
def test_a_value_that_is_none(value: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        from_plain(value, [], "", keys())
