"""One contract in two languages: the vectors are what their scripts make, and both languages read them alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipysketch.model.document import Document
from relay.protocol import TERMINAL_CODES, Commit, order

from ..support.node import WEB, says
from . import make_cuts, make_documents, make_ghosts, make_messages, make_places, make_weights
from .make_messages import plain

CHECK = Path(__file__).with_name("check.mjs")


@pytest.mark.parametrize(
    "module", [make_messages, make_documents, make_cuts, make_places, make_weights, make_ghosts]
)
def test_the_vectors_are_what_their_script_makes(module: Any) -> None:
    name = module.__name__.rpartition(".")[2]
    assert module.FILE.read_text() == module.make(), f"run python -m tests.contract.{name}"


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


def test_javascript_has_words_for_every_code_after_which_a_client_stays_away() -> None:
    script = f"""
        import {{ TERMINAL }} from {json.dumps((WEB / "model" / "messages.js").as_uri())};
        console.log(JSON.stringify(Object.keys(TERMINAL).map(Number)));
    """
    assert set(json.loads(says(script=script))) == TERMINAL_CODES


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("model/document.js", "Math.min(place, seq)", "place"),
        ("model/document.js", "sameVersions(now.versions, after.versions)", "true"),
        ("model/document.js", "own(now.versions, name) !== left", "false"),
        ("model/document.js", "Math.abs(given) <= SAFE_INTEGER ? given :", "false ? given :"),
        ("model/document.js", 'typeof given === "number" && ', ""),
        ("model/document.js", "Math.abs(given) <= SAFE_INTEGER", "true"),
        ("model/weight.js", "byte > 127 || byte === 92", "false"),
        ("model/weight.js", "++digits % 3", "++digits % 4"),
        ("model/cutting.js", "const AROUND = 64;", "const AROUND = 60;"),
        ("model/cutting.js", "bytes.encode(JSON.stringify(value)).length", "JSON.stringify(value).length"),
        ("model/cutting.js", " || parts[parts.length - 1].length >= limits.actions", ""),
        (
            "model/document.js",
            "define(fields, name, before.fields[name])",
            "fields[name] = before.fields[name]",
        ),
        ("model/message_table.js", "locked: or(flag, false)", "locked: flag"),
        ("model/message_table.js", "versions: numbered", "versions: object"),
        ("model/shapes.js", "...first, ...entry.versions", "...entry.versions"),
        ("client/ghosts.js", "GHOST_TIME = 3_000", "GHOST_TIME = 0"),
        ("client/ghosts.js", "borrows ? lent.until : until", "until"),
        ("client/ghosts.js", "each.peer = peer;", ""),
        (
            "client/ghosts.js",
            "this.#ink.delete(key);\n  }\n\n  /** Forget the ink whose",
            "}\n\n  /** Forget the ink whose",
        ),
        ("client/ghosts.js", "if (entries.has(key)) this.#ink.delete(key)", ""),
    ],
)
def test_the_vectors_catch_a_wrong_line(tmp_path: Path, module: str, right: str, wrong: str) -> None:
    shutil.copytree(WEB, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / module).read_text()
    assert text.count(right) == 1
    (tmp_path / module).write_text(text.replace(right, wrong))
    assert says(str(CHECK), str(tmp_path)) != ""
