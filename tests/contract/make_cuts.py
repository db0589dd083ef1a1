"""Make ``cuts.json``: where operations are cut, for every language alike. ``python -m tests.contract.make_cuts``"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from ipysketch.client.cutting import SendLimits, cut
from relay.protocol import Action, Clear, Create, Delete, Patch, RemoteError, Revert

from .make_messages import plain

FILE = Path(__file__).parent / "cuts.json"
WORDS = ("a", "élan", "\N{GRINNING FACE}", 'say "so"', "tab\there", "\x1f", "two\nlines", "\u2028")


def make() -> str:
    """Return the text of the vectors: operations of every kind, with limits and what they become, or why they cannot be."""
    pick = random.Random(7)
    vectors: list[dict[str, Any]] = []
    for _ in range(60):
        limits = SendLimits(pick.choice([400, 700, 1500, 1 << 20]), pick.choice([1, 3, 4096]))
        actions = [_action(pick) for _ in range(pick.randrange(12))]
        try:
            parts: object = plain(cut(actions, limits))
        except RemoteError as error:
            parts = error.reason
        vectors.append({"limits": limits._asdict(), "actions": plain(actions), "parts": parts})
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]\n"


def _action(pick: random.Random) -> Action:
    key = f"{pick.choice(WORDS)}{pick.randrange(99)}"
    fields = {"text": pick.choice(WORDS) * pick.randrange(40), "points": [pick.randrange(-999, 999)] * 9}
    match pick.randrange(8):
        case 0:
            return Clear(pick.choice(["", "p"]))
        case 1:
            return Revert(pick.randrange(1, 9))
        case 2 | 3:
            return Delete(tuple(f"{key}{n}" for n in range(pick.randrange(90))))
        case 4 | 5:
            return Patch(key, fields)
        case _:
            return Create(key, fields, pick.choice(["", "page"]))


if __name__ == "__main__":
    FILE.write_text(make())
