"""One contract in two languages: the vectors are what their scripts make, and both languages read them alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipysketch.document import Document
from relay.protocol import Commit, order

from ..node import WEB, says
from ..vectors import make_documents, make_messages
from ..vectors.make_messages import plain

CHECK = Path(__file__).parents[1] / "vectors" / "check.mjs"


@pytest.mark.parametrize("module", [make_messages, make_documents])
def test_the_vectors_are_what_their_script_makes(module: Any) -> None:
    name = module.__name__.rpartition(".")[2]
    assert module.FILE.read_text() == module.make(), f"run python -m tests.vectors.{name}"


def test_a_replica_in_python_comes_to_the_entries_of_the_vectors() -> None:
    for vector in json.loads(make_documents.FILE.read_text()):
        document = Document()
        for operation in vector["operations"]:
            if "changes" not in operation:
                continue
            commit = {
                "type": "commit",
                "seq": document.seq + 1,
                "mark": 0,
                "author": f"author-{operation['client']}",
            }
            document.apply(msgspec.convert({**commit, **operation}, Commit))
        entries = sorted(document.entries.values(), key=lambda entry: entry.first)
        assert plain(entries) == vector["entries"]
        assert [entry.key for entry in sorted(entries, key=order)] == vector["order"]


def test_javascript_reads_and_folds_as_python_does() -> None:
    assert says(str(CHECK), str(WEB)) == ""


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("document.js", "Math.min(place, seq)", "place"),
        ("document.js", "sameVersions(now.versions, after.versions)", "true"),
        ("document.js", "own(now.versions, name) !== left", "false"),
        ("document.js", 'own(entry.fields, "place") ?? entry.first[0]', "entry.first[0]"),
        ("document.js", "define(fields, name, before.fields[name])", "fields[name] = before.fields[name]"),
        ("messages.js", "locked: or(flag, false)", "locked: flag"),
        ("messages.js", "versions: numbered", "versions: object"),
    ],
)
def test_the_vectors_catch_a_wrong_line(tmp_path: Path, module: str, right: str, wrong: str) -> None:
    for file in WEB.glob("*.js"):
        shutil.copy(file, tmp_path)
    text = (tmp_path / module).read_text()
    assert text.count(right) == 1
    (tmp_path / module).write_text(text.replace(right, wrong))
    assert says(str(CHECK), str(tmp_path)) != ""
