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

from .identity import data_dir

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
STARTED = 60.0


def free_port(wanted: int) -> int:
    """`wanted` when nobody has it, else one that nobody has."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            if chosen != wanted:
                print(f"port {wanted} is taken, so this uses {chosen}", flush=True)
            return chosen
    raise SystemExit("no port is free on this machine")


def main() -> int:
    """Run the demonstration; the exit code is 0 after Ctrl-C, 1 when a part of it ended by itself."""
    parser = argparse.ArgumentParser(prog="python -m ipysketch.demo", description=__doc__)
    parser.add_argument("--no-browser", action="store_true", help="only print the addresses")
    parser.add_argument("--port", type=int, default=8888, help="for JupyterLab (default: %(default)s)")
    parser.add_argument("--relay-port", type=int, default=8765, help="(default: %(default)s)")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = data_dir() / "demo"
    home.mkdir(parents=True, exist_ok=True)
    # Working copies, so that what is drawn and saved leaves the originals alone.
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        if not (home / notebook.name).exists():
            shutil.copy(notebook, home / notebook.name)
    relay_port, port = free_port(options.relay_port), free_port(options.port)
    token = secrets.token_hex(16)
    relay = subprocess.Popen(
        [sys.executable, "-m", "relay", "--port", str(relay_port), "--db", str(home / "demo.sqlite")],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert relay.stderr is not None
    first = relay.stderr.readline().decode()
    if "listening" not in first:
        print(first + relay.stderr.read().decode(), file=sys.stderr)
        return 1
    log = (home / "relay.log").open("ab")
    threading.Thread(target=shutil.copyfileobj, args=(relay.stderr, log, 1), daemon=True).start()
    lab = subprocess.Popen(
        [
            *(
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                f"--port={port}",
                "--ServerApp.port_retries=0",
            ),
            *(f"--ServerApp.root_dir={home}", "--ServerApp.log_level=WARN"),
            *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        ],
        # Not on the command line, where others on this machine could read it.
        env={**os.environ, "IPYSKETCH_URL": f"ws://127.0.0.1:{relay_port}", "JUPYTER_TOKEN": token},
        start_new_session=True,
    )
    try:
        addresses = [
            f"http://127.0.0.1:{port}/lab/workspaces/{path.stem}/tree/{path.name}?token={token}"
            for path in sorted(home.glob("*.ipynb"))
        ]
        if not _answers(port, stop, lab):
            return 0 if stop.is_set() else 1
        print("\nOpen these side by side, run the cell in each, and draw:", flush=True)
        print("\n".join(f"  {address}" for address in addresses), flush=True)
        print(f"The relay's log is {home / 'relay.log'}. Ctrl-C stops everything.", flush=True)
        if not options.no_browser and _has_browser():
            for address in addresses:
                webbrowser.open(address)
        while not stop.wait(0.5):
            for process, name in ((relay, "the relay"), (lab, "JupyterLab")):
                if process.poll() is not None:
                    print(f"{name} ended by itself with {process.returncode}", file=sys.stderr)
                    return 1
        return 0
    finally:
        for process in (lab, relay):
            _end(process)


def _answers(port: int, stop: threading.Event, lab: subprocess.Popen[bytes]) -> bool:
    for _ in range(int(STARTED / 0.2)):
        if stop.wait(0.2) or lab.poll() is not None:
            return False
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False


def _has_browser() -> bool:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
