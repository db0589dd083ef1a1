"""Peers that read slowly or not at all: ``python -m tests.faults.slow_peer --seconds 120``.

44 healthy peers of one room send 200 messages a second (ink under the hand, commits, cursors): first among
themselves, which is the baseline, then with one peer that reads nothing and five that read 10 KB a second. What
is measured: how late messages are among the healthy, when the stalled one is aborted, the relay's memory, that
the slow ones end with the drawing everybody has, and that SIGTERM ends the relay in time under a stalled peer.
Exit code 1 when a bound is broken. All pauses here are the load's own pace; nothing is synchronised by them.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import fcntl
import random
import socket
import statistics
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from ipysketch.client.sync import Sync
from relay.protocol import (
    Commit,
    Create,
    Goodbye,
    Operate,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Refused,
    RemoteError,
    ServerMessage,
    Snapshot,
    Welcome,
    decode_server,
    encode,
)

from .raw import BINARY, PacedPeer, RawPeer
from .running import Running, troubles

ROOM = "algebra"
HEALTHY = 44
SLOW = 5
SLOW_RATE = 10_000.0
"""Bytes a second that a slow peer reads."""
SLOW_BUFFER = 8 << 10
"""What the system may keep for a slow or stalled peer; small, so that it is the relay that notices."""
RATE = 200.0
"""Messages a second, of all healthy peers together."""
ESTABLISHED = "01"
"""How the system's table of connections calls one that is open."""
PART = 8
"""Numbers in one part of a preview."""

WORST = 2.0
"""Bound: the 99th percentile under slow peers, as a multiple of the baseline's …"""
FLOOR = 0.005
"""… or that many seconds more, where the baseline is so short that the machine's noise is larger."""
ABORT = 10.0
"""Bound: seconds from the last byte that the stalled peer took until the others see that it is gone: the relay
looks once a second, so it may be a second late in seeing the byte, and another in seeing that its time is over."""
PATIENCE = ABORT + 4
"""Seconds from that byte until nobody waits for it any more."""
GROWTH = 8.0
"""Bound: MiB by which the relay's memory may grow from the first third of the run to the last."""
SHUTDOWN = 5.0
"""Bound: seconds from SIGTERM to the end."""
CATCH_UP = 60.0


class Late:
    """When each message was sent, by what can be read of it on the other side; and how late it came."""

    def __init__(self) -> None:
        self.sent: dict[object, float] = {}
        self.samples: list[float] = []
        self.over = False

    def mark(self, what: object) -> None:
        self.sent[what] = asyncio.get_running_loop().time()

    def came(self, what: object, now: float) -> None:
        if not self.over and (then := self.sent.get(what)) is not None:
            self.samples.append(now - then)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.samples, n=100)[percent - 1] if len(self.samples) > 1 else float("nan")


