"""The drawing inside of an SVG file."""

from __future__ import annotations

import base64
import zlib
from xml.etree import ElementTree

import pytest

from ipysketch.files import svg_source
from ipysketch.files.formats import from_bytes, read, written
from ipysketch.files.svg_source import source_of, with_source
from ipysketch.model.archive import Item

from .drawn import DRAWING, PAGES, TWO

BOARD = (1280.0, 720.0)
FILE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720">\n<path d="M8 8h99v99z"/>\n</svg>\n'
RED = {"kind": "rectangle", "color": "#ff0000", "fill": "#ff0000", "width": 8}


def test_what_was_written_is_read_back_as_it_was() -> None:
    loaded = read(written(PAGES, ".svg"), ".svg")
    assert list(loaded.items) == [item for item in DRAWING if item.fields["kind"] != "page"]
    assert not loaded.skipped
    again = read(written(PAGES, ".svg", page=TWO), ".svg")
    assert [item.fields for item in again.items] == [item.fields for item in PAGES if item.page == TWO]


def test_what_is_not_seen_is_not_given_away() -> None:
    beside, across = (
        Item({**RED, "box": [-1600, 800, 800, 800]}, "a"),
        Item({**RED, "box": [-80, 80, 160, 80]}, "b"),
    )
    assert read(written([beside, across], ".svg"), ".svg").items == (across,)
    assert read(written([beside, across], ".svg", desk=True), ".svg").items == (beside, across), (
        "in their places, though the sheet is no longer in the corner"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"#ff0000", b"#00ff00"),
        lambda data: data.replace(b'viewBox="0 0', b'viewBox="1 1'),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b'digest="', b'digest="0').replace(b'">', b'">', 1),
        lambda data: data.replace(b"<drawing ", b"<drawing version='2' "),
    ],
    ids=["a color", "a view", "ends of lines", "a digest", "attributes"],
)
def test_a_file_that_was_changed_is_what_it_shows(change: object) -> None:
    assert callable(change)
    data = written([Item({**RED, "box": [80, 80, 80, 80], "note": "mine"}, "a")], ".svg")
    items = from_bytes(change(data), ".svg", BOARD).items
    assert items, "the shapes"
    assert "note" not in items[-1].fields


@pytest.mark.parametrize("source", [b"", b"7", b"{}", b'{"ipysketch": 2, "elements": []}'])
def test_a_source_that_is_no_drawing_of_today_leaves_the_shapes(source: bytes) -> None:
    assert len(from_bytes(with_source(FILE, source), ".svg", BOARD).items) == 1


def test_a_source_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    source = bytes(range(256)) * 8
    assert source_of(with_source(FILE, source)) == source
    with monkeypatch.context() as patch:
        patch.setattr(svg_source, "LARGEST", 100)
        assert with_source(FILE, source) == FILE, "other programs could not read it"
    bomb = with_source(FILE, source)
    monkeypatch.setattr(svg_source, "LARGEST_UNPACKED", len(source) - 1)
    assert source_of(bomb) is None, "no more of it is unpacked"
    assert with_source(FILE, source) == FILE


def test_what_is_packed_badly_is_no_source() -> None:
    good = base64.b64encode(zlib.compress(b"drawing"))
    data = with_source(FILE, b"drawing")
    assert good in data
    assert ElementTree.fromstring(data).tag.endswith("svg")
    for bad in (b"", b"A", base64.b64encode(b"no zlib"), good[:12]):
        assert source_of(data.replace(good, bad)) is None
    assert source_of(FILE) is None
    assert source_of(b"") is None
