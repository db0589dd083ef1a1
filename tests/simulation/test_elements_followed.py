"""Elements that follow what changed are those of all entries: whatever is committed, pending, refused or lost.

A failing seed prints how to run it alone: ``pytest tests/simulation/test_elements_followed.py -k "seed17]"``.
"""

from __future__ import annotations

import pytest

from ipysketch.client.sync import NEWS
from ipysketch.model.elements import Element, Stroke
from ipysketch.model.scene import Scene
from relay.protocol import Create, Refused

from ..support.seeds import seeds
from .network import Client, World
from .test_convergence import STROKE, step

SEEDS = 200
STEPS = 200


class Follower:
    """Looks at a client's drawing from time to time."""

    def __init__(self, client: Client) -> None:
        self.sync = client.sync
        self.version = -1
        self.elements = Scene()

    def check(self) -> None:
        entries = self.sync.entries
        touched = self.sync.touched(self.version)
        self.version = self.sync.version
        assert told(self.elements.of(entries, "", touched)) == told(Scene().of(entries))


def told(elements: tuple[Element, ...]) -> list[tuple[str, str, float]]:
    return [(each.key, each.author, each.width) for each in elements if isinstance(each, Stroke)]


@pytest.mark.parametrize("seed", seeds(SEEDS), ids=lambda seed: f"seed{seed}")
def test_following_shows_what_there_is(seed: int) -> None:
    world = World(seed)
    followers = [Follower(Client(world, "abc"[n])) for n in range(3)]
    for _ in range(STEPS):
        step(world, disasters=seed % 4 == 0)
        if world.random.random() < 0.5:
            world.random.choice(followers).check()
    world.drain()
    for follower in followers:
        follower.check()


def test_what_was_refused_is_gone() -> None:
    follower = Follower(Client(World(0), "a"))
    op = follower.sync.submit([Create("k", {**STROKE, "width": 8})])
    follower.check()
    assert follower.elements.of(follower.sync.entries, "", ())
    follower.sync.refused(Refused(op, "bad", "no", final=True))
    follower.check()
    assert not follower.elements.of(follower.sync.entries, "", ())


def test_who_has_missed_too_much_looks_at_everything() -> None:
    client = Client(World(0), "a")
    seen = client.sync.version
    for _ in range(NEWS + 2):
        client.sync.submit([])
    assert client.sync.touched(client.sync.version) == set()
    assert client.sync.touched(client.sync.version - 1) is not None
    assert client.sync.touched(seen) is None
