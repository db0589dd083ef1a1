"""Whatever comes to a relay's port, its log has one event a line, and no traceback for a fault of a peer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from relay.observability import event_log
from relay.protocol import Error, Join, RemoteError, Remove, encode
from relay.server.admission import Admission
from relay.store import MemoryStore

from ..support.raw_client import Process, joined, relay_on
from ..support.waiting import DEADLINE

QUOTED = r"""(?:[\w.:/@+\-]{1,200}|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEXT = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBUG|INFO|WARNING|ERROR) "
    rf"(?:listening on \S+ db=\S+|[a-z]+(?: [a-z]+)*(?: [a-z]+={QUOTED})*)"
)
EVIL = "\x1b[31mred\x1b[0m \x9b2J \x07 INFO join room=b"
UPGRADE = (
    b"Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def get(path: bytes = b"/", *headers: bytes, method: bytes = b"GET") -> bytes:
    return b"".join([method, b" ", path, b" HTTP/1.1\r\n", *(line + b"\r\n" for line in headers), b"\r\n"])


def frame(payload: bytes, first: int = 0x81, *, masked: bool = True) -> bytes:
    mask = 0x80 if masked else 0
    length = len(payload)
    head = (
        bytes([first, mask | length])
        if length < 126
        else bytes([first, mask | 126]) + length.to_bytes(2, "big")
    )
    return head + (b"\0\0\0\0" if masked else b"") + payload


MARK = b"<answer>"
UPGRADED = b"\r\n\r\n" + MARK
CLOSE = frame(b"\x03\xe8", 0x88)


def inside(*frames: bytes) -> bytes:
    return get(b"/", UPGRADE.rstrip()) + MARK + b"".join(frames) + CLOSE


def join(room: str = "algebra", **fields: Any) -> bytes:
    return frame(encode([Join(room, **fields)]))


HOST = b"Host: 127.0.0.1"
RED = EVIL.encode()
HOSTILE = {
    "nothing": b"",
    "tls": bytes.fromhex("160301020001000001fc0303") + bytes(200),
    "noise": bytes(range(256)) * 4,
    "half-a-request": b"GET / HTTP/1.1\r\nHost: 127",
    "old": b"GET /\r\n\r\n",
    "method": get(method=b"G\x1b[31mET"),
    "post": get(b"/", HOST, b"Content-Length: 3", method=b"POST") + b"abc",
    "newlines-in-the-path": get(b"/r/algebra%0d%0aINFO%20join", HOST),
    "newlines-in-a-websockets-path": get(b"/r/a%0d%0aX:%20y", UPGRADE.rstrip()),
    "escapes-in-the-path": get(b"/r/\x1b[31m", HOST),
    "host": get(b"/", b"Host: " + RED),
    "two-hosts": get(b"/", HOST, b"Host: " + RED),
    "no-host": get(b"/"),
    "origin": get(b"/", UPGRADE.rstrip(), b"Origin: http://" + RED),
    "two-origins": get(b"/", UPGRADE.rstrip(), b"Origin: http://a.example", b"Origin: " + RED),
    "two-connections": get(b"/", HOST, b"Connection: keep-alive", b"Connection: " + RED),
    "forwarded": get(b"/", UPGRADE.rstrip(), b"X-Forwarded-For: fe80::1%" + RED) + frame(b"[") + CLOSE,
    "forwarded-lines": get(b"/", UPGRADE.rstrip(), b"X-Forwarded-For: 1.2.3.4\r\n INFO join")
    + frame(b"[")
    + CLOSE,
    "encoding": get(b"/", HOST, b"Accept-Encoding: " + RED, b"Accept-Encoding: x", b"If-None-Match: " + RED),
    "key": get(b"/", UPGRADE.replace(b"AAAA==", RED).rstrip()),
    "two-keys": get(b"/", UPGRADE.rstrip(), b"Sec-WebSocket-Key: " + RED),
    "version": get(b"/", UPGRADE.replace(b": 13", b": " + RED).rstrip()),
    "subprotocol": get(b"/", UPGRADE.rstrip(), b"Sec-WebSocket-Protocol: " + RED) + frame(b"[") + CLOSE,
    "long-line": get(b"/" + b"a" * 20_000, HOST),
    "many-headers": get(b"/", HOST, *(b"X-%d: y" % n for n in range(400))),
    "bare-carriage-returns": get(b"/", b"Host: a\rINFO join\rb"),
    "challenge": get(b"/", HOST, b"X-Ipysketch-Challenge: " + RED),
    "authorization": get(b"/", UPGRADE.rstrip(), b"Authorization: Bearer " + RED) + join() + CLOSE,
    "not-json": inside(frame(RED)),
    "not-utf-8": inside(frame(b"\xff\xfe\x1b")),
    "unmasked": inside(frame(b"[]", masked=False)),
    "reserved-bits": inside(frame(b"[]", 0xF1)),
    "unknown-opcode": inside(frame(b"[]", 0x8B)),
    "long-ping": inside(frame(b"p" * 126, 0x89)),
    "binary": inside(frame(RED, 0x82)),
    "torn": inside(frame(b'["x', 0x01), frame(b"\x1b", 0x01)),
    "half-a-frame": inside(b"\x81\xfe\x10\x00\0\0\0\0["),
    "close-reason": inside(join(), frame(b"\x03\xe8" + RED, 0x88)),
    "bad-close-reason": inside(join(), frame(b"\x03\xe8\xff\x1b", 0x88)),
    "bad-close-code": inside(join(), frame(b"\x00\x01", 0x88)),
    "name": inside(join(name=EVIL), frame(b'[{"type":"\\u001b[31m"}]')),
    "name-of-lines": inside(join(name="a\nINFO join\u2028room=b\u202e")),
    "room": inside(join(room="algebra\r\nINFO join")),
    "colour": get(b"/", UPGRADE.rstrip()) + MARK + join(color=EVIL),  # The relay closes, and has told why.
    "token": inside(join(token=EVIL)),
    "version-of-the-protocol": inside(frame(b'[{"type":"join","room":"a","version":999999999999}]')),
    "nested": inside(join(), frame(b"[" * 5_000)),
    "presence": inside(join(), frame(json.dumps([{"type": "presence", "state": {EVIL: EVIL}}] * 40).encode())),
    "page": inside(join(), frame(json.dumps([{"type": "cancel", "key": EVIL * 99}]).encode())),
}


CUT = ("nothing", "tls", "noise", "half-a-request", "old", "torn", "half-a-frame")
"""What is not whole, so that the relay waits for the rest until it is told that there is none."""


def send(port: int, name: str) -> None:
    """Send one of them, and take the answers until the relay ends the connection."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as peer,
        contextlib.suppress(ConnectionError),
    ):
        request, end, frames = HOSTILE[name].partition(UPGRADED)
        peer.sendall(request + end.removesuffix(MARK))
        if end:  # What comes before the answer to a request is no part of the connection.
            answer = b""
            while b"\r\n\r\n" not in answer and (more := peer.recv(1 << 16)):
                answer += more
            peer.sendall(frames.removesuffix(CLOSE))
            if b'"join"' in frames:  # Who closes before the answer has not come.
                peer.recv(1 << 16)
            peer.sendall(frames[len(frames.removesuffix(CLOSE)) :])
        if name in CUT:
            peer.shutdown(socket.SHUT_WR)
        while peer.recv(1 << 16):
            pass


def told(relay: Process) -> list[str]:
    for name in HOSTILE:
        send(relay.port, name)
    code, rest = relay.end(signal.SIGTERM)
    assert code == 0
    # splitlines() would also split at what merely looks like a line's end in some programs: that must not be there.
    return [line for text in (relay.first, rest) for line in text.splitlines()]


def odd(lines: list[str], form: str) -> list[str]:
    """The lines that are no event."""
    wrong = []
    for line in lines:
        if form == "text":
            well = line.isprintable() and TEXT.fullmatch(line) is not None
        else:
            try:
                well = (
                    line.isascii() and line.isprintable() and {"at", "level", "event"} <= set(json.loads(line))
                )
            except ValueError:
                well = False
        if not well:
            wrong.append(line)
    return wrong


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_every_line_is_an_event_whatever_came(form: str, level: str) -> None:
    options = ("--db", ":memory:", "--behind-proxy", "1", "--log-format", form, "--log-level", level)
    with Process(*options) as relay:
        lines = told(relay)
    assert odd(lines, form) == []
    assert len(lines) > 20, "most of it is told"
    assert not [line for line in lines if "raceback" in line], "these are faults of peers"
    addresses = {found for line in lines for found in re.findall(r'address(?:=|": ")([^ "]+)', line)}
    assert addresses <= {"127.0.0.1", "fe80::1", "1.2.3.4"}


PLANTED = {
    "values as they came": "import relay.observability.event_log as log; log._shown = lambda name, value: str(value)",
    "tracebacks as they are": """
import relay.__main__, relay.server.admission
async def broken(*_): raise LookupError
class Plain(__import__("logging").Formatter):
    def __init__(self): super().__init__("%(asctime)s %(levelname)s %(message)s")
relay.__main__.TextFormatter = Plain
relay.server.admission.Admission.first_frame = broken
""",
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    script = tmp_path / "planted.py"
    script.write_text(
        f"import sys\nfrom relay.__main__ import main\n{PLANTED[bug]}\nsys.exit(main(sys.argv[1:]))\n"
    )
    with Process("--db", ":memory:", command=[sys.executable, script]) as relay:
        send(relay.port, "colour")
        _, log = relay.end(signal.SIGTERM)
    assert odd(log.splitlines(), "text")


def test_a_peer_that_is_refused_all_the_time_does_not_fill_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_log, "BURST", 10.0)
    monkeypatch.setattr(event_log, "RATE", 0.001)
    caplog.set_level(logging.INFO, "relay")

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay, joined(relay.port) as (ada, _):
            for number in range(1, 101):
                await ada.say(Remove("nobody", id=number))
            await ada.hear(Error, lambda error: error.re == 100)

    asyncio.run(run())
    refused = [record for record in caplog.records if getattr(record, "what", "") == "refused"]
    [told_once] = [record for record in caplog.records if getattr(record, "what", "") == "suppressed"]
    circumstances = told_once.__dict__["circumstances"]
    assert len(refused) <= 9, "there was the line of the join"
    assert circumstances["lines"] >= 2, "some refusals, and the line of the end"
    assert circumstances["most"] == "127.0.0.1"


def test_a_fault_of_the_relay_is_told_with_its_traceback_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "relay")

    async def broken(*_: object) -> None:
        raise LookupError("a bug\nof ours")

    async def run() -> None:
        async with relay_on(MemoryStore()) as relay:
            monkeypatch.setattr(Admission, "first_frame", broken)
            with contextlib.suppress(RemoteError, Exception):
                async with joined(relay.port):
                    pass

    asyncio.run(run())
    [record] = [record for record in caplog.records if record.exc_info]
    for formatter in (event_log.TextFormatter(), event_log.JsonFormatter()):
        line = formatter.format(record)
        assert line.isprintable()
        assert "LookupError" in line
