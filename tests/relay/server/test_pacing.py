"""When a room tells its peers: at once while that is little work, in beats when it is much."""

from __future__ import annotations

import pytest

from relay.server.pacing import BEAT, BUSY, QUIET, BroadcastPacer


def after(rate: float, seconds: float = 3.0, step: float = 0.001) -> tuple[BroadcastPacer, float]:
    """A pulse that has seen so many frames a second."""
    pulse, now = BroadcastPacer(), 0.0
    for _ in range(round(seconds / step)):
        now += step
        pulse.count(round(rate * step), now)
    return pulse, now


@pytest.mark.parametrize("rate", [2_000, 20_000])
def test_the_rate_is_that_of_the_last_moments(rate: int) -> None:
    pulse, now = after(rate)
    assert pulse.rate(now) == pytest.approx(rate, rel=0.02)
    assert pulse.rate(now + 2) < rate / 1000


def test_a_quiet_relay_tells_at_once() -> None:
    assert BroadcastPacer().wait(0.0, 0.0) == 0
    pulse, now = after(QUIET * 0.9, step=0.01)
    assert pulse.wait(now, now) == 0


def test_a_busy_one_waits_for_its_beat() -> None:
    pulse, now = after(QUIET * 2)
    assert pulse.wait(now, now) == pytest.approx(BEAT)
    assert pulse.wait(now - BEAT / 2, now) == pytest.approx(BEAT / 2)
    assert pulse.wait(now - BEAT, now) == 0


def test_beats_grow_longer_to_twice_as_long() -> None:
    pulse, now = after(BUSY * 1.6)
    assert pulse.wait(now, now) == pytest.approx(BEAT * 1.6, rel=0.02)
    pulse, now = after(BUSY * 10)
    assert pulse.wait(now, now) == pytest.approx(BEAT * 2)


def test_a_verdict_waits_only_for_a_very_busy_one() -> None:
    pulse, now = after(BUSY * 0.9)
    assert pulse.wait(now, now) > 0
    assert pulse.wait(now, now, verdicts=True) == 0
    pulse, now = after(BUSY * 1.6)
    assert pulse.wait(now, now, verdicts=True) == pulse.wait(now, now) > 0
