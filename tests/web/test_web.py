"""The tests of the JavaScript modules: one ``*.test.mjs`` for each module that has logic, run by node."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.node import says

TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"), key=lambda path: path.name)


@pytest.mark.parametrize("test", TESTS, ids=[path.name.removesuffix(".test.mjs") for path in TESTS])
def test_module(test: Path) -> None:
    says("--test", str(test))
