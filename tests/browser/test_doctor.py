"""``%sketch doctor`` in a real JupyterLab: what it finds is what there is."""

from __future__ import annotations

import re

from ..support.waiting import wait_until
from .conftest import Lab
from .islands import ink_color


def test_the_doctor_finds_a_board_well(lab: Lab) -> None:
    dora = lab.notebook(
        "dora", ["%load_ext ipysketch", "%sketch connect --room doctor --name Dora", "%sketch doctor"]
    )
    dora.run()
    dora.stroke((100, 100), (400, 300))
    dora.sees(250, 200, ink_color(dora.page))
    said = dora.page.locator(".jp-OutputArea-output", has_text="the Jupyter server sends kernels' messages")

    heard: list[str] = []

    def asked() -> str:
        # Who asks has the board in sight; a page out of sight says nothing about subshells.
        dora.page.locator(".ipysketch-desk").scroll_into_view_if_needed()
        dora.finish(2)
        # A report begins with the versions; that of the run before may still stand above it.
        heard.append(said.inner_text().rpartition("Python ")[2])
        return heard[-1] if "subshells are in use" in heard[-1] else ""

    # Until JupyterLab has made a subshell for the widget's messages, they come between cells.
    try:
        words = wait_until(asked, "subshells are in use")
    except AssertionError as error:
        raise AssertionError(f"{error}; asked {len(heard)} times, it said at last: {heard[-1]}") from error
    # Whether the times are good is the machine's affair.
    assert not [line for line in words.splitlines() if line.startswith("!!") and "and back: " not in line]
    for part in ("room doctor: connected", "relay and back", "painted frame and back"):
        assert part in words
    assert "pages in sight: 1" in words
    assert "ok the Jupyter server sends kernels' messages at once" in words
    trips = [float(found) for found in re.findall(r"back: ([0-9.]+) ms", words)]
    assert len(trips) == 2
    assert all(trip > 0 for trip in trips)
    said.scroll_into_view_if_needed()
    dora.screenshot("doctor")
    dora.page.context.close()
