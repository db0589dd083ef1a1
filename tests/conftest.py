"""The order of the tests: quick ones first, and those in a browser last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright's synchronous API keeps an event loop running in the main thread until the session ends, so no
    # test that runs a loop of its own could come after it.
    items.sort(key=lambda item: "browser" in item.path.parts)
