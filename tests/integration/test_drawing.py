"""What code draws: on a board that is not connected, so that each call is seen at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.testing.globalipapp import start_ipython

from ipysketch import Sketch, SketchError, magics
from ipysketch.drawing import Handle


@pytest.fixture
def board() -> Sketch:
    return Sketch(name="Ada", color="#d62728")


def fields(board: Sketch, handle: Handle) -> dict[str, Any]:
    found = board._entry_fields(handle.key)
    assert found is not None
    return dict(found)


def test_every_kind_is_drawn_and_named(board: Sketch) -> None:
    board.stroke([(0, 0), (10, 5)], t=[0, 0.5], pressure=[0, 1], opacity=0.5)
    board.highlight([(0, 0), (10, 5)])
    board.line([(0, 0), (10, 5), (20, 0)], dash="dotted")
    board.arrow([(0, 0), (10, 5)])
    board.rect(1, 2, 30, 40, fill="#ffffff")
    board.ellipse(1, 2, 30, 40, color="#00ff00", width=2)
    board.text(5, 6, "Ada\nGrace", size=30)
    kinds = [type(element).__name__ for element in board.elements]
    assert len(set(kinds)) == len(kinds) == 7


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
    assert handle.element is None
    handle.delete()
    assert board.elements == ()


def test_a_batch_is_undone_as_one_and_knows_what_is_in_it(board: Sketch) -> None:
    board.stroke([(0, 0)])
    with board.batch():
        handles = [board.rect(0, 0, n + 1, 1) for n in range(5)]
        handles[0].move(100, 0)
        handles[0].move(100, 0)
        handles[1].delete()
        assert len(board.elements) == 1, "not before the end"
    assert len(board.elements) == 5
    assert handles[0].element is not None
    assert handles[0].element.bounds.x0 == 198
    board.undo()
    assert len(board.elements) == 1
    board.redo()
    assert len(board.elements) == 5


def in_a_batch(board: Sketch, draw: Callable[[], object]) -> None:
    with board.batch():
        draw()


def test_a_batch_that_fails_draws_nothing(board: Sketch) -> None:
    with pytest.raises(ZeroDivisionError):
        in_a_batch(board, lambda: (board.stroke([(0, 0)]), 1 / 0))
    assert board.elements == ()
    board.stroke([(0, 0)])
    assert len(board.elements) == 1


def test_batches_do_not_nest_and_are_bounded(board: Sketch) -> None:
    with board.batch(), pytest.raises(SketchError, match="already"), board.batch():
        pass
    with pytest.raises(SketchError, match="4096"):
        in_a_batch(board, lambda: [board.stroke([(n, 0)]) for n in range(4097)])
    far = np.random.default_rng(1).uniform(-9e4, 9e4, (20_000, 2))
    with pytest.raises(SketchError, match="bytes"):
        in_a_batch(board, lambda: [board.stroke(far) for _ in range(20)])
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
        (lambda board: board.stroke(LINE, color="red"), "#rrggbb"),
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
    assert len(joined.elements) == 3
    shell.run_cell("%%sketch others\nboard.line([(0, 0), (5, 5)])")
    assert len(joined.elements) == 4
    joined.undo()
    assert len(joined.elements) == 3


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
