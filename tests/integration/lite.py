"""What `test_lite.py` runs in the Python of a browser. It says on standard output how far it is, one JSON value a line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress

from ipysketch import Sketch, SketchError
from relay.protocol import Create
from tests.support.sessions import session_of


def say(**what: object) -> None:
    print(json.dumps(what))


async def until(state: Callable[[], object]) -> None:
    async with asyncio.timeout(150):
        while not state():
            await asyncio.sleep(0.02)


async def main(relay: str) -> None:
    say(platform=sys.platform, numpy="numpy" in sys.modules, pillow="PIL" in sys.modules)
    nobody = Sketch(name="Nobody")
    with suppress(SketchError):  # Where Python can wait, `connect` says so itself.
        nobody.connect(room="lite")
    await until(lambda: "cannot start a relay" in nobody.status)
    nobody.disconnect()
    board = Sketch(name="Lite", color="#d1495b").connect(relay, "lite")
    session = session_of(board).object
    waited = board.connected
    heard: list[object] = []
    joined: list[str] = []
    board.on_event("hello", lambda data, who: heard.append((data, who.name)))
    board.on("join", lambda who: joined.append(who.name))
    await until(lambda: board.connected)
    say(connected=True, waited=waited)
    # An element as a library without numpy makes it: its fields.
    session.operations.submit(
        [Create("lite-1", {"kind": "rectangle", "box": [0, 0, 800, 800], "color": "#d1495b", "width": 16})]
    )
    await until(lambda: board.pending == 0 and board.seq > 0)
    await until(lambda: heard)
    board.emit("answer", heard)
    await until(lambda: "theirs" in {str(entry.fields.get("text")) for entry in session.sync.entries.values()})
    try:
        board.stroke([(0, 0), (10, 10)])
        sentence = ""
    except SketchError as error:
        sentence = str(error)
    say(people=sorted(person.name for person in board.people), joined=joined, without_numpy=sentence)
    board.disconnect()
    await until(lambda: not board.connected)
    say(status=board.status)