class Member:
    """What a peer makes of what it hears. With `sync` it keeps the whole document, else it counts."""

    def __init__(self, late: Late | None, *, replica: bool) -> None:
        self.late = late
        self.sync = Sync() if replica else None
        self.peer = ""
        self.seq = 0
        self.previews = 0
        self.snapshots = 0
        self.bad: list[str] = []
        self.joined = asyncio.Event()
        self.changed = asyncio.Event()
        self.left: dict[str, float] = {}
        self.farewell = False

    def join(self, name: str) -> bytes:
        sync = self.sync or Sync()
        return encode([sync.join(ROOM, name=name, color="#1f77b4", secret="", token="")])

    def hear(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            if self.sync is not None:
                self.sync.chunk(payload)
                self.seq = self.sync.document.seq
                self.changed.set()
            return
        now = asyncio.get_running_loop().time()
        for message in decode_server(payload):
            if self.late is not None:
                self._note_delay(self.late, message, now)
            if self.sync is not None:
                self._replicate(self.sync, message)
            self._count(message, now)

    @staticmethod
    def _note_delay(late: Late, message: ServerMessage | RemoteError, now: float) -> None:
        match message:
            case PeerPreview(key=key, start=start, points=points):
                for reached in range(start + PART, start + len(points) + 1, PART):
                    late.came((key, reached), now)
            case PeerState(peer=peer, state=state):
                if cursor := state.get("cursor"):
                    late.came((peer, *cursor), now)
            case Commit(client=client, op=op):
                late.came((client, op), now)

    @staticmethod
    def _replicate(sync: Sync, message: ServerMessage | RemoteError) -> None:
        match message:
            case Welcome():
                sync.welcome(message)
            case Snapshot():
                sync.snapshot(message)
            case Commit():
                sync.commit(message)

    def _count(self, message: ServerMessage | RemoteError, now: float) -> None:
        match message:
            case PeerPreview():
                self.previews += 1
            case Commit(seq=seq):
                if self.sync is None and self.seq and seq != self.seq + 1:
                    self.bad.append(f"commit {seq} came after {self.seq}")
                self.seq = seq
                self.changed.set()
            case Welcome(peer=peer):
                self.peer = peer
                self.joined.set()
            case Snapshot(seq=seq):
                self.snapshots += 1
                if self.sync is None:
                    self.seq = seq
            case PeerLeft(peer=peer):
                self.left[peer] = now
                self.changed.set()
            case Goodbye():
                self.farewell = True
            case Refused() | RemoteError():
                self.bad.append(repr(message))

    async def until(self, done: Callable[[], bool], timeout: float) -> bool:
        """Whether `done` came true in time; it is asked after each commit, chunk and departure."""
        try:
            async with asyncio.timeout(timeout):
                while not done():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


class Healthy(Member):
    """A peer that draws: strokes of 14 parts with a commit at the end, and its cursor in between."""

    def __init__(self, late: Late, number: int) -> None:
        super().__init__(late, replica=number < 3)
        self.socket = RawPeer(self.hear)
        self.number = number
        self.client = ""
        self.op = 0
        self.step = number * 7 % 20
        self.stroke: list[int] = []
        self.key = ""
        self.random = random.Random(number)

    def hear(self, opcode: int, payload: bytes) -> None:
        super().hear(opcode, payload)
        if not self.client and self.joined.is_set():
            self.client = msgspec.json.decode(payload)[0]["client"]

    def act(self) -> None:
        """The next step of its script; 20 steps make one stroke, a fifth of them moves of the cursor."""
        assert self.late is not None
        step, self.step = self.step, (self.step + 1) % 20
        if step == 19 and self.stroke:
            self.op += 1
            self.late.mark((self.client, self.op))
            fields = {"kind": "stroke", "points": self.stroke, "color": "#1f77b4", "width": 32}
            self._send(Operate(self.op, (Create(self.key, fields),)))
            self.stroke = []
        elif step % 4 == 3 or (step and not self.stroke):
            cursor = [self.random.randrange(10_240), self.random.randrange(5_760)]
            self.late.mark((self.peer, *cursor))
            self._send(Presence({"cursor": cursor, "tool": "pen"}))
        else:
            if not self.stroke:
                self.key = f"{self.number:x}-{self.op + 1:x}"
            start = len(self.stroke)
            points = tuple(self.random.randrange(10_240) for _ in range(PART))
            self.stroke += points
            self.late.mark((self.key, len(self.stroke)))
            style = {"kind": "stroke", "color": "#1f77b4", "width": 32} if not start else None
            self._send(Preview(self.key, start, points, style))

    def _send(self, message: msgspec.Struct) -> None:
        self.socket.send(encode([message]))


@dataclass
class Stalled:
    """A peer that stops reading, and when its connection took its last byte."""

    member: Member
    socket: RawPeer
    last: float = 0.0
    _taken: int = -1

    def look(self, now: float) -> None:
        """Note whether the two systems' buffers between it and the relay have taken more."""
        taken = _waiting(self.socket.transport.get_extra_info("socket"))
        if taken is not None and taken > self._taken:
            self._taken, self.last = taken, now


def _waiting(sock: socket.socket) -> int | None:
    """Bytes under way to `sock`: unread by it, and not yet sent by the relay's system. None once the relay has
    ended the connection, which changes the count by itself."""
    unread = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, unread)
    port = sock.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if int(columns[2].rpartition(":")[2], 16) == port and columns[3] == ESTABLISHED:
            return unread[0] + int(columns[4].partition(":")[0], 16)
    return None


