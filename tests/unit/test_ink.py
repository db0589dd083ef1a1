"""Wet ink is as dry ink: ``relay/web/ink.js`` and `ipysketch.geometry` on the same hands."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

from ipysketch.geometry import lines, smooth

INK = Path(__file__).parents[2] / "relay" / "web" / "ink.js"
SCRIPT = """
import { smooth, lines } from "INK";
import { readFileSync } from "node:fs";
const hands = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(hands.map(([points, pressures, width]) =>
    [smooth(points), lines(points, pressures, width)])));
"""


def hands() -> list[tuple[list[list[float]], list[float] | None, float]]:
    random = np.random.default_rng(7)
    found: list[tuple[list[list[float]], list[float] | None, float]] = [
        ([[5, 5]], None, 4),
        ([[5, 5]], [0.7], 4),
        ([[5, 5], [9, 1]], [0.0, 1.0], 4),
        ([[1, 1]] * 6, [0.5] * 6, 3),
    ]
    for count in (3, 4, 17, 200):
        walk = np.round(np.cumsum(random.normal(0, 9, (count, 2)), axis=0) * 8) / 8
        pressure = np.round(random.random(count) * 255) / 255
        found.append((walk.tolist(), None, 4))
        found.append((walk.tolist(), pressure.tolist(), 7.5))
    return found


def test_javascript_makes_the_same_lines_as_python() -> None:
    node = shutil.which("node") or compute_driver_executable()[0]  # Playwright brings one of its own.
    given = [[np.ravel(points).tolist(), pressure, width] for points, pressure, width in hands()]
    said = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT.replace("INK", INK.as_uri())],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    for (points, pressure, width), (theirs, pieces) in zip(hands(), json.loads(said.stdout), strict=True):
        array = np.array(points, dtype=float)
        assert np.ravel(smooth(array)).tolist() == pytest.approx(theirs, abs=1e-9)
        ours = lines(array, None if pressure is None else np.array(pressure), width)
        assert [w for _, w in ours] == [piece["width"] for piece in pieces]
        for (line, _), piece in zip(ours, pieces, strict=True):
            assert np.ravel(line).tolist() == pytest.approx(piece["points"], abs=1e-9)


def test_a_line_under_pressure_has_no_holes() -> None:
    for points, pressure, width in hands():
        if pressure is None:
            continue
        pieces = lines(np.array(points, dtype=float), np.array(pressure), width)
        for (before, _), (after, _) in itertools.pairwise(pieces):
            assert (before[-1] == after[0]).all()
        assert (pieces[0][0][0] == points[0]).all()
        assert (pieces[-1][0][-1] == points[-1]).all()
        assert all(0.5 <= w <= 1.6 * width + 0.25 for _, w in pieces)
