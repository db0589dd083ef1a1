"""What code draws: on a board that is not connected, where no relay is needed, so that each call is seen at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.testing.globalipapp import start_ipython

import ipysketch
from ipysketch import LeftOutWarning, Sketch, SketchError, magics
from ipysketch.authoring import Handle
from ipysketch.model.elements import Arrow, Line, Rectangle, Text

from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import wait_until


@pytest.fixture
def board() -> Sketch:
    return Sketch(name="Ada", color="#d62728")


def element_count(board: Sketch) -> int:
    """Return the number of elements. mypy takes the length of `board.elements` for constant once it was asserted."""
    return len(board.elements)


def is_drawn(handle: Handle) -> bool:
    """Return whether the element is on the board. mypy takes `handle.element` for constant once it was asserted."""
    return handle.element is not None


def fields(board: Sketch, handle: Handle) -> dict[str, Any]:
    found = board._entry_fields(handle.key)  # noqa: SLF001  # also without a relay
    assert found is not None
    return dict(found)


def test_every_kind_is_drawn_and_named(board: Sketch) -> None:
    board.stroke([(0, 0), (10, 5)], t=[0, 0.5], pressure=[0, 1], opacity=0.5)
    board.highlight([(0, 0), (10, 5)])
    board.line([(0, 0), (10, 5), (20, 0)], dash="dotted")
    board.arrow([(0, 0), (10, 5)])
    board.rect(1, 2, 30, 40, fill="#ffffff")
    board.ellipse(1, 2, 30, 40, color="#00ff00", width=2)
    board.area([(0, 0), (40, 0), (20, 30)], fill="#ffcc00")
    board.text(5, 6, "Ada\nGrace", size=30)
    kinds = [type(element).__name__ for element in board.elements]
    assert len(set(kinds)) == len(kinds) == 8


def test_a_handle_moves_restyles_and_deletes(board: Sketch) -> None:
    handle = board.rect(0, 0, 100, 50)
    assert handle.element is not None
    before = handle.element.bounds
    handle.move(10, 20).move(5, 0)
    after = handle.element.bounds
    assert (after.x0 - before.x0, after.y0 - before.y0) == (15, 20)
    handle.restyle(color="#00ff00", width=8, fill="#eeeeee", dash="dashed", opacity=0.4)
    now = fields(board, handle)
    assert (now["color"], now["width"], now["fill"], now["dash"], now["opacity"]) == (
        "#00ff00",
        64,
        "#eeeeee",
        "dashed",
        40,
    )
    handle.restyle(fill="", dash="")
    assert handle.element is not None
    handle.delete()
    assert not is_drawn(handle)
    handle.delete()
    assert board.elements == ()


def test_a_handle_turns_scales_locks_and_orders(board: Sketch) -> None:
    handle = board.rect(100, 100, 200, 100, width=0.125)
    above = board.line([(0, 0), (10, 10)])
    handle.scale(2)
    assert near(handle, 0, 50, 400, 250)
    handle.rotate(90)
    assert near(handle, 100, -50, 300, 350)
    handle.rotate(-90).scale(0.5, -0.5).move(10, 0)
    assert near(handle, 110, 100, 310, 200)
    assert [element.key for element in board.elements] == [handle.key, above.key]
    above.back()
    assert [element.key for element in board.elements] == [above.key, handle.key]
    for locked in (True, False):
        handle.lock(locked)
        entry = session_of(board).call(lambda session: session.scenes.entry(handle.key))
        assert entry is not None
        assert entry[0]["lock"] == (True if locked else None)
    with pytest.raises(SketchError, match="nothing to see"):
        handle.scale(0)
    above.delete()
    assert above.rotate(10).element is None


def near(handle: Handle, *wanted: float) -> bool:
    assert handle.element is not None
    box = handle.element.bounds
    return all(abs(a - b) < 0.2 for a, b in zip((box.x0, box.y0, box.x1, box.y1), wanted, strict=True))


def test_an_area_is_drawn_with_and_without_a_line(board: Sketch) -> None:
    hole = board.area([(0, 0), (40, 0), (40, 40), (0, 40)], [(10, 10), (30, 10), (20, 30)], rule="evenodd")
    assert fields(board, hole) == {
        "kind": "area",
        "contours": [[0, 0, 320, 0, 0, 320, -320, 0], [80, 80, 160, 0, -80, 160]],
        "fill": board._pen_color(),  # noqa: SLF001  # the colour of the pen
        "rule": "evenodd",
    }
    assert hole.element is not None
    assert not hole.element.hit(20, 15, 0)
    hole.restyle(color="#00ff00", width=9, dash="dashed").move(5, 0)
    assert fields(board, hole).items() >= {"fill": "#00ff00", "offset": [40, 0]}.items()
    assert "width" not in fields(board, hole)
    hole.restyle(fill="")
    assert is_drawn(hole)
    lined = board.area([(0, 0), (40, 0), (20, 30)], fill="", color="#112233", width=2)
    lined.restyle(fill="#ffffff", color="#000000", width=3, dash="dotted")
    assert (
        fields(board, lined).items()
        >= {"fill": "#ffffff", "color": "#000000", "width": 24, "dash": "dotted"}.items()
    )


@pytest.mark.parametrize(
    "draw",
    [
        lambda board: board.area(),
        lambda board: board.area([(0, 0), (9, 0), (9, 9)], fill=""),
        lambda board: board.area([(0, 0), (9, 0), (9, 9)], rule="odd"),
        lambda board: board.area([(0, 0), (9, 0), (9, 9)], []),
        lambda board: board.area(np.zeros((20_000, 2)), np.zeros((1, 2))),
    ],
)
def test_an_area_of_nothing_or_too_much_is_refused(board: Sketch, draw: Callable[[Sketch], Handle]) -> None:
    with pytest.raises(SketchError):
        draw(board)
    assert board.elements == ()


def test_a_batch_is_undone_as_one_and_knows_what_is_in_it(board: Sketch) -> None:
    board.stroke([(0, 0)])
    with board.batch():
        handles = [board.rect(0, 0, n + 1, 1) for n in range(5)]
        handles[0].move(100, 0)
        handles[0].move(100, 0)
        handles[1].delete()
        assert element_count(board) == 1, "not before the end"
    assert element_count(board) == 5
    assert handles[0].element is not None
    assert handles[0].element.bounds.x0 == 198
    board.undo()
    assert element_count(board) == 1
    board.redo()
    assert element_count(board) == 5


def in_a_batch(board: Sketch, draw: Callable[[], object]) -> None:
    with board.batch():
        draw()


def test_a_batch_that_fails_draws_nothing(board: Sketch) -> None:
    with pytest.raises(ZeroDivisionError):
        in_a_batch(board, lambda: (board.stroke([(0, 0)]), 1 / 0))
    assert board.elements == ()
    board.stroke([(0, 0)])
    assert len(board.elements) == 1


def test_batches_do_not_nest(board: Sketch) -> None:
    with board.batch(), pytest.raises(SketchError, match="already"), board.batch():
        pass


def test_a_batch_that_no_operation_holds_is_drawn_and_undone_whole(board: Sketch) -> None:
    far = np.random.default_rng(1).uniform(-9e4, 9e4, (20_000, 2))
    for draw in (
        lambda: [board.stroke([(n, 0)]) for n in range(4097)],
        lambda: [board.stroke(far) for _ in range(20)],
    ):
        in_a_batch(board, draw)
        assert len(board.elements) in (4097, 20)
        board.undo()
        assert board.elements == ()


def test_a_group_takes_the_place_of_what_it_drew_before_and_touches_nothing_else(board: Sketch) -> None:
    mine = board.stroke([(0, 0)])
    for count in (3, 2):
        with board.group("plot"):
            for n in range(count):
                board.rect(n, 0, 1, 1)
    assert len(board.elements) == 3
    assert mine.element is not None
    with pytest.raises(ZeroDivisionError), board.group("plot"):
        1 / 0  # noqa: B018
    assert len(board.elements) == 3


LINE = [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda board: board.stroke([]), "shape"),
        (lambda board: board.stroke([(0, 0, 0)]), r"\(n, 2\)"),
        (lambda board: board.stroke([(0, math.nan)]), "finite"),
        (lambda board: board.stroke([(0, 1e9)]), "finite numbers within"),
        (lambda board: board.stroke("abc"), "numbers of shape"),
        (lambda board: board.stroke(LINE, color="reddish"), "#rrggbb"),
        (lambda board: board.stroke(LINE, width=0), "width"),
        (lambda board: board.stroke(LINE, width=math.inf), "width"),
        (lambda board: board.stroke(LINE, opacity=0), "between 0.01 and 1"),
        (lambda board: board.stroke(LINE, t=[0]), "each of the 2"),
        (lambda board: board.stroke(LINE, t=[1, 0]), "back in time"),
        (lambda board: board.stroke(LINE, pressure=[0, 2]), "between 0 and 1"),
        (lambda board: board.line([(0, 0)]), "2 to 1000"),
        (lambda board: board.line(LINE, dash="wavy"), "dashed"),
        (lambda board: board.rect(0, 0, -1, 5), "0 or more"),
        (lambda board: board.rect(0, math.nan, 1, 5), "finite"),
        (lambda board: board.rect(0, 0, 1, 5, fill="none"), "#rrggbb"),
        (lambda board: board.text(0, 0, ""), "at least one character"),
        (lambda board: board.text(0, 0, "x" * 1_000_000), "at most 10,?000"),
        (lambda board: board.text(0, 0, "x", size=0), "size"),
        (lambda board: board.text(0, 0, "x", size="XXL"), "S, M, L or XL"),
        (lambda board: board.text(0, 0, "x", width=0), "width of a text"),
        (lambda board: board.rect(0, 0, 1, 5, text="x" * 10_001), "at most 10,?000"),
        (lambda board: board.image(b"no picture", 0, 0, 10), "PNG"),
        (lambda board: board.plot("no figure"), "matplotlib"),
        (lambda board: board.load("nothing.json"), "cannot be read"),
        (lambda board: board.load("nothing.doc"), "cannot be read from"),
        (lambda board: board.save("nothing.doc"), "cannot be written as"),
        (lambda board: board.stroke(LINE).restyle(color="none"), "#rrggbb"),
        (lambda board: board.stroke(LINE).move(math.nan, 0), "finite"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_draws_nothing(
    board: Sketch, draw: Callable[[Sketch], object], words: str
) -> None:
    before = len(board.elements)
    with pytest.raises(SketchError, match=words) as caught:
        draw(board)
    assert "\n" not in str(caught.value)
    # Only a file that is not there is nobody's argument.
    assert isinstance(caught.value, ValueError | TypeError) or words == "cannot be read"
    assert len(board.elements) - before in (0, 1)  # 1: what was to be changed, as it was.


# --- files -----------------------------------------------------------------------------------------------


def test_a_drawing_goes_through_a_file_exactly(board: Sketch, tmp_path: Path) -> None:
    board.stroke([(0, 0), (10, 5)], t=[0, 0.5], pressure=[0, 1])
    board.image(np.zeros((40, 60, 3), dtype=np.uint8), 100, 100, 200)
    board.add_page("Two")
    board.rect(0, 0, 50, 50).move(5, 5)
    board.turn(0)
    for name in ("x.json", "x.png", "x.svg"):
        board.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 100
    other = Sketch(name="Other")
    assert str(other.load(tmp_path / "x.json")) == "4 elements read"
    for page in (0, "Two"):
        theirs = [element.encode() for element in (board.turn(page), board.elements)[1]]
        assert [element.encode() for element in (other.turn(page), other.elements)[1]] == theirs
    assert (other.raster(320, 180) == board.raster(320, 180)).all()
    assert other.raster(320, 180).shape == (180, 320, 3)
    (tmp_path / "y.json").write_text("no drawing")
    with pytest.raises(SketchError, match=r"'y\.json' is not JSON"):
        other.load(tmp_path / "y.json")


# --- as data ---------------------------------------------------------------------------------------------


def test_what_a_file_loses_is_told_each_time(board: Sketch, tmp_path: Path) -> None:
    stops = '<linearGradient id="g"><stop stop-color="red"/></linearGradient><rect width="9" height="9" fill="url(#g)"/>'
    file = tmp_path / "sun.svg"
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">{stops}</svg>')
    for _ in range(2):
        with pytest.warns(
            LeftOutWarning, match=r"sun\.svg: 1 element read; left out or shown otherwise: 1 × gradient"
        ):
            report = board.load(file)
    assert repr(report).startswith("<LoadReport: 1 element read")
    file.write_text(file.read_text().replace("url(#g)", "red"))
    board.load(file)


def test_strokes_are_a_table_of_their_points(board: Sketch) -> None:
    assert board.to_dataframe().shape == (0, 10)
    board.rect(0, 0, 5, 5)
    first = board.stroke([(0, 0), (10, 5)], t=[0, 0.5], pressure=[0, 1], width=3)
    second = board.stroke([(1, 2), (3, 4), (5, 6)], color="#00ff00")
    assert [stroke.key for stroke in board.strokes] == [first.key, second.key]
    table = board.to_dataframe()
    assert table.columns.tolist() == [
        *("stroke", "author", "color", "width", "seq", "point", "x", "y", "t", "pressure"),
    ]
    assert table.groupby("stroke", sort=False).size().tolist() == [2, 3]
    assert table["x"].tolist() == [0, 10, 1, 3, 5]
    assert table["t"].tolist()[:2] == [0, 0.5]
    assert table["pressure"].isna().tolist() == [False, False, True, True, True]
    assert table["point"].tolist() == [0, 1, 0, 1, 2]


# --- %%sketch --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shell() -> Any:
    shell = start_ipython()
    shell.run_line_magic("load_ext", "ipysketch")
    return shell


@pytest.fixture
def joined(shell: Any, monkeypatch: pytest.MonkeyPatch) -> Sketch:
    board = Sketch(name="Ada")
    monkeypatch.setattr(magics, "boards", lambda: (board,))
    return board


def test_a_cell_that_draws_draws_once_however_often_it_runs(shell: Any, joined: Sketch) -> None:
    joined.stroke([(5, 5)])
    for count in (4, 2):
        shell.run_cell(f"%%sketch dots\nfor n in range({count}): board.ellipse(10 * n, 0, 5, 5)")
    assert element_count(joined) == 3
    shell.run_cell("%%sketch others\nboard.line([(0, 0), (5, 5)])")
    assert element_count(joined) == 4
    joined.undo()
    assert element_count(joined) == 3


def test_a_cell_shows_its_last_value_but_no_handle(
    shell: Any, joined: Sketch, capsys: pytest.CaptureFixture[str]
) -> None:
    for cell, shown in (
        ("board.rect(0, 0, 5, 5)\n6 * 7", "42"),
        ("board.rect(0, 0, 5, 5)\n6 * 7;", ""),
        ("board.rect(0, 0, 5, 5)\n6 * 7;  # the answer", ""),
        ("board.rect(0, 0, 5, 5)", ""),
    ):
        for magic in ("%%sketch shown\n", ""):
            shell.run_cell(magic + cell, store_history=True)
            out = capsys.readouterr().out
            assert out.partition(": ")[2].strip() == shown, (magic + cell, out)
    assert repr(joined.rect(0, 0, 5, 5)).startswith("Handle(key=")


def test_the_extension_may_be_loaded_by_each_run_of_a_cell(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("load_ext", "ipysketch")  # As a profile does, before any cell.
    capsys.readouterr()
    for _ in range(3):
        shell.run_cell("%load_ext ipysketch")
    assert capsys.readouterr().out == ""


def test_a_word_that_is_no_room_is_named(
    shell: Any, joined: Sketch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("sketch", "undo now")
    assert "no board here is in the room 'now'; the rooms here are: " in capsys.readouterr().out


def test_a_cell_that_fails_draws_nothing_and_shows_why(
    shell: Any, joined: Sketch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%sketch dots\nboard.ellipse(0, 0, 5, 5)")
    shell.run_cell("%%sketch dots\nboard.ellipse(50, 0, 5, 5)\n1 / 0")
    assert len(joined.elements) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    shell.run_cell("%%sketch dots\nboard.ellipse(0, 0, 5, 'wide')")
    said = capsys.readouterr().out
    assert "four numbers" in said
    assert "Traceback" not in said


def test_a_cell_draws_on_no_board_that_left_while_another_is_joined(shell: Any, relay: RelayProcess) -> None:
    here, left = (ipysketch.connect(relay.url, room=room, name="Ada") for room in ("here", "left"))
    left.disconnect()
    shell.run_cell("%%sketch dots\nboard.ellipse(0, 0, 5, 5)")
    assert element_count(here) == 1
    assert element_count(left) == 0
    here.disconnect()


def test_who_locks_a_room_is_told_who_draws_on(
    relay: RelayProcess, shell: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, grace = (Sketch(name=name).connect(relay.url, "demo") for name in ("Ada", "Grace"))
    monkeypatch.setenv("IPYSKETCH_RUNTIME_DIR", str(relay.home / "of another user"))
    student = Sketch(name="Student").connect(relay.url, "demo")
    monkeypatch.setattr(magics, "boards", lambda: (ada,))
    wait_until(lambda: len(ada.people) == 3, "all are here")
    shell.run_line_magic("sketch", "lock")
    said = capsys.readouterr().out
    assert "only moderators draw; here that is " in said
    assert {"Ada (you)", "Grace"} == set(said.strip().partition("here that is ")[2].split(", "))
    for board in (student, ada, grace):
        board.disconnect()


def test_a_cell_that_connects_elsewhere_leaves_where_it_was(
    relay: RelayProcess, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(cell: str, *rooms: str) -> None:
        monkeypatch.setattr(magics.SketchMagics, "_cell_name", lambda _: cell)
        shell.run_cell("\n".join(f"%sketch connect {relay.url} --room {room} --name Ada" for room in rooms))

    def joined() -> set[str]:
        return {board.room for board in ipysketch.boards() if board.connected}

    run("first", "one", "two")
    run("first", "one", "two")
    run("second", "two", "three")
    assert joined() == {"one", "two", "three"}
    run("first", "four")
    assert joined() == {"two", "three", "four"}, "nobody sees the first any more; another cell shows the second"
    run(magics.UNNAMED, "five")
    run(magics.UNNAMED, "six")
    assert joined() == {"two", "three", "four", "five", "six"}
    for board in ipysketch.boards():
        board.disconnect()


def test_a_cell_that_connects_again_leaves_the_pen_as_it_is(relay: RelayProcess) -> None:
    board = ipysketch.connect(relay.url, room="again", name="Ada", color="#d1495b")
    board.color = "#2a8f3c"
    assert ipysketch.connect(relay.url, room="again", name="Ada", color="#d1495b") is board
    assert board.color == "#2a8f3c"
    ipysketch.connect(relay.url, room="again", name="Ada", color="#1f6fb2")
    assert board.color == "#1f6fb2", "another colour is one of the pen too"
    board.disconnect()


def test_words_are_wrapped_and_stand_in_shapes(board: Sketch) -> None:
    text = board.text(0, 0, "one two three four five six", width=100, size="L")
    assert isinstance(text.element, Text)
    assert text.element.size == 37
    assert len(text.element.lines) > 2
    for draw in (board.rect, board.ellipse):
        shape = draw(0, 0, 200, 100, text="so it is", size="S", text_color="red").element
        assert isinstance(shape, Rectangle)
        assert (shape.text, shape.size, shape.ink) == ("so it is", 18, "#ff0000")
    handle = board.rect(0, 0, 200, 100)
    handle.restyle(text="later").restyle(size=40)
    shape = handle.element
    assert isinstance(shape, Rectangle)
    assert (shape.text, shape.size) == ("later", 40)


def test_a_connector_follows_and_is_saved_where_it_is_seen(board: Sketch, tmp_path: Path) -> None:
    left = board.rect(0, 0, 100, 100)
    right = board.ellipse(400, 0, 100, 100)
    for arrow in (True, False):
        handle = board.connector(left, right, arrow=arrow)
        assert isinstance(handle.element, Arrow) is arrow
    before = handle.element
    assert isinstance(before, Line)
    assert before.points[:, 1].tolist() == [50, 50]
    right.move(0, 300)
    after = handle.element
    assert isinstance(after, Line)
    assert after.points[-1, 1] > 250
    assert board.elements[-1].bounds == after.bounds
    right.delete()
    alone = handle.element
    assert isinstance(alone, Line)
    assert alone.points.tolist() == after.points.tolist(), "it stays where it was"
    assert alone.ends[1] is None
    assert alone.ends[0] is not None
    board.undo()
    board.save(tmp_path / "drawing.json")
    other = Sketch(name="Grace")
    other.load(tmp_path / "drawing.json")
    loaded = other.elements[-1]
    assert isinstance(loaded, Line)
    assert loaded.bounds == after.bounds
    ends = {end.key for end in loaded.ends if end is not None}
    assert ends == {element.key for element in other.elements[:2]}, "bound to what came with it"
    with pytest.raises(SketchError, match="not to itself"):
        board.connector(left, left)
    with pytest.raises(SketchError, match="from the handle"):
        board.connector(left, board.stroke(LINE))
    with pytest.raises(SketchError, match="from the handle"):
        board.connector(left, "right")  # type: ignore[arg-type]


def test_a_note_is_a_box_of_a_light_shade_with_words(board: Sketch) -> None:
    note = board.note(100, 50, "ask why", color="#f5c518").element
    assert isinstance(note, Rectangle)
    assert (note.text, note.ink, note.fill) == ("ask why", "#1a1a1a", "#fcefbe")
    assert (note.box.x0, note.box.y0, note.box.x1, note.box.y1) == (100, 50, 260, 210)


def test_the_first_cell_says_which_relay_it_draws_through_and_who_is_not_there(
    shell: Any, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for each: a cell that runs again says nothing new. At a Hub: `tests/browser/test_hub.py`."""

    def said(*more: str) -> list[str]:
        shell.run_line_magic("sketch", " ".join(("connect", *(more or ("--room doors",)))))
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("ipysketch")]

    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:1/hub/api")  # A Hub without a relay.
    own, apart = said()
    assert re.match(r"ipysketch: started a relay of your own at ws://127\.0\.0\.1:\d+; its log is ", own)
    assert apart.startswith(
        "ipysketch: only your own notebooks are in this drawing: this Hub has no relay for all"
    )
    (home / "other").mkdir()
    relay = RelayProcess(home / "other")
    assert said(relay.url, "--room doors") == [
        f"ipysketch draws through the relay {relay.url}, named by this cell"
    ]
    assert said(relay.url, "--room doors") == []
    monkeypatch.setenv("IPYSKETCH_URL", relay.url)
    assert said("--room others") == [f"ipysketch draws through the relay {relay.url}, named by IPYSKETCH_URL"]
    shell.run_line_magic("sketch", "disconnect")
    relay.stop()
