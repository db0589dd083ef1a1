"""Make the files of an older version that newer ones must open: a relay's database, and an executed notebook.

The files in this folder are of commit 63a90f9, the last one before the modules moved. Make them again with its code::

    git worktree add ../older 63a90f9 && cd ../older && make .venv/test.stamp
    .venv/bin/python "$OLDPWD/tests/compatibility/make.py"

The script knows only what every version has: the command line, the wire and the public API. Beside the database it
writes what the relay of that version said of it: the drawing, the log, and where each client stands.
"""

from __future__ import annotations

import base64
import contextlib
import json
import lzma
import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from websockets.sync.client import connect

HERE = Path(__file__).parent
OPERATIONS = 1200
"""Operations of one client: the relay makes a checkpoint after 1,024."""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
STROKE = {"kind": "stroke", "points": [80, 160, 40, -24, 40, 80], "color": "#d62728", "width": 32}

Message = dict[str, Any]


class Peer:
    """One connection that has joined a room; `welcome` is the relay's answer."""

    def __init__(self, url: str, room: str, **fields: Any) -> None:
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(connect(url, compression=None, proxy=None))
        self._messages: list[Message] = []
        self._stream = b""
        self.send({"type": "join", "room": room, **fields})
        self.welcome = self.receive("welcome")
        self.op = self.welcome.get("last", 0)

    def send(self, *messages: Message) -> None:
        self._socket.send(json.dumps(messages))

    def receive(self, kind: str) -> Message:
        """Return the next message of a kind; drop those before it."""
        while True:
            while self._messages:
                message = self._messages.pop(0)
                if message["type"] == kind:
                    return message
                if message["type"] in ("error", "refused"):
                    raise RuntimeError(message)
            frame = self._socket.recv(timeout=60)
            if isinstance(frame, bytes):
                self._stream += frame
            else:
                self._messages += json.loads(frame)

    def stream(self, announced: Message) -> Any:
        """Return the JSON of the zlib stream that `announced` speaks of."""
        while len(self._stream) < announced["size"]:
            frame = self._socket.recv(timeout=60)
            if isinstance(frame, bytes):
                self._stream += frame
            else:
                self._messages += json.loads(frame)
        stream, self._stream = self._stream[: announced["size"]], self._stream[announced["size"] :]
        return json.loads(zlib.decompress(stream))

    def operate(self, *actions: Message) -> Message:
        """Commit one operation."""
        self.op += 1
        self.send({"type": "operate", "op": self.op, "actions": actions})
        while True:
            commit = self.receive("commit")
            if (commit["client"], commit["op"]) == (self.welcome["client"], self.op):
                return commit

    def place(self, commit: Message) -> Message:
        """Return what a later connection needs to go on after `commit` as this client."""
        known = {name: self.welcome[name] for name in ("client", "resume_key", "epoch")}
        return {**known, "seq": commit["seq"], "mark": commit["mark"], "settled": self.op}

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def relay(database: Path) -> Iterator[tuple[str, str]]:
    """Run the relay of this version on a database; yield its address, and the token of its user, who owns every room."""
    runtime = database.with_name("runtime.json")
    command = [
        sys.executable,
        "-m",
        "relay",
        "--port",
        "0",
        "--db",
        str(database),
        "--runtime-file",
        str(runtime),
    ]
    process = subprocess.Popen([*command, "--operation-rate", "100000"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "listening on" in line, line + process.stderr.read()
        # Written when it is whole, soon after that line.
        while not runtime.exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        about = json.loads(runtime.read_text())
        yield f"ws://127.0.0.1:{about['port']}", about["token"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def draw(url: str, token: str) -> None:
    """Draw every kind of element with the public API, on two pages; undo and redo some of it."""
    import ipysketch

    board = ipysketch.connect(url, room="algebra", name="Ada", color="#d1495b", token=token)
    stroke = board.stroke([(0, 0), (40, 5), (90, 60)], t=[0, 0.25, 0.5], pressure=[0.1, 0.9, 0.4], opacity=0.5)
    board.highlight([(0, 100), (200, 110)])
    board.line([(10, 200), (90, 240), (150, 200)], dash="dotted")
    arrow = board.arrow([(10, 300), (100, 290)], dash="dashed")
    board.rect(300, 20, 120, 80, fill="#ffe08a").move(5, 7)
    board.ellipse(300, 150, 120, 80, color="#00aa00", width=2)
    board.text(300, 300, "will it hold?\nGrüße 漢字", size=30).front()
    with board.group("axes"):
        board.arrow([(600, 400), (900, 400)])
        board.arrow([(600, 400), (600, 100)])
    with board.batch():
        stroke.restyle(color="#123456", width=9)
        arrow.delete()
    board.undo()
    board.undo()
    board.redo()
    second = board.add_page("Second")
    board.turn(second)
    board.stroke([(5, 5), (500, 300)])
    board.image(base64.b64decode(PIXEL), 50, 50, 80, 60)
    board.clear()
    board.undo()
    assert board.flush()
    assert not board.lost
    board.disconnect()


def make_database(folder: Path) -> None:
    """Make a database of two rooms: a long one that several clients drew in, and a short one that is locked."""
    database = folder / "relay.sqlite"
    clients: dict[str, Message] = {}
    with relay(database) as (url, token):
        draw(url, token)
        # This client resumes from an early place: it has missed nearly everything.
        early = Peer(url, "algebra", name="Early", secret="early", token=token)
        clients["early"] = early.place(
            early.operate({"type": "create", "key": "early", "fields": STROKE, "page": ""})
        )
        early.close()
        grace = Peer(url, "algebra", name="Grace", secret="grace", token=token)
        for number in range(8):
            fields = {**STROKE, "offset": [80 * number, 160], "group": "grace"}
            grace.operate({"type": "create", "key": f"grace{number}", "fields": fields, "page": ""})
        for number in range(OPERATIONS):
            commit = grace.operate(
                {"type": "patch", "key": f"grace{number % 8}", "fields": {"width": 8 + number % 90}}
            )
        grace.op += 1
        grace.send(
            {"type": "operate", "op": grace.op, "actions": [{"type": "create", "key": "early", "fields": {}}]}
        )
        assert grace.receive("refused")["final"]
        grace.operate({"type": "delete", "keys": ["grace1", "grace2"]})
        grace.operate({"type": "revert", "op": grace.op})
        grace.operate({"type": "revert", "op": grace.op})
        commit = grace.operate(
            {"type": "patch", "key": "grace3", "fields": {"color": "#00ff00", "place": "front"}}
        )
        clients["grace"] = grace.place(commit)
        grace.close()
        owner = Peer(url, "locked.room", name="Owner", token=token)
        clients["owner"] = owner.place(
            owner.operate(
                {"type": "create", "key": "one", "fields": STROKE, "page": ""},
                {"type": "create", "key": "two", "fields": {"kind": "of a later version", "n": [1, {"a": 2.5}]}, "page": ""},
            )
        )  # fmt: skip
        owner.send({"type": "lock", "locked": True})
        owner.receive("room")
        owner.close()
    # By a relay that has just loaded the database.
    with relay(database) as (url, token):
        rooms = {room: description_of(url, token, room) for room in ("algebra", "locked.room")}
    author = Path(os.environ["IPYSKETCH_DATA_DIR"], "author").read_text().strip()
    (HERE / "relay.sqlite.xz").write_bytes(lzma.compress(database.read_bytes(), preset=9))
    text = json.dumps({"rooms": rooms, "clients": clients, "author": author}, separators=(",", ":"))
    (HERE / "relay.json.xz").write_bytes(lzma.compress(text.encode(), preset=9))


def description_of(url: str, token: str, room: str) -> Message:
    """Return what the relay sends of a room to a new client, and its whole log."""
    peer = Peer(url, room, name="New", token=token)
    snapshot = peer.receive("snapshot")
    entries = peer.stream(snapshot)
    # Fields that have their default are left out.
    oldest = peer.welcome.get("oldest", 1)
    peer.send({"type": "read", "first": oldest, "last": peer.welcome["seq"]})
    history = peer.receive("history")
    past = peer.stream(history)
    peer.close()
    known = {name: peer.welcome[name] for name in ("epoch", "seq")}
    about = {**known, "mark": snapshot["mark"], "locked": peer.welcome.get("locked", False), "oldest": oldest}
    return {**about, "entries": entries, "base": history.get("base", 0), "past": past}


CELLS = [
    "import ipysketch\nfrom ipysketch import SketchError\nfrom ipysketch.raster import raster\nfrom ipysketch.svg import svg",
    "%load_ext ipysketch\n%sketch connect --room older --name Ada",
    "board, = ipysketch.boards()\n"
    "stroke = board.stroke([(0, 0), (40, 5), (90, 60)], t=[0, 0.25, 0.5])\n"
    "with board.group('axes'):\n"
    "    board.arrow([(600, 400), (900, 400)])\n"
    "    board.text(610, 90, 'y')\n"
    "board.flush()",
    "%%sketch\nboard = ipysketch.boards()[0]\nboard.rect(100, 100, 50, 50, fill='#ffe08a')",
    "[(element.kind, element.color) for element in board.elements]",
    "text = svg(board.elements, (1280, 720), (640, 360))\n"
    "text.startswith('<svg '), text.count('<path'), raster(board.elements, 64, 36, (1280, 720)).shape",
    "try:\n    board.stroke('abc')\nexcept SketchError as error:\n    print(error)",
    "board.undo(), board.redo(), board.at(1)[0].kind, len(board.to_dataframe())",
    "stroke.restyle(width=8).move(10, 0).element.bounds",
]  # fmt: skip


def make_notebook(folder: Path) -> None:
    """Make a notebook that was run, with its outputs and the state of its widgets."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell{number}"
    with relay(folder / "notebook.sqlite") as (url, token):
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            store_widget_state=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**os.environ, "IPYSKETCH_URL": url, "IPYSKETCH_TOKEN": token})
    for cell in notebook.cells:
        # When a cell ran is nothing to open.
        cell.metadata.pop("execution", None)
    (HERE / "notebook.ipynb.xz").write_bytes(lzma.compress(nbformat.writes(notebook).encode(), preset=9))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["IPYSKETCH_DATA_DIR"] = os.environ["IPYSKETCH_RUNTIME_DIR"] = temporary
        make_database(Path(temporary))
        make_notebook(Path(temporary))
