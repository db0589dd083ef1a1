"""Where bound lines end, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..support.node import says
from .make_connectors import VECTORS, written

ROOT = Path(__file__).parents[2]
CASES = json.loads(VECTORS.read_text())
SCRIPT = """
import { followed } from "CONNECTOR";
import { decode } from "ELEMENTS";
import { readFileSync } from "node:fs";
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(({ fields, others }) => {
    const elements = new Map(Object.entries(others).map(([key, each]) => [key, decode(key, each)]));
    return followed(fields, (key) => elements.get(key));
})));
"""


@pytest.fixture(scope="module")
def made() -> list[Any]:
    script = SCRIPT
    for name in ("connector", "elements"):
        script = script.replace(name.upper(), (ROOT / f"relay/web/model/{name}.js").as_uri())
    found: list[Any] = json.loads(says(script=script, given=json.dumps(CASES)))
    return found


def test_the_vectors_are_what_python_does() -> None:
    # After a change that is meant: ``python -m tests.contract.make_connectors``.
    assert VECTORS.read_text() == written()
    bound = [case for case in CASES if case["followed"] != case["fields"]]
    assert len(bound) > 60, "most say where a line ends"


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_javascript_follows_as_python_does(made: list[Any], number: int) -> None:
    assert made[number] == CASES[number]["followed"]
