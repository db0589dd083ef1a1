"""Ink under the hand is never more than a second late, however slow what it passes is: what has not left is merged, not
queued. On each hop a control that queues is late, ever more.

Time is counted here: a hand draws 60 points a second, and each point is the number of its frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from ipysketch.client.peers import Peers
from ipysketch.widget.ink_feed import InkFeed
from ipysketch.widget.pacing import ViewPacer
from ipysketch.widget.page_messages import InkUpdate
from relay.protocol import Accompany, Join, Preview, decode_server, encode
from relay.room.room import Room

from ..support.stores import memory_store

RATE = 60
SECONDS = 20
MOST = 1.0
"""Seconds."""
INK: dict[str, Any] = {"kind": "stroke"}


class Hop(Protocol):
    """Something that ink passes. `draw` and `turn` are called with the number of each frame of the hand's display."""

    shown: int
    """The last point that came out."""

    def draw(self, frame: int) -> None: ...
    def turn(self, frame: int) -> None: ...


class FromRelay:
    """From the relay to somebody who takes one frame in `each` frames of the hand; their socket holds one more."""

    def __init__(self, each: int, *, queues: bool) -> None:
        ids = (f"{n:032x}" for n in range(1, 1_000))
        store = memory_store()
        self.room = Room("latency", store.load("latency", next(ids)), lambda: next(ids), lambda: 7)
        self.ada = self.room.join(Join("latency", name="Ada"))
        kernel = self.room.join(Join("latency", name="Grace"))
        self.room.invite(kernel, 0.0)
        ticket: Any = kernel.direct.pop()
        self.page = self.room.accompany(Accompany("latency", ticket.ticket), 0.0)
        self.each, self.queues = each, queues
        self.socket: deque[str] = deque()
        self.peers = Peers()
        self.shown = 0

    def draw(self, frame: int) -> None:
        self.room.receive(self.ada, Preview("k", 2 * (frame - 1), (frame, frame), INK if frame == 1 else None))

    def turn(self, frame: int) -> None:
        if self.queues or not self.socket:
            sent = self.room.delivery.collect(self.page)
            if sent is not None:
                assert isinstance(sent, str)
                self.socket.append(sent)
        if frame % self.each == 0 and self.socket:
            for message in decode_server(self.socket.popleft()):
                self.peers.receive(message)  # type: ignore[arg-type]
            for ink in self.peers.ink({}):
                self.shown = ink.points[-1]


class ToRelay:
    """From a page to a relay, or a network, that takes one frame in `each`. As `KernelBoard` does, the page sends nothing
    while something waits, and then all that came since."""

    def __init__(self, each: int, *, queues: bool) -> None:
        self.each, self.queues = each, queues
        self.unsent: list[int] = []
        self.socket: deque[bytes] = deque()
        self.shown = 0

    def draw(self, frame: int) -> None:
        self.unsent.append(frame)

    def turn(self, frame: int) -> None:
        if self.unsent and (self.queues or len(self.socket) < 2):
            self.socket.append(encode([Preview("k", 2 * self.shown, tuple(self.unsent))]))
            self.unsent = []
        if frame % self.each == 0 and self.socket:
            self.shown = int(self.socket.popleft().rpartition(b"[")[2].partition(b"]")[0].split(b",")[-1])


class FromKernel:
    """From a kernel to a page that shows one update in `each` frames of the hand: acknowledgements pace it."""

    def __init__(self, each: int, *, queues: bool) -> None:
        self.each, self.queues = each, queues
        self.pacer = ViewPacer()
        self.pacer.report("v", 1.0, True, 0.0)
        self.pacer.received(0.0, off_main=True)
        self.feed = InkFeed()
        self.kernel = Peers()
        self.comm: deque[tuple[InkUpdate, int | None]] = deque()
        self.shown = 0

    def draw(self, frame: int) -> None:
        said = f'[{{"type":"ink","peer":"p","key":"k","start":{frame - 1},"points":[{frame}],"fields":{{}}}}]'
        for message in decode_server(said):
            self.kernel.receive(message)  # type: ignore[arg-type]

    def turn(self, frame: int) -> None:
        now = frame / RATE
        if self.queues or self.pacer.delay(now) == 0:
            update = self.feed.update(self.kernel.ink({}))
            if update is not None:
                self.pacer.sent(now)
                self.comm.append((update, self.pacer.to_acknowledge(now)))
        if frame % self.each == 0 and self.comm:
            update, number = self.comm.popleft()
            self.shown = max([self.shown, *(growth.points[-1] for growth in update.grown)])
            if number is not None:
                self.pacer.acknowledge("v", number, now)
                self.pacer.received(now, off_main=True)


def latest(hop: Hop) -> float:
    """The seconds that ink was late at most, of a hand that draws on."""
    late = 0
    for frame in range(1, SECONDS * RATE + 1):
        hop.draw(frame)
        hop.turn(frame)
        late = max(late, frame - hop.shown)
    return late / RATE


HOPS: dict[str, Callable[..., Hop]] = {
    "a slow page behind the relay": FromRelay,
    "a slow relay, or a slow network to it": ToRelay,
    "a slow page behind a kernel": FromKernel,
}


@pytest.mark.parametrize("hop", HOPS)
@pytest.mark.parametrize("each", [1, 4, 8, 12])
def test_ink_is_less_than_a_second_late(hop: str, each: int) -> None:
    assert latest(HOPS[hop](each, queues=False)) <= MOST


@pytest.mark.parametrize("hop", HOPS)
def test_who_queues_is_ever_later(hop: str) -> None:
    assert latest(HOPS[hop](4, queues=True)) > 5 * MOST
