"""What a client says a role may do is what the relay's table of permissions lets it do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipysketch.client.connection_state import Connected
from ipysketch.client.membership import Capabilities, Membership
from relay.protocol import Clear, Create, Delete, Entry, Operate, RemoteError
from relay.room.permissions import Role, check_change, check_message

ENTRIES = {"k": Entry("k", (1, 0), "grace", 0.0, "", {}, {})}


def allowed(check: Callable[..., object], *given: object) -> bool:
    try:
        check(*given)
    except RemoteError:
        return False
    return True


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("role", list(Role))
def test_capabilities_are_those_of_the_relay(role: Role, locked: bool) -> None:
    mine = Capabilities.of(role.word, locked)
    draws = allowed(check_message, role, locked, Operate(1, ()))
    assert mine.draw is draws
    assert bool(mine.obstacle) is not draws
    for change, may in ((Create("n", {}), True), (Delete(("k",)), mine.erase_others), (Clear(), mine.clear)):
        assert (draws and allowed(check_change, role, "ada", ENTRIES, change)) is (draws and may)


def test_the_public_address_is_that_of_the_connection() -> None:
    membership = Membership()
    assert membership.public_url == ""
    membership.connection = Connected("ws://relay", "https://draw.example/")
    assert membership.public_url == "https://draw.example/"
