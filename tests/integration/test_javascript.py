"""A page's module against a real relay, in node: what it draws, hears and survives, beside kernels in Python."""

from __future__ import annotations

import json
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import serve

from ipysketch import Sketch
from ipysketch.model.elements import Stroke
from relay.access.tokens import Tokens, read_secret
from relay.room.permissions import Role

from ..support.boards import until, until_shown
from ..support.node import WEB, node, socket_flags
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import DEADLINE

ACTOR = Path(__file__).parent / "page.mjs"

pytestmark = pytest.mark.skipif(socket_flags() is None, reason="this node has no websockets")


class Wrong(Exception):
    """What the page threw."""

    def __init__(self, answer: dict[str, str]) -> None:
        super().__init__(answer["wrong"])
        self.code = answer["code"]


class Page:
    """The node process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), *(socket_flags() or ()), "--no-warnings", str(ACTOR), str(WEB)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, code: str, argument: object = None) -> None:
        """Let it begin something; `answer` waits for what comes of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([code, argument]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], DEADLINE)
        assert ready, "the page does not answer"
        answer = json.loads(self._process.stdout.readline())
        if "wrong" in answer:
            raise Wrong(answer)
        return answer["said"]

    def run(self, code: str, argument: object = None) -> Any:
        self.start(code, argument)
        return self.answer()

    def join(self, url: str, **options: object) -> None:
        self.run("own.s = await join(argument[0], argument[1])", [url, {"room": "algebra", **options}])

    def until(self, condition: str) -> None:
        """Wait until `condition`, of `s`, holds."""
        self.run(f"const s = own.s; await until(s, () => {condition})")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def page() -> Iterator[Page]:
    found = Page()
    yield found
    found.close()


@pytest.fixture
def board(relay: RelayProcess) -> Iterator[Sketch]:
    found = Sketch(name="Grace")
    found.connect(relay.url, "algebra")
    yield found
    found.disconnect()


KEYS = "return own.s.elements.map((element) => element.key)"


def test_a_page_and_a_kernel_draw_together(relay: RelayProcess, board: Sketch, page: Page) -> None:
    page.join(relay.url.replace("ws://", "http://"), name="Ada", color="#d1495b")
    theirs = board.stroke([(0, 0), (10, 10)]).key
    mine = page.run("return own.s.stroke([[1, 2], [3, 4.5]], { width: 2 })")
    page.until("s.elements.length === 2 && !s.pending")
    until(board, 2)
    assert sorted(page.run(KEYS)) == sorted([theirs, mine])
    [drawn] = [element for element in board.elements if element.key == mine]
    assert isinstance(drawn, Stroke)
    assert drawn.points.tolist() == [[1, 2], [3, 4.5]]
    assert (drawn.color, drawn.width) == ("#d1495b", 2.0)
    page.until("s.people.length === 2")
    people = page.run("return own.s.people.map(({ name, color, me }) => [name, color, me])")
    assert people[0] == ["Ada", "#d1495b", True]
    assert people[1][0] == "Grace"
    assert page.run("return own.s.status") == "connected · room algebra · 2 here"
    assert [person.name for person in board.people] == ["Grace", "Ada"]


def test_undo_takes_back_only_what_is_mine(relay: RelayProcess, board: Sketch, page: Page) -> None:
    # Who runs the relay may erase what others drew.
    page.join(relay.url, token=relay.secret)
    theirs = board.stroke([(0, 0), (10, 10)]).key
    mine = page.run("return own.s.stroke([[1, 2], [3, 4]])")
    page.until("s.elements.length === 2 && !s.pending")
    assert page.run("return [own.s.undo(), own.s.undo(), own.s.canUndo, own.s.canRedo]") == [
        True,
        False,
        False,
        True,
    ]
    page.until("s.elements.length === 1 && !s.pending")
    until(board, 1)
    assert page.run(KEYS) == [theirs]
    assert page.run("return own.s.redo()")
    page.run("own.s.remove(argument)", theirs)
    page.until("!s.pending")
    until(board, 1)
    assert [element.key for element in board.elements] == [mine]
    page.run("own.s.clear()")
    until(board, 0)


def test_what_did_not_change_is_the_same_object(relay: RelayProcess, board: Sketch, page: Page) -> None:
    page.join(relay.url)
    same = page.run(
        """const s = own.s;
        s.stroke([1, 2, 3, 4]);
        const [pending] = s.elements;
        await until(s, () => !s.pending);
        s.stroke([5, 5]);
        return [s.elements[0] === pending, s.elements === s.elements, s.elements.length];"""
    )
    assert same == [True, True, 2]


