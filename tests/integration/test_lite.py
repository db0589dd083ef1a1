"""A kernel without sockets and threads, as JupyterLite has: the Python of a browser, run by Node (`make lite`).

There is no numpy for it on the package index, so this proves that a client joins, commits, and receives; JupyterLite has
one, and the rest of the API needs it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from ipysketch import Sketch

from ..support import node
from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("waits", [True, False], ids=["a-browser-that-waits", "a-browser-that-cannot-wait"])
def test_a_client_in_a_browser_joins_draws_and_sees(waits: bool, home: Path, relay: RelayProcess) -> None:
    """Newer browsers can have Python wait for what happens later, others cannot."""
    assert (ROOT / ".ci/lite/wheels/stamp").exists(), "the Python of a browser is not installed: make lite"
    program = str(compute_driver_executable()[0]) if waits else node.node()
    flags = [] if waits else [*(node.socket_flags() or ()), *node.no_waiting_flags()]
    answers: list[object] = []
    watcher = Sketch(name="Watcher").connect(relay.url, "lite")
    watcher.on_event("answer", lambda data, _: answers.append(data))
    process = subprocess.Popen(
        [program, *flags, str(ROOT / "tests/integration/lite.mjs"), str(ROOT), relay.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(
            lambda: process.poll() is not None or [each.key for each in watcher.elements] == ["lite-1"],
            "what the browser draws is seen",
        )
        assert process.poll() is None, process.communicate()
        wait_until(
            lambda: sorted(person.name for person in watcher.people) == ["Lite", "Watcher"],
            "each sees the other",
        )

        def greet() -> None:
            assert process.poll() is None, process.communicate()
            watcher.emit("hello", 17)

        wait_until(lambda: answers, "events go both ways", greet)
        watcher.text(10, 10, "theirs")
        said, wrong = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, wrong
        begun, connected, seen, ended = map(json.loads, said.splitlines())
        assert begun == {"platform": "emscripten", "numpy": False, "pillow": False}
        assert connected == {"connected": True, "waited": waits}
        assert seen["people"] == ["Lite", "Watcher"]
        assert "numpy is missing" in seen["without_numpy"]
        assert "not connected" in ended["status"]
        wait_until(lambda: len(watcher.people) == 1, "the browser has left")
    finally:
        process.kill()
        process.wait(DEADLINE)
        watcher.disconnect()
