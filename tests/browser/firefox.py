"""A Firefox that listens to WebDriver BiDi, spoken plainly: Playwright drives only a Firefox of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from ..support.waiting import DEADLINE, wait_until

NAMES = ("firefox-esr", "firefox")
FRAME = "new Promise(done => requestAnimationFrame(() => done(1)))"
PREFERENCES = {
    # A browser under test asks nobody for anything.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:1",
    "toolkit.telemetry.enabled": False,
}


def executable() -> str | None:
    """The Firefox of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Firefox:
    """A headless Firefox with one page."""

    def __init__(self, directory: Path) -> None:
        profile = directory / "profile"
        profile.mkdir(parents=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines))
        found = executable()
        assert found is not None
        self.process = subprocess.Popen(
            [found, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": str(directory)},
        )
        assert self.process.stderr is not None
        where = None
        for line in self.process.stderr:
            if where := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        assert where, "Firefox ended before it listened"
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(
            connect(where[1] + "/session", proxy=None, max_size=None, open_timeout=DEADLINE)
        )
        self._count = 0
        self.errors: list[str] = []
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded"])
        self.context = self.command("browsingContext.create", type="tab")["context"]
        self.command(
            "browsingContext.setViewport", context=self.context, viewport={"width": 1100, "height": 900}
        )

    def _drain(self) -> None:
        # What is left unread would one day stop Firefox.
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for _ in stream:
                pass

    def command(self, method: str, **parameters: Any) -> Any:
        """Do something; its result."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=DEADLINE))
            if said.get("id") == self._count:
                assert said["type"] == "success", said
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(str(said["params"]["text"]))

    def open(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression that JSON can hold."""
        said = self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert said["type"] == "success", said
        text = said["result"].get("value")
        return None if text is None else json.loads(text)

    def until(self, expression: str) -> None:
        """Wait, frame by frame, until an expression is true."""
        wait_until(lambda: self.evaluate(expression), expression, lambda: self.evaluate(FRAME))

    def at_rest(self, expression: str) -> Any:
        """Return the value of an expression once it was the same in ten display frames one after another."""
        seen = [self.evaluate(expression)]

        def same() -> bool:
            seen.append(self.evaluate(f"{FRAME}.then(() => {expression})"))
            return len(seen) > 10 and seen[-10:] == [seen[-1]] * 10

        wait_until(same, f"{expression} stays the same", lambda: None)
        return seen[-1]

    def mouse(self, *steps: tuple[str, float, float]) -> None:
        """Do ``move``, ``down``, ``up`` at places of the page, one after another."""
        actions: list[dict[str, Any]] = []
        for kind, x, y in steps:
            actions.append({"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0})
            if kind != "move":
                actions.append({"type": f"pointer{kind.capitalize()}", "button": 0})
        source = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self.command("input.performActions", context=self.context, actions=[source])

    def screenshot(self) -> str:
        """A PNG of the page, in base64."""
        data: str = self.command("browsingContext.captureScreenshot", context=self.context)["data"]
        return data

    def close(self) -> None:
        self._stack.close()
        self.process.terminate()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
