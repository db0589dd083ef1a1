"""The notebooks that people learn from: each runs from top to bottom by itself, and does what it says."""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from ..support.processes import ROOT, RelayProcess, environment
from ..support.waiting import DEADLINE

NOTEBOOKS = ROOT / "notebooks"
LESSONS = ["00-ten-seconds", "01-draw-together", "02-draw-from-code", "03-strokes-as-data", "04-replay"]
PATIENCE = round(2 * DEADLINE)
"""Seconds that one cell may take."""
SEEN = """
def seen(board, condition):
    # Whether what a board shows comes to fulfil a condition: woken by what it receives.
    import threading

    fulfilled = threading.Event()

    class Eye:
        def show(self, state):
            if condition(state):
                fulfilled.set()
            return True

    eye = Eye()
    board._session.call(lambda session: session.presenter.attach(eye))
    return fulfilled.wait(120)
"""


def read(name: str) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    return notebook


def code(source: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_code_cell(source)
    return cell


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with this id."""
    found: NotebookNode
    (found,) = (each for each in notebook.cells if each.id == name)
    return found


def after(notebook: NotebookNode, name: str, *cells: NotebookNode) -> None:
    """Put more cells behind the one with this id."""
    place = notebook.cells.index(cell(notebook, name)) + 1
    notebook.cells[place:place] = cells


def run(notebook: NotebookNode, relay: RelayProcess, asked: str) -> Any:
    """Run all cells in a kernel of their own; the value there of the expression `asked`, at the end."""
    notebook = copy.deepcopy(notebook)
    for module in NOTEBOOKS.glob("*.py"):
        shutil.copy(module, relay.home)
    for each in notebook.cells:
        # A lesson waits ten seconds for somebody; on a busy machine that may be too short.
        each.source = each.source.replace(".wait(10)", f".wait({DEADLINE:g})")
        # Nobody looks up between two pages.
        each.source = each.source.replace("time.sleep(2)", "time.sleep(0.1)")
    notebook.cells.append(code(f"import json\nprint(json.dumps({asked}))"))
    client = NotebookClient(
        notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(relay.home)}}
    )
    client.execute(env=environment(relay.home, IPYSKETCH_URL=relay.url))
    for each in notebook.cells[:-1]:
        for output in each.get("outputs", []):
            # What goes wrong in a magic is said, not raised.
            said = output.get("text", "")
            assert not (output.output_type == "stream" and output.name == "stderr"), said
            assert not said.startswith("ipysketch: "), said
    return json.loads(notebook.cells[-1].outputs[0].text)


@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_is_kept_without_outputs_and_begins_with_what_to_try(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert len({each.id for each in notebook.cells}) == len(notebook.cells)
    assert notebook.cells[0].cell_type == "markdown"
    assert "Try first:" in notebook.cells[0].source
    for each in notebook.cells:
        if each.cell_type == "code":
            assert (each.outputs, each.execution_count) == ([], None)


def test_notebooks_have_rooms_of_their_own() -> None:
    for name in LESSONS:
        text = "\n".join(each.source for each in read(name).cells if each.cell_type == "code")
        rooms = set(re.findall(r'(?:--room |room=|ROOM = |DIGITS = )"?([0-9][\w-]*)', text))
        assert rooms == {name}


def test_ten_seconds(relay: RelayProcess) -> None:
    notebook = read("00-ten-seconds")
    # What the relay has is asked of it by somebody who joins after it was killed and started again.
    late = """
late = ipysketch.Sketch(name="late").connect(f"ws://127.0.0.1:{port}", room="00-ten-seconds")
kinds = [element.kind for element in late.elements]
without_relay = status_without_relay
"""
    killed = cell(notebook, "killed")
    status = 'print("without a relay:", board.status)'
    assert status in killed.source
    killed.source = killed.source.replace(status, f"status_without_relay = board.connected\n{status}")
    after(notebook, "killed", code(late))
    after(notebook, "busy", code("drawn = len(board.elements) - before"))
    told = run(
        notebook,
        relay,
        "dict(kinds=kinds, drawn=drawn, without_relay=without_relay, reached=replay.seq, seq=board.seq)",
    )
    assert told == {
        "kinds": ["line", "ellipse", "arrow"],
        "drawn": 12,
        "without_relay": False,
        "reached": 15,
        "seq": 15,
    }


def test_drawing_together(relay: RelayProcess) -> None:
    notebook = read("01-draw-together")
    undone = code("undone = (hat.element is None, flower.element is not None)")
    after(notebook, "undo", undone)
    stayed = code("stayed = board.page.name")
    after(notebook, "page", stayed)
    followed = code(f"{SEEN}\nfollowed = seen(board, lambda state: state.page == grace.page.key)")
    after(notebook, "follow", followed)
    told = run(
        notebook,
        relay,
        "dict(met=met.is_set(), undone=undone, redone=hat.element is not None, stayed=stayed, followed=followed,"
        " pages=[page.name for page in board.pages], here=board.page.name, connected=[board.connected, grace.connected],"
        " kinds=sorted(each.kind for each in board.elements))",
    )
    assert told == {
        "met": True,
        "undone": [True, True],
        "redone": True,
        "stayed": "",
        "followed": True,
        "pages": ["", "roses"],
        "here": "",
        "connected": [True, False],
        "kinds": ["ellipse"] * 3 + ["line", "stroke", "stroke", "text"],
    }


def test_drawing_from_code(relay: RelayProcess) -> None:
    notebook = read("02-draw-from-code")
    spiral = cell(notebook, "spiral")
    other = code(
        spiral.source.replace("turns, growth, steps = 5, 7.5, 400", "turns, growth, steps = 2, 9.0, 50")
    )
    assert other.source != spiral.source
    count = "len([each for each in board.elements if each.group == 'cell spiral'])"
    # Run again as it is, then with other numbers.
    after(
        notebook, "spiral", code(spiral.source), code(f"twice = {count}"), other, code(f"otherwise = {count}")
    )
    after(notebook, "batch", code("fan = len(board.elements) - before"))
    told = run(
        notebook,
        relay,
        "dict(twice=twice, otherwise=otherwise, fan=fan, points=len(board.strokes[-1].points), left=len(board.elements)"
        " - before, waves=len([each for each in board.elements if each.group == 'cell waves']), moved=sun.element.offset,"
        " fill=sun.element.fill, title=title.element.text, cloud=cloud.element is None)",
    )
    assert told == {
        "twice": 1,
        "otherwise": 1,
        "fan": 12,
        "points": 50,
        "left": 8,
        "waves": 7,
        "moved": [160, 40],
        "fill": "#ffb199",
        "title": "my house",
        "cloud": True,
    }


def test_strokes_as_data(relay: RelayProcess) -> None:
    notebook = read("03-strokes-as-data")
    lines = "sorted(each.kind for each in fitter.elements if each.group == 'fit')"
    more = f"""
first = {lines}
fitted.clear()
tap = board.stroke([(640, 10)])
assert fitted.wait(120)
with_tap = len(latest["keys"])
fitted.clear()
tap.delete()
assert fitted.wait(120)
without = len(latest["keys"])
then = {lines}
"""
    after(notebook, "live", code(more))
    # A person writes in the third row, then erases it.
    hand = """
def write_one(strokes):
    with paper.group("mine"):
        for points in strokes:
            paper.stroke(points * 80 + np.array(corner(2, 7)) + (8, 25))


read.clear()
write_one(written(7, np.random.default_rng(3)))
assert read.wait(120)
mine = guesses.get((2, 7))
read.clear()
with paper.group("mine"):
    pass
assert read.wait(120)
erased = (2, 7) not in guesses
"""
    after(notebook, "write", code(hand))
    like = "from handwriting import statistics\nlooks = list(zip(statistics(known.images), statistics(drawn), strict=True))"
    after(notebook, "measure", code(like))
    odd = "[picture([np.array(one, dtype=float)]).sum() for one in ([(5, 5)], [(0, 0), (9, 0)], [(0, 0), (0, 9)])]"
    told = run(
        notebook,
        relay,
        "dict(slope=float(slope), middle=float(middle), first=first, then=then, with_tap=with_tap, without=without, right=right,"
        " read=len(guesses), mine=mine, erased=erased, accuracy=accuracy, unseen=held_out, rows=len(table),"
        f" looks=looks, odd=[int(ink) for ink in {odd}], notices=[each._session.object.membership.notice for each in"
        " (board, fitter, paper, reader)])",
    )
    assert told["slope"] == pytest.approx(0.4, abs=0.05)
    assert told["middle"] == pytest.approx(120 + 0.4 * 640, abs=20)
    assert told["first"] == told["then"] == ["line", "text"]
    assert (told["with_tap"], told["without"], told["rows"]) == (41, 40, 80)
    assert told["read"] == 20
    assert told["right"] >= 16
    assert (told["mine"], told["erased"]) == (7, True)
    assert told["unseen"] > 0.94
    assert told["accuracy"] > 0.85
    # Our pictures have the ink of scikit-learn's, in the same place and as widely spread.
    for theirs, ours in told["looks"]:
        assert ours == pytest.approx(theirs, abs=0.1)
    assert all(ink <= 312 for ink in told["odd"])
    assert told["notices"] == [""] * 4


def test_replay(relay: RelayProcess) -> None:
    notebook = read("04-replay")
    told = run(
        notebook,
        relay,
        "dict(seq=board.seq, reached=replay.seq, last=film.last, counts=[len(elements) for elements in strip],"
        " by_number=len(mistake), by_time=[each.kind for each in headed[-2:]],"
        " same=[each.key for each in strip[-1]] == [each.key for each in board.elements],"
        " frames=__import__('PIL.Image').Image.open('film.gif').n_frames, begins=len(film.at(before)))",
    )
    assert told == {
        "seq": 19,
        "reached": 19,
        "last": 19,
        "counts": [12, 13, 14, 16, 17, 16, 17],
        "by_number": 17,
        "by_time": ["stroke", "ellipse"],
        "same": True,
        "frames": told["frames"],
        "begins": 0,
    }
    assert told["frames"] > 10


@pytest.mark.parametrize("name", ["01-draw-together", "02-draw-from-code", "04-replay"])
def test_a_notebook_runs_again_on_what_it_left(name: str, relay: RelayProcess) -> None:
    notebook = read(name)
    counts = [run(notebook, relay, "[page.name for page in board.pages]") for _ in range(2)]
    assert counts[0] == counts[1]


def test_the_notebooks_of_the_demonstration_are_there() -> None:
    assert {path.stem for path in Path(NOTEBOOKS).glob("*.ipynb")} == {"ada", "grace", *LESSONS}
