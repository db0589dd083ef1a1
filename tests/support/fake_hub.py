"""What a relay asks a JupyterHub, answered by a server in this process, as fast or as wrong as a test wants it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from relay.access.hub import HubService

SERVICE_TOKEN = "service"
ACCESS = "access:services!service=sketch"


class FakeHub:
    """Tokens, groups and scopes are to be changed by tests; `asked` counts requests by path."""

    def __init__(self) -> None:
        self.tokens: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.group_names: list[str] = []
        self.asked: Counter[str] = Counter()
        self.status = 0
        """The status of all answers, unless 0."""
        self.open = threading.Event()
        """Requests wait for it."""
        self.open.set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked[self.path] += 1
                hub.open.wait()
                status, model = hub.answer(
                    self.path, self.headers.get("Authorization", "").removeprefix("token ")
                )
                body = json.dumps(model).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, name: str, *groups: str, admin: bool = False) -> str:
        """A user of these groups; returns the token of a server of theirs."""
        self.users[name] = {"kind": "user", "name": name, "groups": list(groups), "admin": admin}
        self.group_names = sorted({*self.group_names, *groups})
        self.tokens[f"token-{name}"] = {"kind": "user", "name": name, "scopes": [ACCESS]}
        return f"token-{name}"

    def answer(self, path: str, token: str) -> tuple[int, Any]:
        if self.status:
            return self.status, {}
        if path == "/hub/api/user":
            return (200, self.tokens[token]) if token in self.tokens else (403, {})
        if token != SERVICE_TOKEN:
            return 403, {}
        if path == "/hub/api/groups":
            return 200, [{"name": name} for name in self.group_names]
        user = self.users.get(path.removeprefix("/hub/api/users/"))
        return (200, user) if user else (404, {})

    def environment(self) -> dict[str, str]:
        """What a Hub sets for a service."""
        return {
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{self._server.server_address[1]}/hub/api",
            "JUPYTERHUB_API_TOKEN": SERVICE_TOKEN,
            "JUPYTERHUB_SERVICE_NAME": "sketch",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/sketch/",
        }

    @property
    def service(self) -> HubService:
        return HubService.of(self.environment())

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
