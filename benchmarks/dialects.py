"""How each server is spoken to. Pure: text in, text out.

A point has a number: person × `SPAN` + how many that person drew before. It stands in the message as the key and
start of a stroke would, so that whoever hears it can tell which it was, however many came in one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import msgspec

from relay.protocol import (
    Commit,
    Create,
    Error,
    Join,
    Operate,
    PeerPreview,
    Preview,
    Refused,
    RemoteError,
    Welcome,
    decode_server,
    encode,
)

from .pens import strokes

SPAN = 1 << 20
"""More points than one person draws in a run."""
PEN = {"kind": "stroke", "color": "#1b4965", "width": 32}


def place(number: int) -> tuple[int, int]:
    """Where point `number` is: a hand going to and fro over the board."""
    return 800 + number * 7 % 8000, 400 + number * 3 % 4000


class Dialect(Protocol):
    """One connection's way of speaking."""

    ready: bool
    """Whether what is drawn now is passed on."""

    def path(self, room: str) -> str:
        """What the handshake asks for."""
        ...

    def hello(self, room: str) -> list[bytes]:
        """What to say first."""
        ...

    def draw(self, person: int, first: int, count: int) -> bytes:
        """One frame with a person's next points."""
        ...

    def hear(self, payload: bytes) -> list[bytes]:
        """What to answer to a frame that is no drawing, as the handshakes and heartbeats of a protocol are."""
        ...

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        """The points in a frame, as (person, first, count). Frames with the same text mean the same."""
        ...


class _Drag(msgspec.Struct):
    key: str
    start: int
    points: list[int]


_encoder = msgspec.json.Encoder()
_drag = msgspec.json.Decoder(_Drag)
_event = msgspec.json.Decoder(tuple[str, _Drag | list[float]])


def _walk(person: int, first: int, count: int) -> list[int]:
    points: list[int] = []
    for index in range(first, first + count):
        points += place(person * 37 + index)
    return points


def _named(person: int, first: int, count: int) -> _Drag:
    return _Drag(str(person), first, _walk(person, first, count))


class Plain:
    """`ws`, and `websockets`: the room is the path, a message is passed on as it is."""

    ready = True

    def path(self, room: str) -> str:
        return f"/{room}"

    def hello(self, room: str) -> list[bytes]:
        return []

    def draw(self, person: int, first: int, count: int) -> bytes:
        return _encoder.encode(_named(person, first, count))

    def hear(self, payload: bytes) -> list[bytes]:
        return []

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        drag = _drag.decode(payload)
        return [(int(drag.key), drag.start, len(drag.points) // 2)] if drag.key else []


class SocketIO:
    """Socket.IO 5 over Engine.IO 4, by websocket from the start."""

    def __init__(self) -> None:
        self.ready = False

    def path(self, room: str) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&room={room}"

    def hello(self, room: str) -> list[bytes]:
        return []

    def draw(self, person: int, first: int, count: int) -> bytes:
        return b"42" + _encoder.encode(("draw", _named(person, first, count)))

    def hear(self, payload: bytes) -> list[bytes]:
        match payload[:2]:
            case b"2":  # Ping.
                return [b"3"]
            case b"40":
                self.ready = True
            case word if word[:1] == b"0":
                return [b"40"]
        return []

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        if not payload.startswith(b"42"):
            return []
        _, drag = _event.decode(payload[2:])
        if isinstance(drag, list):
            return []  # Of a page that is not of this crowd.
        return [(int(drag.key), drag.start, len(drag.points) // 2)]


class Ours:
    """The relay: drawing is presence, until it is committed. With `stroke`, a stroke ends after so many points
    and is committed; without, nobody lifts the pen. `run` tells one crowd's strokes from those of another in the
    room."""

    def __init__(self, stroke: int = 0, run: str = "") -> None:
        self.ready = False
        self.op = 0
        self._stroke = stroke
        self._run = run

    def path(self, room: str) -> str:
        return "/"

    def hello(self, room: str) -> list[bytes]:
        return [encode([Join(room)])]

    def draw(self, person: int, first: int, count: int) -> bytes:
        length = self._stroke or 9_000
        messages: list[msgspec.Struct] = []
        while count:
            number, start = divmod(first, length)
            fitting = min(count, length - start)
            key = f"{person}.{number}{self._run}"
            fields = None if start else PEN
            messages.append(Preview(key, 2 * start, tuple(_walk(person, first, fitting)), fields))
            if start + fitting == length:
                self.op += 1
                points = deltas(_walk(person, number * length, length))
                messages.append(Operate(self.op, (Create(key, {**PEN, "points": points}),)))
            first, count = first + fitting, count - fitting
        return encode(messages)

    def hear(self, payload: bytes) -> list[bytes]:
        if not self.ready:
            self.ready = any(isinstance(message, Welcome) for message in decode_server(payload))
        return []

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        length = self._stroke or 9_000
        found = []
        for message in decode_server(payload):
            match message:
                case PeerPreview(key=key, start=start, points=points):
                    person, dot, number = key.partition(".")
                    if dot and number.endswith(self._run):  # Else it is somebody who is not of this crowd.
                        count = int(number.removesuffix(self._run))
                        found.append((int(person), count * length + start // 2, len(points) // 2))
                case RemoteError() | Error() | Refused():
                    raise AssertionError(message)
        return found


class Committing(Ours):
    """The relay, where what counts is the commits: a point is a whole stroke, and heard when it is committed."""

    POOL = 512

    def __init__(self, points: int = 50, *, timed: bool = False) -> None:
        super().__init__()
        self._strokes = _pool(self.POOL, points, timed)

    def draw(self, person: int, first: int, count: int) -> bytes:
        messages = []
        for number in range(first, first + count):
            self.op += 1
            fields = self._strokes[(person * 31 + number) % self.POOL]
            messages.append(Operate(self.op, (Create(f"{person}.{number}", fields),)))
        return encode(messages)

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        found = []
        for message in decode_server(payload):
            match message:
                case Commit(changes=(Create(key=key),)):
                    person, number = map(int, key.split("."))
                    found.append((person, number, 1))
                case RemoteError() | Error() | Refused():
                    raise AssertionError(message)
        return found


class Silent(Plain):
    """Somebody who is there and says nothing, on a server that speaks first: its frames are not read."""

    def read(self, payload: bytes) -> Sequence[tuple[int, int, int]]:
        return []


@cache
def _pool(count: int, points: int, timed: bool) -> list[dict[str, Any]]:
    return [
        {name: _raw(value) for name, value in fields.items()} for fields in strokes(count, points, timed=timed)
    ]


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))


def deltas(points: list[int]) -> list[int]:
    """`points` as elements keep them: the first, then differences."""
    first = points[:2]
    return first + [value - before for before, value in zip(points, points[2:], strict=False)]
