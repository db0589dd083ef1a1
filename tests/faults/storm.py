"""Everybody comes back at once: ``python -m tests.faults.storm --peers 1000 --megabytes 10``.

A room is filled with strokes, its relay is restarted on the same file and port, and all peers join afresh within
a second. Two storms: one on a quiet room, one while somebody draws. All peers must hold the same drawing within
a bound; the relay must not build the same drawing for each of them, nor need much memory. Exit code 1 when a
bound is broken. A peer compares streams by their hash, and a few unpack theirs and keep up as real replicas do.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import resource
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipysketch.client.sync import Sync
from ipysketch.model.document import digest
from relay.protocol import (
    Commit,
    Create,
    Error,
    Join,
    Operate,
    Refused,
    RemoteError,
    ServerMessage,
    Snapshot,
    Welcome,
    decode_server,
    encode,
    encode_entries,
)

from .altered import BUILT
from .raw import BINARY, RawPeer
from .running import Running, troubles

ROOM = "algebra"
REPLICAS = 5
"""Peers of a storm that unpack the snapshot and apply what follows."""
DRAWN = 5.0
"""Strokes a second, in the storm during which somebody draws."""

SYNCED = 60.0
"""Bound: seconds until all are in sync."""
SHUTDOWN = 5.0
"""Bound: seconds from SIGTERM to the end."""
MEMORY_BASE = 80.0
MEMORY_PER_MEGABYTE = 10.0
MEMORY_PER_PEER = 0.12
"""Bound: MiB of memory at most, in all: for the relay, for each MB of drawing, and for each peer."""
PATIENCE = 180.0


def stroke(chance: random.Random, key: str) -> Create[Any]:
    """A stroke of 60 points, in differences, as boards commit it."""
    points = [chance.randrange(10_240), chance.randrange(5_760)]
    points += [chance.randrange(-60, 60) for _ in range(118)]
    return Create(key, {"kind": "stroke", "points": points, "color": "#1f77b4", "width": 32})


async def fill(port: int, megabytes: float) -> tuple[int, float]:
    """Draw until the drawing has that size: its last seq, and its size in MB."""
    chance = random.Random(1)
    sync = Sync()
    changed = asyncio.Event()

    def hear(opcode: int, payload: bytes) -> None:
        for message in decode_server(payload):
            match message:
                case Commit():
                    sync.commit(message)
                case Welcome():
                    sync.welcome(message)
                case Refused() | Error() | RemoteError():
                    raise AssertionError(message)
        changed.set()

    peer = RawPeer(hear)
    await peer.connect(port)
    peer.send(encode([sync.join(ROOM, name="the one who fills", color="#1f77b4", secret="", token="")]))
    one = 640
    wanted, op, size = megabytes * 1e6, 0, 0.0
    async with asyncio.timeout(PATIENCE):
        while size < wanted:
            # 100 in flight, and an estimate that is corrected by what was measured.
            for _ in range(max(1, min(5000, int((wanted - size) / one) + 1))):
                op += 1
                peer.send(encode([Operate(op, (stroke(chance, f"{op:x}"),))]))
                await peer.drained()
                while op - sync.document.seq > 100:
                    changed.clear()
                    await changed.wait()
            while sync.document.seq < op:
                changed.clear()
                await changed.wait()
            size = len(encode_entries(list(sync.document.entries.values())))
            one = max(1, int(size / op))
    peer.close()
    return op, size / 1e6


class Joiner:
    """One peer of the storm. The stream of its snapshot is hashed; `sync` is there for a few."""

    def __init__(self, *, replica: bool) -> None:
        self.socket = RawPeer(self.hear)
        self.sync = Sync() if replica else None
        self.announced: tuple[int, int] | None = None
        self.stream = ""
        self.seq = -1
        self.target = -1
        self.reached: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.bad: list[str] = []
        self._left = 0
        self._hash = hashlib.sha256()

    async def join(self, port: int, at: float, number: int) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(at - loop.time())  # The storm is spread over a second: that is its shape.
        await self.socket.connect(port)
        sync = self.sync or Sync()
        self.socket.send(
            encode([sync.join(ROOM, name=f"guest {number}", color="#1f77b4", secret="", token="")])
        )

    def aim(self, seq: int) -> None:
        """`reached` is set once the drawing is complete up to `seq`."""
        self.target = seq
        self._look()

    def hear(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._take_chunk(payload)
        elif payload.startswith(b'[{"type":"peer"') and b'"type":"commit"' not in payload:
            return  # A thousand arrivals told to a thousand peers: read, not decoded.
        else:
            for message in decode_server(payload):
                self._handle(message)
        self._look()

    def _take_chunk(self, payload: bytes) -> None:
        self._hash.update(payload)
        self._left -= len(payload)
        if self.sync is not None:
            self.sync.chunk(payload)
        if self._left <= 0:
            assert self.announced is not None
            self.stream, self.seq = self._hash.hexdigest(), self.announced[0]
            if self._left < 0:
                self.bad.append("more came than was announced")

    def _handle(self, message: ServerMessage | RemoteError) -> None:
        match message:
            case Welcome():
                if self.sync is not None:
                    self.sync.welcome(message)
            case Snapshot():
                self.announced, self._left = (message.seq, message.size), message.size
                self._hash = hashlib.sha256()
                self.seq = -1
                if self.sync is not None:
                    self.sync.snapshot(message)
            case Commit():
                if message.seq != self.seq + 1:
                    self.bad.append(f"commit {message.seq} came after {self.seq}")
                self.seq = message.seq
                if self.sync is not None:
                    self.sync.commit(message)
            case Error() | Refused() | RemoteError():
                self.bad.append(repr(message))

    def _look(self) -> None:
        if 0 <= self.target <= self.seq and not self.reached.done():
            self.reached.set_result(asyncio.get_running_loop().time())


@dataclass
class Result:
    """What one storm came to."""

    peers: int
    synced: int = 0
    seconds: float = float("inf")
    median: float = float("inf")
    built: int = 0
    announced: set[tuple[int, int]] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)
    received: float = 0.0
    drawn: int = 0
    peak: float = 0.0
    exit_code: int | None = None
    shutdown: float = 0.0
    troubles: list[str] = field(default_factory=list)


async def storm(relay: Running, peers: int, seq: int, *, drawing: bool) -> Result:
    """`peers` fresh joins within a second on `relay`, whose room is at `seq`. Ends the relay."""
    loop = asyncio.get_running_loop()
    result = Result(peers)
    joiners = [Joiner(replica=number < REPLICAS) for number in range(peers)]
    for joiner in joiners:
        joiner.aim(seq)
    stopping = asyncio.Event()
    artist = asyncio.create_task(draw(relay.port, stopping, seq)) if drawing else None
    begin = loop.time()
    arrivals = [
        asyncio.create_task(joiner.join(relay.port, begin + number / peers, number))
        for number, joiner in enumerate(joiners)
    ]
    try:
        async with asyncio.timeout(PATIENCE):
            for arrival in asyncio.as_completed(arrivals):
                await arrival
            await asyncio.wait([joiner.reached for joiner in joiners])
            times = sorted(joiner.reached.result() - begin for joiner in joiners)
            if artist is not None:
                # In sync means with what was drawn meanwhile, too.
                stopping.set()
                result.drawn = await artist
                for joiner in joiners:
                    joiner.reached = loop.create_future()
                    joiner.aim(seq + result.drawn)
                await asyncio.wait([joiner.reached for joiner in joiners])
            result.seconds = loop.time() - begin
            result.median = times[len(times) // 2]
    except TimeoutError:
        result.troubles.append(f"not all were in sync after {PATIENCE:g} s")
    result.synced = sum(joiner.reached.done() for joiner in joiners)
    result.announced = {joiner.announced for joiner in joiners if joiner.announced}
    result.streams = {joiner.stream for joiner in joiners if joiner.stream}
    result.received = sum(joiner.socket.received for joiner in joiners) / 1e6
    result.troubles += [bad for joiner in joiners for bad in joiner.bad]
    digests = {digest(joiner.sync.document.entries) for joiner in joiners if joiner.sync is not None}
    if len(digests) != 1:
        result.troubles.append(f"the replicas have {len(digests)} different drawings")
    if len(result.streams) > len(result.announced):
        result.troubles.append("one announcement stood for different streams")
    result.peak = relay.memory("VmHWM")
    result.exit_code, result.shutdown = await relay.end()
    for joiner in joiners:
        joiner.socket.close()
    result.built = relay.text().count(BUILT)
    result.troubles += troubles(relay.text())
    if artist is not None:
        artist.cancel()
        await asyncio.gather(artist, return_exceptions=True)
    return result


async def draw(port: int, stopping: asyncio.Event, seq: int) -> int:
    """Join and draw `DRAWN` strokes a second until `stopping`; how many became commits."""
    heard = asyncio.Event()
    last = seq

    def hear(opcode: int, payload: bytes) -> None:
        nonlocal last
        if opcode == BINARY or b'"type":"commit"' not in payload:
            return
        last = max([last, *(message.seq for message in decode_server(payload) if isinstance(message, Commit))])
        heard.set()

    loop = asyncio.get_running_loop()
    peer = RawPeer(hear)
    await peer.connect(port)
    peer.send(encode([Join(ROOM, name="the artist")]))
    chance, op = random.Random(2), 0
    due = loop.time()
    while not stopping.is_set():
        op += 1
        peer.send(encode([Operate(op, (stroke(chance, f"late {op:x}"),))]))
        due += 1 / DRAWN
        try:
            async with asyncio.timeout_at(due):
                await stopping.wait()
        except TimeoutError:
            pass  # Time for the next stroke.
    while last < seq + op:
        heard.clear()
        await heard.wait()
    peer.close()
    return op


def bound(peers: int, megabytes: float) -> float:
    """MiB that the relay may take at most."""
    return MEMORY_BASE + MEMORY_PER_MEGABYTE * megabytes + MEMORY_PER_PEER * peers


def broken(result: Result, megabytes: float, *, drawing: bool, timed: bool = True) -> list[str]:
    """The bounds that `result` breaks, in words; those of time only where it was `timed`."""
    words = list(result.troubles[:10])
    if result.synced != result.peers:
        words.append(f"only {result.synced} of {result.peers} are in sync")
    if timed and result.seconds > SYNCED:
        words.append(f"it took {result.seconds:.1f} s")
    allowed = 2 if drawing else 1
    if not 1 <= result.built <= allowed:
        words.append(f"{result.built} snapshots were built")
    if result.peak > bound(result.peers, megabytes):
        words.append(f"the relay took {result.peak:.0f} MiB")
    if result.exit_code != 0 or (timed and result.shutdown > SHUTDOWN):
        words.append(f"the end took {result.shutdown:.1f} s, code {result.exit_code}")
    return words


async def measure(
    peers: int, megabytes: float, directory: Path, alteration: str = "counted"
) -> tuple[float, Result, Result]:
    """The size of the drawing in MB, a storm on a quiet room, and one while somebody draws."""
    database = directory / "storm.sqlite"
    with Running("--db", database) as relay:
        seq, size = await fill(relay.port, megabytes)
        await relay.end()
    port = relay.port
    results = []
    for drawing in (False, True):
        with Running("--db", database, alteration=alteration, port=port) as relay:
            results.append(await storm(relay, peers, seq, drawing=drawing))
            seq += results[-1].drawn
    return size, results[0], results[1]


def table(size: float, quiet: Result, busy: Result) -> str:
    """The figures, for people."""

    def row(what: str, *cells: str) -> str:
        return f"{what:<36}" + "".join(f"{cell:>16}" for cell in cells)

    both = (quiet, busy)
    memory = bound(quiet.peers, size)
    return "\n".join(
        [
            row(f"drawing of {size:.1f} MB", "nobody draws", "somebody draws", "bound"),
            row("peers in sync", *(f"{one.synced} of {one.peers}" for one in both), "all"),
            row("until all are, strokes and all", *(f"{one.seconds:.1f} s" for one in both), f"{SYNCED:g} s"),
            row("until half have the drawing", *(f"{one.median:.1f} s" for one in both), ""),
            row("snapshots built", *(str(one.built) for one in both), "1 and 2"),
            row("different snapshots announced", *(str(len(one.announced)) for one in both), ""),
            row("strokes drawn meanwhile", *(str(one.drawn) for one in both), ""),
            row("received by all peers", *(f"{one.received:.0f} MB" for one in both), ""),
            row("relay memory at most", *(f"{one.peak:.0f} MiB" for one in both), f"{memory:.0f} MiB"),
            row("end after SIGTERM", *(f"{one.shutdown:.2f} s" for one in both), f"{SHUTDOWN:g} s, code 0"),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peers", type=int, default=1000)
    parser.add_argument("--megabytes", type=float, default=10)
    options = parser.parse_args()
    enough_files(options.peers)
    with tempfile.TemporaryDirectory() as directory:
        size, quiet, busy = asyncio.run(measure(options.peers, options.megabytes, Path(directory)))
    print(table(size, quiet, busy))
    words = [f"nobody draws: {word}" for word in broken(quiet, size, drawing=False)]
    words += [f"somebody draws: {word}" for word in broken(busy, size, drawing=True)]
    for word in words:
        print("BROKEN:", word)
    return 1 if words else 0


def enough_files(peers: int) -> None:
    """Raise the limit of open files, which the relay inherits, so that `peers` can connect; or say so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = peers + 200
    if soft < needed <= hard or (soft < needed and hard == resource.RLIM_INFINITY):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    elif soft < needed:
        sys.exit(f"{peers} peers need {needed} open files, and the limit is {hard}; raise it with ulimit -n")


if __name__ == "__main__":
    sys.exit(main())
