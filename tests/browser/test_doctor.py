"""``%sketch doctor`` in a real JupyterLab: what it finds is what there is."""

from __future__ import annotations

import re

from ..support.waiting import wait_until
from .conftest import Lab
from .islands import ink_color


def test_the_doctor_finds_a_board_well(lab: Lab) -> None:
    dora = lab.notebook(
        "doctor", ["%load_ext ipysketch", "%sketch connect --room doctor --name Dora", "%sketch doctor"]
    )
    dora.run()
    dora.stroke((100, 100), (400, 300))
    dora.sees(250, 200, ink_color(dora.page))
    said = dora.page.locator(".jp-OutputArea-output", has_text="the Jupyter server sends kernels' messages")

    def asked() -> str:
        dora.finish(2)
        return said.inner_text()

    # Until JupyterLab has made a subshell for the widget's messages, they come between cells.
    words = wait_until(
        lambda: found if "subshells are in use" in (found := asked()) else "", "subshells are in use"
    )
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
