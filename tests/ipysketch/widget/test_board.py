"""The widget without a page: what it is made of, and what it does with messages, as a page would send them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import call

import pytest
from ipycanvas import MultiCanvas

from ipysketch.client.peers import LaserTrail
from ipysketch.client.view import BoardState, PageInfo, Person
from ipysketch.client.wet_ink import Ink
from ipysketch.editing.style import Style
from ipysketch.model.elements import Element, decode
from ipysketch.widget.board import BoardWidget
from ipysketch.widget.canvas_input import MOUSE, CanvasInput
from ipysketch.widget.frontend import LANGUAGES, Frontend
from ipysketch.widget.pacing import MAX_VIEWS
from ipysketch.widget.page_messages import VERSION, ControlState, FrameState, encode
from ipysketch.widget.page_state import control_state, cursor_places, frame_state

from .fake_session import fake_session

SIZE = (1280, 720)
STROKE = {"kind": "stroke", "color": "#1f77b4", "width": 32, "points": [800, 400, 80, 0]}


def stroke(key: str = "a") -> Element:
    element = decode(key, STROKE)
    assert element is not None
    return element


def state(**changes: Any) -> BoardState:
    fields: dict[str, Any] = {
        "elements": (),
        "live": (),
        "people": (),
        "status": "connected · room algebra",
        "connected": True,
        "tool": "pen",
        "style": Style("#1f77b4"),
        "can_undo": True,
        "can_redo": False,
    }
    return BoardState(**(fields | changes))


class Board:
    """A widget whose loop thread is the test's own, and what it sends to pages."""

    def __init__(self) -> None:
        self.session = fake_session()
        self.calls: list[Callable[[], None]] = []
        self.widget = BoardWidget(self.calls.append, self.session, lambda: (), lambda: 0, SIZE)
        self.frontend = next(widget for widget in widgets(self.widget) if isinstance(widget, Frontend))
        self.canvas = next(widget for widget in widgets(self.widget) if isinstance(widget, MultiCanvas))
        assert self.frontend.input_model == self.canvas.model_id, "pages send on the comm of the canvas"
        self.sent: list[Any] = []
        self.frontend.send = self.sent.append

    def run(self) -> None:
        """Do on the loop thread what was posted there."""
        while self.calls:
            self.calls.pop(0)()

    def receive(self, kind: str, **content: Any) -> None:
        """A message of a page, on the comm of the canvas."""
        self.canvas._handle_custom_msg({"ipysketch": kind, **content}, [])
        self.run()

    def ready(self) -> None:
        """A page shows the canvas, which it says on its comm."""
        self.canvas._handle_custom_msg({"event": "client_ready"}, [])
        self.run()


