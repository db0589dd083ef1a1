"""A Jupyter server as a process, with a token, below a base URL, whose user's own relay runs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from ipysketch.local.relay_process import runtime_file

from .http import Answer, fetch
from .processes import RelayProcess, environment, free_port
from .proxies import Certificate
from .waiting import DEADLINE, wait_until

TOKEN = "let-me-in"
BASE = "/user/ada/"


class JupyterServer:
    """``python -m jupyter_server`` (or another `module`, or of another `python`) for the user whose home is `home`."""

    def __init__(
        self,
        home: Path,
        *options: str,
        module: str = "jupyter_server",
        python: Path = Path(sys.executable),
        certificate: Certificate | None = None,
        **more: str,
    ) -> None:
        self.port = free_port()
        settings = home / "jupyter settings"
        settings.mkdir(exist_ok=True)
        self.log = home / f"{module}-{self.port}.log"
        with self.log.open("w") as written:
            self.process = subprocess.Popen(
                [
                    *(python, "-m", module, "--no-browser", "--allow-root", f"--port={self.port}"),
                    *("--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
                    *(f"--ServerApp.base_url={BASE}", f"--ServerApp.root_dir={home}", *options),
                ],
                cwd=home,
                env=environment(home, JUPYTER_CONFIG_DIR=str(settings), **more),
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        trust = certificate.trust if certificate else None

        def answers() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError):
                return fetch(self.port, BASE + "login", tls=trust).status == 200
            return False

        wait_until(answers, "the Jupyter server answers")

    def fetch(self, path: str, *, known: bool = True, **headers: str) -> Answer:
        """Ask for a path below the base URL, as somebody that the server knows, or as nobody."""
        if known:
            headers["Authorization"] = f"token {TOKEN}"
        return fetch(self.port, BASE + path, tls=None, **headers)

    def cookie(self) -> str:
        """What a browser sends that has logged in: a cookie, whose requests are checked for their origin."""
        answer = fetch(self.port, f"{BASE}ipysketch/?token={TOKEN}")
        return "; ".join(set_.partition(";")[0] for set_ in answer.headers.get_all("Set-Cookie", []))

    def kernel(self) -> str:
        """Start a kernel; returns its id."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{BASE}api/kernels",
            b"{}",
            {"Content-Type": "application/json", "Authorization": f"token {TOKEN}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=DEADLINE) as answer:
            return str(json.load(answer)["id"])

    def socket_address(self, path: str = "ipysketch/") -> str:
        return f"ws://127.0.0.1:{self.port}{BASE}{path}"

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(DEADLINE)


def own_relay(home: Path, *options: str) -> RelayProcess:
    """The relay of the user whose home is `home`, as a kernel starts it; with its port and its secret."""
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return RelayProcess(home, None, "--runtime-file", str(runtime / runtime_file().name), *options)
