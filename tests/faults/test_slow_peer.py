"""A short run of the slow-peer load: what holds at any speed of the machine. It fails when the watchdog is off."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ..support.waiting import DEADLINE
from .slow_peer import broken, measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_stalled_peer_goes_and_slow_ones_get_everything(tmp_path: Path) -> None:
    _, result = asyncio.run(measure(16, 0, tmp_path, "unaltered", DEADLINE))
    assert broken(result, None) == []
    assert result.slow_connected == len(result.slow_previews)


def test_without_the_watchdog_this_harness_says_so(tmp_path: Path) -> None:
    _, result = asyncio.run(measure(16, 0, tmp_path, "no_watchdog"))
    assert broken(result, None) == ["the stalled peer was not aborted"]
