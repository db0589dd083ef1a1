"""Drawings as SVG."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import ipysketch
from ipysketch.files.write_pdf import pdf
from ipysketch.files.write_svg import svg
from ipysketch.model.elements import Element, Fill, Image, Stroke, Text
from ipysketch.model.elements import stroke as stroke_module
from ipysketch.model.geometry import Rect
from ipysketch.model.ink import Hand, contours

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


def numbers(data: str) -> list[float]:
    """Return the numbers of path data; a sign or a blank begins each."""
    return [float(number) for number in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)", data)]


@pytest.mark.parametrize("far", [1, 50, 5000, 100_000])
def test_a_line_is_written_in_steps_that_do_not_drift(far: float) -> None:
    line = np.random.default_rng(7).uniform(-far, far, (500, 2))
    stroke = Stroke("k", line, "#000000", 3, look="even")
    (path,) = ElementTree.fromstring(svg([stroke], BOARD)).iter(f"{SVG}path")
    first, steps = re.fullmatch(r"M([^a-z]+)(l.*)", path.get("d", "")).groups()  # type: ignore[union-attr]
    begins, curve, mirrored, last = re.split("[qtl]", steps)[1:]
    found = np.array(numbers(first + begins)).reshape(-1, 2).cumsum(axis=0)
    ends = np.concatenate([numbers(curve)[2:], numbers(mirrored), numbers(last)]).reshape(-1, 2)
    found = np.concatenate([found, found[-1] + ends.cumsum(axis=0)])
    middles = (line[:-1] + line[1:]) / 2
    assert np.abs(found - np.concatenate([line[:1], middles, line[-1:]])).max() < 0.006


def test_ink_of_varying_width_is_written_as_it_is() -> None:
    times = np.arange(9) / 50
    way = np.column_stack([np.linspace(10, 300, 9), 90 + 60 * np.sin(np.linspace(0, 4, 9))])
    stroke = Stroke("k", way, "#000000", 8, t=times, look="flow")
    (ink,) = stroke.display
    assert isinstance(ink, Fill)
    (path,) = ElementTree.fromstring(svg([stroke], BOARD)).iter(f"{SVG}path")
    found = []
    for data in path.get("d", "").split("M")[1:]:
        first, steps = data.rstrip("Z").split("q")
        at = np.array(numbers(first))
        found.append(at)
        for control, end in np.array(numbers(steps)).reshape(-1, 2, 2):
            found += [at + control, at := at + end]
    assert np.abs(np.array(found) - np.concatenate(ink.contours)).max() < 0.006


@pytest.mark.parametrize("write", [lambda drawing: svg(drawing, BOARD), lambda drawing: pdf([drawing], BOARD)])
def test_the_ink_of_many_strokes_is_computed_together(
    write: Callable[[list[Element]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def counted(hands: Sequence[Hand]) -> list[tuple[np.ndarray, ...]]:
        calls.append(len(hands))
        return contours(hands)

    monkeypatch.setattr(stroke_module, "contours", counted)
    write([Stroke(str(n), np.array([(n, 5.0)]), "#000000", 3, look="flow") for n in range(1, 301)])
    assert sum(calls) == 300
    assert len(calls) < 5
