"""An in-memory network with hand-flushed queues: a relay's rooms and clients' sync, joined without a socket.

Nothing moves unless a test moves it, so every interleaving is a list of choices and a seed names it.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque

import msgspec

from ipysketch.others import Others
from ipysketch.sync import Sync
from relay.log import Batch
from relay.protocol import (
    Action,
    Bad,
    Commit,
    Join,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Refused,
    Snapshot,
    Welcome,
    decode_client,
    decode_server,
    encode,
)
from relay.room import UNKNOWN, Peer, Room
from relay.store.memory import MemoryStore


class World:
    """A store that survives, a room that may die, and clients that come and go."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.store = MemoryStore()
        self._backup = MemoryStore()
        self.clock = 0.0
        self._ids = itertools.count(1)
        self.clients: list[Client] = []
        self.room = self._load()
        self.batch: Batch | None = None

    def _load(self) -> Room:
        return Room("fuzz", self.store.load("fuzz", self._id()), self._id, self._mark)

    def _id(self) -> str:
        return f"{self.random.getrandbits(64):016x}{next(self._ids):016x}"

    def _mark(self) -> int:
        return self.random.getrandbits(53)

    def now(self) -> float:
        self.clock += 0.25
        return self.clock

    def propose(self) -> None:
        """The room hands a batch to the store, if it has one."""
        if self.batch is None:
            self.batch = self.room.propose(self.now())

    def settle(self, *, fail: bool = False) -> None:
        """The store says yes or no to the batch under way."""
        if self.batch is None:
            return
        if fail:
            self.room.failed("the disk is full")
        else:
            self.store.append([self.batch])
            self.room.committed()
        self.batch = None

    def crash(self, *, after_store: bool) -> None:
        """The relay dies, before or after the store took the batch under way, and comes back from its store."""
        if self.batch is not None and after_store:
            self.store.append([self.batch])
        self.batch = None
        for client in self.clients:
            client.cut()
        self.room = self._load()

    def lose_everything(self) -> None:
        """The store is lost: the relay comes back with an empty log of a new epoch."""
        self.store = MemoryStore()
        self.crash(after_store=False)

    def back_up(self) -> None:
        """Somebody copies the store."""
        self._backup = copy.deepcopy(self.store)

    def restore(self) -> None:
        """The store is lost: the relay comes back with the last copy of it, which knows less than the clients."""
        self.store = copy.deepcopy(self._backup)
        self.crash(after_store=False)

    def drain(self) -> None:
        """Move everything until nothing moves."""
        for client in self.clients:
            if client.peer is None:
                client.connect()
        for _ in range(10_000):
            moved = False
            for client in self.clients:
                moved |= client.send()
                while client.deliver_up():
                    moved = True
            self.propose()
            if self.batch is not None:
                self.settle()
                moved = True
            for client in self.clients:
                moved |= client.pull()
                while client.deliver_down():
                    moved = True
            if not moved:
                return
        raise AssertionError("the network does not come to rest")


class Client:
    """A kernel's side: sync, others, and two queues of frames to and from the relay."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.sync = Sync()
        self.others = Others()
        self.peer: Peer | None = None
        self.up: deque[bytes] = deque()
        self.down: deque[str | bytes] = deque()
        self.keys = (f"{name}{n}" for n in itertools.count(1))
        world.clients.append(self)

    def connect(self) -> None:
        """A new connection; an older one is replaced by the relay."""
        self.cut()
        self.others.forget()
        join = self.sync.join("fuzz", name=self.name, color="#123456", secret=self.name, token="")
        [decoded] = decode_client(encode([join]))
        assert isinstance(decoded, Join)
        lacking = self.world.room.lacks(decoded)
        found = self.world.store.find("fuzz", decoded.client, decoded.seq) if lacking else UNKNOWN
        self.peer = self.world.room.join(decoded, self.world.now(), found)

    def cut(self) -> None:
        """The connection is lost, with whatever was on its way."""
        if self.peer is not None:
            self.world.room.leave(self.peer)
        self.peer = None
        self.sync.joined = False
        self.up.clear()
        self.down.clear()

    def do(self, *actions: Action) -> None:
        self.sync.submit(actions)

    def send(self) -> bool:
        """What is ready leaves as one frame."""
        ready = self.sync.outgoing() if self.peer is not None else []
        if ready:
            self.up.append(encode(ready))
        return bool(ready)

    def deliver_up(self) -> bool:
        """One frame reaches the relay."""
        if not self.up or self.peer is None:
            return False
        for message in decode_client(self.up.popleft()):
            assert not isinstance(message, Bad), message
            self.world.room.receive(self.peer, message)
        return True

    def pull(self) -> bool:
        """The relay puts one frame on its way to this client."""
        if self.peer is None:
            return False
        frame = self.world.room.collect(self.peer)
        if frame is None:
            return False
        self.down.append(frame)
        return True

    def deliver_down(self) -> bool:
        """One frame reaches this client."""
        if not self.down:
            return False
        frame = self.down.popleft()
        if isinstance(frame, bytes):
            self.sync.chunk(frame)
            return True
        for message in decode_server(frame):
            match message:
                case Welcome():
                    self.sync.welcome(message)
                    self.others.me = message.peer
                case Snapshot():
                    self.sync.snapshot(message)
                case Commit():
                    self.sync.commit(message)
                case Refused():
                    self.sync.refused(message)
                    if not message.final:
                        self.sync.retry()
                case PeerState() | PeerLeft() | PeerPreview() | PeerCancel():
                    self.others.receive(message)
                case Bad():
                    raise AssertionError(f"a message of the relay could not be read: {message}")
                case _:
                    raise AssertionError(f"unexpected {message}")
        return True


def logged(store: MemoryStore) -> list[Commit]:
    """The log as the store has it, decoded."""
    return [msgspec.json.decode(row.body, type=Commit) for row in store.load("fuzz", "").rows]
