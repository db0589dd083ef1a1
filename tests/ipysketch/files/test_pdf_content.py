"""Operators of many lines and areas at once are those of each by itself."""

from __future__ import annotations

import numpy as np

from ipysketch.files.pdf_content import MOST, operators
from ipysketch.model.elements import Path

GRID = 8


def line(*places: tuple[float, float]) -> Path:
    return Path(np.array(places), "#336699", 2.0)


def test_of_nothing_there_are_none() -> None:
    assert operators([], GRID) == []


def test_a_line_far_away_is_written_as_those_that_are_near() -> None:
    near = line((0, 0), (10.5, -3))
    far = line((MOST, 0), (MOST, 1))
    alone = operators([near], GRID)
    together = operators([near, far], GRID)
    assert b"0 0 m 84 -24 l S " in alone[0]
    assert together[0] == alone[0]
    assert b"%d 0 m %d 8 l S " % (MOST * GRID, MOST * GRID) in together[1]
