"""Two hosts with one home directory: containers of one user, or computers with a home on a server.

A host here is a network namespace with a name of its own: its loopback is not that of another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.processes import environment
from ..support.waiting import DEADLINE

KERNEL = """
import subprocess, sys, time
subprocess.run(["hostname", sys.argv[1]], check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
from ipysketch.errors import SketchError
from ipysketch.local import relay_process
began = time.monotonic()
try:
    local, started = relay_process.ensure()
    print(f"{'started' if started else 'found'} {local.url} {local.pid}", flush=True)
except SketchError as error:
    print(f"{error} [{time.monotonic() - began:.1f}]", flush=True)
sys.stdin.readline()
"""


def unshared() -> list[str]:
    """Return a command that runs another with a network and a host name of its own; root is asked for no more."""
    command = ["unshare", "--net", "--uts"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    done = subprocess.run([*command, "true"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"this machine lets nobody make network namespaces: {done.stderr}"
    return command


class Host:
    """A kernel that looks for its relay on a host of this name, and keeps the host."""

    def __init__(self, name: str, home: Path, **more: str) -> None:
        self._process = subprocess.Popen(
            [*unshared(), sys.executable, "-c", KERNEL, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(home, **more),
        )
        assert self._process.stdout is not None
        self.said = self._process.stdout.readline().strip()

    def end(self) -> None:
        self._process.communicate("\n", timeout=DEADLINE)


@pytest.fixture
def hosts(home: Path) -> Iterator[list[Host]]:
    """The hosts that a test made; `home` ends their relays."""
    made: list[Host] = []
    yield made
    for each in made:
        each.end()


def test_the_second_host_says_at_once_where_the_relay_is(home: Path, hosts: list[Host]) -> None:
    hosts.append(Host("pod-a", home))
    assert hosts[0].said.startswith("started ws://127.0.0.1:")
    hosts.append(Host("pod-b", home))
    said = hosts[1].said
    assert "another computer or in another container (pod_a)" in said
    assert "%sketch connect wss://" in said
    assert "IPYSKETCH_DATABASE" in said
    # Where it waited for a relay that cannot come, it took as long as the start of one may.
    assert float(said.rpartition("[")[2].rstrip("]")) < 15
    # The file of the first is as it was.
    [file] = (home / "runtime").glob("own-*.json")
    assert file.name.startswith("own-pod_a-")


def test_with_a_database_of_its_own_the_second_host_has_a_relay(home: Path, hosts: list[Host]) -> None:
    hosts.append(Host("pod-a", home))
    hosts.append(Host("pod-b", home, IPYSKETCH_DATABASE=str(home / "scratch" / "b.sqlite")))
    assert [each.said.split()[0] for each in hosts] == ["started", "started"]
    files = sorted((home / "runtime").glob("own-*.json"))
    assert [json.loads(file.read_text())["pid"] for file in files] == [
        int(each.said.split()[2]) for each in hosts
    ]
    assert (home / "scratch" / "b.sqlite").exists()


def test_files_of_hosts_that_are_long_gone_are_removed(home: Path, hosts: list[Host]) -> None:
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    for name, days in (("own-old-1.json", 400), ("own-new-2.json", 100)):
        (runtime / name).write_text("{}")
        then = time.time() - days * 86400
        os.utime(runtime / name, (then, then))
    hosts.append(Host("pod-a", home))
    assert hosts[0].said.startswith("started")
    assert sorted(file.name.rpartition("-")[0] for file in runtime.glob("own-*.json")) == [
        "own-new",
        "own-pod_a",
    ]
    (runtime / "own-new-2.json").unlink()
