"""A home and a relay that only one notebook uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.processes import RelayProcess


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(tmp_path)
    yield process
    process.stop()
