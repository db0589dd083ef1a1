"""The load generator: many people drawing, on one thread, the same for every server.

It knows websocket frames and asks a `Dialect` for the rest. What it hears it only notes: when, who, and which text;
each text is read once, however many hear it, and what that came to is worked out after the run: every point's
latency, and that each person heard each point of the others exactly once. `Run.busy` says how much of its core it
used, `Run.late` how late it was to send; both say whether the figures are the server's or its own.
"""

from __future__ import annotations

import gc
import resource
import select
import socket
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

from .dialects import SPAN, Dialect

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_BUFFER = 1 << 20
_PATIENCE = 60.0

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's whole frame, masked with zeros, which the standard allows."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Person:
    """One connection. `drawn` counts the points sent, `received` the bytes that came."""

    def __init__(self, number: int, room: str, dialect: Dialect, port: int) -> None:
        self.number = number
        self.room = room
        self.dialect = dialect
        self.drawn = 0
        self.received = 0
        self.rest = b""
        self.unsent = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            f"GET {dialect.path(room)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            if not (data := self.socket.recv(65536)):
                break
            answer += data
        head, _, self.rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(head[:200].decode(errors="replace"))
        for text in dialect.hello(room):
            self.socket.sendall(frame(text))
        self.socket.setblocking(False)

    def send(self, data: bytes) -> None:
        """Send, and keep what the socket does not take."""
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.unsent = data[sent:]


@dataclass
class Run:
    """What came of drawing for a while. `sent` and `delivered` count points, a delivery being one heard by one
    other person, or by its own author where those are counted; the times are of the deliveries, in seconds.
    `missing` were never heard, `again` more than once.
    """

    seconds: float
    sent: int
    delivered: int
    frames: int
    bytes: int
    latencies: Floats
    missing: int
    again: int
    busy: float
    late: float

    def latency(self, percent: float) -> float:
        """That percentile of the latencies."""
        return float(np.percentile(self.latencies, percent)) if len(self.latencies) else float("nan")


@dataclass(frozen=True)
class Beat:
    """How people draw: so many messages a second with so many points each. A person draws for `stint` of each
    second's worth of time, each another: 1 is all the time."""

    rate: float = 60.0
    points: int = 1
    stint: float = 1.0


EVERY_FRAME = Beat()


