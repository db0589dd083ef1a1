"""The files of an older version, unpacked: see `make`."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..support.processes import RelayProcess

FILES = Path(__file__).parent


def unpacked(name: str) -> bytes:
    """Return the content of one of the files."""
    return lzma.decompress((FILES / f"{name}.xz").read_bytes())


@pytest.fixture(scope="session")
def older() -> dict[str, Any]:
    """What the relay of the older version said of its database: `rooms`, `clients` and the `author` who drew."""
    content: dict[str, Any] = json.loads(unpacked("relay.json"))
    return content


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database of the older version."""
    path = tmp_path / "relay.sqlite"
    path.write_bytes(unpacked("relay.sqlite"))
    return path


@pytest.fixture
def relay(tmp_path: Path, database: Path) -> Iterator[RelayProcess]:
    """The relay of this version on that database."""
    process = RelayProcess(tmp_path, str(database))
    yield process
    process.stop()
