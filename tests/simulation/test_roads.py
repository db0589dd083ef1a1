"""Whatever the network does to either road, everybody sees what is under others' hands, once, and nothing else; and a page
is sent nothing that is its kernel's. Each planted bug is found.

A failing seed prints how to run it alone: ``pytest tests/simulation/test_roads.py -k "seed17]"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from relay.protocol import RemoteError
from relay.room.companions import Companions
from relay.room.peer import Peer
from relay.room.presence import Presence

from ..support.seeds import seeds
from .network import World
from .roads import Person, Wrong, see, settle_roads
from .test_convergence import check

SEEDS = 150
STEPS = 150


def step(world: World) -> None:  # noqa: C901, PLR0912  # a branch for each event
    pick = world.random
    person = pick.choice(world.clients)
    assert isinstance(person, Person)
    choice = pick.random()
    if choice < 0.25:
        person.draw()
    elif choice < 0.4:
        person.tell()
    elif choice < 0.44:
        person.lift(cancel=pick.random() < 0.2)
    elif choice < 0.54:
        person.hear_page()
    elif choice < 0.61:
        person.send()
    elif choice < 0.7:
        person.deliver_up()
    elif choice < 0.79:
        person.pull()
    elif choice < 0.88:
        person.deliver_down()
    elif choice < 0.93:
        world.propose()
    elif choice < 0.98:
        world.settle(fail=pick.random() < 0.1)
    elif choice < 0.988:
        person.connect()
    elif choice < 0.996:
        person.cut()
    else:
        world.crash(after_store=pick.random() < 0.5)


def step_of_page(world: World) -> None:
    pick = world.random
    person = pick.choice(world.clients)
    assert isinstance(person, Person)
    page, choice = person.page, pick.random()
    if page is None:
        person.open_road()
    elif choice < 0.3:
        page.deliver_up()
    elif choice < 0.6:
        page.pull()
    elif choice < 0.96:
        page.deliver_down()
    elif choice < 0.98:
        person.close_tab()
    else:
        page.lose()


def run(seed: int, steps: int = STEPS) -> World:
    world = World(seed)
    for name in "abcd"[: world.random.randrange(2, 5)]:
        Person(world, name).connect()
    for _ in range(steps):
        step(world)
        step_of_page(world)
    settle_roads(world, "ab" if seed % 2 else "")
    return world


def judge(world: World) -> None:
    check(world)
    for person in world.clients:
        assert isinstance(person, Person)
        if person.page is not None:
            see(person, person.page.others, whole=True)
        if not person.wanted:
            # And its kernel, which left that to the page, gets all of it when it asks.
            person.want(True)
    world.drain()
    for person in world.clients:
        assert isinstance(person, Person)
        if not person.here:
            raise Wrong("who asked for others' ink was not answered")
        see(person, person.others, whole=True)


@pytest.mark.parametrize("seed", seeds(SEEDS), ids=lambda seed: f"seed{seed}")
def test_everybody_sees_what_is_under_the_hands(seed: int) -> None:
    judge(run(seed))


# --- the control: each bug is found -----------------------------------------------------------------------------

real_admit, real_draw, real_leave = Companions.admit, Presence.draw, Companions.leave


def outlives_its_peer(self: Companions, lead: Peer) -> None: ...


def ids(companions: Companions) -> list[str]:
    return list(companions._presence._states)  # noqa: SLF001  # who is there


def speaks_for_another(self: Companions, *asked: Any) -> Peer:
    companion = real_admit(self, *asked)
    companion.id = max(ids(self), key=lambda id: id != companion.id)
    return companion


def outlives_its_commit(self: Presence, peer: str, key: str, seq: int = 0) -> None: ...


def reads_what_its_kernel_may(self: Companions, *asked: Any) -> Peer:
    companion = real_admit(self, *asked)
    companion.lead, companion.cursor = None, 0
    return companion


def begins_where_it_is(self: Peer, previews: bool) -> None:
    self.previews = previews


def is_never_given_back(self: Companions, companion: Peer) -> None:
    lead = companion.lead
    before = lead.previews if lead is not None else True
    real_leave(self, companion)
    if lead is not None and not before:
        lead.previews = False
        lead.seen = self._presence.version


def is_drawn_by_whoever_comes(self: Presence, peer: str, preview: Any, sender: str = "") -> None:
    real_draw(self, peer, preview, sender or peer)


def stays_for_ever(self: Presence, peer: str, orphans: Mapping[str, int]) -> None: ...


def is_dropped(self: Presence, peer: str, sender: str) -> dict[str, int]:
    """Ink of a lost page is no longer anybody's: nobody can go on with it, or end it."""
    return {}


BUGS: dict[str, tuple[type, str, Any]] = {
    "a companion outlives its peer": (Companions, "end", outlives_its_peer),
    "a companion speaks for another": (Companions, "admit", speaks_for_another),
    "a preview outlives its commit": (Presence, "end", outlives_its_commit),
    "a companion reads what is its kernel's": (Companions, "admit", reads_what_its_kernel_may),
    "ink begins in its middle": (Peer, "want", begins_where_it_is),
    "a late frame begins a stroke anew": (Presence, "draw", is_drawn_by_whoever_comes),
    "ink of a closed page stays": (Presence, "end_orphans", stays_for_ever),
    "ink of a lost page is nobody's": (Presence, "release", is_dropped),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, what = BUGS[bug]
    monkeypatch.setattr(owner, name, what)
    for seed in range(80):
        try:
            judge(run(seed))
        except (AssertionError, KeyError, RemoteError):
            return
    pytest.fail("nobody notices")


def test_the_seeds_go_by_both_roads_and_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"short": 0, "long": 0, "changed": 0}

    def counted(self: Presence, peer: str, preview: Any, sender: str = "") -> None:
        ink = self._strokes.get((peer, preview.key))
        counts["short" if sender else "long"] += 1
        counts["changed"] += ink is not None and ink.sender != sender
        real_draw(self, peer, preview, sender)

    monkeypatch.setattr(Presence, "draw", counted)
    for seed in range(40):
        run(seed)
    assert min(counts.values()) > 20, counts
