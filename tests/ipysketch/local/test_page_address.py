"""What a Jupyter server notes of a kernel's page, and its kernel reads."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ipysketch.local.page_address import KEPT, note_page, page_address, sweep

KERNEL = "0b1c2d3e-aaaa-4bbb-8ccc-123456789abc"
FILE = f"/run/user/1000/jupyter/kernel-{KERNEL}.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path / "runtime" / "pages"


def test_a_kernel_knows_the_address_of_its_latest_page() -> None:
    assert page_address(FILE) == ""
    note_page(KERNEL, "https://old.example", "/ipysketch/")
    note_page(KERNEL, "https://lab.example:8443", "/user/ada/ipysketch/")
    assert page_address(FILE) == "https://lab.example:8443/user/ada/ipysketch/"
    assert page_address("/x/kernel-other.json") == ""


def test_others_cannot_read_it(folder: Path) -> None:
    note_page(KERNEL, "https://lab.example", "/ipysketch/")
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("kernel", "origin"),
    [
        (KERNEL, ""),
        (KERNEL, "null"),
        (KERNEL, "file://"),
        (KERNEL, "https://"),
        ("../../x", "https://lab.example"),
    ],
)
def test_what_is_no_page_or_no_kernel_is_not_noted(folder: Path, kernel: str, origin: str) -> None:
    note_page(kernel, origin, "/ipysketch/")
    assert not folder.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"address": 1}', '{"address": "javascript:x"}', "{"])
def test_a_broken_note_is_none(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"{KERNEL}.json").write_text(text)
    assert page_address(FILE) == ""


def test_notes_of_kernels_that_are_gone_are_removed(folder: Path) -> None:
    note_page("old", "https://lab.example", "/ipysketch/")
    note_page("new", "https://lab.example", "/ipysketch/")
    long_ago = time.time() - KEPT - 60
    os.utime(folder / "old.json", (long_ago, long_ago))
    sweep()
    assert [note.name for note in folder.iterdir()] == ["new.json"]
