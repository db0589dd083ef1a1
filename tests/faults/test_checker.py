"""The checker catches every planted bug, and finds nothing wrong where none is."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

import pytest

from .bugs import BUGS
from .scenarios import Act, copied_back, killed, lost, play

# What the checker must report for each; a scene that only hangs is not enough.
CAUGHT = {
    "acknowledge_before_commit": "acknowledged operations of .* are lost",
    "broadcast_before_commit": "acknowledged operations of .* are lost|not in the log",
    "skip_deduplication": "twice|came after|was refused and is in the log",
    # A client without an operation to send again waits for ever.
    "forget_clients": "twice|came after|neither kept nor refused|was refused and is in the log",
    "resume_one_too_far": "commit .* came after",
    "resume_one_too_early": "commit .* came after",
    "serve_twice": "commit .* came after",
    "reuse_epoch": "of the same epoch|not in the log",
    "ignore_marks": "not in the log",
    "drop_tombstones": "is not the log replayed",
    "snapshot_misses_one": "the snapshot .* is not the log replayed",
    "snapshot_of_another_moment": "the snapshot .* is not the log replayed",
    "wrong_author": "is not the log replayed|another author",
    "time_goes_back": "time went back",
    "another_stroke_is_kept": "not what was attempted",
    "leave_a_gap": "has a gap",
    "order_swapped": "of its client came after",
    "cross_rooms": "never attempted in this room",
    "swallow_operations": "acknowledged operations of .* are lost",
    "lose_refusals": "neither kept nor refused",
    "refuse_what_is_kept": "was refused and is in the log",
    "resolve_reverts_twice": "not what was attempted",
    "deliver_another_room": "saw an entry .* not in the log",
    "checkpoint_misses_one": "the checkpoint .* is not the log replayed",
    "snapshot_before_commit": "the snapshot .* is not the log replayed",
}
ACTS: dict[str, Act] = {"reuse_epoch": lost, "ignore_marks": copied_back}
TOGETHER = 3
"""Scenes that run at a time: most of a scene is waiting for a relay to start."""


class Case(NamedTuple):
    act: Act
    bug: str = "none"

    def __str__(self) -> str:
        return f"{self.act.__name__}-{self.bug}"


SOUND = [Case(killed), Case(killed, "short_memory"), Case(lost), Case(copied_back)]
PLANTED = [Case(ACTS.get(bug, killed), bug) for bug in BUGS]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[str]]:
    """What the checker found in each selected scene."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    cases = [spec.params["case"] for spec in specs if spec and isinstance(spec.params.get("case"), Case)]

    async def play_all() -> dict[Case, list[str]]:
        places = asyncio.Semaphore(TOGETHER)

        async def one(case: Case) -> list[str]:
            async with places:
                return await play(tmp_path_factory.mktemp(str(case)) / "scene", *case)

        return dict(zip(cases, await asyncio.gather(*map(one, cases)), strict=True))

    return asyncio.run(play_all())


def test_every_bug_has_its_sentence() -> None:
    assert CAUGHT.keys() == BUGS.keys()


@pytest.mark.parametrize("case", SOUND, ids=str)
def test_a_sound_relay_is_found_sound(found: dict[Case, list[str]], case: Case) -> None:
    assert found[case] == []


@pytest.mark.parametrize("case", PLANTED, ids=str)
def test_a_planted_bug_is_caught(found: dict[Case, list[str]], case: Case) -> None:
    wrong = found[case]
    assert [what for what in wrong if re.search(CAUGHT[case.bug], what)], wrong[:5]
