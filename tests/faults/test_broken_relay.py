"""A broken or hostile relay: a client uses bounded memory, tells its user what is wrong, and stays away."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ipysketch.client.connection import BREACHES
from relay.protocol import MAX_CHUNK

from ..support.processes import environment
from ..support.waiting import DEADLINE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MOST = 300 << 20
"""Bytes of memory that a client may use, whatever a relay sends."""
Frames = Iterator[str | bytes]

CLIENT = """
import json, sys, time
import ipysketch, numpy

def most():
    with open("/proc/self/status") as lines:
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

board = ipysketch.Sketch(name="Ada")
board.line([(0, 0), (10, 10)])
len(board.elements)
before = most()
try:
    board.connect(sys.argv[1], "room")
except ipysketch.SketchError:
    pass
end = time.monotonic() + float(sys.argv[3])
while sys.argv[2] not in board.status and most() - before < 300 << 20 and time.monotonic() < end:
    len(board.elements)
    time.sleep(0.05)
print(json.dumps([board.status, most() - before, [type(e).__name__ for e in board.elements], board.pending]))
sys.stdout.flush()
import os
os._exit(0)
"""

WELCOME = {
    "type": "welcome", "version": 1, "room": "room", "peer": "p", "client": "c", "resume_key": "k", "author": "a",
    "epoch": "e", "seq": 5, "last": 0, "reset": True, "width": 1280, "height": 720,
}  # fmt: skip
STROKE = {"kind": "stroke", "color": "#112233", "width": 32, "points": [80, 80, 400, 400]}
NEAR = 15 << 20
"""Bytes of a frame near the limit."""


def filled(item: str, size: int = NEAR) -> str:
    return "[" + ",".join([item] * (size // (len(item) + 1))) + "]"


def presence(value: str) -> str:
    return f'[{{"type":"peer","peer":"x","author":"a","state":{{"x":{value}}}}}]'


def snapshot(data: bytes, size: int | None = None) -> Frames:
    stream = zlib.compress(data, 1)
    announced = {"type": "snapshot", "seq": 5, "mark": 1, "size": size or len(stream), "count": 1, "last": 0}
    yield json.dumps([announced])
    for start in range(0, len(stream), MAX_CHUNK):
        yield stream[start : start + MAX_CHUNK]


def entry(fields: object, key: str = "k") -> str:
    return json.dumps(
        {"key": key, "first": [1, 0], "author": "a", "at": 1.0, "page": "", "fields": fields, "versions": {}}
    )


def entries_bomb() -> Frames:
    return snapshot(filled(entry({}), 80 << 20).encode())


def lists_bomb() -> Frames:
    return snapshot(f'[{entry({})[:-1]},"x":{filled("[]", 20 << 20)}}}]'.encode())


def zeros_bomb() -> Frames:
    return snapshot(bytes(400 << 20))


def endless_snapshot() -> Frames:
    yield from snapshot(b"[]", 1 << 40)
    while True:
        yield bytes(MAX_CHUNK)


def more_than_announced() -> Frames:
    yield from snapshot(b"[]", 100)
    while True:
        yield bytes(MAX_CHUNK)


def endless_commits() -> Frames:
    changes = json.dumps([{"type": "create", "key": "KEY", "fields": {"x": [[]] * 100_000}}])
    number = 0
    while True:
        number += 1
        commit = {
            "type": "commit",
            "seq": number,
            "mark": 1,
            "at": 1.0,
            "client": "x",
            "op": number,
            "author": "a",
        }
        yield f'[{json.dumps(commit)[:-1]},"changes":{changes.replace("KEY", f"k{number}")}}}]'


def endless_peers() -> Frames:
    state = json.dumps({"x": [[]] * 100_000})
    number = 0
    while True:
        number += 1
        yield f'[{{"type":"peer","peer":"p{number}","author":"a","state":{state}}}]'


def endless_ink() -> Frames:
    start = 0
    yield json.dumps([{"type": "peer", "peer": "x", "author": "a", "state": {}}])
    while True:
        points = [1000 + n for n in range(20_000)]
        yield json.dumps(
            [{"type": "ink", "peer": "x", "key": "k", "start": start, "points": points, "fields": STROKE}]
        )
        start += len(points)


def one(frame: Callable[[], str | bytes]) -> Callable[[], Frames]:
    """Send one frame, which is made once for all joins."""
    made: list[str | bytes] = []

    def frames() -> Frames:
        if not made:
            made.append(frame())
        return iter(made)

    return frames


def once(frames: Callable[[], Frames]) -> Callable[[], Frames]:
    """Send frames that are made once for all joins."""
    made: list[str | bytes] = []

    def again() -> Frames:
        if not made:
            made.extend(frames())
        return iter(made)

    return again


BROKEN: dict[str, Callable[[], Frames]] = {
    "numbers": one(lambda: presence(filled("0"))),
    "messages": one(lambda: filled("1")),
    "unknown messages": one(lambda: filled("{}")),
    "lists": one(lambda: presence(filled("[]"))),
    "nested lists": one(lambda: presence(filled("[[[[0]]]]"))),
    "objects": one(lambda: presence(filled('{"a":0}'))),
    "beyond the limit": one(lambda: presence(filled("0", 17 << 20))),
    "a binary frame": one(lambda: bytes(NEAR)),
    "entries": once(entries_bomb),
    "a list of lists": once(lists_bomb),
    "zeros": once(zeros_bomb),
    "an endless snapshot": endless_snapshot,
    "more than announced": more_than_announced,
    "endless commits": endless_commits,
    "endless peers": endless_peers,
    "endless ink": endless_ink,
}


class BrokenRelay:
    """A server that welcomes and then sends frames, on a thread of its own."""

    def __init__(self, frames: Callable[[], Frames], seq: int = 5) -> None:
        self._frames = frames
        self._welcome = json.dumps([{**WELCOME, "seq": seq}])
        self.joins = 0
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(DEADLINE)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._talk, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            self._ready.set()
            await self._end.wait()

    async def _talk(self, socket: ServerConnection) -> None:
        try:
            await socket.recv()
            self.joins += 1
            await socket.send(self._welcome)
            for frame in self._frames():
                await socket.send(frame)
            await socket.wait_closed()
        except ConnectionClosed:
            pass

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(DEADLINE)


class Met(NamedTuple):
    """A client after it met a relay: its status, the bytes it took, what it shows, what is pending, how often it joined."""

    status: str
    took: int
    shown: list[str]
    pending: int
    joins: int


def meet(
    frames: Callable[[], Frames], home: Path, until: str, *, fault: str = "", seconds: float = DEADLINE / 2
) -> Met:
    """Let a client in a process of its own meet such a relay, until its status has `until` or `seconds` are over.

    `fault` is code that breaks the client first."""
    relay = BrokenRelay(frames)
    try:
        done = subprocess.run(
            [sys.executable, "-c", fault + CLIENT, relay.url, until, str(seconds)],
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    finally:
        relay.close()
    assert not done.stderr, done.stderr
    status, took, shown, pending = json.loads(done.stdout)
    return Met(status, took, shown, pending, relay.joins)


def check_costs_little(met: Met) -> None:
    assert met.took < MOST, f"{met.took >> 20} MiB"
    assert met.joins <= BREACHES
    assert met.pending == 1
    assert "Line" in met.shown, "what was drawn is still there"


def check_given_up_in_words(met: Met) -> None:
    assert "not connected" in met.status
    assert "is broken, ask who runs it" in met.status


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_relay_costs_little_and_is_given_up_in_words(tmp_path: Path, kind: str) -> None:
    met = meet(BROKEN[kind], tmp_path, "is broken")
    check_given_up_in_words(met)
    check_costs_little(met)


def test_a_client_that_weighs_nothing_is_found_out(tmp_path: Path) -> None:
    """The control: this client decodes whatever a relay sends."""
    fault = "import ipysketch.model.document as document\ndocument.MAX_WEIGHT = 1 << 60\n"
    entries = filled(entry({}), 70 << 20).encode()
    met = meet(lambda: snapshot(entries), tmp_path, "is broken", fault=fault)
    with pytest.raises(AssertionError, match="MiB"):
        check_costs_little(met)


def test_a_client_that_never_gives_up_is_found_out(tmp_path: Path) -> None:
    """The control: this client reconnects to a relay that breaks the protocol, again and again."""
    fault = "import ipysketch.client.connection as connection\nconnection.BREACHES = 1 << 60\n"
    met = meet(BROKEN["messages"], tmp_path, "is broken", fault=fault, seconds=2)
    with pytest.raises(AssertionError):
        check_given_up_in_words(met)


def placed(place: object) -> Frames:
    """A snapshot of two strokes, one of them at `place`."""
    entries = [entry({**STROKE, "place": place}, "a"), entry({**STROKE, "place": 3}, "b")]
    return snapshot(f"[{','.join(entries)}]".encode())


@pytest.mark.parametrize("place", ["high", True, None, [3], {}, 10**30, "front"])
def test_a_place_that_is_none_does_not_matter(tmp_path: Path, place: object) -> None:
    met = meet(lambda: placed(place), tmp_path, "connected · room")
    assert met.status.startswith("connected"), met.status
    assert met.shown.count("Stroke") == 2


def test_a_client_that_takes_any_place_is_found_out(tmp_path: Path) -> None:
    """The control: this client orders elements by any value of `place`."""
    fault = (
        "import ipysketch.model.scene as scene\n"
        "scene.order = lambda entry: (entry.fields.get('place'), *entry.first)\n"
    )
    with pytest.raises(AssertionError, match="TypeError"):
        meet(lambda: placed("high"), tmp_path, "connected · room", fault=fault)
