"""A real JupyterHub with its proxy, whose users have servers in homes of their own, and a relay as its service."""

from __future__ import annotations

import http.cookiejar
import json
import re
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from .processes import ROOT, environment, free_port, wait_until_it_answers
from .waiting import DEADLINE, wait_until

PROXY = ROOT / ".ci" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy"
RECHECK = 2.0
"""Seconds within which who lost a group is out."""
SETTINGS = """
import json
from jupyterhub.spawner import SimpleLocalProcessSpawner
from relay.hub import configure

said = json.load(open({said!r}))
c = get_config()


class HomeSpawner(SimpleLocalProcessSpawner):
    '''A process in a home of the user's own; the test learns the token that its kernels have.'''

    def get_env(self):
        env = super().get_env()
        with open(f"{{self.home_dir}}/server-{{self.name}}.json", "w") as file:
            json.dump({{name: env[name] for name in ("JUPYTERHUB_API_TOKEN", "IPYSKETCH_HUB_URL")}}, file)
        return env


c.JupyterHub.bind_url = c.JupyterHub.public_url = said["address"]
c.JupyterHub.hub_port = said["hub_port"]
c.JupyterHub.db_url = "sqlite:///" + said["home"] + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = said["home"] + "/cookie_secret"
c.JupyterHub.pid_file = said["home"] + "/hub.pid"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"prof"}}
c.ConfigurableHTTPProxy.command = said["proxy"]
c.ConfigurableHTTPProxy.api_url = said["proxy_api"]
c.JupyterHub.spawner_class = HomeSpawner
c.SimpleLocalProcessSpawner.home_dir_template = said["home"] + "/{{username}}"
c.Spawner.cmd = said["server"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {{"PYTHONPATH": said["root"], "JUPYTER_PLATFORM_DIRS": "0"}}
c.LocalProcessSpawner.interrupt_timeout = c.LocalProcessSpawner.term_timeout = 1
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
c.JupyterHub.load_groups = {{name: {{"users": users}} for name, users in said["groups"].items()}}
c.JupyterHub.services = [{{"name": "test", "api_token": said["admin"]}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"],
     "scopes": ["admin:users", "admin:groups", "admin:servers", "tokens", "access:services"]}},
]
configure(c, port=said["port"], database=said["home"] + "/relay.sqlite", options=said["options"])
"""


class HubProcess:
    """A Hub at `address` with the users of `groups`, and the relay at `relay` (http), as a browser has it.

    `more` is added to its configuration. `log` is what the Hub, its proxy, its relay and the servers of its users wrote.
    """

    def __init__(self, home: Path, groups: dict[str, list[str]], *options: str, more: str = "") -> None:
        assert PROXY.exists(), "the Hub's proxy is not installed: run sh .ci/install-hub, or make test"
        assert shutil.which("node"), "the Hub's proxy needs Node: install it and try again"
        self.home = home
        self.has_names = "subdomain_host" in more
        self.port = free_port()
        self.relay_port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.relay = f"{self.address}/services/sketch/"
        self.admin = secrets.token_hex(16)
        self.log = home / "hub.log"
        self.users = sorted({user for users in groups.values() for user in users})
        for user in [*self.users, "prof", "stranger"]:
            (home / user).mkdir()
        said = home / "said.json"
        said.write_text(
            json.dumps(
                {
                    "address": self.address,
                    "hub_port": free_port(),
                    "home": str(home),
                    "proxy": [str(shutil.which("node")), str(PROXY)],
                    "proxy_api": f"http://127.0.0.1:{free_port()}",
                    "server": [sys.executable, "-m", "jupyterhub.singleuser"],
                    "root": str(ROOT),
                    "groups": groups,
                    "admin": self.admin,
                    "port": self.relay_port,
                    "options": ["--hub-recheck", str(RECHECK), *options],
                }
            )
        )
        (home / "settings.py").write_text(SETTINGS.format(said=str(said)) + more)
        self.start()

    def start(self) -> None:
        with self.log.open("a") as written:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self.home / "settings.py")],
                cwd=self.home,
                env=environment(self.home),
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until_it_answers(self.process, f"{self.address}/hub/health", self.log)
        own = f"http://127.0.0.1:{self.relay_port}/services/sketch/healthz"
        wait_until_it_answers(self.process, own if self.has_names else f"{self.relay}healthz", self.log)

    def stop(self) -> None:
        """End the Hub, and with it the proxy, the relay and all servers."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(DEADLINE)

    # --- what an administrator does -------------------------------------------------------------------------

    def api(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        """What the Hub answers to an administrator; raises HTTPError."""
        request = urllib.request.Request(
            f"{self.address}/hub/api{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {token or self.admin}", "Content-Type": "application/json"},
            method=method,
        )
        with _opener().open(request, timeout=DEADLINE) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def start_server(self, user: str, name: str = "") -> None:
        """Begin to start a server of somebody."""
        self.api("POST", f"/users/{user}/servers/{name}" if name else f"/users/{user}/server")

    def server(self, user: str, name: str = "") -> dict[str, str]:
        """What the kernels of a server have in their environment, once it runs."""

        def runs() -> bool:
            servers = self.api("GET", f"/users/{user}")["servers"]
            return bool(servers.get(name, {}).get("ready"))

        wait_until(runs, f"the server {name!r} of {user} runs")
        said: dict[str, str] = json.loads((self.home / user / f"server-{name}.json").read_text())
        return said

    def start_kernel(self, user: str, notebook: str) -> None:
        """Have the server of somebody start the kernel of a notebook, so that it gets ready while the page loads."""
        token = self.server(user)["JUPYTERHUB_API_TOKEN"]
        session = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        request = urllib.request.Request(
            f"{self.address}/user/{user}/api/sessions",
            json.dumps(session).encode(),
            {"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        with _opener().open(request, timeout=DEADLINE):
            pass

    def token(self, user: str, *scopes: str) -> str:
        """A token of somebody, with these scopes."""
        return str(
            self.api("POST", f"/users/{user}/tokens", {"scopes": list(scopes)} if scopes else {})["token"]
        )


class Visitor:
    """A browser without a page: it keeps cookies and follows the ways of a login."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        self.cookies = http.cookiejar.CookieJar()
        self._opener = _opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, url: str, **headers: str) -> tuple[int, str, str]:
        """Status, address in the end, and body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with self._opener.open(urllib.request.Request(url, headers=named), timeout=DEADLINE) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.url or "", error.read().decode()

    def log_in(self, user: str) -> None:
        """Log in at the Hub."""
        _, url, _ = self.get(f"{self.hub.address}/hub/login")
        (xsrf,) = {cookie.value for cookie in self.cookies if cookie.name == "_xsrf"}
        form = urllib.parse.urlencode({"username": user, "password": "any", "_xsrf": xsrf}).encode()
        request = urllib.request.Request(url, form, {"Referer": url})
        # It goes on to a server, which need not be there.
        with suppress(urllib.error.HTTPError), self._opener.open(request, timeout=DEADLINE) as answer:
            answer.read()
        assert any(cookie.name == "jupyterhub-hub-login" for cookie in self.cookies), user

    def ticket(self, room: str) -> str:
        """The ticket of a room's page, opened by way of the Hub."""
        status, _, page = self.get(f"{self.hub.relay}r/{room}")
        found = re.search(r'name="ipysketch-ticket" content="([^"]+)"', page)
        assert status == 200, page
        assert found, page
        return found[1]

    def cookie(self) -> str:
        """The cookies that a browser sends to the relay, as a header."""
        return "; ".join(
            f"{each.name}={each.value}" for each in self.cookies if each.path == "/services/sketch/"
        )


def _opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
