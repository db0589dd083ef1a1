"""Finding and starting the user's own relay, in a private runtime directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ipysketch import Sketch
from ipysketch.errors import STARTING, SketchError
from ipysketch.local import modules
from ipysketch.local import relay_process as launch
from relay.__main__ import IN_USE, ON_NETWORK
from relay.__main__ import main as relay_main
from relay.operations.runtime_file import user_file
from relay.options import parser, read_settings

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Private directories; every relay started is ended."""
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(tmp_path / "data"))
    for patience in ("PROBE_TIMEOUT", "START_TIMEOUT"):
        monkeypatch.setattr(launch, patience, DEADLINE)
    end_relays()  # Of other tests in this process.
    yield tmp_path
    end_relays()


def end_relays() -> None:
    while launch._children:
        child = launch._children.pop()
        child.terminate()
        assert child.wait(DEADLINE) in (0, 2, -signal.SIGTERM, IN_USE, ON_NETWORK)


def write(places: Path, *, port: int, mode: int = 0o600) -> Path:
    directory = places / "run"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / launch.runtime_file().name
    path.write_text(json.dumps({"port": port, "token": "t" * 64, "pid": os.getpid()}))
    path.chmod(mode)
    return path


def test_nothing_is_found_where_nothing_runs() -> None:
    assert launch.find() is None


WINDOWS = """
import asyncio, os, sys
import ipysketch.board
# What Windows lacks, when all is loaded that this system loads otherwise.
sys.modules["fcntl"] = None
del os.getuid
import ipysketch
board = ipysketch.Sketch(name="Ada")
try:
    board.connect(room="a")
except ipysketch.SketchError as error:
    print(error)
print(board.connect(sys.argv[1], room="a").status)
board.disconnect()
"""


def test_on_windows_a_board_joins_a_relay_elsewhere_and_says_why_it_starts_none(places: Path) -> None:
    relay = RelayProcess(places, ":memory:")
    ended = subprocess.run(
        [sys.executable, "-c", WINDOWS, relay.url],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    said, status = ended.stdout.splitlines()
    assert said == launch.NOT_HERE
    assert status.startswith("connected")
    assert ended.stderr == ""
    relay.stop()


def test_one_that_takes_long_may_yet_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START_TIMEOUT", 0.0)
    with pytest.raises(SketchError, match="none answered in time") as raised:
        launch.start()
    assert raised.value.code == STARTING


def test_one_is_started_found_again_and_ends_with_its_file(places: Path) -> None:
    local, started = launch.ensure()
    assert started
    assert launch.ensure() == (local, False)
    file = places / "run" / launch.runtime_file().name
    assert file.stat().st_mode & 0o777 == 0o600
    assert (places / "run").stat().st_mode & 0o777 == 0o700
    assert json.loads(file.read_text())["token"] == local.token
    assert local.log.read_text().count("listening on ") == 1
    assert local.token not in local.log.read_text()
    [child] = launch._children
    assert child.pid == local.pid
    assert os.getsid(child.pid) == child.pid
    child.terminate()
    assert child.wait(DEADLINE) == 0
    assert not file.exists()
    assert launch.find() is None


def test_two_that_start_at_once_end_at_one_relay() -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: launch.start(), range(2))
    assert first == second


def test_a_killed_relay_is_followed_by_another(places: Path) -> None:
    killed = launch.start()
    os.kill(killed.pid, signal.SIGKILL)
    launch._children.pop().wait(DEADLINE)
    assert (places / "run" / launch.runtime_file().name).exists()
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
    file = places / "run" / launch.runtime_file().name
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


def test_a_relay_that_was_started_by_hand_on_the_same_database_is_ones_own(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = RelayProcess(places)
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(places / "runtime"))
    monkeypatch.setenv("IPYSKETCH_DATABASE", str(places / "relay.sqlite"))
    try:
        local = launch.start()
        assert local.url == relay.url
    finally:
        assert relay.stop() == 0