def test_ink_under_hands_is_seen_both_ways(relay: RelayProcess, board: Sketch, page: Page) -> None:
    page.join(relay.url, name="Ada")
    page.until("s.people.length === 2")
    session_of(board).call(lambda session: session.hands.pointer_down("hand", 1, 1))
    session_of(board).call(lambda session: session.hands.pointer_move("hand", 5, 1))
    page.until("s.live.length === 1 && s.live[0].points.length > 1")
    assert page.run("return own.s.live[0].peer === own.s.people[1].peer")
    session_of(board).call(lambda session: session.hands.pointer_up("hand"))
    page.until("s.live.length === 0 && s.elements.length === 1")
    page.run(
        """own.s.preview("k", 0, [8, 8], { kind: "stroke", color: "#123456", width: 32 });
        own.s.preview("k", 2, [80, 80]);"""
    )
    until_shown(board, lambda state: [len(ink.points) for ink in state.live] == [4], "the ink of the page")
    page.run(
        'own.s.endPreview("k"); own.s.preview("k", 0, [8, 8], { kind: "stroke", color: "#123456", width: 32 });'
    )
    until_shown(board, lambda state: not state.live, "the end of the ink")
    page.run("own.s.presence({ cursor: [80, 88], tool: 'pen' })")
    until_shown(
        board,
        lambda state: [person.cursor for person in state.people] == [None, (10.0, 11.0)],
        "the cursor of the page",
    )


def test_events_go_to_those_they_are_for(relay: RelayProcess, page: Page) -> None:
    page.join(relay.url)
    heard = page.run(
        """const s = own.s, heard = [];
        const other = await join(argument, { room: "algebra" });
        await until(s, () => s.people.length === 2);
        const last = Promise.all([s, other].map((one) => new Promise((resolve) => one.on("end", resolve))));
        const ear = (data, peer) => heard.push(["s", data, peer === other.peer]);
        s.on("hello", () => { throw new TypeError("a listener that fails, for a test"); });
        s.on("hello", ear);
        other.on("hello", (data) => heard.push(["other", data]));
        console.error = () => {};
        other.emit("hello", { x: 1 });
        other.emit("hello", 2, "all");
        other.emit("hello", 3, s.peer);
        other.emit("end", null, "all");
        await last;
        s.off("hello", ear);
        await other.leave();
        return heard;""",
        relay.url,
    )
    assert [entry for entry in heard if entry[0] == "s"] == [
        ["s", {"x": 1}, True],
        ["s", 2, True],
        ["s", 3, True],
    ]
    assert [entry for entry in heard if entry[0] == "other"] == [["other", 2]]


def test_a_relay_that_is_killed_loses_and_doubles_nothing(
    relay: RelayProcess, board: Sketch, page: Page
) -> None:
    page.join(relay.url)
    page.start(
        """const s = own.s;
        for (let n = 0; n < 300; n++) {
          s.stroke([[n, 0], [n, 100]], { key: `page${n}` });
          if (n % 3 === 0) s.undo();
          if (n % 6 === 0) s.redo();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await until(s, () => !s.pending && s.connection === "connected");
        return s.lost;"""
    )
    for n in range(3):
        for k in range(20):
            board.stroke([(n, k), (n, 100)])
        relay.kill()
        relay.start()
    assert page.answer() == []
    expected = {f"page{n}" for n in range(300) if n % 3 or n % 6 == 0}
    page.until(f"s.elements.length === {len(expected) + 60}")
    until(board, len(expected) + 60)
    keys = page.run(KEYS)
    assert len(set(keys)) == len(keys)
    assert {key for key in keys if key.startswith("page")} == expected
    assert [element.key for element in board.elements] == keys


def test_a_page_that_cannot_reach_its_relay_draws_alone(relay: RelayProcess, page: Page) -> None:
    relay.stop()
    page.join(relay.url)
    page.run("own.s.stroke([[1, 1], [2, 2]])")
    # Between two attempts.
    why = f"no relay answers at {relay.url}/, or it does not take pages from here; reconnecting in"
    page.until(f"s.status.startsWith({why!r}) && s.status.endsWith('1 stroke waiting')")
    assert page.run("return [own.s.connection, own.s.elements.length]") == ["connecting", 1]
    relay.start()
    page.until("s.connection === 'connected' && !s.pending")
    assert (
        page.run(
            "const late = await join(argument, { room: 'algebra' }); return late.elements.length", relay.url
        )
        == 1
    )


def test_a_large_drawing_is_there_when_join_resolves(relay: RelayProcess, board: Sketch, page: Page) -> None:
    points = [[(7 * n * k) % 1280, (11 * n + k * k) % 720] for n in range(40) for k in range(60)]
    for n in range(300):
        board.stroke(points[n:] + points[:n])
    assert board.flush(DEADLINE)
    page.join(relay.url)
    assert page.run("return own.s.elements.length") == 300


