"""Elements for the tests of files."""

from __future__ import annotations

import base64
from typing import Any

from ipysketch.model.archive import Item, LoadReport
from ipysketch.model.elements import Element, decode

from ...contract.make_elements import EVERY, RECTANGLE, STROKE

DRAWING = [Item({**fields, "place": 1.5, "note": ["kept"]}, f"k{n}") for n, fields in enumerate(EVERY)]
TWO = DRAWING[-1].key
PAGES = [*DRAWING, Item(STROKE, "on two", TWO), Item(RECTANGLE, "also", TWO)]


def element(**fields: Any) -> Element:
    """Return the element of `fields`."""
    decoded = decode("k", fields)
    assert decoded is not None
    return decoded


def text(words: str) -> Element:
    """Return a text of 20 board units."""
    return element(kind="text", at=[0, 0], text=words, size=160, color="#000000")


def huge_image() -> Element:
    """Return an image whose header says 400 megapixels."""
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + (20_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    data = base64.b64encode(header.ljust(33, b"\0")).decode()
    return element(kind="image", box=[0, 0, 80, 80], mime="image/png", data=data)


def elements_of(loaded: LoadReport) -> list[Any]:
    """Return the elements that were read."""
    return [item.element for item in loaded.items]
