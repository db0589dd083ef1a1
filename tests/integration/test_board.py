"""The public API as scripts, notebooks without a page, and plain IPython use it, against a real relay process."""

from __future__ import annotations

import base64
import io
import json
import queue
import signal
import socket
import subprocess
import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from jupyter_client.manager import KernelManager
from PIL import Image

import ipysketch
from ipysketch import Sketch, SketchError
from ipysketch.client.session import Session
from ipysketch.model.elements import Stroke
from relay.access.tokens import Tokens, read_secret
from relay.protocol import WINDOW
from relay.room.permissions import Role

from ..support.boards import until, until_shown
from ..support.processes import RelayProcess, environment
from ..support.sessions import session_of
from ..support.waiting import DEADLINE

PATIENT = "import ipysketch, ipysketch.sketch.leaving as leaving\nleaving.EXIT_FLUSH = 60.0\n"
"""Begins a script whose end may take as long as a busy machine needs to send what is pending; users' wait a second."""


def run(code: str, home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `code` as a user's script in a process of its own."""
    return subprocess.run(
        [sys.executable, *(command or ("-c",)), code],
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


SHOWING = {"IPython", "PIL", "anywidget", "ipycanvas", "ipywidgets", "numpy", "traitlets"}
"""What only a board that is shown, or a drawing with numbers in it, needs."""
NOW_AND_THEN = {"fpdf", "pandas", "pypdfium2", "resvg_py", "segno", "statistics", "tinycss2", "uharfbuzz"}
CONNECTING = {"asyncio", "msgspec", "websockets"}


@pytest.mark.parametrize(
    ("first", "heavy"),
    [("ipysketch", SHOWING | NOW_AND_THEN | CONNECTING), ("ipysketch.connect", SHOWING | NOW_AND_THEN)],
)
def test_importing_is_light_and_starts_nothing(home: Path, first: str, heavy: set[str]) -> None:
    code = (
        f"import sys, threading, ipysketch; {first}\n"
        f"print(sorted({heavy!r} & set(sys.modules)), threading.active_count())"
    )
    assert run(code, home).stdout == "[] 1\n"


def test_a_script_ends_cleanly_and_loses_nothing(home: Path, relay: RelayProcess) -> None:
    code = (
        f"{PATIENT}"
        "board = ipysketch.connect(room='bots', name='Bot')\n"
        "for n in range(50): board.stroke([(n, 0), (n, 100)])\n"
    )
    ended = run(code, home, IPYSKETCH_URL=relay.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    board = Sketch(name="Eye").connect(relay.url, "bots")
    until(board, 50)
    board.disconnect()


def test_what_is_pending_at_the_end_is_flushed(home: Path, relay: RelayProcess) -> None:
    code = (
        f"{PATIENT}"
        "board = ipysketch.connect(room='end', name='Bot')\n"
        "input(board.status)\n"
        f"for n in range({WINDOW + 76}): board.stroke([(n, 0), (n, 100)])\n"
        "print('drawn', flush=True)\n"
    )
    variables = environment(home, IPYSKETCH_URL=relay.url)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-uc", code], env=variables, stdin=pipe, stdout=pipe, text=True
    ) as script:
        assert script.stdin is not None
        assert script.stdout is not None
        assert script.stdout.read(9) == "connected"
        # More than may be under way at a time, while the relay hears nothing: some of it is never sent before the end.
        relay.process.send_signal(signal.SIGSTOP)
        script.stdin.write("\n")
        script.stdin.flush()
        assert "drawn" in script.stdout.readline()
        relay.process.send_signal(signal.SIGCONT)
    assert script.returncode == 0
    eye = Sketch(name="Eye").connect(relay.url, "end")
    until(eye, WINDOW + 76)
    eye.disconnect()


def test_two_boards_see_each_other(home: Path, relay: RelayProcess) -> None:
    ada, grace = Sketch(name="Ada"), Sketch(name="Grace")
    ada.connect(relay.url, "pair")
    grace.connect(relay.url, "pair")
    ada.stroke([(10, 10), (20, 20)], color="#123456", width=3)
    until(grace, 1)
    [stroke] = grace.elements
    assert isinstance(stroke, Stroke)
    assert (stroke.color, stroke.width, stroke.points.tolist()) == ("#123456", 3.0, [[10, 10], [20, 20]])
    assert ada.undo()
    until(grace, 0)
    assert ada.redo()
    until(grace, 1)
    assert not grace.undo()
    for board in (ada, grace):
        board.disconnect()


def test_a_cursor_is_shown_where_it_came_to_rest(home: Path, relay: RelayProcess) -> None:
    ada, grace = Sketch(name="Ada"), Sketch(name="Grace")
    for board in (ada, grace):
        board.connect(relay.url, "cursors")
    until_shown(ada, lambda state: len(state.people) == 2, "two people")

    def sweep(session: Session) -> None:
        for x in range(100):
            session.hands.pointer_move("mouse", x, 50)

    session_of(ada).call(sweep)
    until_shown(grace, lambda state: state.people[-1].cursor == (99, 50), "the cursor at rest")
    session_of(ada).call(lambda session: session.presence.point_away())
    until_shown(grace, lambda state: state.people[-1].cursor is None, "without a cursor that left")
    for board in (ada, grace):
        board.disconnect()


def test_what_was_drawn_alone_comes_along(home: Path, relay: RelayProcess) -> None:
    solo = Sketch(name="Solo")
    solo.stroke([(1, 1), (2, 2)])
    assert "solo" in solo.status
    solo.connect(relay.url, "late")
    other = Sketch(name="Other").connect(relay.url, "late")
    until(other, 1)
    for board in (solo, other):
        board.disconnect()


def test_the_same_room_is_the_same_board(home: Path, relay: RelayProcess) -> None:
    first = ipysketch.connect(relay.url, room="same", name="Ada")
    again = ipysketch.connect(relay.url, room="same", name="Ada L.")
    other = ipysketch.connect(relay.url, room="another")
    by_page = ipysketch.connect(relay.url.replace("ws://", "http://") + "/", room="same")
    assert first is again is by_page
    assert first is not other
    assert [person.name for person in again.people] == ["Ada L."]
    for board in (first, other):
        board.disconnect()


def test_a_relay_that_dies_and_comes_back_has_everything(home: Path, relay: RelayProcess) -> None:
    board = Sketch(name="Ada").connect(relay.url, "phoenix")
    board.stroke([(1, 1), (2, 2)])
    assert board.flush(DEADLINE)
    relay.kill()
    board.stroke([(3, 3), (4, 4)])
    assert board.pending == 1
    relay.start()
    other = Sketch(name="Other").connect(relay.url, "phoenix")
    until(other, 2)
    assert board.flush(DEADLINE)
    for one in (board, other):
        one.disconnect()


def test_the_local_relay_is_started_once_and_found(home: Path) -> None:
    code = (
        "import ipysketch\n"
        "board = ipysketch.connect(room='mine')\n"
        "board.stroke([(1, 1)])\n"
        "print(bool(board.started_relay), len(board.elements), board.connected)"
    )
    first = run(code, home)
    assert first.stdout == "True 1 True\n", first
    second = run(code, home)
    assert second.stdout.startswith("False "), second


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"url": "ftp://127.0.0.1:1"}, "not the address of a relay"),
        ({"url": "nonsense"}, "not the address of a relay"),
        ({"url": "ws://127.0.0.1:99999"}, "not the address of a relay"),
        ({"room": "x" * 10_000}, "room name"),
        ({"room": "a/b"}, "room name"),
        ({"color": "greenish"}, "#rrggbb"),
        ({"name": "n" * 65}, "at most 64"),
    ],
)
def test_a_users_mistake_gets_one_sentence(home: Path, arguments: dict[str, str], words: str) -> None:
    with pytest.raises(SketchError, match=words) as refusal:
        ipysketch.connect(**{"url": "ws://127.0.0.1:1", **arguments})
    assert len(str(refusal.value)) < 250
    assert refusal.value._render_traceback_() == [f"ipysketch: {refusal.value}"]


