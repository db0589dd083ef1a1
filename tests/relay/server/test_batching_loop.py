"""A loop that delays polls under load: what ends a delay, and what does not.

A delay here would last ten minutes, so what is done at all is done without one, or by what cuts it short.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Iterator

import pytest

from relay.server import batching_loop
from relay.server.batching_loop import BUSY_EVENTS, SPAN, BatchingSelector


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by which a selector counts, and delays of ten minutes."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(batching_loop, "LONGEST", 600.0)
    return now


class Ends:
    """A selector, the socket by which other threads call it, and a connection that it watches."""

    def __init__(self) -> None:
        self.selector = BatchingSelector()
        self.called, self.caller = socket.socketpair()
        self.here, self.there = socket.socketpair()
        for end in (self.called, self.here):
            self.selector.register(end, selectors.EVENT_READ)

    def see(self, timeout: float | None = 0) -> list[object]:
        return [key.fileobj for key, _ in self.selector.select(timeout)]

    def load(self, clock: list[float], events: float) -> None:
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
    for end in (made.called, made.caller, made.here, made.there):
        end.close()


def test_one_with_little_to_do_polls_at_once(ends: Ends, clock: list[float]) -> None:
    ends.load(clock, BUSY_EVENTS * SPAN / 2)
    ends.there.send(b"!")
    assert ends.see(None) == [ends.here]


def test_a_busy_one_waits_until_it_is_called(
    ends: Ends, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.load(clock, 3 * BUSY_EVENTS * SPAN)
    ends.there.send(b"!")
    ends.caller.send(b"!")
    slept: list[float] = []
    assert ends.selector._calls is not None
    calls = ends.selector._calls

    class Calls:
        def poll(self, milliseconds: float) -> list[tuple[int, int]]:
            slept.append(milliseconds / 1e3)
            return calls.poll(milliseconds)

    monkeypatch.setattr(ends.selector, "_calls", Calls())
    assert set(ends.see(None)) == {ends.here, ends.called}
    assert ends.see(0), "what is wanted at once is seen at once"
    assert ends.see(1e-6)
    assert slept == [600.0, batching_loop.SHORTEST]


def test_it_wakes_up_when_there_is_little_to_do_again(ends: Ends, clock: list[float]) -> None:
    ends.load(clock, 3 * BUSY_EVENTS * SPAN)
    ends.caller.send(b"!")
    clock[0] += 10.0
    ends.see(None)
    ends.there.send(b"!")
    assert ends.here in ends.see(None)


def test_where_it_is_called_often_delays_are_short(ends: Ends, clock: list[float]) -> None:
    ends.load(clock, 3 * BUSY_EVENTS * SPAN)
    ends.caller.send(b"!")
    for _ in range(int(3 * BUSY_EVENTS * SPAN)):  # Each delay is cut short, and there is much to see.
        ends.see(None)
    clock[0] += SPAN
    ends.see(None)
    ends.called.recv(1)
    ends.there.send(b"!")
    assert ends.see(None) == [ends.here], "else it would sleep for ten minutes"


def test_threads_and_signals_wake_a_loop(clock: list[float]) -> None:
    selector = BatchingSelector()
    loop = asyncio.SelectorEventLoop(selector)
    try:
        selector._is_busy = True
        clock[0] = 0.0  # It stays so.
        selector._count_until = 1.0
        assert loop.run_until_complete(loop.run_in_executor(None, lambda: 7)) == 7
    finally:
        loop.close()
