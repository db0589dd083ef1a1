"""What is cheap to send is cheap to handle: every attack that once held up a relay, and relays on which it still does."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from ..support.speed import slowness
from .amplify import FREE, STEP, Search
from .attacks import ATTACKS, Felt, attack
from .waits import attacked

CPU = 10.0
"""CPU seconds that an attack may take in total."""
TRIES = 3
SEED = 3
ATTACK_FRAMES = 20
LOGGED, KEPT = 100_000, 64 << 20
MEMORY = 400.0
ELSEWHERE, BESIDE = 0.05, 0.25
"""CPU seconds of the relay's loop within which 99 of 100 answers come, in another room than an attacker's and in the
same one."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what the relay used")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_not_felt_by_others(name: str, tmp_path: Path) -> None:
    slow = slowness()
    felt = _least(name, tmp_path, STEP * slow)
    assert felt.longest < STEP * slow, felt
    assert felt.cpu < CPU * slow, felt
    assert felt.logged < LOGGED, felt
    assert felt.kept < KEPT, felt
    assert felt.memory < MEMORY, felt
    assert felt.strokes, "the control pair hardly drew"


@pytest.mark.parametrize(
    ("alteration", "name"),
    [
        ("all_on_the_loop", "undo and redo of a clear, ten times"),
        ("free_of_charge", "undo and redo of a clear, ten times"),
        ("all_at_once", "cancels"),
    ],
)
def test_a_relay_that_stands_still_is_found_out(alteration: str, name: str, tmp_path: Path) -> None:
    bound = STEP * slowness()
    assert asyncio.run(attack(name, tmp_path / "relay.sqlite", alteration)).longest > bound


def test_others_do_not_wait_while_somebody_attacks(tmp_path: Path) -> None:
    for number in range(TRIES):
        before = slowness()
        waits = asyncio.run(attacked(tmp_path / f"relay{number}.sqlite", SEED, ATTACK_FRAMES))
        slow = max(1.0, before, slowness())
        if waits.elsewhere < ELSEWHERE * slow and waits.beside < BESIDE * slow:
            break
    assert waits.elsewhere < ELSEWHERE * slow, waits
    assert waits.beside < BESIDE * slow, waits
    assert waits.count > 50, "the control pairs hardly drew"
    assert waits.frames == ATTACK_FRAMES


def test_a_loop_that_is_held_up_is_felt_in_both_rooms(tmp_path: Path) -> None:
    waits = asyncio.run(attacked(tmp_path / "relay.sqlite", SEED, 6, alteration="held"))
    slow = max(1.0, slowness())
    assert waits.elsewhere > ELSEWHERE * slow
    assert waits.beside > BESIDE * slow


def _least(name: str, folder: Path, bound: float) -> Felt:
    """Attack new relays, at most `TRIES`, until no step takes as long as `bound`: a busy machine may delay a step."""
    for number in range(TRIES):
        felt = asyncio.run(attack(name, folder / f"relay{number}.sqlite"))
        if felt.longest < bound:
            break
    return felt


# --- the search for more of them ----------------------------------------------------------------------------

FRAMES = 30


def test_no_message_costs_much_more_than_is_charged_for_it() -> None:
    search = Search(SEED)
    assert search.run(frames=FRAMES) == ""
    assert search.tried == FRAMES
    assert max(spent.cpu for _, _, spent in search.worst) > FREE * slowness(), "nothing of it was dear"


def test_the_search_finds_what_is_not_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.room.operation_queue.price", lambda *_: 0.0)
    # Nor is what a frame costs by its size: by that alone, the dearest of these is near what is allowed.
    monkeypatch.setattr("tests.faults.amplify.BYTE", 0.0)
    monkeypatch.setattr("tests.faults.amplify.MESSAGE", 0.0)
    assert re.search("at once|charged as", Search(SEED).run(frames=FRAMES))
