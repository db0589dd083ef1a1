"""An in-memory network with hand-flushed queues: a relay's rooms and clients' sync, joined without a socket.

Nothing moves unless a test moves it, so every interleaving is a list of choices and a seed names it.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque

import msgspec

from ipysketch.client.connection import frames
from ipysketch.client.peers import Peers
from ipysketch.client.sync import Sync
from relay.limits import Limits
from relay.protocol import (
    MAX_FRAME,
    Action,
    Commit,
    Join,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Refused,
    RemoteError,
    ServerMessage,
    Snapshot,
    Welcome,
    decode_client,
    decode_server,
    encode,
)
from relay.records import Batch
from relay.room.joining import NO_FACTS
from relay.room.peer import Peer
from relay.room.room import Room

from ..support.stores import Holding, memory_store


class World:
    """A store that survives, a room that may die, and clients that come and go."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.store = memory_store()
        self._backup = memory_store()
        self.clock = 0.0
        self._ids = itertools.count(1)
        self.largest = MAX_FRAME
        """Bytes of a frame that the relay takes, from its next start on."""
        self.tells = True
        """Whether it tells that, as those of 0.1.0 do not."""
        self.clients: list[Client] = []
        self.room = self._load()
        self.batch: Batch | None = None

    def _load(self) -> Room:
        self.takes = self.largest
        limits = Limits(max_message=self.largest)
        return Room("fuzz", self.store.load("fuzz", self._id()), self._id, self._mark, limits)

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
            self.batch = self.room.queue.propose(self.now())

    def settle(self, *, fail: bool = False) -> None:
        """The store says yes or no to the batch under way."""
        if self.batch is None:
            return
        if fail:
            self.room.queue.failed("the disk is full")
        else:
            self.store.append([self.batch])
            self.room.queue.committed()
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
        self.store = memory_store()
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
        self.others = Peers()
        self.peer: Peer | None = None
        self.taken = MAX_FRAME
        """Bytes of a frame, as far as it was found out that the relay takes no larger one."""
        self.refused_frames = 0
        self.largest = 0
        self.up: deque[bytes] = deque()
        self.down: deque[str | bytes] = deque()
        self.keys = (f"{name}{n}" for n in itertools.count(1))
        world.clients.append(self)

    def connect(self) -> None:
        """A new connection; an older one is replaced by the relay."""
        self.cut()
        self.largest = 0
        self.others.forget()
        join = self.sync.join("fuzz", name=self.name, color="#123456", secret=self.name, token="")
        [decoded] = decode_client(encode([join]))
        assert isinstance(decoded, Join)
        lacking = self.world.room.needs_store_lookup(decoded)
        found = self.world.store.find("fuzz", decoded.client, decoded.seq) if lacking else NO_FACTS
        self.peer = self.world.room.join(decoded, found)

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
        """What is ready leaves in as few frames as may be."""
        ready = self.sync.outgoing() if self.peer is not None else []
        packed = frames(ready, self.sync.limits.usual)
        self.up.extend(packed)
        self.largest = max(self.largest, *map(len, packed), 0)
        return bool(ready)

    def deliver_up(self) -> bool:
        """One frame reaches the relay."""
        if not self.up or self.peer is None:
            return False
        if len(self.up[0]) > self.world.takes:
            # As `Connection` does with the close code 1009.
            self.taken = self.largest // 2 if self.refused_frames else self.largest - 1
            self.refused_frames += 1
            self.connect()
            return True
        for message in decode_client(self.up.popleft()):
            assert not isinstance(message, RemoteError), message
            self.world.room.receive(self.peer, message)
        return True

    def pull(self) -> bool:
        """The relay puts one frame on its way to this client."""
        if self.peer is None:
            return False
        frame = self.world.room.delivery.collect(self.peer)
        if frame is None:
            return False
        if isinstance(frame, str) and '"welcome"' in frame:
            frame = encode([self._known(message) for message in decode_server(frame)]).decode()
        self.down.append(frame)
        return True

    def _known(self, message: ServerMessage | RemoteError) -> ServerMessage:
        assert not isinstance(message, RemoteError), message
        if not isinstance(message, Welcome):
            return message
        told = message.max_message if self.world.tells else MAX_FRAME
        return msgspec.structs.replace(message, max_message=min(told, self.taken))

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
                case RemoteError():
                    raise AssertionError(f"a message of the relay could not be read: {message}")
                case _:
                    raise AssertionError(f"unexpected {message}")
        return True


def logged(store: Holding) -> list[Commit]:
    """The log as the store has it, decoded."""
    return [msgspec.json.decode(row.body, type=Commit) for row in store.load("fuzz", "").rows]