def widgets(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets(child)


def on_loop(test: Callable[[], None]) -> None:
    """Run a test where timers of the loop can be set."""

    async def main() -> None:
        test()

    asyncio.run(main())


def test_one_widget_carries_the_module() -> None:
    board = Board()
    carriers = [widget for widget in widgets(board.widget) if "_esm" in widget.get_state()]
    assert carriers == [board.frontend]
    assert board.frontend.version == VERSION


def test_the_state_of_the_widget_is_that_of_the_contract() -> None:
    own = {name for name in Frontend().trait_names(sync=True) if not name.startswith("_")}
    base = {"layout", "tooltip", "tabbable"}
    contract = {*encode(ControlState()), *encode(FrameState())}
    assert own - base == {*contract, "version", "input_model", "frame", "words", "code"}


def test_pages_draw_through_the_canvas() -> None:
    def test() -> None:
        board = Board()
        board.receive("undo")
        board.receive("from the future")
        assert board.session.mock_calls == [call.operations.undo("")]

    on_loop(test)


def test_input_that_came_between_cells_frees_its_route_for_the_next_cell() -> None:
    """ipykernel binds answers on a comm to the shell that sent last there, which an echo on the main thread does."""

    def test() -> None:
        board = Board()
        board.canvas.comm._reply_subshell_id = None
        board.receive("undo")
        assert not hasattr(board.canvas.comm, "_reply_subshell_id")

    on_loop(test)


def test_nothing_is_painted_before_a_page_is_ready_but_the_toolbar_is_right() -> None:
    def test() -> None:
        board = Board()
        assert not board.widget.show(state(tool="line"))
        assert (board.frontend.tool, board.frontend.can_undo) == ("line", True)
        board.ready()
        board.session.presenter.refresh.assert_called_once_with()
        assert board.widget.show(state(finished=("v/1",)))
        assert board.frontend.finished == ("v/1",)

    on_loop(test)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_view_is_sent_the_words_of_its_language(language: str) -> None:
    def test() -> None:
        board = Board()
        board.receive("view", view="v", ratio=1, visible=True, language=language)
        assert board.frontend.words[language]["tools"]
        board.receive("view", view="v", ratio=1, visible=True, language="tlh")
        assert list(board.frontend.words) == [language]

    on_loop(test)


def test_a_view_in_sight_paces_frames_and_gets_ink() -> None:
    def test() -> None:
        board = Board()
        board.ready()
        board.session.presenter.refresh.reset_mock()
        board.receive("view", view="v", ratio=1, visible=True)
        board.session.presenter.refresh.assert_called_once_with()
        live = (Ink("p", "k", "", dict(STROKE), [800, 400]),)
        sent = 0
        while board.widget.show(state(live=live, elements=tuple(stroke(str(n)) for n in range(sent)))):
            sent += 1
            assert sent < 50, "nothing holds frames back"
        assert board.sent == [
            {"live": {"number": 1, "whole": True, "grown": [["p/k", 0, [800, 400], STROKE]], "gone": []}}
        ]
        board.receive("ack", view="v", frame=board.frontend.frame)
        assert board.widget.show(state(live=live))
        board.receive("lost")
        assert board.widget.show(state(live=live))
        assert board.sent[-1]["live"]["whole"]
        board.receive("gone", view="v")
        board.session.hands.close_view.assert_called_once_with("v")

    on_loop(test)


def test_a_sharp_view_gets_twice_the_pixels() -> None:
    def test() -> None:
        board = Board()
        board.ready()
        board.receive("view", view="v", ratio=2, visible=True)
        assert (board.canvas.width, board.canvas.height) == (2560, 1440)
        assert board.frontend.frame, "the repaint after it waits for this frame"

    on_loop(test)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [("mouse_down", 10, 20), ("mouse_move", 30, 40), ("mouse_up", 50, 60)],
            [
                call.hands.pointer_down(MOUSE, 5, 10),
                call.hands.pointer_move(MOUSE, 15, 20),
                call.hands.pointer_move(MOUSE, 25, 30),
                call.hands.pointer_up(MOUSE),
            ],
        ),
        (
            [("mouse_out", 10, 20)],
            [call.hands.pointer_move(MOUSE, 5, 10), call.hands.pointer_up(MOUSE), call.presence.point_away()],
        ),
        (
            [("touch_start", [(2, 4)]), ("touch_move", [(4, 6)]), ("touch_end", [])],
            [
                call.hands.pointer_down(MOUSE, 1, 2),
                call.hands.pointer_move(MOUSE, 2, 3),
                call.hands.pointer_up(MOUSE),
                call.presence.point_away(),
            ],
        ),
        ([("touch_start", [(1, 1), (2, 2)])], [call.hands.pointer_cancel(MOUSE)]),
        ([("touch_move", []), ("touch_cancel", [])], [call.hands.pointer_cancel(MOUSE)]),
    ],
)
def test_events_of_the_canvas_are_pointers(events: list[tuple[Any, ...]], expected: list[Any]) -> None:
    session = fake_session()
    listeners: dict[str, Callable[..., None]] = {}

    class Canvas:
        def __getattr__(self, name: str) -> Callable[[Any], None]:
            return lambda callback: listeners.__setitem__(name.removeprefix("on_"), callback)

    CanvasInput(session.hands, session.presence, lambda: 2).listen(
        Canvas(), lambda function, *arguments: function(*arguments)
    )
    for name, *arguments in events:
        listeners[name](*arguments)
    assert session.mock_calls == expected


def test_a_state_as_pages_get_it() -> None:
    ada = Person("Ada", "#1f77b4", True, (640.0, 360.0), "p1")
    grace = Person("Grace", "#d62728", False, (320.0, 180.0), "p2")
    away = Person("Emmy", "#2a8f3c", False, (1.0, 1.0), "p3", "other")
    shown = state(
        people=(ada, grace, away),
        lasers=(LaserTrail("p2/l", "#d62728", tuple(range(0, 200))),),
        pages=(PageInfo("", ""), PageInfo("other", "Proof")),
        finished=("v/1",),
    )
    controls = control_state(shown, {})
    assert [tuple(encoded) for encoded in encode(controls)["pages"]] == [("", ""), ("other", "Proof")]
    assert [person.me for person in controls.people] == [True, False, False]
    cursors = cursor_places(shown, SIZE)
    assert encode(FrameState(cursors=cursors))["cursors"] == ([0.25, 0.25, "Grace", "#d62728", "p2"],)
    frame = encode(frame_state(shown, cursors, SIZE))
    [[name, color, count, places]] = frame["lasers"]
    assert (name, color, count, len(places)) == ("p2/l", "#d62728", 100, 80)
    assert places[:2] == (round(120 / 10240, 4), round(121 / 5760, 4))
    assert frame["finished"] == ("v/1",)


def test_a_view_is_told_that_its_choice_is_in_the_state() -> None:
    def run() -> None:
        board = Board()
        board.receive("choose", tool="line", view="v", number=1)
        board.receive("choose", tool="text", view="v", number=2)
        board.receive("choose", tool="pen", view="w", number=1)
        assert board.session.presenter.refresh.call_count == 3, (
            "it is told also when the choice changes nothing"
        )
        board.widget.show(state(tool="text"))
        assert (board.frontend.tool, board.frontend.choices) == ("text", {"v": 2, "w": 1})
        board.receive("gone", view="w")
        board.receive("choose", tool="pen")  # Of a page of version 1.
        board.widget.show(state())
        assert board.frontend.choices == {"v": 2}

    on_loop(run)


def test_the_choices_of_views_that_went_without_a_word_are_forgotten() -> None:
    def run() -> None:
        board = Board()
        for number in range(3 * MAX_VIEWS):
            board.receive("choose", tool="line", view=f"v{number}", number=1)
        board.widget.show(state())
        assert len(board.frontend.choices) == MAX_VIEWS
        assert f"v{3 * MAX_VIEWS - 1}" in board.frontend.choices

    on_loop(run)
