"""The reconnect storm, small: everybody in sync, one snapshot for all, a second one at most while somebody draws."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from .storm import broken, measure


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hundred_come_back_at_once(tmp_path: Path) -> None:
    size, quiet, busy = asyncio.run(measure(100, 1.5, tmp_path))
    assert broken(quiet, size, drawing=False) == []
    assert broken(busy, size, drawing=True) == []
    assert busy.drawn > 0
    assert len(quiet.streams) == 1
