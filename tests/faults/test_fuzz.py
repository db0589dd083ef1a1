"""A short run of the fuzz; and relays with a fault, which it must find."""

from __future__ import annotations

import sys

import pytest

from .fuzz import Campaign, documented, fuzz, record

FRAMES = 60_000
SEED = 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends the relay with SIGTERM")


def test_hostile_frames_disturb_nobody() -> None:
    campaign = Campaign(SEED, frames=FRAMES, examples=120)
    print(fuzz(campaign))
    assert campaign.sent >= FRAMES
    assert campaign.strokes >= 10, "the control pair hardly drew"
    assert campaign.endings >= 50, "hardly a connection was ended"
    # It also reached the code after decoding.
    assert {"key-taken", "too-deep", "bad-value", "bad-key-name", "no-such-peer"} <= set(campaign.codes)


@pytest.mark.parametrize(
    ("alteration", "words"),
    [
        # Which value comes first is chance: ink that clients can decode, or a field that they cannot.
        ("no_value_check", "beyond 2\\^53|cannot be read"),
        ("decoding_raises", "connection|log says"),
        ("undocumented_code", "'surprise' is in no document"),
    ],
)
def test_a_relay_with_a_fault_is_found_out(alteration: str, words: str) -> None:
    campaign = Campaign(SEED, frames=20_000, alteration=alteration, examples=20)
    with pytest.raises(AssertionError, match=f"(?s)({words}).*seed {SEED}\\nframe "):
        fuzz(campaign)


def test_the_page_and_the_recording_are_what_the_fuzz_thinks() -> None:
    assert {"not-json", "bad-color", "gap", "too-many-events"} <= documented()
    kinds = " ".join(record())
    for kind in ("join", "operate", "preview", "presence", "cancel", "revert", "clear"):
        assert f'"type":"{kind}"' in kinds
