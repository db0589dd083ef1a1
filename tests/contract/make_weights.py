"""Make ``weights.json``: what texts weigh, for every language alike. ``python -m tests.contract.make_weights``"""

from __future__ import annotations

import json
import random
from pathlib import Path

from ipysketch.model.weight import weigh

FILE = Path(__file__).parent / "weights.json"
PIECES = (
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"',
    "-",
    ".",
    "e",
    "E",
    "7",
    "12",
    "345",
    "9876543",
    "words ",
    "\\n",
    "é",
    "😀",
)


def make() -> str:
    """Return the text of the vectors: texts, JSON or not, and what they weigh."""
    pick = random.Random(5)
    texts = ["", "[]", *PIECES]
    texts += ["".join(pick.choices(PIECES[: pick.randrange(3, len(PIECES))], k=30)) for _ in range(60)]
    vectors = [{"text": text, "weight": weigh(text.encode())} for text in texts]
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(make())
