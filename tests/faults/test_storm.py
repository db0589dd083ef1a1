"""A small reconnect storm: everybody gets in sync with one snapshot, or at most two while somebody draws."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from .storm import broken, measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_hundred_come_back_at_once(tmp_path: Path) -> None:
    size, quiet, busy = asyncio.run(measure(100, 1.5, tmp_path))
    assert broken(quiet, size, drawing=False, timed=False) == []
    assert broken(busy, size, drawing=True, timed=False) == []
    assert busy.drawn > 0
    assert len(quiet.streams) == 1


def test_a_relay_that_builds_one_for_each_stroke_is_found_out(tmp_path: Path) -> None:
    size, quiet, busy = asyncio.run(measure(30, 0.2, tmp_path, "counted+no_sharing"))
    assert broken(quiet, size, drawing=False, timed=False) == []
    assert broken(busy, size, drawing=True, timed=False) == [f"{busy.built} snapshots were built"]
