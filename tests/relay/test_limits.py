"""The limits of a relay."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from relay.limits import Limits

NAMES = [field.name for field in fields(Limits)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "history"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_is_more_than_zero(name: str, value: float) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"^--{name.replace('_', '-')} must be more than 0$"):
        Limits(**wrong)


def test_a_room_may_be_without_history() -> None:
    assert Limits(history=0).history == 0


@pytest.mark.parametrize(
    ("descriptors", "connections", "of_one_address"),
    [
        (1 << 20, 4_096, 1_024),
        (8_192, 4_096, 1_024),
        (4_096, 3_008, 1_024),
        (1_024, 704, 352),
        (64, 40, 20),
        (3, 3, 1),
    ],
)
def test_connections_fit_the_descriptors_and_leave_some(
    descriptors: int, connections: int, of_one_address: int
) -> None:
    limits = Limits().within(descriptors)
    assert (limits.max_connections, limits.max_connections_per_address) == (connections, of_one_address)
    assert Limits().within(Limits().descriptors) == Limits()


def test_lower_limits_stay() -> None:
    limits = Limits(max_connections=100, max_connections_per_address=100)
    assert limits.within(1_024) is limits
    assert limits.within(64).max_connections == 40


def test_workers_share_memory_and_have_room_for_an_uneven_spread() -> None:
    whole = Limits()
    assert whole.share(1) is whole
    part = whole.share(4)
    assert part.max_memory * 4 >= whole.max_memory > part.max_memory
    assert part.max_rooms == whole.max_rooms // 2
    assert part.max_connections == whole.max_connections // 2
    assert part.max_connections_per_address <= whole.max_connections_per_address
    assert whole.share(2).max_rooms == whole.max_rooms