def test_a_home_on_a_network_file_system_is_said_with_what_to_do(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such file system is to be had here: the relay is told that there is one, and so is who starts it."""
    monkeypatch.setattr("relay.store.database.file_system", lambda path: "nfs4")
    assert relay_main(["--db", str(places / "relay.sqlite")]) == ON_NETWORK == launch.ON_NETWORK
    assert IN_USE == launch.LOST_RACE
    assert "network file system (nfs4)" in capsys.readouterr().err
    code = f"import sys; sys.exit({ON_NETWORK})"
    monkeypatch.setattr(modules, "command", lambda module: [sys.executable, "-c", code])
    with pytest.raises(SketchError, match=r"name a relay .* or set IPYSKETCH_DATABASE") as refused:
        launch.start()
    assert str(places / "data" / "relay.sqlite") in str(refused.value)
    launch._children.clear()


def test_without_a_runtime_directory_of_the_system_nothing_is_shared_or_warned_of(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IPYSKETCH_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert launch.runtime_dir() == places / "data" / "runtime"


# --- a relay that was started by hand -------------------------------------------------------------------------


def test_who_runs_a_relay_owns_its_rooms_and_others_on_this_machine_are_editors(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = RelayProcess(places)
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(places / "runtime"))
    file = places / "runtime" / f"relay-{relay.port}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    mine = Sketch(name="Ada").connect(relay.url.replace("127.0.0.1", "localhost"), "algebra")
    mine.rect(0, 0, 100, 100)
    assert mine.flush(DEADLINE)
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(places / "another-user"))
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(places / "another-users"))
    theirs = Sketch(name="Eve").connect(relay.url, "algebra")
    try:
        assert (mine.role, theirs.role) == ("owner", "editor")
        for order in (theirs.lock, theirs.unlock, lambda: theirs.remove("Ada")):
            with pytest.raises(SketchError, match="an editor may not"):
                order()
        theirs.clear()
        assert theirs.flush(DEADLINE)
        assert len(mine.elements) == 1
        mine.lock()
        wait_until(lambda: theirs.locked, "Eve is told")
        theirs.rect(0, 0, 100, 100)
        assert theirs.flush(DEADLINE)
        assert len(mine.elements) == 1
    finally:
        mine.disconnect()
        theirs.disconnect()
        assert relay.stop() == 0
    assert not file.exists()


def test_what_does_not_prove_to_be_the_relay_of_the_file_gets_no_secret(places: Path) -> None:
    """A relay was killed and left its file; another user listens at its port."""
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(str(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.server_address[1]
        write(places, port=port).rename(places / "run" / f"relay-{port}.json")
        assert launch.find_at(f"ws://127.0.0.1:{port}") is None
        assert len(asked) == 1
        assert "t" * 64 not in asked[0]
        for elsewhere in (f"wss://127.0.0.1:{port}", f"ws://lab.example:{port}", "ws://127.0.0.1"):
            assert launch.find_at(elsewhere) is None
        assert len(asked) == 1
        server.shutdown()
        thread.join(DEADLINE)


@pytest.mark.parametrize("options", [["--require-token"], ["--behind-proxy"], ["--host", "::1"]])
def test_both_sides_agree_on_where_the_file_of_a_relay_is(
    options: list[str], places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chosen in (True, False):
        if not chosen:
            monkeypatch.delenv("IPYSKETCH_RUNTIME_DIR")
            monkeypatch.setenv("XDG_DATA_HOME", str(places / "xdg"))
        assert user_file(8765) == launch._user_file(8765)
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(places))
    assert (
        user_file(8765) == launch._user_file(8765) == places / ".local/share/ipysketch/runtime/relay-8765.json"
    )
    settings = read_settings(parser().parse_args(["--db", str(places / "relay.sqlite"), *options]))
    assert bool(settings.shared_secret) is (options == ["--host", "::1"])