class Crowd:
    """People connected to the server on `port`; `rooms` names each one's room, in the order of their numbers."""

    def __init__(self, make: Callable[[], Dialect], port: int, rooms: Sequence[str]) -> None:
        self._poll = select.epoll()
        self._buffer = memoryview(bytearray(_BUFFER))
        self._texts: dict[bytes, int] = {}
        self._read: list[Sequence[tuple[int, int, int]]] = []
        self._when = array("d")
        self._who = array("l")
        self._what = array("l")
        self._sent: dict[int, float] = {}
        self.people: list[Person] = []
        self._by_file: dict[int, Person] = {}
        for number, room in enumerate(rooms):
            person = Person(number, room, make(), port)
            self.people.append(person)
            self._by_file[person.socket.fileno()] = person
            self._poll.register(person.socket, select.EPOLLIN)
            if person.rest:
                self._hear(person, b"", time.perf_counter())
            self._turn(0)
        self.wait(lambda: all(person.dialect.ready for person in self.people))

    def close(self) -> None:
        """Everybody goes."""
        for person in self.people:
            person.socket.close()
        self._poll.close()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def frames(self) -> int:
        """Frames heard with points in them, since the drawing began."""
        return len(self._when)

    def wait(self, done: Callable[[], bool], patience: float = _PATIENCE) -> bool:
        """Listen until `done`, or for as long as the patience lasts: whether it was."""
        end = time.perf_counter() + patience
        while not done():
            if time.perf_counter() > end:
                return False
            self._turn(0.01)
        return True

    def listen(self, seconds: float) -> None:
        """Do nothing but listen for a while."""
        self.wait(lambda: False, seconds)

    def calm(self) -> None:
        """Listen until nothing has come for a while, such as the pieces of a snapshot."""
        before = -1
        while before != (before := sum(person.received for person in self.people)):
            self.listen(0.5)

    # --- listening ----------------------------------------------------------------------------------------

    def _turn(self, timeout: float) -> None:
        buffer = self._buffer
        for file, events in self._poll.poll(timeout):
            person = self._by_file[file]
            if events & select.EPOLLOUT:
                data, person.unsent = person.unsent, b""
                person.send(data)
                if not person.unsent:
                    self._poll.modify(file, select.EPOLLIN)
            if events & ~select.EPOLLOUT:
                try:
                    count = person.socket.recv_into(buffer)
                except BlockingIOError:
                    continue
                if not count:
                    raise ConnectionError(
                        f"the server hung up on person {person.number}: {person.rest[:200]!r}"
                    )
                self._hear(person, bytes(buffer[:count]), time.perf_counter())

    def _hear(self, person: Person, data: bytes, now: float) -> None:
        person.received += len(data)
        if person.rest:
            data = person.rest + data
        at, size = 0, len(data)
        texts, number = self._texts, person.number
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            end = start + length
            if end > size or start > size:
                break
            opcode = data[at] & 15
            payload = data[start:end]
            at = end
            if opcode == TEXT:
                text = texts.get(payload)
                if text is None:
                    text = self._learn(person, payload)
                if text < 0:
                    for answer in person.dialect.hear(payload):
                        person.send(frame(answer))
                else:
                    self._when.append(now)
                    self._who.append(number)
                    self._what.append(text)
            elif opcode == PING:
                person.send(frame(payload, PONG))
            elif opcode == CLOSE:
                raise ConnectionError(f"person {number} was sent away: {payload!r}")
        person.rest = data[at:]

    def _learn(self, person: Person, payload: bytes) -> int:
        """The number of a text not heard before; -1 when there is no point in it."""
        points = person.dialect.read(payload) if person.dialect.ready else []
        if not points:
            return -1  # Not kept: it may be a handshake, whose meaning is its hearer's.
        text = self._texts[payload] = len(self._read)
        self._read.append(points)
        return text

    # --- drawing ------------------------------------------------------------------------------------------

    def draw(
        self,
        seconds: float,
        beat: Beat = EVERY_FRAME,
        *,
        settle: float = 10.0,
        begun: Callable[[], None] = lambda: None,
        ended: Callable[[], None] = lambda: None,
        quiet: bool = False,
        own: bool = False,
    ) -> Run:
        """Everybody draws for a while; then up to `settle` seconds for what is still on its way.

        With `own`, what counts is what its author hears again, as a commit is.
        `begun` and `ended` are called when the measured time begins and ends. When it is `quiet`, each event is
        waited for and taken at once; else up to a millisecond of them together, which costs less.
        """
        chance = Random(1)
        phases = sorted((chance.random(), person.number) for person in self.people)
        period = 1.0 / beat.rate
        before = {person.number: person.drawn for person in self.people}
        del self._when[:], self._who[:], self._what[:]
        self._texts.clear()
        self._read.clear()
        self._sent.clear()
        lates = array("d")
        received = sum(person.received for person in self.people)
        sent = 0
        gc.collect()
        gc.disable()
        begun()
        used = _used()
        start = time.perf_counter() + 0.01
        finish = start + seconds
        place, turn = 0, 0
        due = start + phases[0][0] * period
        while (now := time.perf_counter()) < finish:
            while due <= now:
                phase, number = phases[place]
                if beat.stint == 1.0 or ((turn * period + phase * 7) % 1.0) < beat.stint:
                    lates.append(now - due)
                    self._draw_next(self.people[number], beat.points)
                    sent += beat.points
                place += 1
                if place == len(phases):
                    place, turn = 0, turn + 1
                due = start + (turn + phases[place][0]) * period
            if quiet:
                self._turn(max(0.0, due - time.perf_counter()) if due - now > 0.002 else 0)
            else:
                self._turn(0.001)
        ended()
        spent = time.perf_counter() - start
        busy = (_used() - used) / spent
        heard, taken = len(self._when), sum(person.received for person in self.people) - received
        self._settle(before, settle, own)
        gc.enable()
        return self._work_out(before, spent, sent, heard, taken=taken, busy=busy, lates=lates, own=own)

    def commit(self, count: int, together: int = 200) -> None:
        """One person draws so many, so many together, and waits each time until all of them were heard."""
        person, heard, read = self.people[0], 0, len(self._read)
        for first in range(0, count, together):
            wanted = min(first + together, count)
            self._draw_next(person, wanted - first)

            def done(wanted: int = wanted) -> bool:
                nonlocal heard, read
                heard += sum(points for text in self._read[read:] for _, _, points in text)
                read = len(self._read)
                return heard >= wanted

            if not self.wait(done):
                raise TimeoutError(f"{wanted - heard} of {count} were not heard")
        self._texts.clear()
        self._read.clear()
        self._sent.clear()
        del self._when[:], self._who[:], self._what[:]

    def _draw_next(self, person: Person, count: int) -> None:
        text = person.dialect.draw(person.number, person.drawn, count)
        base = person.number * SPAN + person.drawn
        person.drawn += count
        now = time.perf_counter()
        for point in range(base, base + count):
            self._sent[point] = now
        person.send(frame(text))
        if person.unsent:
            self._poll.modify(person.socket, select.EPOLLIN | select.EPOLLOUT)

    def _settle(self, before: dict[int, int], patience: float, own: bool) -> None:
        """Listen until everything was heard, or nothing more comes."""
        rooms: dict[str, int] = {}
        for person in self.people:
            rooms[person.room] = rooms.get(person.room, 0) + person.drawn - before[person.number]
        mine = sum(person.drawn - before[person.number] for person in self.people)
        wanted = mine if own else sum(rooms[p.room] - (p.drawn - before[p.number]) for p in self.people)
        end = time.perf_counter() + patience
        have, counted = 0, 0
        while time.perf_counter() < end:
            for place in range(counted, len(self._what)):
                who = self._who[place]
                have += sum(count for by, _, count in self._read[self._what[place]] if (by == who) is own)
            counted = len(self._what)
            if have >= wanted:
                return
            until = time.perf_counter() + 0.05
            while time.perf_counter() < until:
                self._turn(0.01)

    def _work_out(
        self,
        before: dict[int, int],
        seconds: float,
        sent: int,
        heard: int,
        *,
        taken: int,
        busy: float,
        lates: Sequence[float],
        own: bool,
    ) -> Run:
        """Put together when each point was sent and heard."""
        drawn = [person.drawn - before[person.number] for person in self.people]
        offsets = np.concatenate(([0], np.cumsum(drawn))).astype(np.int64)
        when_sent = np.array(
            [
                self._sent[number * SPAN + before[number] + index]
                for number, count in enumerate(drawn)
                for index in range(count)
            ]
        )
        texts: list[Integers] = []
        authors: list[Integers] = []
        for read in self._read:
            # What was drawn before this and comes now, for the machine has much else to do, is not of this run.
            runs = [(by, np.arange(max(first, before[by]), first + count)) for by, first, count in read]
            texts.append(np.concatenate([run - before[by] + offsets[by] for by, run in runs]).astype(np.int64))
            authors.append(np.repeat([by for by, _ in runs], [len(run) for _, run in runs]).astype(np.int64))
        when = np.array(self._when)
        who, what = np.array(self._who, dtype=np.int64), np.array(self._what, dtype=np.int64)
        latencies: list[Floats] = []
        missing = again = delivered = 0
        by_room: dict[str, list[int]] = {}
        for person in self.people:
            by_room.setdefault(person.room, []).append(person.number)
        order = np.argsort(who, kind="stable")
        bounds = np.searchsorted(who[order], np.arange(len(self.people) + 1))
        for number, person in enumerate(self.people):
            mine = order[bounds[number] : bounds[number + 1]]
            counts = np.zeros(offsets[-1], dtype=np.int64)
            inside = mine < heard
            if len(mine):
                points = np.concatenate([texts[text] for text in what[mine]])
                others = np.concatenate([authors[text] for text in what[mine]])
                others = (others == number) if own else (others != number)
                sizes = [len(texts[text]) for text in what[mine]]
                times = np.repeat(when[mine], sizes)[others]
                within = np.repeat(inside, sizes)[others]
                points = points[others]
                counts = np.bincount(points, minlength=offsets[-1])
                latencies.append(times - when_sent[points])
                delivered += int(np.count_nonzero(within))
            for other in by_room[person.room]:
                if (other == number) is own:
                    got = counts[offsets[other] : offsets[other + 1]]
                    missing += int(np.count_nonzero(got == 0))
                    again += int(np.count_nonzero(got > 1))
        return Run(
            seconds=seconds,
            sent=sent,
            delivered=delivered,
            frames=heard,
            bytes=taken,
            latencies=np.concatenate(latencies) if latencies else np.empty(0),
            missing=missing,
            again=again,
            busy=busy,
            late=float(np.percentile(lates, 99)) if len(lates) else 0.0,
        )


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
