"""Every kind of element looks the same wherever it is painted: as SVG in Chromium, as pixels without it, on a board's
canvas.

Two pictures are compared pixel by pixel. Anti-aliasing blends what lies side by side: a pixel differs beyond it when some
channel is not between the darkest and the lightest of the nine pixels there in the other picture, or nearly, one way or
the other. The share is of the pixels that are ink in either, so that white paper does not make it small.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from ipysketch.files.rasterize import raster
from ipysketch.files.write_svg import svg
from ipysketch.model.elements import Element

from ..contract.gallery import BOARD, elements, everything, gallery
from ..support.waiting import wait_until
from .conftest import FRAME, SCREENSHOTS, Lab, Notebook, new_page

Pixels = NDArray[np.uint8]

NEARLY = 12
"""Levels of 255 by which a channel may lie outside."""
MOST = 0.02
"""The share of pixels of ink that may differ."""


def unmatched(one: Pixels, other: Pixels) -> NDArray[np.bool_]:
    """Where a pixel of `one` is no blend of what is there in `other`."""
    framed = np.pad(other.astype(np.int16), ((1, 1), (1, 1), (0, 0)), mode="edge")
    low, high = _of_nine(np.minimum, framed) - NEARLY, _of_nine(np.maximum, framed) + NEARLY
    return np.asarray(((one < low) | (one > high)).any(axis=2))


def _of_nine(extreme: np.ufunc, framed: NDArray[np.int16]) -> NDArray[np.int16]:
    """The extreme of the nine pixels at each place, by rows and then by columns."""
    rows = extreme(extreme(framed[:-2], framed[1:-1]), framed[2:])
    found: NDArray[np.int16] = extreme(extreme(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return found


def difference(one: Pixels, other: Pixels) -> float:
    """The share of the ink of two pictures that differs beyond anti-aliasing."""
    ink = (one < 250).any(axis=2) | (other < 250).any(axis=2)
    assert ink.sum() > 300
    return float((unmatched(one, other) | unmatched(other, one)).sum() / ink.sum())


def keep(name: str, **pictures: Pixels) -> None:
    """Leave pictures under build, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for kind, pixels in pictures.items():
        Image.fromarray(pixels).save(SCREENSHOTS / f"elements-{name}-{kind}.png")


def on_white(png: bytes) -> Pixels:
    """A picture on white paper, shape (height, width, 3)."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return np.array(Image.alpha_composite(paper, picture).convert("RGB"))


def in_chromium(browser: Browser, drawn: list[Element], path: Path) -> Pixels:
    path.write_text(svg(drawn, BOARD, (1280, 720)))
    page = new_page(browser, viewport={"width": 1280, "height": 720})
    page.goto(path.as_uri())
    pixels = on_white(page.screenshot())
    page.context.close()
    return pixels


@pytest.mark.parametrize("name", gallery())
def test_svg_in_chromium_is_as_the_pixels_without_it(name: str, browser: Browser, tmp_path: Path) -> None:
    drawn = elements(gallery()[name])
    theirs, ours = in_chromium(browser, drawn, tmp_path / "drawing.svg"), raster(drawn, 1280, 720, BOARD)
    keep(name, chromium=theirs, raster=ours)
    share = difference(theirs, ours)
    print(f"{name}: {share:.2%} of the ink differs")
    assert share <= MOST


def test_a_difference_is_seen() -> None:
    whole = raster(everything(), 1280, 720, BOARD)
    assert difference(whole, whole) == 0
    for name, fields in gallery().items():
        others = elements([one for kind, part in gallery().items() if kind != name for one in part])
        assert difference(raster(others, 1280, 720, BOARD), whole) > MOST
        moved = elements([{**one, "offset": [16, 16]} for one in fields])
        assert difference(raster(moved, 1280, 720, BOARD), raster(elements(fields), 1280, 720, BOARD)) > MOST


CELLS = [
    "import ipysketch, json\nfrom relay.protocol import Create, Delete\nboard = ipysketch.connect(room='gallery', name='Emmy')\nboard",
    "found = json.loads({fields!r})\n"
    "keys = [f'e{{n}}' for n in range(len(found))]\n"
    "creates = [Create(key, fields) for key, fields in zip(keys, found)]\n"
    "board._session.call(lambda session: session.operations.submit(creates))",
    "board._session.call(lambda session: session.operations.submit([Delete(tuple(keys[1::2]))]))",
]

CANVAS = """async () => {
    const [canvas] = document.querySelectorAll('.ipysketch-desk canvas.ipysketch-paper');
    return canvas.toDataURL('image/png');
}"""


@pytest.fixture(scope="module")
def emmy(lab: Lab) -> Notebook:
    fields = json.dumps([one for part in gallery().values() for one in part])
    cells = [CELLS[0], CELLS[1].format(fields=fields), CELLS[2]]
    notebook = lab.notebook("emmy", cells, device_scale_factor=2)
    notebook.execute(0)
    notebook.connected()
    settle(notebook)
    return notebook


def settle(notebook: Notebook) -> None:
    """Wait until the board has as many pixels as are seen."""
    notebook.page.wait_for_function(
        """() => {
            const seen = document.querySelector('.ipysketch-overlay').clientWidth * devicePixelRatio;
            const { width } = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
            return Math.abs(width - seen) <= 2;
        }"""
    )


def board_of(notebook: Notebook) -> Pixels:
    address: str = notebook.page.evaluate(CANVAS)
    return on_white(base64.b64decode(address.partition(",")[2]))


def comes_to(notebook: Notebook, name: str, drawn: list[Element]) -> None:
    """Wait until the board shows `drawn`, each kind where it lies and the whole."""
    have = board_of(notebook)
    height, width = have.shape[:2]
    want = raster(drawn, width, height, (1280, 720))
    places: dict[str, Any] = {"the whole": np.s_[:, :]}
    for kind, fields in gallery().items():
        part = raster(elements(fields), width, height, (1280, 720))
        rows, columns = np.nonzero((part < 250).any(axis=2))
        places[kind] = np.s_[rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3]
    shares: dict[str, float] = {}

    def as_meant() -> bool:
        nonlocal have
        have = board_of(notebook)
        if have.shape != want.shape:
            return False  # Until the board has as many pixels as are seen.
        for kind, place in places.items():
            shares[kind] = difference(have[place], want[place])
        return max(shares.values()) <= MOST

    try:
        wait_until(as_meant, f"{name}: no more than {MOST:.0%} of the ink differs", lambda: rest(notebook))
    finally:
        keep(name, canvas=have, raster=want)
        for kind, share in shares.items():
            print(f"{name}, {kind}: {share:.2%} of the ink differs")


def rest(notebook: Notebook) -> None:
    """Let the page paint its next frame."""
    notebook.page.evaluate(FRAME)


def test_the_canvas_of_a_board_is_as_the_pixels_without_it(emmy: Notebook) -> None:
    emmy.execute(1)
    comes_to(emmy, "board", everything())


def test_what_goes_leaves_no_trace_and_takes_nothing_along(emmy: Notebook) -> None:
    emmy.execute(2)
    comes_to(emmy, "board after deleting", everything()[::2])


def test_a_page_that_comes_anew_shows_the_same(emmy: Notebook) -> None:
    emmy.reload()
    settle(emmy)
    comes_to(emmy, "board anew", everything()[::2])
    assert not emmy.errors
