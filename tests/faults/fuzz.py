"""Hostile frames by the hundred thousand: ``python -m tests.faults.fuzz --seconds N --seed S``.

Several connections send what `frames` makes to one relay, while in the same room a control pair draws for each
other. What must hold: every error has a code that ``docs/protocol.md`` lists, the relay's log has nothing but
refusals, no connection ends that need not, the pair hears everything in time and ends with one drawing, and
SIGTERM still ends the relay with 0. When something does not hold, what was sent last is sent again frame by
frame to a new relay, to name the frame; the seed makes the frames again.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import re
import secrets
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import relay.server.connection
import relay.server.pieces
import relay.server.relay
from ipysketch.client.connection import Target
from ipysketch.client.session import Session
from ipysketch.client.sync import Sync
from relay.protocol import (
    MAX_FRAME,
    SAFE_INTEGER,
    Commit,
    Create,
    Error,
    Join,
    PeerPreview,
    Preview,
    Refused,
    RemoteError,
    Snapshot,
    Welcome,
    decode_client,
    decode_server,
    encode,
)
from relay.store import MemoryStore

from ..support.waiting import DEADLINE
from .frames import Frame, Grammar, accepted, ends, from_hypothesis, mutated
from .raw import BINARY, RawPeer, frame
from .running import ROOT, Running

ROOM = "fuzz"
CONNECTIONS = 4
BATCH = 150
"""Frames sent before the answer to the last is awaited."""

UNHURRIED = ("--operation-rate", "1e9", "--presence-rate", "1e9", "--event-rate", "1e9", "--work-rate", "1e9")
"""No frame is refused for its speed, or the relay would look at few of them."""


class Broken(Exception):
    """Something that must hold did not."""


def documented() -> frozenset[str]:
    """The codes in the table of the protocol's page."""
    page = (ROOT / "docs" / "protocol.md").read_text()
    section = page.partition("## Codes of errors and refusals")[2].partition("\n## ")[0]
    codes = [
        code for row in re.findall(r"^\|([^|]*)\|", section, re.M) for code in re.findall(r"`([\w-]+)`", row)
    ]
    return frozenset(codes)


def record() -> list[str]:
    """What two real clients send while people draw, erase, undo and clear: a frame each."""
    recorded: list[str] = []

    async def run() -> None:
        server = relay.server.relay.Relay(MemoryStore())
        await server.start()
        target = Target(f"ws://127.0.0.1:{server.port}")
        people = [Session(name=name, color="#d1495b", secret="s") for name in ("Ada", "Bob")]
        for person in people:
            person.connect(ROOM, lambda: target)
            await person.settled.wait()
        for turn in range(6):
            person = people[turn % 2]
            person.hands.choose(tool="eraser" if turn == 3 else "pen")
            person.hands.pointer_down("hand", 100 + turn, 100)
            for step in range(12):
                person.hands.pointer_move("hand", 100 + turn + 9 * step, 100 + step * step)
                await person.flush(5)
            if turn == 4:
                person.hands.pointer_cancel()
            person.hands.pointer_move("hand", 300, 200)
            person.hands.pointer_up("hand")
            await person.flush(5)
        people[0].operations.undo()
        people[0].operations.redo()
        people[1].operations.clear()
        people[1].operations.undo()
        people[1].color.rename("Bobby", "#00aa00")
        people[0].presence.point_away()
        for person in people:
            await person.flush(5)
            await person.disconnect()
        await server.stop()

    def listen(text: str | bytes) -> Any:
        recorded.append(text if isinstance(text, str) else text.decode())
        return decode_client(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay.server.connection, "decode_client", listen)
        patch.setattr(relay.server.pieces, "decode_client", listen)
        asyncio.run(run())
    return [text for text in recorded if '"leave"' not in text]


# --- a peer and what it checks of all it hears -------------------------------------------------------------


