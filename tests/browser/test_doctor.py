"""``%sketch doctor`` in a real JupyterLab: what it finds is what there is."""

from __future__ import annotations

import re

from .conftest import Lab
from .islands import ink_color


def test_the_doctor_finds_a_board_well(lab: Lab) -> None:
    dora = lab.notebook(
        "dora", ["%load_ext ipysketch", "%sketch connect --room doctor --name Dora", "%sketch doctor"]
    )
    dora.run()
    dora.stroke((100, 100), (400, 300))
    dora.sees(250, 200, ink_color(dora.page))
    dora.execute(2)
    said = dora.page.locator(".jp-OutputArea-output", has_text="the Jupyter server sends kernels' messages")
    said.wait_for()
    words = said.inner_text()
    # Whether the times are good is the machine's affair.
    assert not [line for line in words.splitlines() if line.startswith("!!") and "and back: " not in line]
    for part in ("room doctor: connected", "relay and back", "painted frame and back", "subshells are in use"):
        assert part in words
    assert "pages in sight: 1" in words
    assert "ok the Jupyter server sends kernels' messages at once" in words
    trips = [float(found) for found in re.findall(r"back: ([0-9.]+) ms", words)]
    assert len(trips) == 2
    assert all(trip > 0 for trip in trips)
    said.scroll_into_view_if_needed()
    dora.screenshot("doctor")
    dora.page.context.close()
