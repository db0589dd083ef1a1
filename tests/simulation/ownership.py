"""Who may write a room, as a pure model: an engine with a standby, relays, clients, and a scheduler that picks each step.

The engine executes one transaction of the room at a time. What is written is seen by others, and answered, once the
standby has it; a connection that breaks before makes it visible all the same, and its relay does not know. A request
may arrive after its relay has given it up. The engine fails over to its standby, or is restored from a backup. Relays
are never told the time: each goes on with what it has until the engine refuses it.

`World.step` takes one of the steps that are possible; `Violation` says what must not be. `BUGS` are mistakes in the
relay or the engine's statements, each of which some order of steps must show.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

RELAYS, CLIENTS = 2, 2

BUGS = (
    "no fence",
    "fence compared with >=",
    "counted fence",
    "claim without a new fence",
    "load before the claim",
    "resolve by a read",
    "stale ownership kept",
    "unknown told as committed",
    "unknown told as refused",
    "answer before the standby has it",
    "batch not recognised",
)


class Violation(Exception):
    """What must not be."""


class Entry(NamedTuple):
    """One entry of the log."""

    mark: int
    client: int
    op: int


class Stored(NamedTuple):
    """The room as the engine has it."""

    fence: int
    log: tuple[Entry, ...]


EMPTY = Stored(0, ())


class Append(NamedTuple):
    """A request to append `entries` after the first `expected` ones."""

    fence: int
    expected: int
    entries: tuple[Entry, ...]


class ClaimRoom(NamedTuple):
    """A request to hold the room; `known` is its log where it was loaded before."""

    known: tuple[Entry, ...] | None


Request = Append | ClaimRoom
DURABLE, LOST, UNKNOWN = "durable", "lost", "unknown"


@dataclass(eq=False)
class Call:
    """A request on its way; `relay` is None once that has given it up."""

    relay: Relay | None
    request: Request
    after: Stored | None = None


@dataclass(eq=False)
class Relay:
    """A relay with, or without, the room: `memory` is its log there."""

    fence: int | None = None
    memory: tuple[Entry, ...] = ()
    call: Call | None = None
    unknown: Append | None = None
    loaded: tuple[Entry, ...] | None = None

    @property
    def serves(self) -> bool:
        return self.fence is not None


@dataclass(eq=False)
class Client:
    """A client with one operation under way at a time."""

    id: int
    op: int = 1
    relay: Relay | None = None


@dataclass
class World:
    """All of it; `bug` is one of `BUGS` or ""."""

    random: random.Random
    bug: str = ""
    standby: Stored = EMPTY
    visible: Stored = EMPTY
    behind: list[Stored] = field(default_factory=list)
    """What the standby does not have yet of what is visible."""
    waiting: Call | None = None
    """The transaction that waits for the standby, and keeps all others from the room."""
    sent: list[Call] = field(default_factory=list)
    backup: Stored = EMPTY
    acknowledged: set[tuple[int, Entry]] = field(default_factory=set)
    marks: int = 0
    restores: int = 0

    def __post_init__(self) -> None:
        self.relays = [Relay() for _ in range(RELAYS)]
        self.clients = [Client(id) for id in range(CLIENTS)]

    # --- the scheduler ------------------------------------------------------------------------------------

    def steps(self) -> list[Callable[[], None]]:
        """Return what may happen next."""
        steps: list[Callable[[], None]] = []
        for relay in self.relays:
            if relay.call is not None:
                steps.append(partial(self.cut, relay))
            elif relay.unknown is not None:
                steps += [partial(self.resolve, relay)] * 4
            elif relay.serves:
                steps += [partial(self.propose, relay)] * 6
            else:
                steps += [partial(self.claim, relay)] * 2
            if self.bug == "load before the claim" and relay.call is None and not relay.serves:
                steps.append(partial(self.load, relay))
            steps.append(partial(self.crash, relay))
        for client in self.clients:
            if client.relay is None:
                steps += [partial(self.connect, client)] * 8
        if self.waiting is None:
            steps += [partial(self.execute, call) for call in self.sent for _ in range(8)]
        if self.behind or self.waiting is not None:
            steps += [self.replicate] * 8
        steps += [self.fail_over, self.back_up]
        if self.restores < 2:
            steps.append(self.restore)
        return steps

    def step(self, choice: int) -> None:
        """Take one step, and look at what must hold."""
        steps = self.steps()
        steps[choice % len(steps)]()
        self.check()

    def check(self) -> None:
        """Raise `Violation` where something was lost, or is there twice."""
        log = self.standby.log
        for place, entry in self.acknowledged:
            if log[place : place + 1] != (entry,):
                raise Violation("what was acknowledged is lost")
        if len({(entry.client, entry.op) for entry in log}) != len(log):
            raise Violation("an operation is there twice")

    # --- the engine ---------------------------------------------------------------------------------------

    def new_fence(self, state: Stored) -> int:
        return state.fence + 1 if self.bug == "counted fence" else self.random.getrandbits(63)

    def execute(self, call: Call) -> None:
        """Execute a request; what it writes waits for the standby."""
        self.sent.remove(call)
        now, request = self.visible, call.request
        match request:
            case ClaimRoom():
                fence = (
                    now.fence if self.bug == "claim without a new fence" and now.fence else self.new_fence(now)
                )
                call.after = now._replace(fence=fence)
            case Append(fence, expected, entries):
                if not self.may_write(fence, now.fence):
                    self.answer(call, LOST)
                    return
                there = now.log[expected : expected + len(entries)] == entries
                if self.bug == "batch not recognised":
                    there = False
                if not there and len(now.log) != expected:
                    raise Violation("who holds the room knows another log")
                call.after = now if there else now._replace(log=now.log + entries)
        self.waiting = call
        if self.bug == "answer before the standby has it":
            self.visible = call.after
            self.behind.append(call.after)
            self.waiting = None
            self.answer(call, DURABLE)

    def may_write(self, fence: int, held: int) -> bool:
        if self.bug == "no fence":
            return True
        return fence >= held if self.bug == "fence compared with >=" else fence == held

    def replicate(self) -> None:
        """Let the standby have the next of what was written."""
        if self.behind:
            self.standby = self.behind.pop(0)
        elif (call := self.waiting) is not None and call.after is not None:
            self.standby = self.visible = call.after
            self.waiting = None
            self.answer(call, DURABLE)

    def fail_over(self) -> None:
        """The standby takes the primary's place; all connections break."""
        self.visible, self.behind = self.standby, []
        self.break_all()

    def back_up(self) -> None:
        self.backup = self.standby

    def restore(self) -> None:
        """Relays are stopped, and the engine is as it was backed up, with another fence; requests may still arrive. What
        came after the backup is openly lost."""
        self.restores += 1
        for relay in self.relays:
            self.crash(relay)
        self.waiting, self.behind = None, []
        self.visible = self.standby = restored = self.backup._replace(fence=self.new_fence(self.backup))
        self.acknowledged = {(place, entry) for place, entry in self.acknowledged if place < len(restored.log)}
        for client in self.clients:
            client.op = max((entry.op for entry in restored.log if entry.client == client.id), default=0) + 1

    def break_all(self) -> None:
        calls = [*self.sent, *([self.waiting] if self.waiting else [])]
        self.sent, self.waiting = [], None
        for call in calls:
            self.answer(call, UNKNOWN)

    def answer(self, call: Call, outcome: str) -> None:
        relay = call.relay
        if relay is None:
            return
        relay.call = None
        if isinstance(call.request, ClaimRoom):
            if outcome == DURABLE and call.after is not None:
                self.begin(relay, call.after, call.request.known)
        else:
            self.learn(relay, call.request, outcome)

    # --- a relay ------------------------------------------------------------------------------------------

    def load(self, relay: Relay) -> None:
        relay.loaded = self.visible.log

    def claim(self, relay: Relay) -> None:
        known, relay.loaded = relay.loaded, None
        if self.bug == "load before the claim" and known is None:
            known = self.visible.log
        self.send(relay, ClaimRoom(known))

    def begin(self, relay: Relay, state: Stored, known: tuple[Entry, ...] | None) -> None:
        """Serve the room as it was when it was claimed."""
        relay.fence = state.fence
        self.show(relay, state.log if known is None else known)

    def propose(self, relay: Relay) -> None:
        """Append what the clients of this relay have under way; who sent it before is told what became of it."""
        entries = []
        for client in self.clients:
            if client.relay is not relay:
                continue
            done = [place for place, entry in enumerate(relay.memory) if entry[1:] == (client.id, client.op)]
            if done:
                self.acknowledge(client, done[0], relay.memory[done[0]])
            else:
                self.marks += 1
                entries.append(Entry(self.marks, client.id, client.op))
        if entries and relay.fence is not None:
            self.send(relay, Append(relay.fence, len(relay.memory), tuple(entries)))

    def send(self, relay: Relay, request: Request) -> None:
        relay.call = Call(relay, request)
        self.sent.append(relay.call)

    def learn(self, relay: Relay, request: Append, outcome: str) -> None:
        """Do what an outcome asks for."""
        relay.unknown = None
        if outcome == UNKNOWN and self.bug == "unknown told as committed":
            outcome = DURABLE
        if outcome == UNKNOWN:
            # Told as refused, the clients send the same again, and the room proposes as if nothing was.
            relay.unknown = None if self.bug == "unknown told as refused" else request
        elif outcome == LOST:
            self.lose(relay)
        else:
            place = len(relay.memory)
            self.show(relay, relay.memory + request.entries)
            for client in self.clients:
                for number, entry in enumerate(request.entries):
                    if client.relay is relay and entry[1:] == (client.id, client.op):
                        self.acknowledge(client, place + number, entry)

    def resolve(self, relay: Relay) -> None:
        """Ask again what is unknown, by sending the same."""
        request = relay.unknown
        assert request is not None
        if self.bug == "resolve by a read":
            seen = self.visible
            if seen.fence != request.fence:
                self.lose(relay)
                return
            if seen.log[request.expected :] == request.entries:
                self.learn(relay, request, DURABLE)
                return
        relay.unknown = None
        self.send(relay, request)

    def cut(self, relay: Relay) -> None:
        """The connection of a relay to the engine breaks. What was sent may arrive yet, and what was written stays."""
        call = relay.call
        assert call is not None
        if call is self.waiting and call.after is not None:
            self.visible = call.after
            self.behind.append(call.after)
            self.waiting = None
        elif self.random.random() < 0.5:  # It has not left.
            self.sent.remove(call)
        self.answer(call, UNKNOWN)
        call.relay = None

    def lose(self, relay: Relay) -> None:
        """Send everybody on, and forget the room."""
        memory = relay.memory
        self.crash(relay)
        if self.bug == "stale ownership kept":
            relay.loaded = memory

    def crash(self, relay: Relay) -> None:
        if relay.call is not None:
            relay.call.relay = None
        for client in self.clients:
            if client.relay is relay:
                client.relay = None
        relay.fence, relay.memory, relay.call, relay.unknown, relay.loaded = None, (), None, None, None

    def show(self, relay: Relay, log: tuple[Entry, ...]) -> None:
        """Have a log in memory, which everybody is shown."""
        if log != self.standby.log[: len(log)]:
            raise Violation("what was shown is not in the log")
        relay.memory = log

    # --- a client -----------------------------------------------------------------------------------------

    def connect(self, client: Client) -> None:
        serving = [relay for relay in self.relays if relay.serves]
        if serving:
            client.relay = self.random.choice(serving)

    def acknowledge(self, client: Client, place: int, entry: Entry) -> None:
        self.acknowledged.add((place, entry))
        client.op += 1


def play(seed: int, steps: int, bug: str = "") -> World:
    """Take so many random steps; returns where they led, or raises `Violation`."""
    chance = random.Random(seed)
    world = World(random.Random(seed + 1), bug)
    for _ in range(steps):
        world.step(chance.getrandbits(16))
    return world
