"""A home of its own for every test of boards, and a relay."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.processes import RelayProcess, environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, value in environment(tmp_path).items():
        if name.startswith("IPYSKETCH"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("IPYSKETCH_URL", raising=False)
    yield tmp_path
    # A relay of the user's own outlives who starts it: a script, or this process.
    for file in (tmp_path / "runtime").glob("own-*.json"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(json.loads(file.read_text())["pid"], signal.SIGTERM)


@pytest.fixture
def relay(home: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(home)
    yield process
    process.stop()
