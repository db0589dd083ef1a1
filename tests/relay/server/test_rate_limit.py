"""The bucket that counts per second, on a clock of its own."""

from __future__ import annotations

import pytest

from relay.limits import Limits
from relay.server.rate_limit import BURST, Bucket


def test_a_burst_passes_and_one_more_does_not() -> None:
    bucket = Bucket(10)
    burst = int(10 * BURST)
    assert [bucket.take(1.0) for _ in range(burst + 1)] == [True] * burst + [False]


def test_it_fills_with_time_and_never_over_its_rim() -> None:
    bucket = Bucket(10)
    while bucket.take(0.0):
        pass
    assert not bucket.take(0.09)
    assert bucket.take(0.19)
    assert sum(bucket.take(1e6) for _ in range(1000)) == 10 * BURST


def test_what_must_not_be_refused_is_owed() -> None:
    bucket = Bucket(10, least=1024)
    assert bucket.owe(1024, 0.0) == 0
    assert bucket.owe(5, 0.0) == pytest.approx(0.5)
    assert bucket.owe(0, 0.5) == pytest.approx(0.0)


@pytest.mark.parametrize("name", ["max_message", "max_peers", "event_rate", "join_seconds"])
def test_a_limit_of_nothing_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="must be more than 0"):
        Limits(**{name: 0})
