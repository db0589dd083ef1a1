"""A loop that naps: what wakes it, and what does not.

A nap here would last ten minutes, so what is done at all is done without one, or by what cuts it short.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from relay import naps
from relay.naps import MANY, SPAN, Napping


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by which a selector counts, and naps of ten minutes."""
    now = [100.0]
    monkeypatch.setattr(naps.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(naps, "LONGEST", 600.0)
    return now


class Ends:
    """A napping selector, its bell, and a connection that it watches."""

    def __init__(self) -> None:
        self.selector = Napping()
        self.bell, self.ring = socket.socketpair()
        self.here, self.there = socket.socketpair()
        for end in (self.bell, self.here):
            self.selector.register(end, naps.selectors.EVENT_READ)

    def see(self, timeout: float | None = 0) -> list[object]:
        return [key.fileobj for key, _ in self.selector.select(timeout)]

    def tire(self, clock: list[float], events: float) -> None:
        """So many things to do within the time that is looked at."""
        clock[0] += 2 * SPAN
        self.see()
        self.there.send(b"!")
        for _ in range(int(events)):
            assert self.see() == [self.here]
        clock[0] += SPAN
        self.here.recv(1)
        self.see()


@pytest.fixture
def ends(clock: list[float]) -> Iterator[Ends]:
    made = Ends()
    yield made
    made.selector.close()
    for end in (made.bell, made.ring, made.here, made.there):
        end.close()


def test_who_is_not_tired_looks_at_once(ends: Ends, clock: list[float]) -> None:
    ends.tire(clock, MANY * SPAN / 2)
    ends.there.send(b"!")
    assert ends.see(None) == [ends.here]


def test_who_is_tired_sleeps_until_the_bell(
    ends: Ends, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.tire(clock, 3 * MANY * SPAN)
    ends.there.send(b"!")
    ends.ring.send(b"!")
    slept: list[float] = []
    assert ends.selector._bell is not None
    bell = ends.selector._bell

    class Bell:
        def poll(self, milliseconds: float) -> list[tuple[int, int]]:
            slept.append(milliseconds / 1e3)
            return bell.poll(milliseconds)

    monkeypatch.setattr(ends.selector, "_bell", Bell())
    assert set(ends.see(None)) == {ends.here, ends.bell}
    assert ends.see(0), "what is wanted at once is seen at once"
    assert ends.see(1e-6)
    assert slept == [600.0, naps.SHORTEST]


def test_it_wakes_up_when_there_is_little_to_do_again(ends: Ends, clock: list[float]) -> None:
    ends.tire(clock, 3 * MANY * SPAN)
    ends.ring.send(b"!")
    clock[0] += 10.0
    ends.see(None)
    ends.there.send(b"!")
    assert ends.here in ends.see(None)


def test_where_it_is_called_often_naps_are_short(ends: Ends, clock: list[float]) -> None:
    ends.tire(clock, 3 * MANY * SPAN)
    ends.ring.send(b"!")
    for _ in range(int(3 * MANY * SPAN)):  # Each nap is cut short, and there is much to see.
        ends.see(None)
    clock[0] += SPAN
    ends.see(None)
    ends.bell.recv(1)
    ends.there.send(b"!")
    assert ends.see(None) == [ends.here], "else it would sleep for ten minutes"


def test_threads_and_signals_wake_a_loop(clock: list[float]) -> None:
    loop = asyncio.SelectorEventLoop(Napping())
    try:
        loop._selector._tired = True  # type: ignore[attr-defined]
        clock[0] = 0.0  # It stays so.
        loop._selector._until = 1.0  # type: ignore[attr-defined]
        assert loop.run_until_complete(loop.run_in_executor(None, lambda: 7)) == 7
    finally:
        loop.close()
