"""``python -m ipysketch.demo``: a relay and JupyterLab with notebooks that draw together, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path

from ..local import modules
from ..local.identity import data_dir
from .server import JupyterServer, ServerError
from .workspace import side_by_side

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SIDE_BY_SIDE = ("ada.ipynb", "grace.ipynb")
ANSWERS_WITHIN = 120.0
"""Seconds in which JupyterLab must answer: the first start on a slow disk takes long."""


class Demo:
    """The processes of one demonstration, and its files under `home`.

    `home` holds ``notebooks``, which is all that JupyterLab's file list shows; beside it are the database, the logs and
    the runtime files.
    """

    def __init__(self, home: Path, stop: threading.Event) -> None:
        self.home, self.stop = home, stop
        self.notebooks = home / "notebooks"
        self.log = home / "jupyterlab.log"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._runtime = home / "runtime"

    def copy_notebooks(self) -> None:
        """Copy the notebooks that are not there yet: people write into them, and the originals stay as they are."""
        self._runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.notebooks.mkdir(exist_ok=True)
        for original in (*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.py")):
            if not (copy := self.notebooks / original.name).exists():
                shutil.copy(original, copy)

    def start_relay(self, port: int) -> str:
        """Start the relay at `port` and return the first line of its log, when it listens or has failed."""
        relay = self._start(
            "The relay",
            [*modules.command("relay"), f"--port={port}", f"--db={self.home / 'demo.sqlite'}"],
            IPYSKETCH_RUNTIME_DIR=str(self._runtime),
        )
        assert relay.stderr is not None
        line = relay.stderr.readline()
        log = (self.home / "relay.log").open("ab")
        log.write(line)
        threading.Thread(target=shutil.copyfileobj, args=(relay.stderr, log, 1), daemon=True).start()
        return line.decode(errors="replace")

    def start_lab(self, port: int, token: str, relay: str) -> JupyterServer:
        """Start JupyterLab at `port`; its kernels find the relay at the address `relay`."""
        lab = self._start(
            "JupyterLab",
            [
                *(
                    *modules.command("jupyterlab"),
                    "--no-browser",
                    f"--port={port}",
                    "--ServerApp.port_retries=0",
                ),
                *(f"--ServerApp.root_dir={self.notebooks}", "--ServerApp.log_level=WARN"),
                f"--LabApp.workspaces_dir={self.home / 'workspaces'}",
                *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            ],
            # The token is not on the command line, where other users of this machine could read it.
            JUPYTER_TOKEN=token,
            JUPYTER_CONFIG_PATH=os.pathsep.join(
                filter(None, (str(self._write_lab_settings()), os.environ.get("JUPYTER_CONFIG_PATH")))
            ),
            JUPYTER_RUNTIME_DIR=str(self._runtime / "jupyter"),
            IPYSKETCH_RUNTIME_DIR=str(self._runtime),
            IPYSKETCH_URL=relay,
        )
        assert lab.stderr is not None
        threading.Thread(
            target=shutil.copyfileobj, args=(lab.stderr, self.log.open("wb"), 1), daemon=True
        ).start()
        return JupyterServer(f"http://127.0.0.1:{port}", token, self._runtime / "jupyter")

    def _write_lab_settings(self) -> Path:
        """Write JupyterLab's default settings for a demonstration; return the configuration directory with them."""
        config = self.home / "config"
        path = config / "labconfig" / "default_setting_overrides.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        # With its own default JupyterLab asks whether it may fetch news, above the board. A choice of the user's rules.
        path.write_text('{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}')
        return config

    def ended(self) -> str:
        """Return a sentence about a process that ended by itself; "" while all of them run."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                return f"{name} ended by itself, with exit code {process.returncode}"
        return ""

    def end(self) -> None:
        """End all processes, the latest first."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _start(self, name: str, command: list[str], **variables: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            env=modules.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Ctrl-C in the terminal is for this process, which ends them in order.
            start_new_session=True,
        )
        self.processes[name] = process
        return process


def main() -> int:
    """Run the demonstration; return 0 after Ctrl-C, 1 when a part of it failed."""
    parser = argparse.ArgumentParser(prog="python -m ipysketch.demo", description=__doc__)
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, default=8888, help="for JupyterLab (default: %(default)s)")
    parser.add_argument("--relay-port", type=int, default=8765, help="(default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="delete what earlier demonstrations left")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = data_dir() / "demo"
    if options.fresh:
        shutil.rmtree(home, ignore_errors=True)
    demo = Demo(home, stop)
    try:
        return _run(demo, options)
    finally:
        if demo.processes:
            say("Stopping.")
        demo.end()


def _run(demo: Demo, options: argparse.Namespace) -> int:
    demo.copy_notebooks()
    relay_port, port = free_port(options.relay_port), free_port(options.port)
    say("Starting a relay and JupyterLab …")
    line = demo.start_relay(relay_port)
    if "listening" not in line:
        return fail(f"The relay does not start: {line.strip()}")
    token = secrets.token_hex(16)
    server = demo.start_lab(port, token, f"ws://127.0.0.1:{relay_port}")
    if not server.wait(ANSWERS_WITHIN, lambda: demo.stop.is_set() or bool(demo.ended())):
        if demo.stop.is_set():
            return 0
        return fail(f"{demo.ended() or 'JupyterLab does not answer'}; its log is {demo.log}")
    say("Running the first cell of Ada's and of Grace's notebook …")
    try:
        for name in SIDE_BY_SIDE:
            server.start_kernel(name)
        for name in SIDE_BY_SIDE:
            if demo.stop.is_set():
                return 0
            server.run_first_cell(name)
    except ServerError as error:
        # The notebooks are there all the same, and people can run the cells.
        say(f"That did not work ({error}): run the cell in each of them.")
    server.put("/lab/api/workspaces/demo", side_by_side("demo", SIDE_BY_SIDE))
    address = f"{server.address}/lab/workspaces/demo?token={token}"
    say(f"\nAda and Grace, side by side. Draw in one, and see it in the other:\n\n  {address}\n")
    say(f"More notebooks are in JupyterLab's file list; logs are in {demo.home}.\nCtrl-C stops everything.")
    if not options.no_browser and has_browser():
        webbrowser.open(address)
    while not demo.stop.wait(0.5):
        if sentence := demo.ended():
            return fail(f"{sentence}; its log is in {demo.home}")
    return 0


def say(words: str) -> None:
    """Print at once, also where the output is a pipe."""
    print(words, flush=True)


def fail(sentence: str) -> int:
    """Print what went wrong; return the exit code for it."""
    print(sentence, file=sys.stderr, flush=True)
    return 1


def free_port(wanted: int) -> int:
    """Return `wanted` when it is free, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            if wanted not in (0, chosen):
                say(f"Port {wanted} is taken, so this uses {chosen}.")
            return chosen
    raise SystemExit("no port is free on this machine")


def has_browser() -> bool:
    """Return whether a browser with a window can be opened here."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
