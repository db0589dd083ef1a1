"""The page's module on a relay and a clock that go by hand: see ``page.test.mjs``."""

from __future__ import annotations

from pathlib import Path

from ..node import says


def test_the_module_of_the_page() -> None:
    says("--test", str(Path(__file__).parent / "page.test.mjs"))
