"""The command line: what it prints, what it refuses, its exit codes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from relay import __version__
from relay.__main__ import main
from relay.options import default_database

from ..support.raw_client import Process
from ..support.waiting import DEADLINE


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relay", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def one_sentence(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0].removeprefix("ipysketch-relay: ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ipysketch-relay {__version__}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_prints_where_it_listens_and_ends_with_0(number: int, tmp_path: Path) -> None:
    with Process("--db", ":memory:") as process:
        assert process.port
        code, log = process.end(number)
    assert code == 0
    assert "stopped" in log


def test_on_windows_it_says_where_it_runs() -> None:
    """Windows has no `fcntl`; a process without it stands in."""
    script = "import sys; sys.modules['fcntl'] = None; from relay.__main__ import main; sys.exit(main(['--port', '0']))"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert "runs on Linux and macOS; on Windows run it in WSL" in one_sentence(ended.stderr)


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port), "--db", ":memory:")
    assert ended.returncode == 2
    assert f"port {port} cannot be used" in one_sentence(ended.stderr)


def test_a_database_in_use_is_one_sentence_and_a_code_of_its_own(tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    with Process("--db", database):
        ended = run("--port", "0", "--db", database)
    assert ended.returncode == 3
    assert "in use by another relay" in one_sentence(ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "--behind-proxy"),
        (["--host", "relay.example"], "--behind-proxy"),
        (["--port", "70000"], "70000 is no port"),
        (["--log-file", "/nowhere/at/all.log"], "/nowhere/at/all.log"),
        (["--db", "/dev/null/relay.sqlite"], "cannot be opened"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--db", ":memory:", *arguments]) == 2
    assert said in one_sentence(capsys.readouterr().err)


def test_a_runtime_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = tmp_path / "relay.log"
    ended = run("--port", "0", "--db", ":memory:", "--runtime-file", tmp_path / "file" / "x", "--log-file", log)
    assert ended.returncode == 2
    assert "runtime file" in one_sentence(ended.stderr)


def test_it_ends_by_itself_when_idle() -> None:
    ended = run("--port", "0", "--db", ":memory:", "--idle-exit", "0.1")
    assert ended.returncode == 0
    assert "listening on ws://127.0.0.1:" in ended.stderr


def test_drawings_are_kept_in_the_users_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_database() == tmp_path / "ipysketch" / "relay.sqlite"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_database() == tmp_path / ".local" / "share" / "ipysketch" / "relay.sqlite"