@dataclass
class Result:
    """What one run came to."""

    late: Late
    messages: int = 0
    rss: list[float] = field(default_factory=list)
    abort_after: float | None = None
    slow_connected: int = 0
    slow_complete: int = 0
    slow_previews: list[int] = field(default_factory=list)
    healthy_previews: float = 0.0
    slow_snapshots: int = 0
    catch_up: float = 0.0
    exit_code: int | None = None
    shutdown: float = 0.0
    troubles: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """MiB, from the mean of the first third to the mean of the last."""
        return self.thirds[2] - self.thirds[0]

    @property
    def thirds(self) -> list[float]:
        """Mean memory in each third of the run, in MiB."""
        third = max(1, len(self.rss) // 3)
        parts = (self.rss[:third], self.rss[third:-third] or self.rss, self.rss[-third:])
        return [statistics.mean(part) for part in parts]


async def stall(port: int, name: str) -> Stalled:
    """A peer that joins, and reads nothing from then on."""
    member = Member(None, replica=False)
    stalled = Stalled(member, RawPeer(member.hear))
    await stalled.socket.connect(port, receive_buffer=SLOW_BUFFER)
    stalled.socket.send(member.join(name))
    await member.joined.wait()
    stalled.socket.transport.pause_reading()
    stalled.last = asyncio.get_running_loop().time()
    return stalled


def _is_at(member: Member, seq: int, paced: PacedPeer | None = None) -> bool:
    """Return whether a member has all up to `seq`, or its paced connection is over."""
    return member.seq >= seq or (paced is not None and paced.over)


async def join_healthy(port: int, late: Late) -> list[Healthy]:
    """The peers that draw."""
    healthy = [Healthy(late, number) for number in range(HEALTHY)]
    for one in healthy:
        await one.socket.connect(port)
        one.socket.send(one.join(f"healthy {one.number}"))
        await one.joined.wait()
    return healthy


async def join_slow(port: int) -> list[tuple[Member, PacedPeer]]:
    """The peers that read slowly."""
    slow: list[tuple[Member, PacedPeer]] = []
    for number in range(SLOW):
        member = Member(None, replica=True)
        paced = PacedPeer(member.hear, SLOW_RATE)
        await paced.connect(port, receive_buffer=SLOW_BUFFER)
        await paced.send(member.join(f"slow {number}"))
        await member.joined.wait()
        slow.append((member, paced))
    return slow


async def load(
    relay: Running, seconds: float, result: Result, healthy: list[Healthy], stalled: Stalled | None
) -> None:
    """Have the healthy ones draw for `seconds`, and look after the relay's memory and the stalled one."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    looked = begin
    for turn in range(int(seconds * RATE)):
        healthy[turn % HEALTHY].act()
        result.messages += 1
        if (now := loop.time()) - looked > 0.1:
            looked = now
            result.rss.append(relay.memory())
            if stalled is not None:
                stalled.look(now)
        if (wait := begin + (turn + 1) / RATE - now) > 0:
            await asyncio.sleep(wait)


async def await_abort(result: Result, healthy: Healthy, stalled: Stalled, patience: float) -> None:
    """Wait until a healthy one sees that the stalled one is gone: a run that ends before its time is up waits for the
    verdict, and a little longer."""
    remaining = stalled.last + patience - asyncio.get_running_loop().time()
    await healthy.until(lambda: stalled.member.peer in healthy.left, max(0.0, remaining))
    if (gone := healthy.left.get(stalled.member.peer)) is not None:
        result.abort_after = gone - stalled.last
    stalled.socket.close()


async def compare(
    result: Result, healthy: list[Healthy], slow: list[tuple[Member, PacedPeer]], *, hurry: bool, wait: float
) -> None:
    """Wait at most `wait` seconds for each peer to have every operation, and compare their drawings."""
    loop = asyncio.get_running_loop()
    total = sum(one.op for one in healthy)
    for one in healthy:
        if not await one.until(partial(_is_at, one, total), wait):
            result.troubles.append(f"healthy {one.number} has {one.seq} of {total} operations")
    replica = healthy[0].sync
    assert replica is not None
    digest = replica.document.digest()
    before = loop.time()
    for member, paced in slow:
        if hurry:
            paced.rate = 1e9
        if paced.over:
            continue
        result.slow_connected += 1
        await member.until(partial(_is_at, member, total, paced), wait)
        assert member.sync is not None
        result.slow_complete += member.sync.document.digest() == digest
        result.slow_snapshots += member.snapshots
    result.catch_up = loop.time() - before
    for one in healthy[:3]:
        assert one.sync is not None
        if one.sync.document.digest() != digest:
            result.troubles.append(f"healthy {one.number} has another drawing")
    result.troubles += [bad for member in (*healthy, *(member for member, _ in slow)) for bad in member.bad]


async def drive(
    relay: Running, seconds: float, *, burdened: bool, hurry: bool = False, patience: float = PATIENCE
) -> Result:
    """`seconds` of load on `relay`; with the stalled and the slow ones when `burdened`. Ends the relay.
    `hurry`: the slow ones read as fast as they can once the load is over. `patience`: seconds to wait for the end of
    the stalled one."""
    result = Result(late := Late())
    healthy = await join_healthy(relay.port, late)
    slow = await join_slow(relay.port) if burdened else []
    stalled = await stall(relay.port, "stalled") if burdened else None
    await load(relay, seconds, result, healthy, stalled)
    if stalled is not None:
        await await_abort(result, healthy[0], stalled, patience)

    late.over = True
    result.slow_previews = [member.previews for member, _ in slow]
    result.healthy_previews = statistics.mean(one.previews for one in healthy)
    await compare(result, healthy, slow, hurry=hurry, wait=max(CATCH_UP, patience))

    last = await stall(relay.port, "stalled at the end") if burdened else None
    for _ in range(60):  # Something waits for the stalled one when the end comes.
        for one in healthy:
            one.act()
    result.exit_code, result.shutdown = await relay.end()
    for one in healthy:
        await one.socket.closed
    for _, paced in slow:
        await paced.close()
    if last is not None:
        last.socket.close()
    result.troubles += troubles(relay.text())
    return result


async def measure(
    seconds: float, baseline: float, directory: Path, alteration: str, patience: float = PATIENCE
) -> tuple[Result | None, Result]:
    """The baseline run of `baseline` seconds (none when 0: the slow ones hurry), and the one under slow peers."""
    plain = None
    if baseline:
        with Running("--db", directory / "baseline.sqlite") as relay:
            plain = await drive(relay, baseline, burdened=False)
    with Running("--db", directory / "slow.sqlite", alteration=alteration) as relay:
        return plain, await drive(relay, seconds, burdened=True, hurry=not baseline, patience=patience)


def broken(result: Result, baseline: Result | None) -> list[str]:
    """The bounds that `result` breaks, in words; those of time need a baseline."""
    words = list(result.troubles)
    if result.abort_after is None:
        words.append("the stalled peer was not aborted")
    if result.slow_complete != result.slow_connected:
        words.append(f"only {result.slow_complete} of {result.slow_connected} slow peers got every operation")
    if result.slow_connected and max(result.slow_previews) >= result.healthy_previews:
        words.append("the slow peers' previews were not merged")
    if result.exit_code != 0:
        words.append(f"the relay ended with code {result.exit_code}")
    if result.growth > GROWTH:
        words.append(f"memory grew by {result.growth:.1f} MiB")
    if baseline is not None:
        words += baseline.troubles
        usual, now = baseline.late.percentile(99), result.late.percentile(99)
        if now > max(WORST * usual, usual + FLOOR):
            words.append(f"p99 is {now / usual:.1f} times the baseline's")
        if result.abort_after is not None and not ABORT - 4 < result.abort_after <= ABORT:
            words.append(f"the stalled peer was aborted after {result.abort_after:.1f} s")
        if result.shutdown > SHUTDOWN:
            words.append(f"the end took {result.shutdown:.1f} s")
    return words


def table(result: Result, baseline: Result) -> str:
    """The figures, for people."""

    def row(what: str, plain: str, burdened: str, bound: str) -> str:
        return f"{what:<42}{plain:>16}{burdened:>16}   {bound}"

    def ms(run: Result, percent: int) -> str:
        return f"{run.late.percentile(percent) * 1000:.1f} ms"

    def thirds(run: Result) -> str:
        return "/".join(f"{mean:.1f}" for mean in run.thirds)

    aborted = "never" if result.abort_after is None else f"{result.abort_after:.1f} s"
    complete = f"{result.slow_complete} of {result.slow_connected}"
    return "\n".join(
        [
            row("", "baseline", "slow peers", "bound"),
            row("messages sent", str(baseline.messages), str(result.messages), ""),
            row("deliveries timed", str(len(baseline.late.samples)), str(len(result.late.samples)), ""),
            row("delivery among the healthy, p50", ms(baseline, 50), ms(result, 50), ""),
            row("delivery among the healthy, p99", ms(baseline, 99), ms(result, 99), f"{WORST:g} × baseline"),
            row("stalled peer aborted after", "", aborted, f"{ABORT:g} s"),
            row("slow peers still connected", "", f"{result.slow_connected} of {SLOW}", ""),
            row("  … with every operation at the end", "", complete, "all connected"),
            row("  … that needed after the load", "", f"{result.catch_up:.1f} s", f"{CATCH_UP:g} s"),
            row("  … snapshots they were sent", "", str(result.slow_snapshots), ""),
            row(
                "previews heard by a slow peer (mean)",
                "",
                f"{statistics.mean(result.slow_previews):.0f}",
                "fewer",
            ),
            row("previews heard by a healthy peer (mean)", "", f"{result.healthy_previews:.0f}", ""),
            row("relay memory, largest", f"{max(baseline.rss):.1f} MiB", f"{max(result.rss):.1f} MiB", ""),
            row("  … mean by thirds", thirds(baseline), thirds(result), "MiB"),
            row(
                "  … last third over first third",
                f"{baseline.growth:+.1f} MiB",
                f"{result.growth:+.1f} MiB",
                f"{GROWTH:g} MiB",
            ),
            row(
                "end after SIGTERM",
                f"{baseline.shutdown:.2f} s",
                f"{result.shutdown:.2f} s",
                f"{SHUTDOWN:g} s, code 0",
            ),
        ]
    )


def main() -> int:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--baseline", type=float, help="seconds (default: a quarter of --seconds, at least 10)")
    parser.add_argument("--alteration", default="unaltered", help="see altered.py")
    options = parser.parse_args()
    usual = options.baseline or max(10.0, options.seconds / 4)
    with tempfile.TemporaryDirectory() as directory:
        baseline, result = asyncio.run(measure(options.seconds, usual, Path(directory), options.alteration))
    assert baseline is not None
    print(table(result, baseline))
    words = broken(result, baseline)
    for word in words:
        print("BROKEN:", word)
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main())
