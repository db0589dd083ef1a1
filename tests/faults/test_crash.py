"""A short run of the crash harness: ``make faults`` has the long one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from .crash import crash


def test_nothing_acknowledged_is_lost_through_ten_kills(tmp_path: Path) -> None:
    figures = asyncio.run(crash(tmp_path, clients=8, rooms=2, operations=3000, kills=16, seed=7))
    print(figures)
    assert sum(figures.kills.values()) >= 10
    assert figures.found.wrong == []
    assert figures.found.operations > 2000
    assert figures.found.refused > 0, "a run in which nothing is refused shows nothing of refusals"
    assert figures.found.documents == figures.found.equal == 10
