"""Drawings as files, by the end of their names."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from PIL import Image

from ipysketch.errors import SketchError
from ipysketch.files.formats import load, read, save, written
from ipysketch.model.archive import Item

from ...contract.gallery import BOARD, everything
from ...contract.make_elements import STROKE
from .drawn import DRAWING, PAGES, TWO


@pytest.mark.parametrize(
    ("suffix", "begin"), [("json", b"{"), ("svg", b"<svg"), ("PNG", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_the_end_of_the_name_says_what_is_written(tmp_path: Path, suffix: str, begin: bytes) -> None:
    path = tmp_path / f"drawing.{suffix}"
    save(everything(), path, board=BOARD)
    assert path.read_bytes().startswith(begin)


def test_json_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "drawing.json"
    save(PAGES, path)
    assert load(path).items == tuple(PAGES)
    assert str(load(path)) == f"{len(PAGES)} elements read"
    save(load(path).items, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_page_is_written_alone_and_pdf_has_all() -> None:
    assert written(PAGES, ".svg", page=TWO).count(b"<path") == 2
    assert written(PAGES, ".svg", page="").count(b"<path") > 2
    assert len(written(PAGES, ".pdf")) > len(written(DRAWING[:-1], ".pdf"))


RED = {"kind": "rectangle", "color": "#ff0000", "fill": "#ff0000", "width": 8}
BESIDE = [Item({**RED, "box": [-1600, 800, 800, 800]}, "a"), Item({**RED, "box": [800, 800, 80, 80]}, "b", TWO)]


def test_the_desk_is_shown_by_choice() -> None:
    def picture(*, desk: bool = False) -> Image.Image:
        return Image.open(io.BytesIO(written(BESIDE, ".png", desk=desk))).convert("RGB")

    sheet, desk = picture(), picture(desk=True)
    assert sheet.size == (1280, 720)
    assert sheet.getcolors() == [(1280 * 720, (255, 255, 255))], "what lies beside the sheet is not exported"
    assert desk.size == (1280 + 201, 720)
    assert desk.getpixel((50, 150)) == (255, 0, 0)
    assert b'viewBox="-201 0 1481 720"' in written(BESIDE, ".svg", desk=True)
    assert b'viewBox="0 0 1280 720"' in written(BESIDE, ".svg", page=TWO, desk=True), (
        "that page has nothing there"
    )
    far = Item({**RED, "box": [-800_000, 80, 80, 80]}, "far")
    assert b'viewBox="-1920 0 3200 720"' in written([far], ".svg", desk=True), "a desk is not endless"
    assert written(BESIDE, ".pdf", desk=True) != written(BESIDE, ".pdf")


def test_what_json_holds_besides_is_counted() -> None:
    content = json.loads(written(DRAWING[:2], ".json"))
    content["elements"] += [{"fields": {"kind": "spiral"}, "key": "s"}, 7, {"key": "x"}, {"fields": STROKE}]
    loaded = read(json.dumps(content).encode(), ".json")
    assert len(loaded.items) == 2
    assert loaded.skipped == {"element of kind 'spiral'": 1, "broken element": 3}
    assert (
        str(loaded)
        == "2 elements read; left out or shown otherwise: 3 × broken element, 1 × element of kind 'spiral'"
    )


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.json", b"\x89PNG\r\n", "'a.json' is not JSON"),
        ("a.json", b"[" * 100_000, "'a.json' is not JSON"),
        ("a.json", b'{"elements": [NaN]}', "'a.json' is not JSON"),
        ("a.json", b"[]", "no drawing of ipysketch"),
        ("a.json", b'{"type": "excalidraw", "elements": []}', "no drawing of ipysketch"),
        ("a.json", b'{"ipysketch": 2, "elements": []}', "newer ipysketch"),
        ("a.svg", b"%PDF", "'a.svg' is not SVG"),
        ("a.svg", b"<html/>", "'a.svg' is not SVG: it holds <html>"),
        ("a.svg", b"", "'a.svg' is not SVG"),
        ("a.excalidraw", b"<svg/>", "is not JSON, as a drawing of Excalidraw is"),
        ("a.excalidraw", b'{"elements": 7}', "no drawing of Excalidraw"),
        (
            "a.png",
            b"",
            "cannot be read from '.png': write .png, .svg, .pdf, .json, .excalidraw, .gif or .webp; read",
        ),
        ("a", b"", "a file without an ending"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SketchError, match=sentence):
        load(tmp_path / name)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SketchError, match="cannot be read: No such file"):
        load(tmp_path / "a.json")
    with pytest.raises(SketchError, match="cannot be written: No such file"):
        save([], tmp_path / "no" / "a.json")
    with pytest.raises(SketchError, match=r"cannot be written as '\.gif'"):
        save([], tmp_path / "a.gif")
    with pytest.raises(SketchError, match="pixels to a board unit"):
        save([], tmp_path / "a.png", scale=math.nan)
    assert list(tmp_path.iterdir()) == []
