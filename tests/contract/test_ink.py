"""The look of strokes, rule 1: both languages shape it alike, whole or while it grows, and it has no holes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest

from ipysketch.model import curves
from ipysketch.model.ink import Hand, contours

from ..support.node import WEB, says

SCRIPT = """
import { Hand, contours } from "INK";
import { readFileSync } from "node:fs";
const hands = JSON.parse(readFileSync(0, "utf8"));
// What a stroke has in common with itself when it grew sample by sample, and was looked at in between.
const grown = ({ eighths, width, pressure, milliseconds, rule }) => {
  const hand = new Hand(width, pressure !== null, rule);
  let unsettled = 0;
  const kept = [];
  for (let i = 0; i < eighths.length / 2; i++) {
    hand.add(eighths[2 * i], eighths[2 * i + 1], milliseconds?.[i] ?? 0, pressure?.[i] ?? 0);
    if (i % 5) continue;
    hand.shape();
    const { settled } = hand;
    if (settled >= 8) kept.push([settled, hand.part(0, settled)]);
    unsettled = Math.max(unsettled, hand.length - settled);
  }
  const same = kept.every(([to, part]) => JSON.stringify(part) === JSON.stringify(hand.part(0, to)));
  return { whole: hand.contours(), same, settled: hand.settled, unsettled };
};
console.log(JSON.stringify(hands.map((hand) => {
  const { eighths, width, pressure, milliseconds, rule } = hand;
  return { whole: contours(eighths, width, pressure, milliseconds, rule), grown: grown(hand) };
})));
"""


def hands() -> list[Hand]:
    """Hands of every kind: dense and sparse, slow and fast, straight and crooked, in one place."""
    random = np.random.default_rng(7)
    found = []
    for number in range(160):
        count = int(random.integers(1, 300 if number % 8 == 0 else 40))
        turns = np.cumsum(random.normal(0, random.choice([0.1, 0.5, 2.0]), count))
        far = random.choice([1, 6, 30, 300])
        way = np.cumsum(np.column_stack([np.cos(turns), np.sin(turns)]) * far, axis=0)
        found.append(
            Hand(
                np.rint(way).astype(np.int64) + random.integers(-9000, 9000, 2),
                int(random.choice([1, 16, 32, 128, 1600])),
                pressure=random.integers(0, 256, count) / 255 if number % 3 == 0 else None,
                milliseconds=np.cumsum(random.integers(0, random.choice([2, 9, 40]), count)),
                rule=number % 6 != 0,
            )
        )
    return found


def plain(hand: Hand) -> dict[str, Any]:
    return {
        "eighths": hand.eighths.ravel().tolist(),
        "width": hand.width,
        "pressure": None if hand.pressure is None else hand.pressure.tolist(),
        "milliseconds": None if hand.milliseconds is None else hand.milliseconds.tolist(),
        "rule": hand.rule,
    }


@pytest.fixture(scope="module")
def theirs() -> list[Any]:
    script = SCRIPT.replace("INK", (WEB / "model" / "ink.js").as_uri())
    found: list[Any] = json.loads(says(script=script, given=json.dumps([plain(hand) for hand in hands()])))
    return found


def test_javascript_shapes_the_same_ink_to_the_last_bit(theirs: list[Any]) -> None:
    for hand, answer in zip(hands(), theirs, strict=True):
        [ours] = contours([hand])
        assert [one.ravel().tolist() for one in ours] == answer["whole"]


def test_strokes_that_are_shaped_together_are_as_each_alone() -> None:
    for hand, together in zip(hands(), contours(hands()), strict=True):
        [alone] = contours([hand])
        assert all(map(np.array_equal, alone, together))
        assert len(alone) == len(together)


def test_a_stroke_that_grows_is_the_stroke_that_it_becomes(theirs: list[Any]) -> None:
    for answer in theirs:
        assert answer["grown"]["whole"] == answer["whole"]
        assert answer["grown"]["same"]


def test_what_is_drawn_of_a_long_stroke_is_soon_settled(theirs: list[Any]) -> None:
    long = [answer["grown"] for hand, answer in zip(hands(), theirs, strict=True) if len(hand.eighths) > 150]
    assert len(long) > 5
    assert max(grown["settled"] for grown in long) > 60


def test_nothing_inside_the_ink_is_a_hole() -> None:
    for hand in hands():
        [found] = contours([hand])
        for contour in found:
            (x0, y0), (x1, y1) = contour[0], contour[-1]
            assert abs(x1 - x0) + abs(y1 - y0) < 1e-6 * max(1.0, abs(x0), abs(y0))
            # By Gauss: each of them goes round its inside the same way.
            x, y = curves.stepped(contour).T
            assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() < 0


def test_polylines_for_curves_are_as_near_as_they_are_asked_to_be() -> None:
    random = np.random.default_rng(3)
    chains = [curves.through(random.normal(0, 50, (count, 2))) for count in (1, 2, 3, 9, 60)]
    for detail in (0.01, 0.1, 1.0, 50.0):
        lines, counts = curves.polylines(np.concatenate(chains), np.array(list(map(len, chains))), detail)
        for chain, line in zip(chains, np.split(lines, np.cumsum(counts)[:-1]), strict=True):
            assert (line[0] == chain[0]).all()
            assert (line[-1] == chain[-1]).all()
            exact = curves.polyline(chain, 1e-4)
            away = (
                [min(_away(point, a, b) for a, b in itertools.pairwise(line)) for point in exact[:200]]
                if len(line) > 1
                else [0.0]
            )
            assert max(away) <= detail * 1.001 + 2e-4
    assert len(curves.polyline(chains[-1], 50.0)) < len(curves.polyline(chains[-1], 0.01)) / 8


def _away(point: Any, a: Any, b: Any) -> float:
    step = b - a
    square = float(step @ step)
    along = min(1.0, max(0.0, float((point - a) @ step) / square)) if square else 0.0
    return float(np.hypot(*(point - a - along * step)))


def test_the_box_of_curves_is_theirs_and_not_that_of_their_controls() -> None:
    random = np.random.default_rng(5)
    for count in (1, 2, 3, 12):
        chain = curves.through(random.normal(0, 50, (count, 2)))
        box, line = curves.box(chain), curves.polyline(chain, 1e-5)
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(
            (*line.min(axis=0), *line.max(axis=0)), abs=1e-3
        )
