"""What the demonstration asks of a Jupyter server: kernels for notebooks, and first cells that have run.

JupyterLab runs no cell by itself when a notebook is opened. So the cell runs in the notebook's own kernel before
anybody looks, and its outputs are saved with the notebook. A page that opens it joins this kernel, as after a reload,
and the board in the output is live.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_client.blocking.client import BlockingKernelClient
from nbformat import v4

CELL_WITHIN = 60.0
"""Seconds that a first cell may take, with the start of its kernel."""
REQUEST_WITHIN = 30.0


class ServerError(Exception):
    """The server or a kernel did not do what was asked; the text says what, for people."""


class JupyterServer:
    """A Jupyter server at `address`, whose `token` this process knows and whose runtime files are in `runtime`."""

    def __init__(self, address: str, token: str, runtime: Path) -> None:
        self.address, self._token, self._runtime = address, token, runtime
        # A proxy of the environment is for other machines.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._kernels: dict[str, str] = {}

    def wait(self, seconds: float, give_up: Callable[[], bool]) -> bool:
        """Wait until the server answers; False when that takes longer than `seconds`, or `give_up` says so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not give_up():
            try:
                self._request("GET", "/api/status")
            except ServerError:
                time.sleep(0.2)
            else:
                return True
        return False

    def start_kernel(self, name: str) -> None:
        """Start the kernel of the notebook `name`. Raises `ServerError`."""
        session = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        self._kernels[name] = self._request("POST", "/api/sessions", session)["kernel"]["id"]

    def run_first_cell(self, name: str) -> None:
        """Run the first code cell of the notebook `name` in its kernel, and save its outputs. Raises `ServerError`."""
        path = f"/api/contents/{quote(name)}"
        notebook = self._request("GET", path)["content"]
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        if not code:
            return
        code[0]["outputs"], code[0]["execution_count"] = self._execute(self._kernels[name], code[0]["source"])
        # The server signs a notebook whose code cells are all trusted, and JupyterLab shows no widget in another one.
        for each in code:
            each["metadata"]["trusted"] = True
        self.put(path, {"type": "notebook", "format": "json", "content": notebook})

    def put(self, path: str, content: Any) -> None:
        """Put `content` at `path`. Raises `ServerError`."""
        self._request("PUT", path, content)

    def _request(self, method: str, path: str, content: Any = None) -> Any:
        request = urllib.request.Request(
            self.address + path,
            None if content is None else json.dumps(content).encode(),
            {"Authorization": f"token {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with self._opener.open(request, timeout=REQUEST_WITHIN) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            raise ServerError(f"{method} {path}: {error.code} {error.reason}") from None
        except OSError as error:
            raise ServerError(f"{method} {path}: {error}") from None
        return json.loads(body) if body else None

    def _execute(self, kernel: str, source: str) -> tuple[list[Any], int | None]:
        """Run `source` in `kernel`; return the outputs as a notebook has them, and the number of the execution."""
        outputs: list[Any] = []

        def collect(message: dict[str, Any]) -> None:
            if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append(v4.output_from_msg(message))

        client = BlockingKernelClient()
        try:
            client.load_connection_file(str(self._runtime / f"kernel-{kernel}.json"))
            client.start_channels()
            client.wait_for_ready(timeout=CELL_WITHIN)
            reply = client.execute_interactive(
                source, timeout=CELL_WITHIN, allow_stdin=False, output_hook=collect
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ServerError(f"its kernel does not answer: {error}") from None
        finally:
            client.stop_channels()
        return outputs, reply["content"].get("execution_count")
