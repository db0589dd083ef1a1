"""SVG files as people have them look here as resvg shows them: the same pixels, but for the edges."""

from __future__ import annotations

import io

import numpy as np
import pytest
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from ipysketch.files.formats import from_bytes
from ipysketch.files.rasterize import raster

SIZE = (300, 200)
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200" viewBox="0 0 300 200">'
FILES = {
    "a path that is filled": '<path d="M20 20H140V120Q80 190 20 120Z" fill="#447799"/>',
    "a path without data": '<path/><circle cx="90" cy="90" r="50" fill="#aa3355"/>',
    "a style sheet": "<style>g > .a{fill:#225588}#b{stroke:#cc4400;stroke-width:8;fill:none}</style>"
    '<g><rect class="a" x="10" y="10" width="90" height="60"/></g><rect id="b" x="120" y="30" width="90" height="80"/>',
    "what is hidden": '<g visibility="hidden"><rect width="90" height="90"/>'
    '<rect visibility="visible" x="120" y="20" width="90" height="90" fill="#448844"/></g>'
    '<rect display="none" y="100" width="90" height="90"/>',
    "a switch": '<switch><g requiredExtensions="urn:none"><rect width="90" height="90"/></g>'
    '<rect x="100" width="90" height="90" fill="#447799"/><rect y="100" width="90" height="90"/></switch>',
    "translucent": '<rect x="20" y="20" width="90" height="90" fill="#0055aa" fill-opacity=".4"/>'
    '<rect x="70" y="60" width="90" height="90" fill="#aa5500" opacity=".5"/>',
    "turned": '<rect x="90" y="40" width="90" height="60" fill="#775599" transform="rotate(30 130 70) skewX(10)"/>',
    "rules of filling": '<path fill-rule="evenodd" fill="#336633" d="M20 20h160v160h-160zM60 60h80v80h-80z"/>',
    "used": '<defs><rect id="r" width="60" height="40" fill="#aa7711"/></defs>'
    '<use href="#r" x="20" y="20"/><use href="#r" transform="translate(120 60) scale(1.5)"/>',
}


def ours(text: str) -> NDArray[np.int64]:
    report = from_bytes(text.encode(), ".svg", SIZE)
    assert not report.skipped
    return raster(report.items, *SIZE, SIZE).astype(np.int64)  # type: ignore[arg-type]  # items are drawn too


def theirs(text: str) -> NDArray[np.int64]:
    shown = resvg_py.svg_to_bytes(svg_string=text, background="#ffffff")
    return np.asarray(Image.open(io.BytesIO(shown)).convert("RGB"), dtype=np.int64)


def off(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[float, float]:
    """The mean difference, and the part of the pixels that are another colour."""
    apart = np.abs(one - other).max(axis=2)
    return float(apart.mean()), float((apart > 64).mean())


@pytest.mark.parametrize("name", FILES)
def test_a_file_looks_as_resvg_shows_it(name: str) -> None:
    text = f"{HEAD}{FILES[name]}</svg>"
    mean, other = off(ours(text), theirs(text))
    assert mean < 0.5
    assert other < 0.002
    # A control: the same file, a little aside, is another picture.
    aside = f'{HEAD}<g transform="translate(3 2)">{FILES[name]}</g></svg>'
    assert off(ours(text), theirs(aside))[0] > 0.5
