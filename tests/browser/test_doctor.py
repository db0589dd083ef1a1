"""``%sketch doctor`` in a real JupyterLab: what it finds is what there is."""

from __future__ import annotations

import re

from .conftest import Lab


def test_the_doctor_finds_a_board_well(lab: Lab) -> None:
    dora = lab.notebook(
        "dora", ["%load_ext ipysketch", "%sketch connect --room doctor --name Dora", "%sketch doctor"]
    )
    dora.run()
    dora.stroke((100, 100), (400, 300))
    dora.sees(250, 200, dora.page.locator(".ipysketch-own").input_value())
    dora.execute(2)
    said = dora.page.locator(".jp-OutputArea-output", has_text="the Jupyter server sends what kernels say")
    said.wait_for()
    words = said.inner_text()
    assert "!!" not in words
    for part in ("room doctor: connected", "relay and back", "painted frame and back", "subshells are in use"):
        assert f"ok {part}" in words or part in words
    assert "pages in sight: 1" in words
    assert "ok the Jupyter server sends what kernels say at once" in words
    trips = [float(found) for found in re.findall(r"back: ([0-9.]+) ms", words)]
    assert len(trips) == 2
    assert all(trip > 0 for trip in trips)
    said.scroll_into_view_if_needed()
    dora.screenshot("doctor")
    dora.page.context.close()
