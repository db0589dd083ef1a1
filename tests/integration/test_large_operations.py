"""What is more than a relay takes at once: all of it arrives, or it is told what does not; and one undo takes it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ipysketch import LeftOutWarning, Sketch, SketchError
from ipysketch.client import sync
from ipysketch.client.cutting import SendLimits
from ipysketch.model.archive import PAGES
from relay.protocol import Action, Create, Delete, Patch, RemoteError

from ..support.boards import until
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import DEADLINE, wait_until

MANY = 4_500
LINE = {"kind": "line", "color": "#1f6fb2", "width": 8}
STROKE = {"kind": "stroke", "color": "#1f6fb2", "width": 32, "points": [80, 80] + [40, 30] * 59}


def line(n: int) -> dict[str, object]:
    return {**LINE, "points": [80 * (n % 100), 80 * (n // 100), 48, 80]}


def write_json(path: Path, elements: list[dict[str, object]]) -> None:
    content = [{"key": f"k{n}", "page": "", "fields": fields} for n, fields in enumerate(elements)]
    path.write_text(json.dumps({"ipysketch": 1, "board": [1280, 720], "elements": content}))


def write_svg(path: Path, elements: list[dict[str, object]]) -> None:
    lines = (
        f'<line x1="{10 * (n % 100)}" y1="{10 * (n // 100)}" x2="{10 * (n % 100) + 6}" y2="{10 * (n // 100) + 8}"'
        ' stroke="#1f6fb2"/>'
        for n in range(len(elements))
    )
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="700">{"".join(lines)}</svg>')


def load_all(board: Sketch, path: Path) -> None:
    """Load a file of `MANY` elements, and check that the relay took all of them."""
    before = len(board.elements)
    report = board.load(path)
    assert len(report.items) == MANY
    assert board.flush(DEADLINE)
    assert not board.lost
    assert len(board.elements) == before + MANY


def uncut(actions: Sequence[Action], _: SendLimits) -> list[tuple[Action, ...]]:
    """The fault: an operation goes out as it is, however large."""
    return [tuple(actions)]


def test_operations_that_are_not_cut_are_found_out(
    relay: RelayProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(tmp_path / "many.json", [line(n) for n in range(MANY)])
    monkeypatch.setattr(sync, "cut", uncut)
    board = Sketch(name="A").connect(relay.url, "uncut")
    with pytest.raises(AssertionError):
        load_all(board, tmp_path / "many.json")


@pytest.mark.parametrize(("name", "write"), [("many.json", write_json), ("many.svg", write_svg)])
def test_a_file_of_very_many_elements_is_one_thing_to_undo(
    relay: RelayProcess, tmp_path: Path, name: str, write: Callable[[Path, list[dict[str, object]]], None]
) -> None:
    write(tmp_path / name, [line(n) for n in range(MANY)])
    a, b = (Sketch(name=n).connect(relay.url, "many") for n in "AB")
    a.line([(0, 0), (10, 10)])
    load_all(a, tmp_path / name)
    until(b, MANY + 1)
    assert a.undo()
    assert len(a.elements) == 1
    until(b, 1)
    assert a.redo()
    assert a.flush(DEADLINE)
    until(b, MANY + 1)
    assert not a.lost
    assert a.undo()
    assert a.undo()
    assert not a.undo(), "the line was the only other thing"


def test_very_many_elements_that_were_drawn_alone_come_along(relay: RelayProcess, tmp_path: Path) -> None:
    write_json(tmp_path / "many.json", [line(n) for n in range(MANY)])
    alone = Sketch(name="A")
    alone.load(tmp_path / "many.json")
    with alone.batch():
        for n in range(MANY):
            alone.line([(n % 100, 0), (n % 100, 5)])
    alone.connect(relay.url, "alone")
    assert alone.flush(DEADLINE)
    until(Sketch(name="B").connect(relay.url, "alone"), 2 * MANY)
    assert not alone.lost


@pytest.mark.parametrize("what", ["front", "left", "restyle", "delete"])
def test_a_selection_of_very_many_elements_changes_as_one(
    relay: RelayProcess, tmp_path: Path, what: str
) -> None:
    write_json(tmp_path / "many.json", [line(n) for n in range(MANY)])
    a, b = (Sketch(name=n).connect(relay.url, "selected") for n in "AB")
    a.load(tmp_path / "many.json")
    before = {element.key: element.encode() for element in a.elements}

    keys = [element.key for element in a.elements]
    fields: dict[str, dict[str, Any]] = {
        "front": {"place": "front"},
        "left": {"offset": [-8, 0]},
        "restyle": {"color": "#aa0000"},
    }
    actions: list[Action] = (
        [Delete(tuple(keys))] if what == "delete" else [Patch(key, fields[what]) for key in keys]
    )
    session_of(a).call(lambda session: session.operations.operate(actions))
    assert a.flush(DEADLINE)
    assert not a.lost
    after = {element.key: element.encode() for element in a.elements}
    wait_until(lambda: [e.key for e in a.elements] == [e.key for e in b.elements], "B has all of it")
    assert {element.key: element.encode() for element in b.elements} == after
    assert len(after) == (0 if what == "delete" else MANY)
    assert a.undo()
    assert a.flush(DEADLINE)
    assert {element.key: element.encode() for element in a.elements} == before


def test_what_is_larger_than_a_frame_is_cut(home: Path, tmp_path: Path) -> None:
    """3,000 strokes of 60 points, duplicated at once: 1 MiB and more, also for a relay that takes far less."""
    write_json(tmp_path / "strokes.json", [STROKE] * 3_000)
    relay = RelayProcess(home, None, "--max-message", "65536")
    try:
        a, b = (Sketch(name=n).connect(relay.url, "strokes") for n in "AB")
        a.load(tmp_path / "strokes.json")
        copies = [Create(f"copy{n}", dict(STROKE)) for n in range(3_000)]
        session_of(a).call(lambda session: session.operations.operate(copies))
        assert a.flush(DEADLINE)
        until(b, 6_000)
        assert not a.lost
        joins = [line for line in relay.log if " join " in line or '"join"' in line]
        assert len(joins) <= 2, "nobody was sent away"
    finally:
        relay.stop()


def submit_too_large(board: Sketch) -> None:
    """Submit an element that no frame holds, and check that it is refused in words."""
    large = Create("large", {**line(2), "note": "x" * 1_500_000})
    with pytest.raises(RemoteError, match="larger than the relay takes"):
        session_of(board).call(lambda session: session.operations.submit([large]))


def test_an_element_that_is_queued_though_no_frame_holds_it_is_found_out(
    relay: RelayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "cut", uncut)
    board = Sketch(name="A").connect(relay.url, "queued")
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        submit_too_large(board)
    board.disconnect()


def test_one_element_that_no_frame_holds_is_refused_in_words_and_holds_up_nothing(
    relay: RelayProcess, tmp_path: Path
) -> None:
    write_json(tmp_path / "large.json", [line(1), {**line(2), "note": "x" * 1_500_000}, line(3)])
    a, b = (Sketch(name=n).connect(relay.url, "large") for n in "AB")
    with pytest.warns(LeftOutWarning, match="1 × element larger than the relay takes"):
        a.load(tmp_path / "large.json")
    submit_too_large(a)
    a.line([(0, 0), (10, 10)])
    assert a.flush(DEADLINE)
    until(b, 3)
    assert len(a.elements) == 3


def test_a_relay_that_comes_back_with_less_is_sent_less(home: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "strokes.json", [STROKE] * 1_000)
    relay = RelayProcess(home)
    a = Sketch(name="A").connect(relay.url, "less")
    relay.stop()
    a.load(tmp_path / "strokes.json")
    large = Create("large", {**line(2), "note": "x" * 100_000})
    session_of(a).call(lambda session: session.operations.submit([large]))
    session_of(a).call(lambda session: session.operations.submit([Patch("large", {"width": 16})]))
    a.line([(0, 0), (10, 10)])
    relay.options = ("--max-message", "32768")
    relay.start()
    try:
        wait_until(lambda: a.pending == 0, "all of it has its verdict")
        until(Sketch(name="B").connect(relay.url, "less"), 1_001)
        [lost] = a.lost
        assert isinstance(lost.actions[0], Create)
        assert lost.actions[0].key == "large"
        assert "larger than the relay takes" in lost.reason
        notice = session_of(a).call(lambda session: session.membership.notice)
        assert "board.lost" in notice
    finally:
        relay.stop()


def test_a_room_that_cannot_hold_a_file_is_told_before_anything_changes(home: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "many.json", [line(n) for n in range(200)])
    relay = RelayProcess(home, None, "--max-elements", "100")
    try:
        a = Sketch(name="A").connect(relay.url, "full")
        a.line([(0, 0), (10, 10)])
        with pytest.raises(SketchError, match="would have 201 elements, and this room takes 100; load less"):
            a.load(tmp_path / "many.json")
        assert len(a.elements) == 1
        alone = Sketch(name="B")
        alone.load(tmp_path / "many.json")
        alone.connect(relay.url, "full")
        wait_until(lambda: alone.pending == 0, "it has its verdict")
        notice = session_of(alone).call(lambda session: session.membership.notice)
        assert notice.startswith("200 elements were refused: the drawing has its 100 elements")
        assert len(alone.lost[0].actions) == 200
    finally:
        relay.stop()


def test_a_file_with_mistakes_brings_what_is_right(relay: RelayProcess, tmp_path: Path) -> None:
    page = {"kind": "page", "name": "P"}
    content = [
        {"key": "p", "page": PAGES, "fields": page},
        {"key": "p", "page": PAGES, "fields": page},
        {"key": "a", "page": "", "fields": {**line(1), "place": "high"}},
        {"key": "b", "page": "p", "fields": line(2)},
    ]
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({"ipysketch": 1, "board": [1280, 720], "elements": content}))
    a = Sketch(name="A").connect(relay.url, "wrong")
    with pytest.warns(LeftOutWarning, match="1 × page that is there twice"):
        a.load(path)
    assert a.flush(DEADLINE)
    assert not a.lost
    assert len(a.pages) == 2
    assert len(a.elements) == 1
    a.turn("P")
    assert len(a.elements) == 1
