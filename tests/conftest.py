"""The kinds of tests by their folders, their order, and which of them one worker runs together."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
KINDS = {
    "ipysketch": "unit",
    "relay": "unit",
    "web": "unit",
    "contract": "unit",
    "benchmarks": "unit",
    "compatibility": "integration",
    "simulation": "simulation",
    "integration": "integration",
    "notebooks": "integration",
    "faults": "faults",
    "browser": "browser",
}
"""The marker of all tests in a folder."""
TOGETHER = ("tests/browser/", "tests/faults/test_checker.py")
"""Modules whose tests go on from each other or share what is dear: one worker runs a whole module."""

# The suite starts hundreds of Python processes. Where compiled modules are not kept, as containers have it, each of them
# compiles the same ones again, which takes a third of a relay's start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes says how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def runtime_dir(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have relays show who runs them in a folder of the tests, unless a test says another."""
    os.environ.setdefault("IPYSKETCH_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(KINDS[item.path.relative_to(HERE).parts[0]])
    items.sort(key=_place)


class Scheduling(LoadScopeScheduling):
    """Tests go to the workers one by one, in their order; those of `TOGETHER` as whole modules.

    xdist's own groups (`loadgroup`) are a suffix of a test's name that pytest 9 does not let it write.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Return what goes to one worker."""
        return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Scheduling(config, log)


def _place(item: pytest.Item) -> tuple[bool, int]:
    """Where a test stands in the order; those that are equal stay as they were.

    Those in a browser come last: Playwright's synchronous API keeps an event loop running in the main thread until the
    session ends, so no test that runs a loop of its own could come after it. The longest modules of them come first, so
    that no worker is left alone with one at the end.
    """
    in_browser = item.path.is_relative_to(HERE / "browser")
    return in_browser, -item.path.stat().st_size if in_browser else 0
