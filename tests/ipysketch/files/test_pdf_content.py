"""Operators of many lines and areas at once are those of each by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ipysketch.files import pdf_content
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


def test_only_what_is_far_away_is_written_number_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = vars(pdf_content)["_formatted"]
    written = []

    def counted(rows: Any) -> bytes:
        written.append(len(rows))
        return bytes(one_by_one(rows))

    monkeypatch.setattr(pdf_content, "_formatted", counted)
    operators([line((0, 0), (10.5, -3), (5, 5)), line((0, 0), (-MOST, 1)), line((1, 1), (2, 2), (3, 3))], GRID)
    assert written == [2]
