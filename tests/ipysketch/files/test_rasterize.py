"""Drawings as pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

import ipysketch
from ipysketch import SketchError
from ipysketch.files import fonts, painter
from ipysketch.files import seen as seen_module
from ipysketch.files.rasterize import font, png, poster, raster
from ipysketch.files.seen import seen, ways_of
from ipysketch.model.elements import Element

from ...contract.gallery import BOARD, elements, everything, gallery
from .drawn import element, huge_image, text


def test_pixels_are_where_the_ink_is() -> None:
    line = element(kind="line", points=[0, 80, 800, 0], color="#ff0000", width=32)
    pixels = raster([line], 1280, 720, BOARD)
    assert (pixels.shape, pixels.dtype) == ((720, 1280, 3), np.dtype(np.uint8))
    assert pixels[20, 100].tolist() == [255, 0, 0]
    assert pixels[40, 100].tolist() == [255, 255, 255]
    assert (raster([], 1, 1, BOARD) == 255).all()


def test_the_same_drawing_gives_the_same_bytes() -> None:
    assert png(everything(), 640, 360, BOARD) == png(everything(), 640, 360, BOARD)


def test_what_crosses_itself_is_not_darker() -> None:
    for part in gallery()["translucent stroke"]:
        pixels = raster(elements([part]), 640, 360, BOARD)
        assert pixels.min(axis=(0, 1)).tolist() == pytest.approx([165, 201, 225], abs=2)


def test_a_picture_of_no_size_or_too_many_pixels_is_refused() -> None:
    for width, height in ((0, 10), (10, -1), (100_000, 100_000)):
        with pytest.raises(SketchError, match="40 megapixels"):
            raster([], width, height, BOARD)


def test_an_image_that_is_too_large_to_decode_is_left_out() -> None:
    assert (raster([huge_image()], 64, 36, BOARD) == 255).all()


def test_a_machine_without_fonts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "sans", lambda: None)
    with pytest.warns(UserWarning, match="no sans-serif font"):
        raster([text("Grüße")], 64, 36, BOARD)


def test_anybody_can_draw_elements_as_pixels() -> None:
    pixels = ipysketch.to_array(everything(), width=320)
    assert (pixels.shape, pixels.dtype) == ((180, 320, 3), np.dtype(np.uint8))
    assert (pixels == raster(everything(), 320, 180, (1280, 720))).all()


def both(
    drawing: Sequence[Element], monkeypatch: pytest.MonkeyPatch, width: int = 640
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pictures of a drawing as one of few elements, by resvg, and as one of many, by PDFium."""
    found = []
    for many in (len(drawing) + 1, 1):
        monkeypatch.setattr(painter, "MANY", many)
        image = painter.picture(drawing, width, width * 9 // 16, (1280, 720), font=font(drawing))
        found.append(np.asarray(image, dtype=np.int64))
    return found[0], found[1]


def differences(usual: NDArray[np.int64], many: NDArray[np.int64]) -> tuple[float, int]:
    """How much two pictures differ on the mean, and at most where there is no edge: where a point is as its neighbours."""
    off = np.abs(usual - many).max(axis=2)
    around = np.stack([np.roll(usual, step, (0, 1)) for step in ((0, 1), (1, 0), (0, -1), (-1, 0))])
    edges = np.abs(around - usual).max(axis=(0, 3)) > 8
    return float(off.mean()), int(off[~edges].max())


@pytest.mark.parametrize("kind", gallery())
def test_a_picture_of_many_elements_is_that_of_few(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mean, inside = differences(*both(elements(gallery()[kind]), monkeypatch))
    assert mean < 0.1
    assert inside <= 16
    # A control: a picture in which each element lies an eighth of a unit aside is another one.
    aside = [element(**{**one, "offset": [8, 0]}) for one in gallery()[kind]]
    shifted, _ = differences(both(elements(gallery()[kind]), monkeypatch)[0], both(aside, monkeypatch)[1])
    assert shifted > 2 * mean


THIN: dict[str, Any] = {"kind": "line", "points": [800, 800, 4_000, 2_000], "color": "#3060c0"}
RARE: dict[str, list[dict[str, Any]]] = {
    "narrower than a pixel": [{**THIN, "width": 2}, {**THIN, "width": 3, "opacity": 50}],
    "upright rectangles": [
        {"kind": "area", "contours": [[801 + 8 * n, 803, 77, 0, 0, 99, -77, 0]], "fill": "#3060c0"}
        for n in (0, 30)
    ],
    "very far away": [{**THIN, "points": [800, 800, 990_000, 500_000], "width": 32}],
    "translucent, with a line": [
        {
            "kind": "ellipse",
            "box": [800, 800, 3_000, 2_000],
            "color": "#d1495b",
            "width": 160,
            "fill": "#edae49",
        }
        | {"opacity": 50}
    ],
    "dots": [
        {**THIN, "width": 64, "dash": "dotted"},
        {**THIN, "points": [800, 800], "width": 64, "kind": "stroke"},
    ],
    "between lines": [
        {**THIN, "width": 320},
        {"kind": "text", "at": [1_600, 1_200], "text": "between", "size": 640, "color": "#d1495b"},
        {**THIN, "points": [800, 2_000, 4_000, -1_000], "width": 160},
        {"kind": "text", "at": [2_400, 1_600], "text": "above", "size": 640, "color": "#000000"},
    ],
}


RARE["a marker on words and lines"] = [
    *RARE["between lines"],
    {"kind": "highlighter", "points": [1_600, 1_300, 2_400, 200], "color": "#ffcc00", "width": 400},
    {"kind": "highlighter", "points": [1_600, 1_500, 2_400, -300], "color": "#00cc44", "width": 200},
]


@pytest.mark.parametrize("name", RARE)
def test_what_the_painter_of_many_does_otherwise_is_met(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mean, inside = differences(*both([element(**fields) for fields in RARE[name]], monkeypatch))
    assert mean < 0.2
    assert inside <= 16


def test_many_elements_are_painted_over_what_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    below = PIL.Image.new("RGB", (640, 360), "#edae49")
    line = element(kind="line", points=[80, 80, 800, 400], color="#3060c0", width=64)
    pictures = []
    for many in (2, 1):
        monkeypatch.setattr(painter, "MANY", many)
        image = painter.picture([line], 640, 360, (1280, 720), font=None, below=below)
        pictures.append(np.asarray(image, dtype=np.int64))
    assert pictures[1][300, 600].tolist() == [0xED, 0xAE, 0x49]
    assert differences(*pictures)[0] < 0.1


def bends(count: int) -> list[Element]:
    """Strokes whose width follows their speed, with many bends."""
    chance = Random(7)
    return [
        element(
            kind="stroke",
            points=[
                *(chance.randint(500, 5_000) for _ in range(2)),
                *(chance.randint(-60, 90) for _ in range(78)),
            ],
            times=[0, *(chance.randint(6, 20) for _ in range(39))],
            look="flow",
            color=chance.choice(["#1b4965", "#d1495b", "#edae49"]),
            width=chance.choice([16, 32, 64]),
        )
        for _ in range(count)
    ]


def test_many_elements_have_fewer_points_and_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "MANY", 1)
    pictures = {}
    for detail in (painter.ROUGH, 0.005, 1.5):
        monkeypatch.setattr(painter, "ROUGH", detail)
        image = painter.picture(bends(60), 1280, 720, (1280, 720), font=None)
        pictures[detail] = np.asarray(image, dtype=np.int64)
    usual, exact, coarse = pictures.values()
    off = np.abs(usual - exact).max(axis=2)
    assert off.mean() < 0.3
    assert off.max() < 64
    assert np.abs(coarse - exact).max(axis=2).mean() > 3 * off.mean()


def test_many_elements_are_painted_page_by_page_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = [one for each in zip(everything(), bends(len(everything())), strict=True) for one in each]
    monkeypatch.setattr(painter, "MANY", 1)
    whole = painter.png(drawing, 640, 360, (1280, 720), font=font(drawing))
    monkeypatch.setattr(painter, "PAGE", 2)
    monkeypatch.setattr(painter, "WAITING", 0)
    assert painter.png(drawing, 640, 360, (1280, 720), font=font(drawing)) == whole
    # A control: in another order it is another picture.
    assert painter.png(drawing[::-1], 640, 360, (1280, 720), font=font(drawing)) != whole


def test_a_drawing_with_too_many_points_is_looked_at_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = bends(20)
    monkeypatch.setattr(painter, "MANY", 1)
    monkeypatch.setattr(seen_module, "LONG", 10)
    monkeypatch.setattr(seen_module, "TOGETHER", 5)
    whole = painter.png(drawing, 640, 360, (1280, 720), font=None)
    shown = seen(drawing, BOARD, 0.4)
    points = sum(len(way) for each in shown for part in each.display for way in ways_of(part))
    monkeypatch.setattr(seen_module, "MOST_POINTS", points // 2)
    sparse = painter.png(drawing, 640, 360, (1280, 720), font=None)
    assert sparse != whole
    # Nothing is left of what was painted before that was noticed.
    monkeypatch.setattr(painter, "stream", lambda *shown: iter([seen(*shown)]))
    assert painter.png(drawing, 640, 360, (1280, 720), font=None) == sparse


def test_without_pdfium_pictures_are_painted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = everything()
    usual = png(drawing, 320, 180, BOARD)
    monkeypatch.setattr(painter, "MANY", 1)
    monkeypatch.setattr(painter, "AVAILABLE", False)
    assert painter.png(drawing, 320, 180, BOARD, font=font(drawing)) == usual


def test_a_poster_that_is_too_large_is_the_same_picture_made_smaller() -> None:
    drawing = everything()
    whole = poster(drawing, [960], 10_000_000, BOARD)
    smaller = poster(drawing, [960, 320], len(whole) - 1, BOARD)
    image = PIL.Image.open(io.BytesIO(smaller))
    assert image.size == (320, 180)
    exact = raster(drawing, 320, 180, BOARD).astype(int)
    assert np.abs(np.asarray(image.convert("RGB"), int) - exact).mean() < 3
    assert poster(drawing, [960, 320], 100, BOARD) == b""
