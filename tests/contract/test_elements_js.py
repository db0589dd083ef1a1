"""The elements in JavaScript: ``relay/web/model/elements.js`` on the vectors that hold Python too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..support.node import says

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "contract" / "elements.json").read_text())
SCRIPT = """
import { decode } from "ELEMENTS";
import { readFileSync } from "node:fs";
const pairs = (points) => Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
const shown = ({ path, fill, run, picture }) =>
    path ? { ...path, path: pairs(path.points), points: undefined }
    : fill ? { area: fill.contours.map(pairs), color: fill.color, evenodd: fill.evenOdd, curved: fill.curved }
    : run ? { ...run, at: [run.x, run.y], x: undefined, y: undefined }
    : { picture: picture.box, mime: picture.mime, affine: picture.affine };
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(({ fields, element }) => {
    const made = decode("k", fields, "a", 1);
    return made && {
        kind: made.kind, opacity: made.opacity, bounds: made.bounds,
        hits: (element?.hits ?? []).map(([x, y, r]) => made.hit(x, y, r)), display: made.display.map(shown),
    };
})));
"""


@pytest.fixture(scope="module")
def made() -> list[Any]:
    script = SCRIPT.replace("ELEMENTS", (ROOT / "relay/web/model/elements.js").as_uri())
    found: list[Any] = json.loads(says(script=script, given=json.dumps(VECTORS)))
    return found


@pytest.mark.parametrize("number", range(len(VECTORS)), ids=[vector["name"] for vector in VECTORS])
def test_javascript_decodes_as_python_does(made: list[Any], number: int) -> None:
    wanted, found = VECTORS[number]["element"], made[number]
    if wanted is None or found is None:
        assert found == wanted
        return
    assert found["kind"] == wanted["kind"]
    assert found["opacity"] == wanted["opacity"]
    assert found["bounds"] == pytest.approx(wanted["bounds"], abs=1e-6)
    assert found["hits"] == [hit for *_, hit in wanted["hits"]]
    assert len(found["display"]) == len(wanted["display"])
    for ours, theirs in zip(found["display"], wanted["display"], strict=True):
        same(ours, theirs)


def same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            same(ours[name], value)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            same(mine, other)
    elif isinstance(theirs, float) and not isinstance(theirs, bool):
        assert ours == pytest.approx(theirs, abs=1e-6)
    else:
        assert ours == theirs
