"""Messages that are cheap to send and were expensive to handle: every attack that once held up a relay.

An `Attacker` draws in a room of its own, which a second peer has joined, and then sends an attack. In another room a
control pair draws all the time. CPU time and sizes are measured, never the time on the wall: the longest step of the
relay's event loop, and what the process used, logged and kept.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.protocol import Commit, Join, Refused, Snapshot, Welcome, encode

from .altered import LONGEST
from .fuzz import Broken, Control, Ear, documented
from .running import Running

STROKE = {"kind": "stroke", "points": [800, 400, 8, 0, 8, 4], "color": "#d1495b", "width": 32}
LARGE = {"kind": "stroke", "points": [1234, 567] * 45_000}
ROOM = "attacked"
LOAD = 4000
"""Elements of one operation."""

Action = dict[str, Any]


class Attacker(Ear):
    """A peer that sends whatever it likes; `settled` is its last operation with a verdict."""

    def __init__(self) -> None:
        super().__init__(documented())
        self.op = 0
        self.settled = 0
        self._client = ""

    async def enter(self, port: int) -> None:
        await self.socket.connect(port)
        self.socket.send(encode([Join(ROOM, name="Mallory", secret="a")]))
        await self.until(lambda: self.joined, "joining")

    def take(self, message: Any) -> None:
        match message:
            case Welcome(client=client):
                self._client = client
            case Commit(client=client, op=op) if client == self._client:
                self.settled = max(self.settled, op)
            case Snapshot(last=last):
                self.settled = max(self.settled, last)
            case Refused(op=op, final=True):
                self.settled = max(self.settled, op)

    def operation(self, *actions: Action) -> bytes:
        """The next operation, as a frame."""
        return f"[{self.message(*actions)}]".encode()

    def message(self, *actions: Action) -> str:
        """The next operation, as a message."""
        self.op += 1
        return json.dumps({"type": "operate", "op": self.op, "actions": actions})

    async def barrier(self, number: int) -> None:
        """Wait until the relay has handled everything sent so far; what was refused as too fast is sent again."""
        while self.marks != number:
            refused = self.counted["too-fast"]
            self.socket.send(f'[{{"type":"presence","state":{{"color":"mark-{number}"}}}}]'.encode())

            def is_answered(refused: int = refused) -> bool:
                return self.marks == number or self.counted["too-fast"] > refused

            await self.until(is_answered, "the answer to an attack")

    async def all_settled(self) -> None:
        """Wait for the verdicts of all operations."""
        await self.until(lambda: self.settled >= self.op, "a verdict")


def create(count: int, fields: Action = STROKE) -> Iterator[Sequence[Action]]:
    """Operations that create `count` elements."""
    actions = [{"type": "create", "key": f"k{number}", "fields": fields} for number in range(count)]
    each = LOAD if fields is STROKE else 1
    return (actions[at : at + each] for at in range(0, count, each))


def array(item: str, size: int) -> str:
    """The text of an array of many equal items."""
    return f"[{','.join([item] * (size // (len(item) + 1)))}]"


@dataclass
class Attack:
    """An attack: what is drawn first, and the frames that follow. `settles` says that they are operations with verdicts,
    `ends` that the relay closes the connection."""

    before: Callable[[], Iterator[Sequence[Action]]]
    frames: Callable[[Attacker], Iterator[bytes]]
    settles: bool = True
    ends: bool = False


def _nothing() -> Iterator[Sequence[Action]]:
    return iter(())


def _once(*actions: Action) -> Callable[[Attacker], Iterator[bytes]]:
    return lambda attacker: iter([attacker.operation(*actions)])


def _text(text: str, *, ends: bool = False) -> Attack:
    return Attack(_nothing, lambda _: iter([text.encode()]), settles=False, ends=ends)


def _reverts(attacker: Attacker) -> Iterator[bytes]:
    yield attacker.operation({"type": "delete", "keys": [f"k{number}" for number in range(2000)]})
    yield attacker.operation(*[{"type": "revert", "op": attacker.op}] * 400)


def _undo_and_redo(attacker: Attacker) -> Iterator[bytes]:
    yield attacker.operation({"type": "clear"})
    for _ in range(10):
        yield attacker.operation({"type": "revert", "op": attacker.op})


def _in_turn(attacker: Attacker) -> Iterator[bytes]:
    for turn in range(10):
        for number in range(8):
            yield attacker.operation({"type": "patch", "key": f"k{number}", "fields": {"n": turn}})


def _undone_in_turn(attacker: Attacker) -> Iterator[bytes]:
    yield attacker.operation(
        *[{"type": "patch", "key": f"k{number}", "fields": {"points": 0}} for number in range(20)]
    )
    yield f"[{','.join(attacker.message({'type': 'revert', 'op': attacker.op}) for _ in range(8))}]".encode()


def _many_fields(attacker: Attacker) -> Iterator[bytes]:
    fields = {f"f{number}": 0 for number in range(16_000)}
    yield attacker.operation({"type": "create", "key": "many", "fields": fields})
    for number in range(20):
        yield attacker.operation({"type": "patch", "key": "many", "fields": {"f1": number}})


_BRACE = '"{"'
_UNREADABLE = '{"type": "operate", "op": 12, "actions": [1e+308], "\\u0000": 1e-999}'
_EVENT = f'{{"type":"event","name":"e","data":{array("[]", 64_000)}}}'

ATTACKS: dict[str, Attack] = {
    "4,096 clears of 20,000 elements": Attack(lambda: create(20_000), _once(*[{"type": "clear"}] * 4096)),
    "4,096 clears of other pages": Attack(
        lambda: create(20_000), _once(*[{"type": "clear", "page": f"p{number}"} for number in range(4096)])
    ),
    "4,096 empty patches": Attack(
        lambda: create(10), _once(*[{"type": "patch", "key": "k0", "fields": {}}] * 4096)
    ),
    "4,096 patches of a large element": Attack(
        lambda: create(1, LARGE),
        _once(*[{"type": "patch", "key": "k0", "fields": {"n": n}} for n in range(4096)]),
    ),
    "one key deleted 100,000 times": Attack(
        lambda: create(1, LARGE), _once({"type": "delete", "keys": ["k0"] * 100_000})
    ),
    "99,999 keys deleted that are not there": Attack(
        lambda: create(10),
        lambda attacker: (
            attacker.operation({"type": "delete", "keys": [f"{n:x}" for n in range(99_999)]}) for _ in range(3)
        ),
    ),
    "400 reverts of one deletion": Attack(lambda: create(2000), _reverts),
    "undo and redo of a clear, ten times": Attack(lambda: create(12_000), _undo_and_redo),
    "patches of an element with many fields": Attack(_nothing, _many_fields),
    "patches of large elements in turn": Attack(lambda: create(8, LARGE), _in_turn),
    "undo and redo of large patches in one frame": Attack(lambda: create(20, LARGE), _undone_in_turn),
    "a frame of zeros": _text(array("0", 1_000_000), ends=True),
    "a frame of nothings": _text(array("{}", 1_000_000)),
    "a text without an end": _text("{" * 70_000 + '"' + '\\"' * 450_000, ends=True),
    "braces in texts": _text(f'[{{"type":"cancel","key":"","x":{array(_BRACE, 999_900)}}}]'),
    "escapes and braces in a text": _text(
        f'[{{"type":"cancel","key":"","x":"{"{" * 70_000}{chr(92) * 900_000}"}}]'
    ),
    "zeros in an event": _text(f'[{{"type":"event","name":"e","data":{array("0", 1_000_000)}}},5]', ends=True),
    "lists in an event": _text(f'[{{"type":"event","name":"e","data":{array("[]", 1_000_000)}}}]'),
    "lists in a preview": _text(
        f'[{{"type":"preview","key":"e","start":0,"points":[],"fields":{{"a":{array("[]", 900_000)}}}}}]'
    ),
    "lists in a presence": _text(f'[{{"type":"presence","state":{{"a":{array("[]", 1_000_000)}}}}}]'),
    "lists in fifteen events": _text(f"[{','.join([_EVENT] * 15)}]"),
    "what cannot be read, thousands of times": _text(f"[{','.join([_UNREADABLE] * 4096)}]"),
    "an event that is an operation too": _text(
        f'[{{"type":"event","name":"e","data":{array("[]", 1_000_000)},"type":"operate"}}]'
    ),
    "lists in a field": Attack(
        _nothing,
        lambda attacker: iter(
            [
                attacker.operation({"type": "create", "key": "e", "fields": {"a": "@"}})
                .decode()
                .replace('"@"', array("[]", 1_000_000))
                .encode()
            ]
        ),
    ),
    "an element of 60,000 fields": Attack(
        _nothing,
        lambda attacker: iter(
            [attacker.operation({"type": "create", "key": "e", "fields": {f"f{n}": 0 for n in range(60_000)}})]
        ),
        settles=False,  # It cannot be read, so it has no verdict.
    ),
    "cancels": _text(array('{"type":"cancel","key":""}', 1_000_000)),
    "gaps": _text(array('{"type":"operate","op":9,"actions":[]}', 1_000_000)),
    "empty previews": _text(array('{"type":"preview","key":"x","start":0,"points":[]}', 1_000_000)),
    "empty operations": Attack(
        _nothing,
        lambda attacker: iter([f"[{','.join(attacker.message() for _ in range(1000))}]".encode()]),
    ),
}


@dataclass
class Felt:
    """What an attack cost a relay: the `longest` step of its loop and its `cpu` (seconds), bytes `logged` and `kept`, and
    its peak of `memory` (MiB). `strokes` is how many the control pair drew for each other meanwhile."""

    longest: float
    step: str
    cpu: float
    logged: int
    kept: int
    memory: float
    strokes: int


async def attack(name: str, database: Path, alteration: str = "unaltered", rate: float = 1e3) -> Felt:
    """Send one attack to a relay with the file `database`, where a client may cause `rate` seconds of work a second."""
    chosen = ATTACKS[name]
    arguments = ("--db", database, "--work-rate", str(rate))
    with Running(*arguments, alteration=f"stepped+{alteration}") as running:
        pair = Control(documented(), "ada"), Control(documented(), "bob")
        for one in pair:
            await one.enter(running.port)
        attacker, witness = Attacker(), Attacker()
        await attacker.enter(running.port)
        await witness.enter(running.port)
        for actions in chosen.before():
            attacker.socket.send(attacker.operation(*actions))
        await attacker.all_settled()
        await pair[0].draw_for(pair[1])
        drawn = sum(one.strokes for one in pair)
        logged, cpu, kept = len(running.text()), running.cpu(), _size(database)
        over = asyncio.Event()
        control = asyncio.create_task(_draw(pair, over))
        try:
            for frame in chosen.frames(attacker):
                attacker.socket.send(frame)
                if chosen.settles:
                    await attacker.all_settled()
            if chosen.ends:
                await attacker.socket.closed
            else:
                await attacker.barrier(1)
        finally:
            over.set()
            await control
        await witness.barrier(2)
        for peer in (attacker, witness):
            if peer.wrong or peer.counted["role"]:
                raise Broken(peer.wrong or "it may not do that, so nothing was tried")
        steps = re.findall(rf"{LONGEST} ([\d.]+) (.*)", running.text())
        longest, step = max(((float(seconds), what) for seconds, what in steps), default=(0.0, ""))
        return Felt(
            longest=longest,
            step=step,
            cpu=running.cpu() - cpu,
            logged=len(running.text()) - logged,
            kept=_size(database) - kept,
            memory=running.memory("VmHWM"),
            strokes=sum(one.strokes for one in pair) - drawn,
        )


async def _draw(pair: tuple[Control, Control], over: asyncio.Event) -> None:
    one, other = pair
    while not over.is_set():
        await one.draw_for(other)
        one, other = other, one


def _size(database: Path) -> int:
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
