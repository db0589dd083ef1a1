"""Drawings as pixels."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

import ipysketch
from ipysketch import SketchError
from ipysketch.files import fonts, painter
from ipysketch.files.rasterize import png, poster, raster

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


def test_a_picture_of_many_elements_differs_at_edges_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = everything()
    usual = np.asarray(painter.picture(drawing, 640, 360, (1280, 720), font=None).convert("RGB"), int)
    monkeypatch.setattr(painter, "MANY", 1)
    many = np.asarray(painter.picture(everything(), 640, 360, (1280, 720), font=None), int)
    off = np.abs(usual - many).max(axis=2)
    # A point is an edge where it is not as all of its neighbours are.
    around = np.stack([np.roll(usual, step, (0, 1)) for step in ((0, 1), (1, 0), (0, -1), (-1, 0))])
    edges = np.abs(around - usual).max(axis=(0, 3)) > 8
    assert edges.any()
    assert off[~edges].max() <= 16
    assert off.mean() < 1


def test_a_layer_of_many_elements_is_transparent_where_there_is_no_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "MANY", 1)
    line = element(kind="line", points=[80, 80, 800, 400], color="#3060c0", width=64)
    layer = np.asarray(painter.picture([line], 640, 360, (1280, 720), font=None, paper=None))
    assert layer.shape == (360, 640, 4)
    inked = layer[..., 3] > 0
    assert (0.001 < inked.mean() < 0.1).all()
    # The colour at edges is that of the ink, not mixed with that of the paper.
    assert np.abs(layer[inked & (layer[..., 3] > 40)][:, :3].astype(int) - (0x30, 0x60, 0xC0)).max() < 8


def test_a_poster_that_is_too_large_is_the_same_picture_made_smaller() -> None:
    drawing = everything()
    whole = poster(drawing, [960], 10_000_000, BOARD)
    smaller = poster(drawing, [960, 320], len(whole) - 1, BOARD)
    image = PIL.Image.open(io.BytesIO(smaller))
    assert image.size == (320, 180)
    exact = raster(drawing, 320, 180, BOARD).astype(int)
    assert np.abs(np.asarray(image.convert("RGB"), int) - exact).mean() < 3
    assert poster(drawing, [960, 320], 100, BOARD) == b""
