"""Drawings as SVG, pixels and PDF."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from ipysketch import fonts
from ipysketch import pdf as pdf_module
from ipysketch.elements import Element, Image, Stroke, Text, decode
from ipysketch.errors import SketchError
from ipysketch.geometry import Rect
from ipysketch.pdf import pdf
from ipysketch.raster import png, raster
from ipysketch.svg import svg

from ..vectors.gallery import BOARD, elements, everything, gallery
from ..vectors.make_elements import EVERY

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"'><script>alert(1)</script>]]>&amp;<!--\x00\x0b\ufffe"


def of(**fields: Any) -> Element:
    element = decode("k", fields)
    assert element is not None
    return element


def horizontal(**more: Any) -> Element:
    return of(**{"kind": "line", "points": [0, 80, 800, 0], "color": "#ff0000", "width": 32, **more})


def test_svg_has_the_paper_and_every_kind() -> None:
    tree = ElementTree.fromstring(svg(everything(), BOARD))
    assert tree.get("viewBox") == "0 0 640 360"
    assert tree[0].get("fill") == "#ffffff"
    assert {one.tag.removeprefix(SVG) for one in tree.iter()} == {"svg", "rect", "g", "path", "text", "image"}
    assert [text.text for text in tree.iter(f"{SVG}text")] == ["Will it hold?", "  Grüße, Ωmega", "<b>& big"]


def test_an_element_is_translucent_as_a_whole() -> None:
    tree = ElementTree.fromstring(svg(elements(gallery()["rectangle"][1:2]), BOARD))
    (group,) = (one for one in tree.iter(f"{SVG}g") if one.get("opacity"))
    assert (group.get("opacity"), len(group)) == ("0.5", 1)


def test_nothing_of_an_element_becomes_markup() -> None:
    stroke = Stroke("k", np.array([(0.0, 0.0), (9.0, 9.0)]), HOSTILE, 3)
    text = Text("k", (0, 0), HOSTILE, HOSTILE, 12)
    image = Image("k", Rect(0, 0, 9, 9), HOSTILE, base64.b64encode(b"<svg>").decode())
    written = svg([stroke, text, image], BOARD)
    tree = ElementTree.fromstring(written)
    assert {one.tag.removeprefix(SVG) for one in tree.iter()} == {"svg", "rect", "g", "path", "text"}
    assert [one.text for one in tree.iter(f"{SVG}text")] == [re.sub("[\x00\x0b\ufffe]", "", HOSTILE)]


def test_an_image_that_is_too_large_to_decode_is_left_out() -> None:
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + (20_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    data = base64.b64encode(header.ljust(33, b"\0")).decode()
    image = of(kind="image", box=[0, 0, 80, 80], mime="image/png", data=data)
    assert "<image" not in svg([image], BOARD)
    assert (raster([image], 64, 36, BOARD) == 255).all()
    assert pdf([[image]], BOARD).startswith(b"%PDF")


def test_pixels_are_where_the_ink_is() -> None:
    pixels = raster([horizontal()], 1280, 720, BOARD)
    assert (pixels.shape, pixels.dtype) == ((720, 1280, 3), np.uint8)
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


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "sans", lambda: None)
    monkeypatch.setattr(fonts, "others", lambda: iter(()))
    return


@pytest.mark.usefixtures("no_fonts")
def test_a_machine_without_fonts_says_so() -> None:
    text = of(kind="text", at=[0, 0], text="Grüße", size=160, color="#000000")
    with pytest.warns(UserWarning, match="no sans-serif font"):
        raster([text], 64, 36, BOARD)
    assert pdf([[text]], BOARD).startswith(b"%PDF")
    text = of(kind="text", at=[0, 0], text="漢字", size=160, color="#000000")
    with pytest.warns(UserWarning, match=r"2 of the characters \(漢 字\)"):
        pdf([[text]], BOARD)


def test_a_font_is_found_here() -> None:
    found = fonts.sans()
    assert found is not None
    assert found.is_file()
    assert fonts.family(found)


def test_a_pdf_has_a_page_for_each_page_and_takes_every_kind() -> None:
    every = [of(**fields) for fields in EVERY]
    written = pdf([everything(), every, []], BOARD)
    assert written.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b(?!s)", written)) == 3


def test_groups_and_images_of_a_pdf_do_not_share_names() -> None:
    named = re.findall(rb"/I(\d+) \d+ 0 R", pdf([everything()], BOARD))
    # Two files of pictures, of which one is shown twice, and four translucent things of several parts.
    assert len(set(named)) == len(named) == 6


@pytest.mark.parametrize("text", ["Ωmega → ∞", "שלום", "a😀b", "ﬁ​x", "\u202eabc", "m" * 500])
@pytest.mark.filterwarnings("ignore:no font here knows")
def test_a_pdf_takes_any_text(text: str) -> None:
    assert pdf([[of(kind="text", at=[0, 0], text=text, size=160, color="#000000")]], BOARD).startswith(b"%PDF")


def test_without_its_library_a_pdf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "AVAILABLE", False)
    with pytest.raises(SketchError, match=re.escape("pip install 'ipysketch-live[files]'")):
        pdf([[]], BOARD)


def test_the_extra_is_what_the_error_names() -> None:
    project = File(__file__).parents[2] / "pyproject.toml"
    assert re.search(r"^files = \[.*fpdf2", project.read_text(), re.M)
