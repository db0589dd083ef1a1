"""The tables of ``docs/reference/elements.md`` say what the code does: its kinds, their fields and their limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ipysketch.model.elements import KINDS, decode
from ipysketch.model.elements.fields import DASHES, MAX_GROUP, MAX_WIDTH, REACH
from ipysketch.model.elements.image import MAX_DATA, MIMES
from ipysketch.model.elements.line import MAX_CORNERS
from ipysketch.model.elements.page import MAX_NAME
from ipysketch.model.elements.stroke import LATEST, MAX_POINTS
from ipysketch.model.elements.typeset import MAX_SIZE, MAX_TEXT

from .make_elements import EVERY

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "elements.md"
TEXT = PAGE.read_text()
ROWS = {
    kind: cells
    for line in TEXT.splitlines()
    if line.startswith("| `")
    for kinds, cells in [line.strip("| ").split(" | ", 1)]
    for kind in re.findall("`([a-z]+)`", kinds)
}
"""What the tables say of each kind and of each common field."""
COMMON = {"color", "width", "opacity", "dash", "fill", "offset", "group", "transform", "lock"}
FULL: dict[str, Any] = {
    "opacity": 50,
    "rule": "evenodd",
    "dash": "dashed",
    "fill": "#ffcc00",
    "offset": [8, 8],
    "group": "g",
    "look": "flow",
    "text": "a",
    "size": 8,
    "wrap": 80,
    "ink": "#000000",
    "from": ["a", 0, 1000],
    "to": ["b", 500, 500],
}


def test_the_page_names_every_kind() -> None:
    assert set(KINDS) <= set(ROWS)
    assert set(ROWS) - set(KINDS) == COMMON | {"place"}


@pytest.mark.parametrize("fields", EVERY, ids=[fields["kind"] for fields in EVERY])
def test_the_page_names_every_field(fields: dict[str, Any]) -> None:
    kind = fields["kind"]
    count = len(fields.get("points", [])) // 2
    element = decode("k", {**fields, **FULL, "times": [1] * count, "pressure": [9] * count})
    assert element is not None
    own = set(element.encode()) - COMMON - {"kind"}
    row = ROWS["stroke"] if kind == "highlighter" else ROWS["line"] if kind == "arrow" else ROWS[kind]
    named = set(re.findall("`([a-z]+)`", row)) - {"x", "y", "width", "height"}
    assert named == own | ({"pressure", "look"} if kind == "highlighter" else set())


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        ("stroke", f"1 to {MAX_POINTS:,} flat points"),
        ("area", f"{MAX_POINTS:,} points in all"),
        ("line", f"2 to {MAX_CORNERS:,} flat points"),
        ("text", f"1 to {MAX_TEXT:,} characters"),
        ("text", f"1 to {MAX_SIZE:,}"),
        ("image", f"at most {MAX_DATA:,} characters"),
        ("image", " or ".join(f"`{mime}`" for mime in MIMES)),
        ("page", f"at most {MAX_NAME} characters"),
        ("width", f"1 to {MAX_WIDTH:,}"),
        ("dash", " or ".join(f"`{dash}`" for dash in DASHES)),
        ("group", f"1 to {MAX_GROUP} characters"),
    ],
)
def test_the_page_says_the_limits_of_the_code(row: str, limit: str) -> None:
    assert limit in ROWS[row]


def test_the_page_says_how_far_things_reach() -> None:
    assert f"within ±{REACH:,}" in TEXT
    assert LATEST == 2**31
    assert "`times` are 0 to 2^31" in TEXT
