"""Drawings as pixels."""

from __future__ import annotations

import numpy as np
import pytest

import ipysketch
from ipysketch import SketchError
from ipysketch.files import fonts
from ipysketch.files.rasterize import png, raster

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
