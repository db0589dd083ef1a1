"""A search for messages that cost a relay more than they are charged: ``python -m tests.faults.amplify --seconds N``.

A frame is composed at random from the parts of known attacks: repetitions, large values, reverts of earlier operations.
It goes through a room as in a server: it is decoded, received in pieces, queued, computed, applied and sent to others.
The CPU time of each step and the bytes kept and sent are compared with what the sender was charged. When the charge was
too small, the frame is measured twice more in new rooms, and the smallest values count, so that a busy machine makes no
difference. The worst frames are printed; their seed makes them again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.limits import Limits
from relay.protocol import MAX_FRAME, Join, Operate, RemoteError
from relay.records import LoadedRoom
from relay.room.costs import BYTE, MESSAGE, REFUSAL
from relay.room.peer import Peer
from relay.room.room import Room
from relay.server.pieces import decode_frame

from ..support.speed import slowness
from .frames import Grammar

STEP = 0.05
"""CPU seconds that one step of the loop may take: 20 ms on an idle machine; one whose two cores are shared reports more
for the same work than `slowness` does."""
RATIO = 10.0
"""The most CPU seconds for each second that is charged."""
FREE = 0.05
"""CPU seconds that need not be charged."""
LISTENERS = 3
ELEMENTS, LARGE = 3000, 6
AT_ONCE = 5e-3
"""Seconds of charged work that a server does on its loop."""


@dataclass
class Spent:
    """What one frame of `size` bytes took: CPU seconds, in total and in the `longest` step of the loop; bytes kept and
    sent; and the seconds that were `charged`. This machine is `slow` times as slow as the one whose seconds are charged."""

    size: int
    cpu: float = 0.0
    longest: float = 0.0
    step: str = ""
    kept: int = 0
    sent: int = 0
    charged: float = 0.0
    slow: float = 1.0

    @property
    def ratio(self) -> float:
        """CPU seconds for each second charged."""
        return max(0.0, self.cpu / self.slow - FREE) / max(self.charged, 1e-6)

    def least(self, other: Spent) -> Spent:
        """Keep the smaller values of two runs of the same frame."""
        self.cpu = min(self.cpu, other.cpu)
        if other.longest < self.longest:
            self.longest, self.step = other.longest, other.step
        return self

    def wrong(self) -> str:
        """What is wrong, in words; "" when nothing is."""
        if self.longest > STEP * self.slow:
            return f"{self.step} took {self.longest:.3f} s at once"
        if self.ratio > RATIO:
            return f"{self.cpu:.3f} s of CPU were charged as {self.charged:.4f}"
        # What each peer is sent is merged: at most the drawing, or what was kept, and answers.
        if self.kept * BYTE > 2 * self.charged + 0.05:
            return f"{self.kept} bytes kept were charged as {self.charged:.4f} s"
        return ""


class Scene:
    """A room with a drawing, a peer with a few operations that can be undone, and others that receive; `slow` is as in
    `Spent`."""

    def __init__(self, slow: float = 1.0) -> None:
        self.slow = slow
        ids = itertools.count(1)
        marks = random.Random(1)
        self.room = Room(
            "r",
            LoadedRoom("epoch", 1, False, None, ()),
            lambda: f"{next(ids):032x}",
            lambda: marks.getrandbits(53),
            Limits(work_rate=1.0),
        )
        self.now = 0.0
        self.me = self.room.join(Join("r", secret="me"))
        self.others = [self.room.join(Join("r", secret=f"other {number}")) for number in range(LISTENERS)]
        stroke = {"kind": "stroke", "points": [8, 8, 8, 8, 8, 8], "color": "#d1495b", "width": 32}
        pages = ("", "", "", "p1", "p2")
        self.draw([create(f"k{n}", stroke, pages[n % 5]) for n in range(ELEMENTS)])
        for number in range(LARGE):
            self.draw([create(f"large{number}", {"points": [1234, 567] * 20_000})])
        self.draw([patch(f"large{number}", {"n": number}) for number in range(LARGE)])
        self.draw([patch(f"k{number}", {"color": "#000000"}) for number in range(500)])
        self.draw([{"type": "delete", "keys": [f"k{number}" for number in range(500, 1500)]}])
        self.draw([{"type": "revert", "op": self.op}])
        self._collect(Spent(0))
        # As in a server. Making a large snapshot is not charged: one serves everybody.
        self.room.log.snapshot_at_once = 64 << 10

    @property
    def op(self) -> int:
        """The last operation of the sender."""
        return self.me.client.accepted

    def draw(self, actions: list[Any]) -> None:
        """Send `actions` as one operation."""
        self.send(json.dumps([{"type": "operate", "op": self.op + 1, "actions": actions}]))

    def send(self, text: str) -> Spent:
        """Send a frame, and run everything that follows from it."""
        spent = Spent(len(text), slow=self.slow)
        budget, self.now = self.me.client.budget, self.now + 1e6
        budget.spend(0.0, self.now)
        before = budget.level
        pieces = self._timed(spent, "decoding", lambda: _pieces(text))
        count = 0
        while (piece := self._timed(spent, "decoding", lambda: next(pieces, None))) is not None:
            self._timed(spent, "receiving", lambda piece=piece: self._receive(piece))  # type: ignore[misc]
            count += len(piece)
        budget.spend(MESSAGE * count + BYTE * len(text), self.now)
        while True:
            cost = self._timed(spent, "taking", lambda: self.room.queue.begin(self.now))
            if not cost:
                if not self.room.queue.busy:
                    break
                # The sender is in debt: waiting is not part of the cost.
                wait = self.room.queue.wait(self.now)
                before += wait
                self.now += wait
                continue
            aside = cost > AT_ONCE
            batch = self._timed(spent, "" if aside else "working out", lambda: self.room.queue.resolve(1.0))
            spent.kept += sum(len(row.body) for row in batch.rows)
            self._timed(spent, "applying", self.room.queue.committed)
        self._collect(spent)
        spent.charged = before - budget.level
        return spent

    def _receive(self, messages: list[Any]) -> None:
        for message in messages:
            try:
                if isinstance(message, RemoteError):
                    raise message
                self.room.receive(self.me, message)
            except RemoteError as error:
                self.room.send_error(self.me, error)
                self.me.client.budget.spend(REFUSAL, self.now)

    def _collect(self, spent: Spent) -> None:
        for peer in (self.me, *self.others):
            while (frame := self._timed(spent, "sending", lambda peer=peer: self._next(peer))) is not None:  # type: ignore[misc]
                spent.sent += len(frame)

    def _next(self, peer: Peer) -> str | bytes | None:
        frame = self.room.delivery.collect(peer)
        if frame is None and self.room.log.is_snapshot_wanted:
            peer.cursor = self.room.seq  # It comes from a thread, and is sent in small pieces.
            self.room.log.is_snapshot_wanted = False
        return frame

    @staticmethod
    def _timed(spent: Spent, step: str, call: Callable[[], Any]) -> Any:
        """Call a function and add its time; a `step` without a name is not one of the loop."""
        before = time.thread_time()
        result = call()
        took = time.thread_time() - before
        spent.cpu += took
        if step and took > spent.longest:
            spent.longest, spent.step = took, step
        return result


def _pieces(text: str) -> Iterator[Sequence[Any]]:
    """The messages of a frame in pieces, as a server has them; one error when it cannot be decoded."""
    try:
        return decode_frame(text)
    except RemoteError as error:
        return iter([[error]])


def create(key: str, fields: dict[str, Any], page: str = "") -> dict[str, Any]:
    return {"type": "create", "key": key, "fields": fields, "page": page}


def patch(key: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "patch", "key": key, "fields": fields}


# --- frames -----------------------------------------------------------------------------------------------


ITEMS = (
    *("0", "1234567", "-5", "1.5", "1e-5", "123456789012345678", "9" * 300, "0." + "1" * 400, "null", "true"),
    *("[]", "{}", "[[[[]]]]", '{"a":1}', '{"type":"clear"}', '"a"', '"\\u00e9"', '"[[{"'),
)


class Maker:
    """A generator of frames from the parts of known attacks."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._grammar = Grammar(chance)
        self._new = itertools.count()

    def frame(self, op: int) -> str:
        """One frame from a sender whose last operation was `op`."""
        chance = self._chance
        self._grammar.op = op
        match chance.randrange(6):
            case 0:
                return self._repeated(self._grammar.frame()[1:-1])
            case 1:
                return f"[{self._bulk(900_000)}]" if chance.random() < 0.3 else self._bulk(900_000)
            case 2:
                kind = chance.choice(["event", "presence", "preview"])
                size = chance.choice([1000, 60_000, 900_000])
                value = self._bulk(size)
                parts = {
                    "event": f'"name":"e","data":{value}',
                    "presence": f'"state":{{"a":{value}}}',
                    "preview": f'"key":"k","start":0,"points":[],"fields":{{"a":{value}}}',
                }
                # A message with two types, and as many as a frame holds: each is small.
                other = chance.choice(["", "", f',"type":"{chance.choice(["operate", "preview", "event"])}"'])
                message = f'{{"type":"{kind}",{parts[kind]}{other}}}'
                return f"[{','.join([message] * chance.choice([1, max(1, 900_000 // len(message))]))}]"
            case _:
                return self._operations(op)

    def _repeated(self, messages: str) -> str:
        most = 900_000 // (len(messages) + 1)
        return f"[{','.join([messages] * max(1, self._chance.choice([10, 1000, 5000, most])))[:1_000_000]}]"

    def _operations(self, op: int) -> str:
        chance = self._chance
        count = chance.choice([1, 1, 1, 3, 30, 1000])
        room = 900_000 // count
        texts = []
        for number in range(count):
            actions = self._actions(op + number, room)
            texts.append(f'{{"type":"operate","op":{op + number + 1},"actions":[{",".join(actions)}]}}')
        return f"[{','.join(texts)}]"

    def _actions(self, op: int, room: int) -> list[str]:
        """Actions of one operation that repeat a few kinds, up to so many bytes."""
        chance = self._chance
        kinds = [self._action(op, room) for _ in range(chance.choice([1, 1, 2, 5]))]
        wanted = chance.choice([1, 1, 10, 400, 4096])
        actions: list[str] = []
        for make in itertools.islice(itertools.cycle(kinds), wanted):
            text = make()
            room -= len(text) + 1
            if room < 0:
                break
            actions.append(text)
        return actions

    def _action(self, op: int, room: int) -> Callable[[], str]:
        """A way to make an action of one kind."""
        chance = self._chance
        pool = chance.choice(
            [["k1"], ["large0"], [f"k{n}" for n in range(ELEMENTS)], [f"large{n}" for n in range(LARGE)]]
        )
        turn = itertools.cycle(pool)
        match chance.randrange(7):
            case 0:
                page = chance.choice(["", "p1", "none", None])
                return lambda: json.dumps(
                    {"type": "clear", "page": f"p{next(self._new)}" if page is None else page}
                )
            case 1:
                number = chance.choice([10, 1000, 50_000])
                return lambda: json.dumps({"type": "delete", "keys": [next(turn) for _ in range(number)]})
            case 2:
                undone = chance.choice([op, op, None])
                return lambda: json.dumps(
                    {"type": "revert", "op": chance.randint(1, op) if undone is None else undone}
                )
            case 3:
                value = self._bulk(chance.choice([1, 1000, room // 2]))
                return lambda: f'{{"type":"create","key":"new{next(self._new)}","fields":{{"a":{value}}}}}'
            case 4:
                many = chance.choice([0, 1, 200])
                return lambda: json.dumps(patch(next(turn), {f"f{n}": next(self._new) for n in range(many)}))
            case 5:
                value = self._bulk(chance.choice([1, 1000, room // 2]))
                return lambda: f'{{"type":"patch","key":"{next(turn)}","fields":{{"points":{value}}}}}'
            case _:
                return lambda: json.dumps(patch(next(turn), {"place": chance.choice(["front", 1, 1e300, -5])}))

    def _bulk(self, size: int) -> str:
        """A value of one sort, of about so many bytes."""
        chance = self._chance
        item = chance.choice(ITEMS)
        if chance.random() < 0.2:
            return f'"{chance.choice(["x", "[", "{", "9", chr(92) * 2, "é"]) * (size // 2)}"'
        return f"[{','.join([item] * max(1, size // (len(item) + 1)))}]"


# --- the search -------------------------------------------------------------------------------------------


@dataclass
class Search:
    """A search through frames from a seed; `worst` has the highest ratios of CPU to what was charged."""

    seed: int
    tried: int = 0
    worst: list[tuple[float, str, Spent]] = field(default_factory=list)

    def frames(self) -> Iterator[tuple[str, list[str]]]:
        """Frames, each with those before it in the same room."""
        for number in itertools.count():
            maker = Maker(random.Random(f"{self.seed} {number}"))
            before: list[str] = []
            op = LARGE + 5
            for _ in range(3):
                text = maker.frame(op)
                if len(text.encode()) > MAX_FRAME:
                    continue  # It ends the connection.
                yield text, list(before)
                before.append(text)
                op = accepted(text, op)

    def run(self, *, frames: int = 0, seconds: float = 0.0) -> str:
        """Try so many frames, and go on for at least so long; return what is wrong with one of them, or ""."""
        until = time.monotonic() + seconds
        slow = slowness()
        scene = Scene(slow)
        for text, before in self.frames():
            if self.tried >= frames and time.monotonic() >= until:
                return ""
            if not before:
                scene = Scene(slow)
            self.tried += 1
            spent = scene.send(text)
            for _ in range(2):
                if spent.wrong():
                    again = Scene(slow)
                    for earlier in before:
                        again.send(earlier)
                    spent = spent.least(again.send(text))
            self.worst.append((spent.ratio, text[:200], spent))
            self.worst.sort(key=lambda item: -item[0])
            del self.worst[10:]
            if wrong := spent.wrong():
                return f"{wrong}\nseed {self.seed}, frame {self.tried}, {spent}\n{text[:2000]}"
        return ""


def accepted(text: str, op: int) -> int:
    """The last operation of a sender after a frame, where it was `op` before."""
    for message in itertools.chain.from_iterable(_pieces(text)):
        if isinstance(message, Operate) and message.op == op + 1:
            op += 1
    return op


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    search = Search(secrets.randbelow(1 << 32) if options.seed is None else options.seed)
    wrong = search.run(seconds=options.seconds)
    print(f"{search.tried} frames, seed {search.seed}; the highest ratios of CPU to what was charged:")
    for ratio, text, spent in search.worst:
        print(
            f"{ratio:6.2f}  {spent.size:8d} bytes  {spent.cpu:6.3f} s  step {spent.longest:.3f} s  {text[:90]}"
        )
    if wrong:
        print(wrong)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
