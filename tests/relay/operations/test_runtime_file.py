"""The files by which a relay's user finds it: what a killed relay left is gone when the next one starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay.operations.runtime_file import announce, withdraw


def ended_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_behind(path: Path, pid: int, **other: object) -> None:
    announce(path, 7000, "secret")
    path.write_text(json.dumps({**json.loads(path.read_text()), "pid": pid, **other}))


def test_what_a_killed_relay_left_is_swept(tmp_path: Path) -> None:
    dead, alive, elsewhere = (tmp_path / f"relay-{port}.json" for port in (7001, 7002, 7003))
    left_behind(elsewhere, ended_process(), host="another machine that shares this home")
    left_behind(alive, os.getpid())
    left_behind(dead, ended_process())
    damaged, other = tmp_path / "relay-7004.json", tmp_path / "notes.json"
    damaged.write_text('{"pid": "none"}')
    other.write_text("[]")
    announce(tmp_path / "relay-7005.json", 7005, "secret")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("relay-7002.json", "relay-7003.json", "relay-7004.json", "relay-7005.json", "notes.json"),
    }


def test_a_relay_of_somebody_else_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    path = tmp_path / "relay-7001.json"
    left_behind(path, ended_process())
    monkeypatch.setattr(os, "kill", refuse)
    announce(tmp_path / "relay-7002.json", 7002, "secret")
    assert path.exists()


def test_only_its_own_relay_withdraws_a_file(tmp_path: Path) -> None:
    path = tmp_path / "relay-7001.json"
    announce(path, 7001, "secret")
    withdraw(path, "another")
    assert path.exists()
    withdraw(path, "secret")
    assert not path.exists()
