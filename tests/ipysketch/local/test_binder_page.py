"""The files that the page about front ends has for a repository of Binder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from ipysketch.local import doors

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "front-ends.md").read_text()
SECTION = PAGE[PAGE.index("### A repository for Binder") :]


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", SECTION, re.M | re.S)
    assert found, language
    return found[1]


def test_what_is_installed_is_what_a_notebook_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {each.name: each for each in map(Requirement, block("text").split("\n")[:-1])}
    assert required[project["name"]].extras <= set(project["optional-dependencies"])
    assert "4.4.0" in required["jupyterlab"].specifier


def test_the_server_is_started_with_the_relay_that_a_bare_cell_takes(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.write_text(block("sh"))
    start.chmod(0o755)
    says = "import os, sys; print(os.environ['IPYSKETCH_URL'], *sys.argv[1:])"
    done = subprocess.run(
        [start, sys.executable, "-c", says, "--port=8888", "two words"],
        env={**os.environ, "IPYSKETCH_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    url, *arguments = done.stdout.strip().split(" ", 1)
    assert arguments == ["--port=8888 two words"]
    environment = {
        doors.URL: url,
        "BINDER_LAUNCH_HOST": "https://mybinder.org/",
        "JUPYTERHUB_API_URL": "http://hub",
    }
    named = doors.named(None, environment)
    assert named == doors.Named("wss://draw.example", "IPYSKETCH_URL")
    door = doors.find(named, "", environment)
    assert (door.url, door.apart) == (url, ""), "others can be in it"
    assert "Binder gives this notebook a machine of its own" in doors.apart({"BINDER_LAUNCH_HOST": "x"})