class Ear:
    """One connection. Everything that it hears is checked against the contract."""

    def __init__(self, codes: frozenset[str]) -> None:
        self.socket = RawPeer(self.hear)
        self.codes = codes
        self.counted: Counter[str] = Counter()
        self.wrong = ""
        self.joined = False
        self.marks = 0
        self.news = asyncio.Event()

    def hear(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self.chunk(payload)
        else:
            try:
                messages = decode_server(payload)
            except RemoteError as bad:
                messages = [bad]
            for message in messages:
                match message:
                    case RemoteError():
                        self.wrong = self.wrong or f"the relay sent what cannot be read: {message.reason}"
                    case Error(code=code, reason=reason) | Refused(code=code, reason=reason):
                        self.counted[code] += 1
                        if code not in self.codes:
                            self.wrong = self.wrong or f"the code {code!r} is in no document ({reason[:200]})"
                        if code == "bad-color" and (mark := re.search(r"mark-(\d+)'", reason)):
                            self.marks = int(mark[1])
                    case PeerPreview(points=points, start=start):
                        if not all(-SAFE_INTEGER <= number <= SAFE_INTEGER for number in (start, *points)):
                            self.wrong = self.wrong or "the relay passed on ink with a number beyond 2^53"
                    case Welcome():
                        self.joined = True
                # What cannot be read leaves a gap, at which those who keep a drawing would raise.
                if not self.wrong:
                    self.take(message)
        self.news.set()

    def take(self, message: Any) -> None:
        """For who wants more of a message than its being right."""

    def chunk(self, payload: bytes) -> None:
        """For who wants the snapshot."""

    async def until(self, done: Callable[[], bool], words: str) -> None:
        """Wait for something heard; raises `Broken` when the connection ends, or nothing comes."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not done() and not self.wrong:
                    if self.socket.closed.done():
                        raise Broken(f"{words}: the connection ended with {self.socket.closed.result()}")
                    self.news.clear()
                    lost = asyncio.ensure_future(self.news.wait())
                    either: list[asyncio.Future[Any]] = [lost, self.socket.closed]
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    lost.cancel()
        except TimeoutError:
            raise Broken(f"{words}: nothing came in {DEADLINE:g} s") from None
        if self.wrong:
            raise Broken(self.wrong)

    async def enter(self, port: int) -> None:
        """Connect and join."""
        await self.socket.connect(port)
        self.socket.send(encode([Join(ROOM, name="somebody")]))
        await self.until(lambda: self.joined, "joining")

    async def barrier(self, number: int) -> None:
        """Wait until the relay has dealt with all that was sent: a bad colour of our own is answered last."""
        self.socket.send(f'[{{"type":"presence","state":{{"color":"mark-{number}"}}}}]'.encode())
        await self.until(lambda: self.marks == number, "the answer to a batch")


class Control(Ear):
    """One of the pair that must not notice anything."""

    def __init__(self, codes: frozenset[str], name: str) -> None:
        super().__init__(codes)
        self.name = name
        self.sync = Sync()
        self.ink: dict[str, int] = {}
        self.strokes = 0

    async def enter(self, port: int, room: str = ROOM) -> None:
        await self.socket.connect(port)
        join = self.sync.join(room, name=self.name, color="#1f77b4", secret="", token="")
        self.socket.send(encode([join]))
        await self.until(lambda: self.sync.joined, "joining")

    def take(self, message: Any) -> None:
        match message:
            case Welcome():
                self.sync.welcome(message)
            case Snapshot():
                self.sync.snapshot(message)
            case Commit(changes=changes):
                self.sync.commit(message)
                for change in changes:
                    if isinstance(change, Create):
                        self.ink.pop(change.key, None)
            case PeerPreview(key=key, start=start, points=points):
                if key.startswith("control "):
                    self.ink[key] = start + len(points)
            case Refused() | Error():
                self.wrong = f"one of the control pair was told: {message}"

    def chunk(self, payload: bytes) -> None:
        if not self.wrong:
            self.sync.chunk(payload)

    async def draw_for(self, other: Control) -> None:
        """A stroke: its ink is seen growing, then its commit comes, to both."""
        self.strokes += 1
        key = f"control {self.name} {self.strokes}"
        for start in range(0, 12, 4):
            fields = None if start else {"kind": "stroke"}
            self.socket.send(encode([Preview(key, start, (8, 8, 16, 16), fields)]))

            def has_come(count: int = start + 4) -> bool:
                return other.ink.get(key, 0) == count

            await other.until(has_come, "ink")
        number = self.sync.submit((Create(key, {"kind": "stroke", "points": [8, 8, 8, 8, 8, 8]}),))
        self.socket.send(encode(self.sync.outgoing()))
        await self.until(lambda: number not in self.sync.pending, "a commit of one's own")
        seq = self.sync.document.seq
        await other.until(lambda: other.sync.document.seq >= seq, "the other's commit")


# --- the campaign ------------------------------------------------------------------------------------------


@dataclass
class Campaign:
    """What is to be sent, and what came of it."""

    seed: int
    frames: int = 0
    seconds: float = 0.0
    alteration: str = "unaltered"
    examples: int = 400
    sent: int = 0
    endings: int = 0
    strokes: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    took: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.documented = documented()
        self.recorded = record()
        self.library = iter(from_hypothesis(self.seed, self.examples))
        # The frames sent last, and whether they came before the join: what to search when something broke.
        self.recent: deque[tuple[bool, list[Frame]]] = deque(maxlen=3 * CONNECTIONS)
        self._marks = itertools.count(1)
        self._until = time.monotonic() + self.seconds

    @property
    def over(self) -> bool:
        return self.sent >= self.frames and time.monotonic() >= self._until

    def batch(self, chance: random.Random, grammar: Grammar) -> list[Frame]:
        """The next frames; what ends the connection stands last in a batch, and in one of six only."""
        batch: list[Frame] = []
        mortal = chance.randrange(6) == 0
        while len(batch) < BATCH:
            last = grammar.op
            source = chance.random()
            made: Frame | None = next(self.library, None) if source < 0.1 else None
            if made is None:
                made = grammar.frame() if source < 0.7 else mutated(chance, self.recorded)
            if not ends(made):
                batch.append(made)
                grammar.op = accepted(made, last)
            elif mortal and len(batch) > BATCH // 3:
                return [*batch, made]
            else:
                grammar.op = last
        return batch

    async def run(self) -> None:
        """Raises `Broken`."""
        begin = time.monotonic()
        with Running("--db", ":memory:", *UNHURRIED, alteration=f"quiet+{self.alteration}") as running:
            pair = Control(self.documented, "ada"), Control(self.documented, "bob")
            for one in pair:
                await one.enter(running.port)
            try:
                async with asyncio.TaskGroup() as group:
                    attackers = [
                        group.create_task(self._attack(running, random.Random(f"{self.seed} {number}")))
                        for number in range(CONNECTIONS)
                    ]
                    group.create_task(self._control(pair, attackers))
            except* Broken as failures:
                raise _first(failures) from None
            await pair[0].draw_for(pair[1])
            await pair[1].draw_for(pair[0])
            seq = max(one.sync.document.seq for one in pair)
            for one in pair:

                def is_at_the_end(one: Control = one) -> bool:
                    return one.sync.document.seq >= seq

                await one.until(is_at_the_end, "the end")
            if pair[0].sync.document.digest() != pair[1].sync.document.digest():
                raise Broken("the control pair has two different drawings")
            self.strokes = sum(one.strokes for one in pair)
            code, _ = await running.end()
            if code != 0:
                raise Broken(f"the relay ended with {code}")
            if lines := unusual(running.lines):
                raise Broken(f"the relay's log says: {lines[0]}")
        self.took = time.monotonic() - begin

    async def _control(self, pair: tuple[Control, Control], attackers: Sequence[asyncio.Task[None]]) -> None:
        turns = itertools.cycle((pair, pair[::-1]))
        while not all(task.done() for task in attackers):
            one, other = next(turns)
            await one.draw_for(other)

    async def _attack(self, running: Running, chance: random.Random) -> None:
        grammar = Grammar(chance)
        ear: Ear | None = None
        while not self.over:
            if ear is None:
                first = grammar.join()
                self.recent.append((True, [first]))
                await self.knock(running.port, first)
                ear = Ear(self.documented)
                await ear.enter(running.port)
                grammar.op = 0
            batch = self.batch(chance, grammar)
            self.recent.append((False, batch))
            survived = await self.send(ear, batch)
            if lines := unusual(running.lines):
                raise Broken(f"the relay's log says: {lines[0]}")
            self.codes += ear.counted
            ear.counted.clear()
            if not survived or chance.randrange(8) == 0:
                ear.socket.close()
                ear = None
        if ear is not None:
            ear.socket.close()

    async def knock(self, port: int, first: Frame) -> None:
        """A first frame, on a connection of its own."""
        ear = Ear(self.documented)
        await ear.socket.connect(port)
        ear.socket.send(first.encode() if isinstance(first, str) else first)
        self.sent += 1
        await ear.until(lambda: ear.joined or bool(ear.counted), "the answer to a first frame")
        self.codes += ear.counted
        ear.socket.close()

    async def send(self, ear: Ear, batch: Sequence[Frame]) -> bool:
        """Send `batch`; whether the connection goes on."""
        data = [text.encode() if isinstance(text, str) else text for text in batch]
        ear.socket.transport.write(b"".join(map(frame, data)))
        self.sent += len(batch)
        if ends(batch[-1]):
            self.endings += 1
            try:
                async with asyncio.timeout(DEADLINE):
                    code = await ear.socket.closed
            except TimeoutError:
                raise Broken("the relay did not close") from None
            if ear.wrong:
                raise Broken(ear.wrong)
            if code not in (1000, 1007, 1009, 4002, None):
                raise Broken(f"the relay closed with {code}")
            if code is None and len(data[-1]) <= MAX_FRAME:
                raise Broken("the connection was cut")
            return False
        await ear.barrier(next(self._marks))
        return True


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """One failure of a group."""
    inner = failures.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def unusual(lines: Sequence[str]) -> list[str]:
    """Lines of a quiet relay's log that should not be there."""
    ordinary = ("listening on", "INFO stopping", "INFO stopped")
    return [line.rstrip() for line in lines if not any(words in line for words in ordinary)]


async def trace(campaign: Campaign) -> Frame | None:
    """The frame of those sent last that does it alone, on a new relay; None when no single one does."""
    with Running("--db", ":memory:", *UNHURRIED, alteration=f"quiet+{campaign.alteration}") as running:
        witness = Ear(campaign.documented)
        marks = itertools.count(1)
        await witness.enter(running.port)
        try:
            for first, batch in reversed(campaign.recent):
                for one in batch:
                    ear = Ear(campaign.documented)
                    try:
                        if first:
                            await campaign.knock(running.port, one)
                        else:
                            await ear.enter(running.port)
                            await campaign.send(ear, [one])
                        for _ in range(2):  # What others were told of it came by the second.
                            await witness.barrier(next(marks))
                    except Broken:
                        return one
                    finally:
                        if hasattr(ear.socket, "transport"):
                            ear.socket.close()
                    if unusual(running.lines):
                        return one
        finally:
            witness.socket.close()
    return None


def fuzz(campaign: Campaign) -> str:
    """Run it; raises AssertionError with the frame and the seed. Returns what was done, in words."""

    async def run() -> None:
        try:
            await campaign.run()
        except Broken as broken:
            words = [str(broken), f"seed {campaign.seed}"]
            found = await trace(campaign)
            everything = [one for _, batch in campaign.recent for one in batch]
            words.append(f"frame {found!r:.4000}" if found is not None else f"one of {everything!r:.200000}")
            raise AssertionError("\n".join(words)) from None

    asyncio.run(run())
    rate = campaign.sent / campaign.took
    codes = ", ".join(f"{code} {count}" for code, count in campaign.codes.most_common())
    return (
        f"{campaign.sent} frames in {campaign.took:.0f} s ({rate:.0f}/s), seed {campaign.seed}; "
        f"{campaign.endings} ended their connection; the control pair drew {campaign.strokes} strokes\n"
        f"answers: {codes}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--alteration", default="unaltered", help="see altered.py")
    options = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    try:
        print(fuzz(Campaign(seed, seconds=options.seconds, alteration=options.alteration, examples=800)))
    except AssertionError as error:
        print(f"BROKEN: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
