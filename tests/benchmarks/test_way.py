"""The stages of a point's way, out of what the kernels noted."""

from __future__ import annotations

from benchmarks.way import stages

SENDER = [("preview", 12.0, 100.0), ("send", 13.0, 100.0), ("preview", 22.0, 118.0), ("send", 24.0, 118.0)]
RECEIVER = [("_handle", 17.0, 100.0), ("update", 18.0, 0.0), ("_handle", 29.0, 118.0), ("update", 31.0, 0.0)]


def test_each_stage_ends_where_the_next_begins() -> None:
    assert stages(10.0, 100.0, SENDER, RECEIVER, 25.0) == [2.0, 1.0, 4.0, 1.0, 7.0]
    assert stages(20.0, 118.0, SENDER, RECEIVER, 40.0) == [2.0, 2.0, 5.0, 2.0, 9.0]


def test_a_point_that_somebody_did_not_note_has_no_stages() -> None:
    assert stages(10.0, 100.0, SENDER, [], 25.0) is None
    assert stages(10.0, 136.0, SENDER, RECEIVER, 25.0) is None
    assert stages(10.0, 118.0, SENDER, RECEIVER[:3], 25.0) is None
