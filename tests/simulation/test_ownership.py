"""Nothing acknowledged is lost, and nothing is there twice, whoever believes to have a room: see `ownership`."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .ownership import BUGS, Violation, World, play

STEPS = 120
RUNS = 3_000
ENOUGH = 20_000
"""Runs in which a planted bug must show."""


def test_thousands_of_orders_of_what_may_happen() -> None:
    worlds = [play(seed, STEPS) for seed in range(RUNS)]
    assert sum(len(world.acknowledged) for world in worlds) > RUNS, "they come to something"
    assert sum(len(world.standby.log) > 5 for world in worlds) > RUNS / 20


@given(st.lists(st.integers(0, 1 << 16), max_size=STEPS), st.integers(0, 1 << 32))
@settings(max_examples=150, deadline=None)
def test_an_order_that_is_looked_for(choices: list[int], seed: int) -> None:
    world = World(random.Random(seed))
    for choice in choices:
        world.step(choice)


@pytest.mark.parametrize("bug", BUGS)
def test_each_planted_bug_shows(bug: str) -> None:
    for seed in itertools.count():
        assert seed < ENOUGH, "no order showed it"
        try:
            play(seed, STEPS, bug)
        except Violation:
            return
