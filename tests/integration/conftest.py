"""A home of its own for every test of boards, and a relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..processes import RelayProcess, environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path).items():
        if name.startswith("IPYSKETCH"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("IPYSKETCH_URL", raising=False)
    return tmp_path


@pytest.fixture
def relay(home: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(home)
    yield process
    process.stop()
