"""The checker catches every planted bug, and finds nothing wrong where none is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .bugs import BUGS
from .scenarios import copied_back, killed, lost, play

# What the checker has to say of each; a scene that merely hangs is not enough.
CAUGHT = {
    "acknowledge_before_commit": "lost|not in the log",
    "broadcast_before_commit": "lost|not in the log",
    "skip_deduplication": "twice|came after",
    # Who has no operation to send again waits for ever.
    "forget_clients": "twice|came after|refused and is in the log|did not come to its end",
    "resume_one_too_far": "came after",
    "resume_one_too_early": "came after",
    "serve_twice": "came after",
    "reuse_epoch": "of the same epoch|not in the log",
    "ignore_marks": "not in the log",
    "drop_tombstones": "is not the log replayed",
    "snapshot_misses_one": "is not the log replayed",
    "snapshot_of_another_moment": "is not the log replayed",
    "wrong_author": "is not the log replayed",
    "time_goes_back": "time went back",
    "another_stroke_is_kept": "not what was attempted",
    "leave_a_gap": "has a gap",
    "order_swapped": "of its client came after",
    "cross_rooms": "never attempted in this room",
}


def test_every_bug_has_its_sentence() -> None:
    assert CAUGHT.keys() == BUGS.keys()


@pytest.mark.parametrize("act", [killed, lost, copied_back], ids=lambda act: act.__name__)
def test_a_sound_relay_is_found_sound(tmp_path: Path, act: object) -> None:
    assert play(tmp_path, act) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    act = {"reuse_epoch": lost, "ignore_marks": copied_back}.get(bug, killed)
    wrong = play(tmp_path, act, bug)
    assert [what for what in wrong if re.search(CAUGHT[bug], what)], wrong[:5]
