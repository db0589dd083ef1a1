"""Any fields at all, and elements of every kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import example, given, settings

from ipysketch.model.elements import Page, Path, decode
from ipysketch.model.elements.fields import REACH

from ..contract.make_elements import STROKE
from ..support.seeds import seeds
from .fields import any_fields, valid


@settings(max_examples=len(seeds(400)))
@given(any_fields)
@example({**STROKE, "points": [REACH, 0, REACH, 0]})
@example({**STROKE, "points": [10**400, 0]})
@example({**STROKE, "offset": [10**400, math.nan]})
def test_decode_is_total_and_what_it_gives_can_be_used(fields: dict[str, Any]) -> None:
    element = decode("k", fields)
    if element is None or isinstance(element, Page):
        return
    box = element.bounds
    assert all(map(math.isfinite, (box.x0, box.y0, box.x1, box.y1)))
    assert box.x0 <= box.x1
    assert box.y0 <= box.y1
    for part in element.display:
        if isinstance(part, Path):
            assert np.isfinite(part.points).all()
            x, y = part.points[0]
            assert element.hit(x, y, 0.0)
            assert (part.points >= (box.x0, box.y0)).all()
            assert (part.points <= (box.x1, box.y1)).all()
    assert not element.hit(box.x1 + 2, box.y1 + 2, 1)


@settings(max_examples=len(seeds(400)))
@given(valid)
def test_encode_gives_back_what_decode_was_given(fields: dict[str, Any]) -> None:
    element = decode("k", fields, "ada", 7)
    assert element is not None
    assert element.encode() == fields
    assert (element.key, element.author, element.seq) == ("k", "ada", 7)
