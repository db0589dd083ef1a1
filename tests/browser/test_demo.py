"""``make demo`` as people run it: its address opened, drawn on by two, and stopped with Ctrl-C."""

from __future__ import annotations

import math
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from ..support.processes import environment
from ..support.waiting import DEADLINE, wait_until
from .conftest import Notebook, new_page
from .islands import ink_color

SCREEN: ViewportSize = {"width": 1280, "height": 800}


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_demo_draws_together_and_stops_with_control_c(browser: Browser, tmp_path: Path) -> None:
    settings = tmp_path / "jupyter"
    settings.mkdir()
    (settings / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    with (
        socket.create_server(("127.0.0.1", 0)) as lab_port,
        socket.create_server(("127.0.0.1", 0)) as relay_port,
    ):
        wanted = [server.getsockname()[1] for server in (lab_port, relay_port)]
        demo = subprocess.Popen(
            [
                *(sys.executable, "-m", "ipysketch.demo", "--no-browser"),
                *(f"--port={wanted[0]}", f"--relay-port={wanted[1]}"),
            ],
            env=environment(tmp_path, JUPYTER_CONFIG_DIR=str(settings)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert demo.stdout is not None
        try:
            printed = ""
            for line in demo.stdout:
                printed += line
                if "Ctrl-C" in line:
                    break
            used = [int(port) for port in re.findall(r"Port \d+ is taken, so this uses (\d+)", printed)]
            assert len(used) == 2
            (address,) = re.findall(r"http://\S+", printed)
            # The file list has notebooks and what they import; the database and the logs are elsewhere.
            shown = [path for path in (tmp_path / "data" / "demo" / "notebooks").glob("[!.]*")]
            assert {path.suffix for path in shown} == {".ipynb", ".py"}
            # Nobody runs a cell here.
            notebook = Notebook(new_page(browser, viewport=SCREEN), address)
            draw(notebook, notebook.board(1))
            assert notebook.page.get_by_text("Jupyter news").count() == 0
            demo.send_signal(signal.SIGINT)
            assert demo.wait(DEADLINE) == 0
            wait_until(lambda: not any(taken(port) for port in used), "the ports are free again")
            notebook.page.context.close()
        finally:
            # Killed, it would leave JupyterLab and the relay behind.
            demo.terminate()
            demo.wait(DEADLINE)
            demo.stdout.close()


def draw(ada: Notebook, grace: Notebook) -> None:
    """Draw on two boards that are side by side in one page."""
    ada.connected(here=2)
    left, right = (board.place(0, 0) for board in (ada, grace))
    assert right[0] > left[0] + 500
    assert abs(right[1] - left[1]) < 20
    ink, other = (ink_color(ada.page, number) for number in (0, 1))
    assert ink != other
    turns = [2 * math.pi * n / 16 for n in range(17)]
    ada.stroke(*((380 + 200 * math.cos(turn), 330 + 200 * math.sin(turn)) for turn in turns))
    grace.stroke((700, 450), (1180, 450))  # Between the islands.
    grace.sees(580, 330, ink)
    ada.sees(940, 450, other)
    ada.press(800, 360)
    ada.drag(900, 380)
    grace.sees(850, 370, ink)  # Under the hand still.
    ada.release()
    ada.screenshot("demo")
