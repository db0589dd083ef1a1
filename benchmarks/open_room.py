"""What it costs to open a room with a long past: ``python -m benchmarks.open_room --operations 1000000``.

Two rooms show the same drawing, of so many strokes. One has only these in its log; in the other's, people have
drawn and erased a million times. Each is opened as the relay opens it, loaded from the store and replayed; its
checkpoints are the room's own, at the moments when the relay would make them. The figure is the ratio of both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from relay.protocol import Create, Delete, Join, Operate
from relay.records import LoadedRoom
from relay.room.compact import compress
from relay.room.peer import Peer
from relay.room.room import Room
from tests.support.stores import Holding, sqlite_store

GROUP = 256
"""Operations that are committed together."""


def stroke(random: Random, points: int) -> dict[str, object]:
    """A stroke as a pen makes it: a walk of so many points."""
    x, y = random.randint(0, 10_000), random.randint(0, 5_700)
    walk = []
    for _ in range(points):
        x, y = x + random.randint(-40, 40), y + random.randint(-40, 40)
        walk += [x, y]
    return {"kind": "stroke", "color": "#1b4965", "width": 32, "points": walk}


class Writer:
    """Somebody who draws in a room over `store`, as the relay commits it."""

    def __init__(self, store: Holding, name: str, seed: int) -> None:
        self.store = store
        self.random = Random(seed)
        self.room = open_room(store, name)
        self.peer: Peer = self.room.join(Join(name))
        self.op = 0
        self.checkpoints = 0

    def write(self, operations: Iterator[Operate[Any]]) -> None:
        room = self.room
        more = True
        while more:
            for _ in range(GROUP):
                if (operation := next(operations, None)) is None:
                    more = False
                    break
                room.receive(self.peer, operation)
            if (batch := room.queue.propose(1e9 + self.op)) is not None:
                self.store.append([batch])
                room.queue.committed()
            while room.delivery.collect(self.peer) is not None:
                pass
            if (due := room.checkpoint()) is not None:
                point, entries = due
                self.store.checkpoint(room.name, point._replace(body=compress(entries, 1)))
                self.checkpoints += 1

    def operations(self, count: int, elements: int, points: int) -> Iterator[Operate[Any]]:
        """Draw `elements` strokes; then erase one and draw another until `count` operations are done."""
        living: list[str] = []
        for self.op in range(1, count + 1):
            if len(living) < elements:
                key = f"{self.op:016x}"
                living.append(key)
                yield Operate(self.op, (Create(key, stroke(self.random, points)),))
            else:
                place = self.random.randrange(elements)
                living[place], living[-1] = living[-1], living[place]
                yield Operate(self.op, (Delete((living.pop(),)),))


def open_room(store: Holding, name: str) -> Room:
    """The room as the relay opens it."""
    loaded: LoadedRoom = store.load(name, "epoch")
    random = Random(1)
    return Room(name, loaded, lambda: f"{random.getrandbits(128):032x}", lambda: random.getrandbits(53))


def timed(work: Callable[[], Room], rounds: int) -> tuple[float, Room]:
    """The median of several times, in seconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        room = work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times), room


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--elements", type=int, default=2_000)
    parser.add_argument("--points", type=int, default=50, help="of each stroke")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "relay.sqlite"
        store = sqlite_store(path)
        begun = time.perf_counter()
        # An even number of operations after the first strokes ends with all of them there.
        count = options.operations - (options.operations - options.elements) % 2
        long, short = Writer(store, "long", 1), Writer(store, "short", 2)
        short.write(short.operations(options.elements, options.elements, options.points))
        long.write(long.operations(count, options.elements, options.points))
        built = time.perf_counter() - begun
        store.close()
        begun = time.perf_counter()
        store = sqlite_store(path)
        opened = time.perf_counter() - begun
        size = path.stat().st_size
        times = {}
        for name in ("short", "long"):
            times[name], room = timed(partial(open_room, store, name), options.rounds)
            loaded = store.load(name, "")
            print(
                f"{name}: {room.seq} operations, {len(room.log.entries)} elements, "
                f"opened in {1000 * times[name]:.0f} ms "
                f"from {loaded.checkpoint.entries if loaded.checkpoint else 0} entries and {len(loaded.rows)} rows"
            )
        store.close()
    print(
        f"built in {built:.0f} s, {size >> 20} MiB, {long.checkpoints} checkpoints; the store opened in {opened:.1f} s"
    )
    print(f"ratio {times['long'] / times['short']:.2f}")


if __name__ == "__main__":
    main()