def test_a_token_lets_in_and_is_nowhere_in_the_address(home: Path, page: Page) -> None:
    relay = RelayProcess(
        home, None, "--require-token", "--secret-file", str(home / "secret"), "--log-level", "debug"
    )
    try:
        with pytest.raises(Wrong, match="the token is wrong or missing") as caught:
            page.join(relay.url)
        assert caught.value.code == "token"
        tokens = Tokens(read_secret(home / "secret"))
        now = time.time()
        token, _ = tokens.mint(room="algebra", role=Role.VIEWER, name="Ada", seconds=600, now=now)
        page.join(f"{relay.url}/?token=never", token=token)
        assert page.run("return [own.s.role, own.s.canDraw, own.s.people[0].name]") == ["viewer", False, "Ada"]
        assert page.run("return own.s.status") == "connected · room algebra · 1 here · you are watching"
        lost = page.run(
            """const s = own.s;
            s.preview("k", 0, [1, 2], { kind: "stroke" });
            s.stroke([[1, 1]]);
            await until(s, () => !s.pending);
            return [s.lost.map(({ code, actions }) => [code, actions.length]), s.elements.length, s.canUndo, s.notice];"""
        )
        assert lost[:3] == [[["role", 1]], 0, False]
        assert lost[3].startswith("A stroke was refused: a viewer may not draw here")
        editor, _ = tokens.mint(room="algebra", role=Role.EDITOR, name="Ada", seconds=8, now=time.time())
        page.join(relay.url, token=editor)
        page.until("s.connection === 'ended'")
        assert page.run("return own.s.status").startswith("not connected: the token has expired")
        page.run("own.s.stroke([[1, 1]])")
        moderator, _ = tokens.mint(room="algebra", role=Role.MODERATOR, name="Ada", seconds=600, now=now)
        page.run("await own.s.rejoin(argument); await until(own.s, () => !own.s.pending)", moderator)
        assert page.run("return [own.s.role, own.s.elements.length]") == ["moderator", 1]
        assert not [line for line in relay.log if "never" in line]
    finally:
        relay.stop()


def test_who_is_taken_out_stays_away(relay: RelayProcess, board: Sketch, page: Page) -> None:
    page.join(relay.url, name="Ada")
    page.until("s.people.length === 2")
    board.lock()
    page.until("s.locked")
    board.unlock()
    page.until("!s.locked")
    board.remove("Ada")
    page.until("s.connection === 'ended'")
    assert page.run("return own.s.status") == "not connected: a moderator took you out of the room"


def test_what_is_no_relay_is_said_to_be_none(page: Page) -> None:
    with serve(lambda _: None, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        page.join(f"ws://127.0.0.1:{port}")
        assert page.run("return own.s.status").startswith(f"no relay answers at ws://127.0.0.1:{port}/, or")
        page.run("await own.s.leave()")
        server.shutdown()
        thread.join()
    for wrong in ("ftp://there", "not an address"):
        with pytest.raises(Wrong, match=f"{wrong}.* is not the address of a relay; use one like"):
            page.join(wrong)


def test_what_could_never_be_sent_is_thrown_at_once(relay: RelayProcess, page: Page) -> None:
    page.join(relay.url)
    for fields, words in (
        ("{ n: NaN }", "no number that can be sent"),
        ("{ n: 2 ** 60 }", "whole numbers must lie within"),
        ("{ text: '\\ud800' }", "well formed"),
        ("{ at: new Date(0) }", "a Date cannot be sent"),
        ("{ data: 'x'.repeat(1100000) }", "larger than the relay takes"),
        ("{ f: () => 1 }", "a function cannot be sent"),
    ):
        with pytest.raises(Wrong, match=words):
            page.run(f"own.s.create({fields})")
    page.run("own.s.stroke([[1, 1]]); await until(own.s, () => !own.s.pending)")
    assert page.run("return [own.s.elements.length, own.s.notice]") == [1, ""]


def test_what_was_drawn_before_leaving_is_in_the_drawing(
    relay: RelayProcess, board: Sketch, page: Page
) -> None:
    # That `leave` waits for the verdicts, and how long, is in tests/web/sketch.test.mjs: there the clock is the test's.
    page.join(relay.url)
    status = page.run(
        """for (let n = 0; n < 50; n++) own.s.stroke([[n, n]]);
        await own.s.leave();
        return own.s.status;"""
    )
    assert status.startswith("not connected: you left the room")
    until(board, 50)
