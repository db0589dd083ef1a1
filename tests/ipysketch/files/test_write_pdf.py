"""Drawings as PDF."""

from __future__ import annotations

import re
import warnings
from pathlib import Path as File

import pytest
from fpdf import FPDF

from ipysketch.errors import SketchError
from ipysketch.files import fonts, write_pdf
from ipysketch.files.write_pdf import TypeCase, pdf

from ...contract.gallery import BOARD, everything
from ...contract.make_elements import EVERY
from .drawn import element, huge_image, text


def test_a_pdf_has_a_page_for_each_page_and_takes_every_kind() -> None:
    every = [element(**fields) for fields in EVERY]
    written = pdf([everything(), every, []], BOARD)
    assert written.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b(?!s)", written)) == 3


def test_groups_and_images_of_a_pdf_do_not_share_names() -> None:
    named = re.findall(rb"/I(\d+) \d+ 0 R", pdf([everything()], BOARD))
    # Two files of pictures, of which one is shown twice, and four translucent things of several parts.
    assert len(set(named)) == len(named) == 6


@pytest.mark.parametrize("words", ["Ωmega → ∞", "שלום", "a😀b", "ﬁ\u200bx", "\u202eabc", "m" * 500])
@pytest.mark.filterwarnings("ignore:no font here knows")
def test_a_pdf_takes_any_text(words: str) -> None:
    assert pdf([[text(words)]], BOARD).startswith(b"%PDF")


def test_without_its_library_a_pdf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_pdf, "AVAILABLE", False)
    with pytest.raises(SketchError, match=re.escape("pip install 'ipysketch-live[files]'")):
        pdf([[]], BOARD)


def test_the_extra_is_what_the_error_names() -> None:
    project = File(__file__).parents[3] / "pyproject.toml"
    assert re.search(r"^files = \[.*fpdf2", project.read_text(), re.M)


def test_an_image_that_is_too_large_to_decode_is_left_out() -> None:
    assert pdf([[huge_image()]], BOARD).startswith(b"%PDF")


def test_a_machine_without_fonts_shows_question_marks_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "sans", lambda: None)
    monkeypatch.setattr(fonts, "others", lambda: iter(()))
    assert pdf([[text("Grüße")]], BOARD).startswith(b"%PDF")
    with pytest.warns(UserWarning, match=r"2 of the characters \(漢 字\)"):
        pdf([[text("漢字")]], BOARD)


def test_arabic_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdf([[text("\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645")]], BOARD)
    monkeypatch.setattr(TypeCase, "_has", lambda _self, _letter: True)
    # Meem as the first of three, in the middle and as the last: its forms, and not the letter alone.
    assert TypeCase(FPDF()).joined("\u0645\u0645\u0645 abc") == "\ufee3\ufee4\ufee2 abc"


@pytest.mark.filterwarnings("ignore:no font here knows")
def test_what_cannot_be_joined_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(UserWarning, match="cannot join or reorder 6 of the characters \\(\u0928"):
        pdf([[text("\u0928\u092e\u0938\u094d\u0924\u0947")]], BOARD)
    monkeypatch.setattr(TypeCase, "_has", lambda _self, letter: letter < "\ufb50")
    with pytest.warns(UserWarning, match="cannot join or reorder 1 of the characters"):
        pdf([[text("\u0645\u0645")]], BOARD)
