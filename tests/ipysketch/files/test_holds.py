"""No export, import, still image or film keeps Python's lock of the kernel for long: what holds it is in the file process.

See ``tests/support/holds.py`` for what is measured."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from ipysketch.files.animation import save_film
from ipysketch.files.formats import read, written
from ipysketch.files.pictures import picture_fields
from ipysketch.files.rasterize import poster, raster
from ipysketch.model.archive import Item
from ipysketch.model.elements import Element
from ipysketch.model.history import Film

from ...support.holds import AT_MOST, check, longest

BOARD = (1280, 720)
Work = Callable[[], object]


def hand(chance: Random, points: int) -> dict[str, Any]:
    """The fields of a stroke whose width follows its speed."""
    steps = [chance.randint(-30, 30) for _ in range(2 * points - 2)]
    return {
        "kind": "stroke",
        "points": [chance.randint(0, 10_000), chance.randint(0, 5_700), *steps],
        "times": [0, *(chance.randint(6, 12) for _ in range(points - 1))],
        "color": "#1b4965",
        "width": chance.choice([16, 32, 64]),
        "look": "flow",
    }


@cache
def usual() -> list[Item]:
    chance = Random(1)
    return [Item(hand(chance, 40), f"k{number}") for number in range(10_000)]


@cache
def elements() -> list[Element]:
    return [element for item in usual() if (element := item.element) is not None]


def dear() -> list[Item]:
    """What is dear to paint: long strokes, dotted translucent ellipses, long texts."""
    chance = Random(2)
    ellipse = {"kind": "ellipse", "color": "#1b4965", "width": 8, "dash": "dotted", "opacity": 50}
    text = {"kind": "text", "at": [0, 0], "text": "word\n" * 3_000, "size": 160, "color": "#000000"}
    return [
        *(Item(hand(chance, 20_000), f"l{number}") for number in range(10)),
        *(
            Item({**ellipse, "box": [8 * number, 8 * number, 4_000, 3_000]}, f"e{number}")
            for number in range(200)
        ),
        *(Item(text, f"t{number}") for number in range(5)),
    ]


class Moments:
    """A film of the usual strokes."""

    first, last = 0, 10

    def moments(self, longest: float = 1.0) -> list[float]:
        return [0.5 * number for number in range(self.last)]

    def at(self, seq: int, page: str = "") -> tuple[Element, ...]:
        return tuple(elements()[: 200 * seq])


def film(path: Path) -> None:
    save_film(cast(Film, Moments()), path, page="", board=BOARD)


def writing(drawing: list[Item], suffix: str) -> Work:
    return lambda: written(drawing, suffix)


def reading(suffix: str) -> Work:
    data = written(usual()[:2_000], suffix)
    return lambda: read(data, suffix)


def painting(work: Callable[[list[Element]], object]) -> Work:
    drawing = elements()[:3_000]
    return lambda: work(drawing)


WORK: dict[str, Callable[[], Work]] = {
    "write .svg": lambda: writing(usual(), ".svg"),
    "write .png": lambda: writing(usual(), ".png"),
    "write .pdf": lambda: writing(usual(), ".pdf"),
    "write .json": lambda: writing(usual(), ".json"),
    "write .excalidraw": lambda: writing(usual(), ".excalidraw"),
    "what is dear, .svg": lambda: writing(dear(), ".svg"),
    "what is dear, .png": lambda: writing(dear(), ".png"),
    "what is dear, .pdf": lambda: writing(dear(), ".pdf"),
    "read .json": lambda: reading(".json"),
    "read .excalidraw": lambda: reading(".excalidraw"),
    "still image": lambda: painting(lambda drawing: poster(drawing, (960, 640, 320), 600_000, BOARD)),
    "pixels": lambda: painting(lambda drawing: raster(drawing, *BOARD, BOARD)),
    "image": lambda: lambda: picture_fields(np.zeros((900, 1_200, 3), np.uint8), (0, 0, 100, None)),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_a_file_does_not_hold_up_other_threads(work: Callable[[], Work]) -> None:
    # What it needs is made before, and not measured.
    check(work())


def test_a_film_does_not_hold_up_other_threads(tmp_path: Path) -> None:
    assert elements()
    check(lambda: film(tmp_path / "film.gif"))
    with Image.open(tmp_path / "film.gif") as image:
        assert image.size == (800, 450)


def test_work_that_keeps_the_lock_is_found() -> None:
    # A tenth of a second of one call into C, whatever the machine; a loop that yields is none.
    numbers = list(range(4_000_000))
    with pytest.raises(AssertionError, match="Python's lock was kept for"):
        check(lambda: json.dumps(numbers))
    calls = [SimpleNamespace(size=abs) for _ in range(1000)]
    assert longest(lambda: [call.size(-1) for call in calls * 50]).seconds < AT_MOST


def test_what_is_found_says_where() -> None:
    assert re.search("c_call sum in .*spend", longest(spend).after)


def spend() -> None:
    sum(range(10_000_000))
    min(1, 2)
