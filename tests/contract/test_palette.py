"""The colours of people: the same in both languages, told apart, and given twice only when none is left."""

from __future__ import annotations

import itertools
import json

from ipysketch.model.palette import COMMON, PEOPLE, free_color

from ..support.node import WEB, says

MODULE = (
    f"import {{ COMMON, PEOPLE, freeColor }} from {json.dumps(str(WEB / 'model' / 'palette.js'))};"
    + """
const taken = [];
for (let n = 0; n < 45; n++) taken.push(freeColor(PEOPLE[(n * 5) % 40], taken));
console.log(JSON.stringify([COMMON, PEOPLE, taken]));
"""
)


def parts(color: str) -> tuple[int, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def test_forty_colours_are_told_apart() -> None:
    assert len(set(PEOPLE)) == 40
    for one, other in itertools.combinations(PEOPLE, 2):
        apart = sum((a - b) ** 2 for a, b in zip(parts(one), parts(other), strict=True)) ** 0.5
        assert apart > 30, (one, other)


def test_a_colour_is_given_twice_only_when_none_is_left() -> None:
    taken: list[str] = []
    for n in range(45):
        taken.append(free_color(PEOPLE[(n * 5) % 40], taken))
    assert sorted(taken[:40]) == sorted(PEOPLE)
    assert free_color("#123456", ["#ABCDEF"]) == "#123456"
    assert free_color("#123456", ["#123456"]) == PEOPLE[0]
    assert free_color("#D1495B".lower(), ["#D1495B"]) == PEOPLE[1]
    assert json.loads(says(script=MODULE)) == [COMMON, list(PEOPLE), taken]
