"""Drawings as SVG."""

from __future__ import annotations

import base64
import math
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import ipysketch
from ipysketch.files.write_svg import svg
from ipysketch.model.elements import Image, Stroke, Text
from ipysketch.model.geometry import Rect

from ...contract.gallery import BOARD, elements, everything, gallery
from .drawn import huge_image

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"'><script>alert(1)</script>]]>&amp;<!--\x00\x0b\ufffe"


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
    assert "<image" not in svg([huge_image()], BOARD)


def test_anybody_can_write_elements_as_svg() -> None:
    tree = ElementTree.fromstring(ipysketch.to_svg(everything(), width=640))
    assert (tree.get("viewBox"), tree.get("width"), tree.get("height")) == ("0 0 1280 720", "640", "360")
    assert len(list(tree.iter(f"{SVG}image"))) == 3
    assert ipysketch.to_svg([]) == svg([], (1280, 720))


@pytest.mark.parametrize(("width", "error"), [(0, ValueError), (math.inf, ValueError), ("640", TypeError)])
def test_a_width_that_cannot_be_is_refused(width: Any, error: type[Exception]) -> None:
    for draw in (ipysketch.to_svg, ipysketch.to_array):
        with pytest.raises(error) as caught:
            draw([], width=width)
        assert isinstance(caught.value, ipysketch.SketchError)
