"""Finding and starting the user's own relay, in a private runtime directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ipysketch import launch
from ipysketch.errors import SketchError


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Private directories; every relay started is ended."""
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path
    for child in launch._children:
        child.terminate()
        assert child.wait(10) in (0, 2, -signal.SIGTERM, launch.LOST_RACE)
    launch._children.clear()


def write(places: Path, *, port: int, mode: int = 0o600) -> Path:
    directory = places / "run"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / "relay.json"
    path.write_text(json.dumps({"port": port, "token": "t" * 64, "pid": os.getpid()}))
    path.chmod(mode)
    return path


def test_nothing_is_found_where_nothing_runs() -> None:
    assert launch.find() is None


def test_one_is_started_found_again_and_ends_with_its_file(places: Path) -> None:
    local, started = launch.ensure()
    assert started
    assert launch.ensure() == (local, False)
    file = places / "run" / "relay.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (places / "run").stat().st_mode & 0o777 == 0o700
    assert json.loads(file.read_text())["token"] == local.token
    assert local.log.read_text().count("listening on ") == 1
    assert local.token not in local.log.read_text()
    [child] = launch._children
    assert child.pid == local.pid
    assert os.getsid(child.pid) == child.pid
    child.terminate()
    assert child.wait(10) == 0
    assert not file.exists()
    assert launch.find() is None


def test_two_that_start_at_once_end_at_one_relay() -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: launch.start(), range(2))
    assert first == second


def test_a_killed_relay_is_followed_by_another(places: Path) -> None:
    killed = launch.start()
    os.kill(killed.pid, signal.SIGKILL)
    launch._children.pop().wait(10)
    assert (places / "run" / "relay.json").exists()
    local, started = launch.ensure()
    assert started
    assert local.token != killed.token


def test_a_folder_with_a_relay_of_its_own_does_not_matter(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places / "relay.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(places)
    assert launch.ensure()[1]


@pytest.mark.parametrize("proof", [None, "0" * 64, "é"])
def test_what_answers_at_the_port_without_the_proof_is_not_found(places: Path, proof: str | None) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if proof is not None:
                self.send_header("X-Ipysketch-Proof", proof)
            self.end_headers()
            self.wfile.write(b"ok\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        write(places, port=server.server_port)
        try:
            assert launch.find() is None
        finally:
            server.shutdown()
            thread.join()


def test_what_says_nothing_at_the_port_is_not_waited_for(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PROBE_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write(places, port=silent.getsockname()[1])
        assert launch.find() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"port": "1", "token": "t", "pid": 1}', "\x00"])
def test_a_file_that_says_nothing_useful_is_ignored(places: Path, text: str) -> None:
    write(places, port=1).write_text(text)
    assert launch.find() is None


def test_a_file_that_others_can_read_or_own_is_refused(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = launch.start()
    file = places / "run" / "relay.json"
    assert launch.find() == local
    file.chmod(0o644)
    assert launch.find() is None
    file.chmod(0o600)
    (places / "run").chmod(0o777)
    assert launch.find() is None
    with pytest.raises(SketchError, match="changed by others"):
        launch.start()
    (places / "run").chmod(0o700)
    assert launch.find() == local
    mine = os.getuid()
    with monkeypatch.context() as other:
        other.setattr(os, "getuid", lambda: mine + 1)
        assert launch.find() is None
    file.rename(places / "run" / "elsewhere.json")
    file.symlink_to(places / "run" / "elsewhere.json")
    assert launch.find() is None


def test_a_relay_that_cannot_start_says_why(places: Path) -> None:
    (places / "data").mkdir()
    (places / "data" / "relay.sqlite").write_bytes(b"This is a letter, not a database. " * 200)
    with pytest.raises(SketchError, match="is not a database"):
        launch.start()


def test_without_a_runtime_directory_of_the_system_nothing_is_shared_or_warned_of(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IPYSKETCH_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert launch.runtime_dir() == places / "data" / "runtime"