def test_what_is_no_websocket_says_so(home: Path) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with pytest.raises(SketchError, match="no ipysketch relay"):
            Sketch().connect(f"ws://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join(DEADLINE)


def test_a_relay_that_is_down_is_waited_for(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound, not listening: nobody else gets it, and it refuses.
        board = Sketch().connect(f"ws://127.0.0.1:{taken.getsockname()[1]}")
    board.stroke([(1, 1)])
    assert "no relay answers" in board.status
    assert "1 stroke waiting" in board.status
    board.disconnect()


@pytest.mark.parametrize(
    "points", [[], [(1, 2, 3)], [(float("nan"), 1)], [(float("inf"), 1)], "line", [(1e9, 0)], [[(1, 2)]]]
)
def test_points_that_cannot_be_are_refused_and_nothing_is_drawn(home: Path, points: Any) -> None:
    board = Sketch()
    with pytest.raises(SketchError, match="points"):
        board.stroke(points)
    assert board.elements == ()


def test_plain_ipython_without_widgets(home: Path, relay: RelayProcess) -> None:
    code = "\n".join(
        [
            "get_ipython().run_line_magic('load_ext', 'ipysketch')",
            f"get_ipython().run_line_magic('sketch', 'connect {relay.url} --room plain --name Ada')",
            "get_ipython().run_line_magic('sketch', 'status')",
            "get_ipython().run_line_magic('sketch', 'who')",
            "get_ipython().run_line_magic('sketch', 'disconnect')",
        ]
    )
    ended = run(code, home, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c")
    assert ended.returncode == 0, ended
    assert "connected · room plain · 1 here" in ended.stdout
    assert "Ada (you)" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("conect", "did you mean %sketch connect?"),
        ("frobnicate", "see %sketch help"),
        ("status", "begin with %sketch connect"),
        ("connect nonsense", "not the address of a relay"),
        ("connect --room a/b ws://127.0.0.1:1", "room name"),
        ("connect --color mauve ws://127.0.0.1:1", "#rrggbb"),
        ("connect --frob", "unrecognized arguments"),
        ("help", "%sketch disconnect"),
        ("connect --help", "usage: %sketch connect [--room ROOM]"),
        ("share --help", "usage: %sketch share [--role ROLE]"),
    ],
)
def test_the_magic_answers_in_a_sentence(home: Path, line: str, words: str) -> None:
    code = f"get_ipython().run_line_magic('load_ext', 'ipysketch'); get_ipython().run_line_magic('sketch', {line!r})"
    ended = run(code, home, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c")
    said = ended.stdout + ended.stderr
    assert words in said
    assert "Traceback" not in said


def test_tab_completes_sub_commands(home: Path) -> None:
    code = (
        "shell = get_ipython(); shell.run_line_magic('load_ext', 'ipysketch')\n"
        "print(shell.complete('con', '%sketch con', 11)[1], shell.complete('--r', '%sketch connect --r', 19)[1])"
    )
    ended = run(code, home, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c")
    assert "connect" in ended.stdout
    assert "--room" in ended.stdout


def test_nbconvert_executes_a_notebook_that_no_page_shows(home: Path, relay: RelayProcess) -> None:
    cells = [
        "%load_ext ipysketch\n%sketch connect --room paper --name Ada",
        "import ipysketch\nboard, = ipysketch.boards()",
        "board.stroke([(1, 1), (9, 9)]); board",
    ]
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{n}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell,
            }
            for n, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = home / "paper.ipynb"
    path.write_text(json.dumps(notebook))
    ended = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--inplace", str(path)],
        env=environment(home, IPYSKETCH_URL=relay.url),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    board = Sketch(name="Eye").connect(relay.url, "paper")
    until(board, 1)
    board.disconnect()
    # Without a kernel and without widgets it shows what was drawn last, where the board was shown first too.
    saved = json.loads(path.read_text())
    pictures = [
        output["data"]["image/png"]
        for cell in saved["cells"]
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2
    for picture in pictures:
        with Image.open(io.BytesIO(base64.b64decode(picture))) as shown:
            shades = np.array(shown.convert("L"))
        assert shades[3:6, 3:6].min() < 200
        assert shades[300:].min() == 255
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", str(path)], capture_output=True, check=True
    )
    page = path.with_suffix(".html").read_text()
    assert all(f"data:image/png;base64,{picture}" in page for picture in pictures)


def test_a_kernel_that_is_shut_down_loses_nothing(home: Path, relay: RelayProcess) -> None:
    kernel = KernelManager(kernel_name="python3")
    kernel.shutdown_wait_time = DEADLINE
    kernel.start_kernel(env=environment(home, IPYSKETCH_URL=relay.url))
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        client.execute(
            f"{PATIENT}"
            "import signal\n"
            "board = ipysketch.connect(room='ending', name='Ada')\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # The manager interrupts the cell first.
            "print(board.status, flush=True)\n"
            "for n in range(200): board.stroke([(n, 0), (n, 100)])"
        )
        while (said := client.get_iopub_msg(timeout=DEADLINE))["msg_type"] != "stream":
            pass
        assert said["content"]["text"].startswith("connected")
        # Asked for while the cell runs: the kernel turns to it when the last stroke is drawn, hardly sent.
        kernel.shutdown_kernel()
    finally:
        client.stop_channels()
        kernel.cleanup_resources()
    eye = Sketch(name="Eye").connect(relay.url, "ending")
    until(eye, 200)
    eye.disconnect()


class TestPast:
    def test_the_drawing_as_it_was(self, home: Path, relay: RelayProcess) -> None:
        board = ipysketch.connect(relay.url, room="past", name="Ada")
        keys, times = [], []
        for n in range(4):
            keys.append(board.stroke([(0, 10 * n), (10, 10 * n)]).key)
            assert board.flush(DEADLINE)
            times.append(datetime.now())
        board.clear()
        assert board.flush(DEADLINE)
        assert board.seq == 5
        assert [element.key for element in board.at(3)] == keys[:3]
        assert board.at(0) == board.at(5) == ()
        assert [element.key for element in board.at(4)] == keys
        for n, time in enumerate(times, 1):
            assert [element.key for element in board.at(time)] == keys[:n]
        assert board.at(datetime(2001, 1, 1)) == ()
        assert [element.key for element in board.at(times[1].astimezone())] == keys[:2]
        with pytest.raises(SketchError, match="goes from 1 to 5"):
            board.at(6)
        board.disconnect()
        with pytest.raises(SketchError, match="not connected"):
            board.at(3)


class TestBeingTold:
    def test_of_strokes_people_and_what_goes(self, home: Path, relay: RelayProcess) -> None:
        told: queue.Queue[tuple[str, object]] = queue.Queue()
        ada = Sketch(name="Ada").connect(relay.url, "told")
        for name in ("stroke", "delete", "clear", "join", "leave"):
            ada.on(name, lambda what, name=name: told.put((name, what)))
        grace = Sketch(name="Grace").connect(relay.url, "told")
        assert self.next(told, "join").name == "Grace"
        key = grace.stroke([(0, 0), (9, 9)], color="#1f6fb2").key
        stroke = self.next(told, "stroke")
        assert (stroke.key, stroke.color, stroke.points.shape) == (key, "#1f6fb2", (2, 2))
        grace.undo()
        assert self.next(told, "delete").key == key
        ada.stroke([(1, 1)])
        assert self.next(told, "stroke").points.tolist() == [[1, 1]]
        ada.clear()
        assert self.next(told, "clear")
        grace.disconnect()
        assert self.next(told, "leave").name == "Grace"
        assert told.empty()
        ada.disconnect()

    @staticmethod
    def next(told: queue.Queue[tuple[str, object]], name: str) -> Any:
        happened, what = told.get(timeout=DEADLINE)
        assert happened == name
        return what

    def test_a_function_that_fails_or_is_slow_is_nobody_elses_trouble(
        self, home: Path, relay: RelayProcess
    ) -> None:
        board = Sketch(name="Ada").connect(relay.url, "trouble")
        go_on, second = threading.Event(), threading.Event()

        @board.on("stroke")
        def slow(stroke: object) -> None:
            go_on.wait(2 * DEADLINE)
            raise RuntimeError("my mistake")

        @board.on("stroke")
        def other(stroke: object) -> None:
            second.set()

        board.stroke([(0, 0), (9, 9)])
        assert board.flush(DEADLINE), "a function that waits delays no operation"
        assert not second.is_set()
        go_on.set()
        assert second.wait(DEADLINE)
        until_shown(board, lambda state: "my mistake" in state.notice, "the failure in words")
        with pytest.raises(SketchError, match="did you mean 'stroke'"):
            board.on("strokes", print)
        with pytest.raises(SketchError, match="there are stroke, delete"):
            board.on("lunch")
        board.disconnect()


def test_the_link_to_ones_own_relay_lets_a_viewer_in(home: Path) -> None:
    ada = Sketch(name="Ada").connect(room="lesson")
    link = ada.share()
    assert link.url.startswith("http://127.0.0.1:")
    assert "/r/lesson#token=" in link.url
    assert "viewer" in link.note
    address = link.url.partition("/r/")[0].replace("http", "ws", 1)
    token = link.url.partition("#token=")[2]
    guest = Sketch(name="Guest").connect(address, "lesson", token=f" {token}\n")  # As it is in a file.
    assert guest.role == "viewer"
    for bad in (token[:-1], f"{token}{token}", f"{token}\n{token}"):
        wrong = Sketch(name="Eve")
        with pytest.raises(SketchError, match="token"):
            wrong.connect(address, "lesson", token=bad)
        assert "connecting" not in wrong.status
        assert "trying" not in wrong.status
    with pytest.raises(SketchError, match="token"):
        Sketch(name="Eve").connect(address, "lesson")
    with pytest.raises(SketchError, match="role"):
        ada.share(role="emperor")
    guest.disconnect()
    ada.disconnect()


def test_the_link_to_an_open_relay_has_no_token_and_asks_for_none(relay: RelayProcess) -> None:
    with pytest.raises(SketchError, match="not connected"):
        Sketch().share()
    ada = Sketch(name="Ada").connect(relay.url, "lesson")
    link = ada.share()
    assert link.url == relay.url.replace("ws", "http", 1) + "/r/lesson"
    assert "asks for no token: whoever opens it is editor" in link.note
    assert "no phone" in link.note
    assert "makes nobody moderator" in ada.share(role="moderator").note
    for role in ("emperor", "owner"):
        with pytest.raises(SketchError, match="the roles are viewer, editor, moderator"):
            ada.share(role=role)
    ada.disconnect()


def test_a_link_leads_where_the_relay_says_that_people_reach_it(home: Path) -> None:
    relay = RelayProcess(home, None, "--public-url", "wss://draw.school.example/draw/")
    ada = Sketch(name="Ada").connect(relay.url, "lesson")
    assert ada.share().url == "https://draw.school.example/draw/r/lesson"
    ada.disconnect()
    relay.stop()


def test_a_link_for_the_network_is_of_a_relay_that_listens_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.2 stands for an address in a network: a relay on 127.0.0.1 does not answer there."""
    monkeypatch.setattr("ipysketch.local.lan.own_addresses", lambda: ["127.0.0.2"])
    wide = RelayProcess(home, None, "--host", "0.0.0.0", "--require-token", "--insecure-lan")
    narrow = RelayProcess(home, ":memory:")
    token, _ = Tokens(read_secret(home / "relay.sqlite.secret")).mint(
        room="lesson", role=Role.OWNER, name="Ada", seconds=3600, now=datetime.now().timestamp()
    )
    ada = Sketch(name="Ada").connect(wide.url, "lesson", token=token)
    link = ada.share(lan=True)
    assert link.url.startswith(f"http://127.0.0.2:{wide.port}/r/lesson#token=")
    assert "network" in link.note
    ada.connect(narrow.url, "lesson")
    with pytest.raises(SketchError, match=r"--host 0\.0\.0\.0"):
        ada.share(lan=True)
    ada.disconnect()
    wide.stop()
    narrow.stop()


def test_names_of_tokens_are_verified_and_strokes_join_them_on_their_author(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = RelayProcess(home, None, "--require-token")
    secret = read_secret(home / "relay.sqlite.secret")
    token, _ = Tokens(secret).mint(
        room="lesson", role=Role.OWNER, name="Ada", seconds=3600, now=datetime.now().timestamp()
    )
    ada = Sketch(name="Countess").connect(relay.url, "lesson", token=token)
    boards = [ada]
    for number, (name, given) in enumerate([("Grace", "Grace"), ("Ada", "")]):
        monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(home / str(number)))
        boards.append(Sketch(name=name).connect(relay.url, "lesson", token=ada.invite(given)))
    for board in boards:
        board.stroke([(0, 0), (10, 10)])
    until(ada, 3)
    until_shown(ada, lambda state: len(state.people) == 3, "three people")
    people = pandas.DataFrame(
        [(each.author, each.name, each.verified) for each in ada.people], columns=["author", "name", "verified"]
    )
    drawn = ada.to_dataframe().drop_duplicates("stroke").merge(people, on="author", validate="1:1")
    assert sorted(zip(drawn["name"], drawn["verified"], strict=True)) == [
        ("Ada", False),
        ("Ada", True),
        ("Grace", True),
    ]
    for board in boards:
        board.disconnect()
    relay.stop()


def test_who_has_joined_has_the_drawing(relay: RelayProcess) -> None:
    ada = Sketch(name="Ada").connect(relay.url, "there")
    for n in range(300):
        ada.stroke(np.random.default_rng(n).uniform(0, 700, (200, 2)))
    assert ada.flush(DEADLINE)
    for _ in range(3):
        grace = Sketch(name="Grace").connect(relay.url, "there")
        assert len(grace.elements) == 300
        grace.disconnect()
    ada.disconnect()


def test_frames_without_a_change_cost_nothing_of_the_drawing() -> None:
    board = ipysketch.Sketch(name="Ada")
    board.stroke([(1, 1), (2, 2)])
    first = board.elements
    assert session_of(board).call(lambda session: session.projection.board_state()).elements is first
    board.stroke([(3, 3), (4, 4)])
    assert board.elements[0] is first[0]
    assert len(board.elements) == 2
    board.undo()
    assert board.elements == first


def test_settings_of_the_process_stay_the_users(home: Path, relay: RelayProcess) -> None:
    code = (
        "import signal, sys\n"
        "def settings():\n"
        "    signals = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]\n"
        "    return sys.getswitchinterval(), sys.getrecursionlimit(), sys.excepthook, signals\n"
        "sys.setswitchinterval(0.007)\n"
        "before = settings()\n"
        "import ipysketch\n"
        "board = ipysketch.connect(room='settings', name='Ada')\n"
        "board.stroke([(0, 0), (9, 9)])\n"
        "assert board.flush(), board.status\n"
        "assert settings() == before, settings()\n"
    )
    ended = run(code, home, IPYSKETCH_URL=relay.url)
    assert (ended.returncode, ended.stderr) == (0, "")
