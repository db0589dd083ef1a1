"""A real Jupyter server: what it does with the socket of a page, with our extension and without."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ..support.http import fetch
from ..support.processes import environment, free_port, wait_until_it_answers
from ..support.waiting import DEADLINE

PROBE = """
import json, os, socket
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

def _jupyter_server_extension_points():
    return [{"module": "probe"}]

def _load_jupyter_server_extension(server):
    heard = KernelWebsocketHandler.on_message
    def on_message(self, message):
        option = self.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with open(os.environ["PROBE"], "w") as file:
            json.dump(bool(option), file)
        return heard(self, message)
    KernelWebsocketHandler.on_message = on_message
"""
CONFIGURATION = {"ServerApp": {"jpserver_extensions": {"probe": True}}}
REQUEST = {
    "header": {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "s", "version": "5.3"},
    "parent_header": {},
    "metadata": {},
    "channel": "shell",
    "content": {
        "code": "import os; print(*map(os.environ.get, ['IPYSKETCH_NODELAY', 'IPYSKETCH_SERVER_URL']))",
        "silent": False,
    },
    "buffers": [],
}


@pytest.mark.parametrize("on", [True, False], ids=["as-installed", "turned-off"])
def test_small_packets_leave_at_once(tmp_path: Path, on: bool) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "jupyter_server_config.json").write_text(json.dumps(CONFIGURATION))
    port, told, log = free_port(), tmp_path / "told.json", tmp_path / "server.log"
    surroundings = environment(tmp_path, JUPYTER_CONFIG_DIR=str(settings), PROBE=str(told))
    surroundings["PYTHONPATH"] += f":{tmp_path}"
    with log.open("w") as written:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"),
                *(
                    "--ServerApp.port_retries=0",
                    "--IdentityProvider.token=",
                    "--ServerApp.disable_check_xsrf=True",
                ),
                *(f"--IpysketchServer.nodelay={on}", f"--IpysketchServer.proxy={on}"),
                *(["--IpysketchServer.relay=wss://draw.example"] if on else []),
            ],
            cwd=tmp_path,
            env=surroundings,
            stderr=written,
        )
    try:
        wait_until_it_answers(server, f"http://127.0.0.1:{port}/api/status", log)
        assert "ipysketch.server_extension | extension was successfully loaded" in log.read_text()
        # Without a relay a page says what to do; without our handlers nothing answers.
        assert fetch(port, "/ipysketch/r/main").status == (503 if on else 404)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/kernels", b"{}", {"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            request, timeout=DEADLINE
        ) as answer:
            kernel = json.load(answer)["id"]
        with connect(
            f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", proxy=None, open_timeout=DEADLINE
        ) as socket:
            socket.send(json.dumps(REQUEST))
            output = ""
            while not output:
                message = json.loads(socket.recv(timeout=DEADLINE))
                if message["msg_type"] == "stream":
                    output = message["content"]["text"]
        assert json.loads(told.read_text()) is on
        assert output == ("1 wss://draw.example\n" if on else "None None\n")
    finally:
        server.terminate()
        server.wait(DEADLINE)
