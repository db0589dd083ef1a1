"""The relays of one PostgreSQL server, and the rooms that each holds: by the server's clock, one of two wins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import psycopg
import pytest

from relay.records import Claim, HeldByRelayError, LoadedRoom, Member, StoreError
from relay.store.postgres import PostgresStore
from relay.store.postgres_relays import Directory

from ...support import postgres
from ...support.waiting import DEADLINE, wait_until
from .test_store import batch

LEASE, ROOMS = 600.0, 40


@pytest.fixture(scope="module")
def running() -> Iterator[postgres.Server]:
    with postgres.server("wheel") as made:
        yield made


class Two:
    """Two relays that live, each with its store."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.directory = Directory(address)
        self.stores = [PostgresStore(address, shared=True) for _ in range(2)]
        for number, store in enumerate(self.stores):
            store.member = self.directory.enter(f"r{number}", f"ws://10.0.0.{number}:1", LEASE)

    def member(self, number: int) -> Member:
        member = self.stores[number].member
        assert member is not None
        return member

    def expire(self, number: int) -> None:
        """Have the lease of a relay end."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(
                "UPDATE ipysketch.relays SET expires = clock_timestamp() - interval '1 s' WHERE id = %s",
                (self.member(number).id,),
            )

    def close(self) -> None:
        self.directory.close()
        for store in self.stores:
            store.close()


@pytest.fixture
def two(running: postgres.Server) -> Iterator[Two]:
    running.empty()
    made = Two(running.address)
    yield made
    made.close()


def test_of_two_claims_at_once_one_wins(two: Two) -> None:
    def claims(store: PostgresStore) -> list[str]:
        won = []
        for number in range(ROOMS):
            with contextlib.suppress(HeldByRelayError):
                won.append(store.claim(f"room{number}", "one", 99).hold.room)
        return won

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(claims, two.stores)
    assert sorted(first + second) == sorted(f"room{number}" for number in range(ROOMS))


def test_a_room_is_taken_over_when_the_lease_has_ended_and_the_old_holder_is_refused(two: Two) -> None:
    first, second = two.stores
    old, _, before = first.claim("a", "one", 9)
    assert before == ""
    first.append([(old, batch("a", 1))])
    with pytest.raises(HeldByRelayError) as held:
        second.claim("a", "one", 9)
    assert held.value.holder == two.member(0)
    two.expire(0)
    new, loaded, before = second.claim("a", "two", 9)
    assert (loaded.epoch, len(loaded.rows), before) == ("one", 1, "r0")
    assert first.append([(old, batch("a", 2))]) == {"a": "it is held elsewhere now"}
    assert second.append([(new, batch("a", 2))]) == {}
    assert two.directory.beat(two.member(0), LEASE, 0, 0, draining=False) is None, "it is told that it is dead"
    with pytest.raises(StoreError, match="the lease of this relay has ended"):
        first.claim("b", "one", 9)


def test_a_beat_in_time_keeps_the_rooms(two: Two) -> None:
    two.stores[0].claim("a", "one", 9)
    two.expire(0)
    beat = two.directory.beat(two.member(0), LEASE, 1, 2, draining=False)
    assert beat is not None
    assert [member.id for member in beat.others] == ["r1"]
    with pytest.raises(HeldByRelayError):
        two.stores[1].claim("a", "one", 9)


def test_a_relay_that_is_declared_dead_or_begins_anew_has_no_rooms(two: Two) -> None:
    first, second = two.stores
    first.claim("a", "one", 9)
    assert two.directory.declare_dead(two.member(0))
    assert not two.directory.declare_dead(two.member(0))
    assert second.claim("a", "one", 9).before == "r0"
    second.claim("b", "one", 9)
    second.member = two.directory.enter("r1", "ws://10.0.0.1:1", LEASE)
    assert second.claim("b", "one", 9).before == "r1"


def test_a_room_that_was_given_up_is_free(two: Two) -> None:
    first, second = two.stores
    first.release(first.claim("a", "one", 9).hold)
    assert second.claim("a", "one", 9).before == ""


def test_what_one_tells_reaches_the_others(two: Two) -> None:
    first, second = two.stores
    first.revoke("token", 1e12)
    second.claim("a", "one", 9)
    second.delete("a")
    beat = two.directory.beat(two.member(1), LEASE, 0, 0, draining=False)
    assert beat is not None
    assert [notice[1:] for notice in beat.notices] == [("r0", "revoked", "token"), ("r1", "deleted", "a")]


def test_all_have_one_secret(two: Two) -> None:
    two.directory.check_secret("tokens", b"one")
    two.directory.check_secret("tokens", b"one")
    with pytest.raises(StoreError, match="another secret for tokens"):
        two.directory.check_secret("tokens", b"two")


def test_a_relay_alone_can_use_what_several_used(two: Two) -> None:
    two.stores[0].claim("a", "one", 9)
    two.close()
    alone = PostgresStore(two.address)
    assert alone.claim("a", "two", 9).loaded.epoch == "one"
    alone.close()


def test_a_claim_does_not_wait_for_a_room_that_another_session_has_locked(
    running: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.store.postgres_server.ROW_WAITS", "1h")
    running.empty()
    with contextlib.closing(Two(running.address)) as two:
        store = two.stores[0]
        store.release(store.claim("a", "one", ROOMS).hold)
        with ThreadPoolExecutor(1) as executor, psycopg.connect(two.address) as other:
            other.execute("SELECT FROM ipysketch.rooms FOR UPDATE")
            with pytest.raises(StoreError, match="another session has locked it"):
                executor.submit(store.claim, "a", "one", ROOMS).result(DEADLINE)
            store.claim("b", "one", ROOMS)
        store.claim("a", "one", ROOMS)


def test_a_relay_that_sleeps_in_the_midst_of_a_claim_keeps_no_room(
    running: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends what it has begun."""
    monkeypatch.setattr("relay.store.postgres_server.SLEEPS", "500ms")
    running.empty()
    two = Two(running.address)
    sleeper, other = two.stores
    claimed, awake = Event(), Event()
    load = vars(PostgresStore)["_load"]

    def sleep(*arguments: Any) -> LoadedRoom:
        claimed.set()
        assert awake.wait(DEADLINE)
        loaded: LoadedRoom = load(sleeper, *arguments)
        return loaded

    def taken() -> Claim | None:
        with contextlib.suppress(StoreError):
            return other.claim("a", "one", ROOMS)
        return None

    other.release(other.claim("a", "one", ROOMS).hold)
    monkeypatch.setattr(sleeper, "_load", sleep)
    with contextlib.closing(two), ThreadPoolExecutor(1) as executor:
        asleep = executor.submit(sleeper.claim, "a", "one", ROOMS)
        assert claimed.wait(DEADLINE)
        wait_until(taken, "the room is free")
        awake.set()
        with pytest.raises(HeldByRelayError):
            asleep.result()
