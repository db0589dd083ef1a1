"""``make demo`` as people run it: its addresses opened, drawn on side by side, and stopped with Ctrl-C."""

from __future__ import annotations

import math
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from ..processes import environment
from .conftest import Notebook, quiet

HALF: ViewportSize = {"width": 760, "height": 640}


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_demo_draws_together_and_stops_with_control_c(browser: Browser, tmp_path: Path) -> None:
    settings = tmp_path / "jupyter"
    quiet(settings)
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
        try:
            assert demo.stdout is not None
            said = []
            for line in demo.stdout:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            words = "".join(said)
            for port in wanted:
                assert f"port {port} is taken, so this uses" in words
            used = [int(port) for port in re.findall(r"so this uses (\d+)", words)]
            # The other notebooks are lessons, each in a room of its own.
            addresses = re.findall(r"http://\S+/(?:ada|grace)\.ipynb\S*", words)
            assert len(addresses) == 2
            notebooks = [open_half(browser, address) for address in addresses]
            draw(*notebooks)
            demo.send_signal(signal.SIGINT)
            assert demo.wait(30) == 0
            assert not any(taken(port) for port in used)
            for notebook in notebooks:
                notebook.page.context.close()
        finally:
            demo.kill()
            demo.wait()
            demo.stdout.close()


def open_half(browser: Browser, address: str) -> Notebook:
    context = browser.new_context(viewport=HALF, device_scale_factor=2)
    notebook = Notebook(context.new_page(), address)
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.run()
    return notebook


def draw(ada: Notebook, grace: Notebook) -> None:
    ada.connected(here=2)
    ink, other = (board.page.locator(".ipysketch-own").input_value() for board in (ada, grace))
    assert ink != other
    turns = [2 * math.pi * n / 40 for n in range(41)]
    ada.stroke(*((380 + 200 * math.cos(turn), 330 + 200 * math.sin(turn)) for turn in turns))
    grace.stroke(*((380 + 40 * n, 330 - 120 * math.sin(n / 2.2)) for n in range(21)))
    ada.stroke((260, 330), (500, 330))
    ada.stroke((380, 210), (380, 450))
    grace.stroke((700, 600), (1180, 600))
    grace.sees(580, 330, ink)
    ada.sees(940, 600, other)
    ada.press(800, 500)
    ada.drag(900, 520)
    grace.sees(850, 510, ink)  # Under the hand still.
    grace.page.mouse.move(*grace.place(1100, 380))
    ada.page.get_by_text("Grace", exact=True).nth(1).wait_for()
    ada.release()
