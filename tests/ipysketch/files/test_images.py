"""Pictures that people give, and pictures that others sent."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from ipysketch.errors import SketchError
from ipysketch.files.images import LONGEST, dimensions, image_fields, paintable
from ipysketch.model.elements import DisplayImage, Image, decode
from ipysketch.model.elements.image import MAX_DATA
from ipysketch.model.geometry import Rect

BOX = (10, 20, 100, 50)
NOISE = np.random.default_rng(3).integers(0, 256, (900, 1200, 4), dtype=np.uint8)


def file_of(picture: Pillow.Image, kind: str, **more: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **more)
    return stream.getvalue()


def shown(fields: dict[str, Any]) -> Pillow.Image:
    image = decode("k", fields)
    assert isinstance(image, Image)
    assert len(image.data) <= MAX_DATA
    return Pillow.open(io.BytesIO(base64.b64decode(image.data)))


small = Pillow.fromarray(NOISE[:30, :40])


@pytest.mark.parametrize(
    ("pixels", "box", "wanted"),
    [
        ((40, 30), (10, 20, 100, 50), (10, 20, 100, 50)),
        ((40, 30), (10, 20, 100, None), (10, 20, 100, 75)),
        ((40, 30), (10, 20, None, 60), (10, 20, 80, 60)),
        ((40, 30), (10, 20, None, None), (10, 20, 40, 30)),
        ((4096, 512), (0, 0, None, None), (0, 0, 1280, 160)),
        ((512, 1440), (0, 0, None, None), (0, 0, 256, 720)),
    ],
)
def test_what_is_left_out_of_a_box_follows_from_the_image(pixels: Any, box: Any, wanted: Any) -> None:
    fields = image_fields(Pillow.new("RGB", pixels), box)
    assert fields["box"] == [8 * value for value in wanted]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_file_that_fits_stays_as_it_is(kind: str, tmp_path: Path) -> None:
    data = file_of(small.convert("RGB"), kind)
    path = tmp_path / "picture"
    path.write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), path, str(path)):
        fields = image_fields(source, BOX)
        assert fields["mime"] == f"image/{kind.lower()}"
        assert fields["box"] == [80, 160, 800, 400]
        assert base64.b64decode(fields["data"]) == data


@pytest.mark.parametrize(
    ("array", "pixel"),
    [
        (np.full((9, 9), 100, np.uint8), (100,)),
        (np.full((9, 9, 3), 0.5), (128, 128, 128)),
        (np.full((9, 9, 4), 255), (255, 255, 255, 255)),
        (np.ones((9, 9), bool), (255,)),
        ([[0.0, 1.0]], (0,)),
    ],
)
def test_arrays_of_numbers_or_fractions(array: Any, pixel: tuple[int, ...]) -> None:
    first = shown(image_fields(array, BOX)).getpixel((0, 0))
    assert (first if isinstance(first, tuple) else (first,)) == pixel


def test_what_is_too_large_for_an_element_is_made_smaller() -> None:
    for array in (NOISE, NOISE[..., :3], np.tile(NOISE, (3, 3, 1))):
        picture = shown(image_fields(array, BOX))
        assert picture.width / picture.height == pytest.approx(4 / 3, rel=0.02)
        assert max(picture.size) <= LONGEST
        assert (picture.mode == "RGBA") == (array.shape[2] == 4)
    assert shown(image_fields(file_of(Pillow.fromarray(NOISE), "PNG"), BOX)).mode == "RGBA"


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    picture = shown(image_fields(file_of(small.convert("RGB"), "JPEG", exif=exif), BOX))
    assert picture.size == (30, 40)
    assert not picture.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
def test_pictures_of_any_mode(mode: str) -> None:
    assert shown(image_fields(small.convert("L").convert(mode), BOX)).size == (40, 30)


def test_a_side_of_the_box_may_follow_from_the_picture() -> None:
    assert image_fields(small, (0, 0, 80, None))["box"] == [0, 0, 640, 480]
    assert image_fields(small, (0, 0, None, 30))["box"] == [0, 0, 320, 240]


class Figure:
    """As a figure of matplotlib is saved."""

    def savefig(self, stream: io.BytesIO, **_: object) -> None:
        small.save(stream, "PNG")


def test_a_figure_is_saved() -> None:
    assert shown(image_fields(Figure(), BOX)).size == (40, 30)


def huge(kind: str) -> bytes:
    """The header of a picture of 200 megapixels, and nothing behind it."""
    sides = (20_000).to_bytes(4), (10_000).to_bytes(4)
    if kind == "PNG":
        return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + b"".join(sides) + b"\x08\x02\x00\x00\x00"
    frame = b"\xff\xc2\x00\x11\x08" + sides[1][2:] + sides[0][2:] + b"\x03" + b"\0" * 9
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\0" * 9 + b"\xff\xff\xfe\x00\x04ab" + frame


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_header_says_how_large_a_picture_is(kind: str) -> None:
    assert dimensions(file_of(small.convert("RGB"), kind)) == (40, 30)
    assert dimensions(huge(kind)) == (20_000, 10_000)
    for length in range(30):
        dimensions(huge(kind)[:length])
    with pytest.raises(SketchError, match="image of 200 megapixels: 40 are the most"):
        image_fields(huge(kind), BOX)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "neither a PNG nor a JPEG"),
        (b"GIF89a", "neither a PNG nor a JPEG"),
        (b"\xff\xd8\xff", "neither a PNG nor a JPEG"),
        (b"\xff\xd8\xff\xe0\x00\x00" * 9, "neither a PNG nor a JPEG"),
        (file_of(small, "PNG")[:300], "the image is damaged"),
        ("/nowhere/at/all.png", "cannot be read: No such file"),
        ("a\0b", "cannot be read"),
        (None, "not NoneType"),
        ({}, "not dict"),
        ([["a"]], "not list"),
        ([[1], [1, 2]], "not list"),
        (np.zeros((2, 2, 2, 2)), "has shape"),
        (np.zeros((0, 5)), "has shape"),
        (np.zeros((5, 5, 2)), "has shape"),
        (np.array([[0.5, np.nan]]), "such as NaN"),
        (np.array([[0.5, np.inf]]), "such as NaN"),
        (np.array([[0.5, 2.0]]), "fractions from 0 to 1, not 0.5 to 2.0"),
        (np.array([[-1, 2]]), "whole numbers from 0 to 255"),
        (np.array([[1j]]), "such as NaN"),
        (np.broadcast_to(np.uint8(0), (20_000, 10_000)), "image of 200 megapixels"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(source: object, sentence: str) -> None:
    with pytest.raises(SketchError, match=sentence):
        image_fields(source, BOX)


@pytest.mark.parametrize(
    "box",
    [(), (1, 2, 3), "abcd", None, (0, 0, -1, 5), (0, 0, float("nan"), 5), (0, 0, 1e9, 5)],
)
def test_what_is_no_box_is_refused_too(box: Any) -> None:
    with pytest.raises(SketchError, match="box"):
        image_fields(small, box)


def test_what_others_sent_is_written_anew() -> None:
    data = file_of(small.convert("RGB"), "PNG") + b"something hidden"
    again = paintable(DisplayImage(Rect(0, 0, 9, 9), "image/png", base64.b64encode(data).decode()))
    assert again is not None
    assert b"hidden" not in again
    assert Pillow.open(io.BytesIO(again)).tobytes() == small.convert("RGB").tobytes()


@pytest.mark.parametrize("data", [b"abc", huge("PNG"), file_of(small, "PNG")[:300], file_of(small, "GIF")])
def test_what_cannot_be_shown_is_nothing(data: bytes) -> None:
    assert paintable(DisplayImage(Rect(0, 0, 9, 9), "image/png", base64.b64encode(data).decode())) is None
