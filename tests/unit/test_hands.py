"""Hands and their tools on a small drawing, without a relay."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from ipysketch.document import Elements
from ipysketch.elements import Element
from ipysketch.hands import Hands, Style
from ipysketch.tools import Cancel, Commit, Moving, Output, Preview
from ipysketch.tools.cutter import pieces
from relay.protocol import Action, Create, Delete, Entry, Patch, apply, order, resolve

RED = Style("#cc0000", 4.0)


class Paper:
    """A drawing that takes operations at once, and remembers what else it was told."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.page = ""
        self.can_draw = True
        self.outputs: list[Output] = []
        self.operations: list[Sequence[Action]] = []

    def elements(self) -> tuple[Element, ...]:
        return Elements().of(self.entries, self.page)

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        entry = self.entries.get(key)
        return (entry.fields, order(entry)[0]) if entry else None

    def out(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            self.outputs.append(output)
            if isinstance(output, Commit):
                self.operations.append(output.actions)
                seq = len(self.operations)
                apply(self.entries, resolve(self.entries, output.actions, seq, {}), seq, "me", float(seq))

    @property
    def keys(self) -> list[str]:
        return [element.key for element in self.elements()]


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def hands(paper: Paper) -> Hands:
    names = (f"n{number}" for number in itertools.count())
    return Hands(paper, paper.out, lambda: next(names), RED)


def drag(hands: Hands, tool: str, *points: tuple[float, float], style: Style = RED, more: bool = False) -> None:
    hands.begin("h", *points[0], tool=tool, style=style, at=0, pressure=None, more=more)
    for point in points[1:]:
        hands.motion("h", *point, at=0, pressure=None)
    hands.end("h")


def fields(paper: Paper, key: str) -> Mapping[str, Any]:
    return paper.entries[key].fields


# --- drawing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["line", "arrow", "rectangle", "ellipse"])
def test_a_shape_goes_from_where_the_hand_began_to_where_it_is(hands: Hands, paper: Paper, tool: str) -> None:
    hands.begin("h", 50, 40, tool=tool, style=RED, at=0, pressure=None, more=False)
    hands.motion("h", 10, 20, at=0, pressure=None)
    previews = [output for output in paper.outputs if isinstance(output, Preview)]
    assert previews[-1].start == 0
    assert previews[-1].points == [400, 320, 80, 160]
    [(_, wet)] = hands.ink("me")
    hands.end("h")
    [element] = paper.elements()
    assert element.bounds == wet.bounds
    place = fields(paper, element.key)
    assert place.get("points", place.get("box")) in ([400, 320, -320, -160], [80, 160, 320, 160])
    assert len(paper.operations) == 1


def test_a_shape_of_no_extent_is_nothing(hands: Hands, paper: Paper) -> None:
    drag(hands, "rectangle", (5, 5), (5, 5))
    assert paper.operations == []
    assert isinstance(paper.outputs[-1], Cancel)


def test_shift_makes_a_square_and_a_line_of_a_plain_angle(hands: Hands, paper: Paper) -> None:
    for tool in ("rectangle", "line"):
        hands.begin("h", 0, 0, tool=tool, style=RED, at=0, pressure=None, more=False)
        hands.straighten("h", 100, 98, at=0)
        hands.end("h")
    square, line = (fields(paper, key) for key in paper.keys)
    assert square["box"][2] == square["box"][3] == 800
    assert abs(line["points"][2] - line["points"][3]) <= 1


def test_styles_become_fields_of_the_kinds_that_have_them(hands: Hands, paper: Paper) -> None:
    style = Style("#112233", 8.0, fill="#ddeeff", dash="dashed", opacity=50)
    for tool in ("pen", "highlighter", "line", "ellipse"):
        drag(hands, tool, (0, 0), (50, 50), style=style)
    pen, highlighter, line, ellipse = (fields(paper, key) for key in paper.keys)
    assert "fill" not in pen
    assert "dash" not in pen
    assert highlighter["width"] == 4 * pen["width"]
    assert (line["dash"], ellipse["dash"], ellipse["fill"], pen["opacity"]) == (
        "dashed",
        "dashed",
        "#ddeeff",
        50,
    )


def test_a_text_is_put_where_it_was_typed_and_a_blank_one_is_nothing(hands: Hands, paper: Paper) -> None:
    hands.type_text(10, 20, "  \n", RED)
    hands.type_text(10, 20, "Ada\nGrace", RED)
    [element] = paper.elements()
    assert fields(paper, element.key)["at"] == [80, 160]
    assert fields(paper, element.key)["size"] == 8 * RED.text_size


def test_a_laser_is_seen_and_not_kept(hands: Hands, paper: Paper) -> None:
    paper.can_draw = False  # Who may only watch may point.
    drag(hands, "laser", (0, 0), (50, 50))
    previews = [output for output in paper.outputs if isinstance(output, Preview)]
    assert [preview.start for preview in previews] == [0, 2]
    assert isinstance(paper.outputs[-1], Cancel)
    assert paper.operations == []


def test_a_viewer_draws_nothing(hands: Hands, paper: Paper) -> None:
    drag(hands, "pen", (0, 0), (50, 50))
    paper.can_draw = False
    for tool in ("pen", "rectangle", "eraser", "cutter"):
        drag(hands, tool, (0, 0), (50, 50))
    hands.type_text(0, 0, "no", RED)
    hands.choose_all()
    hands.act("delete")
    assert len(paper.operations) == 1


# --- choosing --------------------------------------------------------------------------------------------


@pytest.fixture
def three(hands: Hands, paper: Paper) -> list[str]:
    for x in (0, 100, 200):
        drag(hands, "pen", (x, 0), (x + 50, 0))
    return paper.keys


def test_a_click_chooses_the_topmost_and_a_click_beside_nothing(
    hands: Hands, paper: Paper, three: list[str]
) -> None:
    drag(hands, "pen", (0, 0), (50, 0))
    drag(hands, "select", (25, 1))
    assert hands.chosen == (paper.keys[-1],)
    drag(hands, "select", (125, 1), more=True)
    assert hands.chosen == (paper.keys[-1], three[1])
    drag(hands, "select", (125, 1), more=True)
    assert hands.chosen == (paper.keys[-1],)
    drag(hands, "select", (600, 600))
    assert hands.chosen == ()


def test_a_box_chooses_what_it_surrounds(hands: Hands, three: list[str]) -> None:
    drag(hands, "select", (90, -20), (260, 20))
    assert hands.chosen == tuple(three[1:])
    assert hands.band is None


def test_what_is_chosen_moves_as_one_operation_and_others_see_it_go(
    hands: Hands, paper: Paper, three: list[str]
) -> None:
    drag(hands, "select", (-20, -20), (160, 20))
    was = [element.bounds for element in paper.elements()]
    count = len(paper.operations)
    drag(hands, "select", (25, 0), (30, 10), (35, 20))
    moving = [output.offsets for output in paper.outputs if isinstance(output, Moving)]
    assert moving == [{key: (40, 80) for key in three[:2]}, {key: (80, 160) for key in three[:2]}, {}]
    assert len(paper.operations) == count + 1
    now = [element.bounds for element in paper.elements()]
    assert [(b.x0 - a.x0, b.y0 - a.y0) for a, b in zip(was, now, strict=True)] == [(10, 20), (10, 20), (0, 0)]
    drag(hands, "select", (35, 20), (35, 20))
    assert len(paper.operations) == count + 1


def test_escape_puts_it_back(hands: Hands, paper: Paper, three: list[str]) -> None:
    hands.begin("h", 25, 0, tool="select", style=RED, at=0, pressure=None, more=False)
    hands.motion("h", 80, 80, at=0, pressure=None)
    assert hands.moving() == {three[0]: (440, 640)}
    hands.cancel()
    assert hands.moving() == {}
    assert paper.outputs[-1] == Moving({})
    assert len(paper.operations) == 3


def test_what_can_be_done_to_chosen_elements(hands: Hands, paper: Paper, three: list[str]) -> None:
    a, b, c = three
    drag(hands, "select", (25, 0))
    hands.act("front")
    assert paper.keys == [b, c, a]
    hands.act("back")
    assert paper.keys == [a, b, c]
    hands.act("right")
    assert fields(paper, a)["offset"] == [8, 0]
    hands.restyle({"color": "#00ff00", "fill": "#ffffff", "opacity": 50})
    assert (fields(paper, a)["color"], fields(paper, a).get("fill")) == ("#00ff00", None)
    hands.restyle({"opacity": None})
    assert paper.elements()[0].key == a
    hands.act("duplicate")
    assert len(paper.keys) == 4
    assert hands.chosen == (paper.keys[-1],)
    hands.act("delete")
    assert paper.keys == [a, b, c]
    assert hands.chosen == ()
    count = len(paper.operations)
    hands.act("delete")
    assert len(paper.operations) == count


def test_back_keeps_the_order_of_what_goes_back(hands: Hands, paper: Paper, three: list[str]) -> None:
    a, b, c = three
    drag(hands, "select", (90, -20), (260, 20))
    hands.act("back")
    assert paper.keys == [b, c, a]


# --- cutting ---------------------------------------------------------------------------------------------


def test_a_stroke_is_cut_in_two_where_the_eraser_went(hands: Hands, paper: Paper) -> None:
    drag(hands, "pen", (0, 0), (50, 0), (100, 0))
    drag(hands, "pen", (0, 30), (100, 30))
    drag(hands, "cutter", (50, -20), (50, 15))
    left, right, other = paper.elements()
    assert left.bounds.x1 == pytest.approx(50 - 6, abs=1.5)
    assert right.bounds.x0 == pytest.approx(50 + 6, abs=1.5)
    assert other.bounds.y0 > 20
    assert isinstance(paper.operations[-1][0], Delete)
    assert len(paper.operations) == 3


def test_cutting_past_everything_is_nothing(hands: Hands, paper: Paper) -> None:
    drag(hands, "pen", (0, 0), (100, 0))
    drag(hands, "rectangle", (0, 100), (100, 200))
    count = len(paper.operations)
    drag(hands, "cutter", (50, 50), (50, 60))
    drag(hands, "cutter", (0, 150), (100, 150))  # A shape is whole or gone.
    assert len(paper.operations) == count


def test_the_pieces_are_what_was_outside(hands: Hands) -> None:
    """On random strokes: no piece comes nearer than the eraser reached, and nothing farther is lost."""
    random = np.random.default_rng(3)
    for _ in range(200):
        count = int(random.integers(1, 30))
        points = np.cumsum(random.normal(0, 12, (count, 2)), axis=0)
        steps = np.diff(np.rint(points * 8).astype(int), axis=0, prepend=np.zeros((1, 2), dtype=int))
        stroke = {
            "kind": "stroke",
            "color": "#000000",
            "width": 16,
            "points": steps.ravel().tolist(),
            "times": [0, *random.integers(0, 30, count - 1).tolist()],
            "pressure": random.integers(0, 256, count).tolist(),
        }
        path = random.normal(0, 20, (2, 2))
        start, step = path[0], path[1] - path[0]

        def away(places: np.ndarray, start: np.ndarray = start, step: np.ndarray = step) -> np.ndarray:
            along = np.clip(((places - start) @ step) / (step @ step), 0, 1)
            return np.hypot(*(places - start - along[:, None] * step).T)

        kept: set[tuple[float, ...]] = set()
        for piece in pieces(stroke, path, 5.0):
            places = np.cumsum(np.array(piece["points"]).reshape(-1, 2), axis=0) / 8
            assert len(piece["times"]) == len(piece["pressure"]) == len(places)
            assert min(piece["times"]) >= 0
            assert away(places).min() > 6 - 0.2
            kept |= set(map(tuple, places.tolist()))
        far = np.rint(points * 8)[away(points) > 6 + 2] / 8
        assert set(map(tuple, far.tolist())) <= kept
    assert pieces({**stroke}, np.array([[9e4, 9e4], [9e4, 9e4]]), 5.0) == [stroke]


def test_a_piece_lies_where_its_stroke_lay(hands: Hands, paper: Paper, three: list[str]) -> None:
    drag(hands, "pen", (0, 0), (50, 50))
    drag(hands, "cutter", (125, -20), (125, 20))
    assert [element.bounds.x0 for element in paper.elements()] == pytest.approx([-2, 98, 131, 198, -2], abs=1.1)


def test_patches_name_only_what_changes(hands: Hands, paper: Paper, three: list[str]) -> None:
    drag(hands, "select", (25, 0), (35, 0))
    [patch] = paper.operations[-1]
    assert isinstance(patch, Patch)
    assert patch.fields == {"offset": [80, 0]}
    assert isinstance(paper.operations[0][0], Create)


def test_a_text_says_something_else(hands: Hands, paper: Paper) -> None:
    hands.type_text(10, 20, "one", RED)
    [text] = paper.keys
    hands.rewrite(text, "two")
    assert paper.operations[-1] == (Patch(text, {"text": "two"}),)
    paper.can_draw = False
    hands.rewrite(text, "three")
    paper.can_draw = True
    drag(hands, "pen", (0, 0), (50, 0))
    hands.rewrite(paper.keys[-1], "no text")
    hands.rewrite("gone", "no text")
    assert [field.get("text") for field in (fields(paper, key) for key in paper.keys)] == ["two", None]
    hands.rewrite(text, "  ")
    assert text not in paper.keys
