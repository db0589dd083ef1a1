"""The fonts of this machine."""

from __future__ import annotations

from ipysketch.files import fonts


def test_a_font_is_found_here() -> None:
    found = fonts.sans()
    assert found is not None
    assert found.is_file()
    assert fonts.family(found)
