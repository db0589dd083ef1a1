"""Make ``places.json``: in which order entries lie, whatever their places are. ``python -m tests.contract.make_places``"""

from __future__ import annotations

import json
import random
from pathlib import Path

from relay.protocol import Entry, order

from .make_messages import plain

FILE = Path(__file__).parent / "places.json"
PLACES = (3, 2.5, -7, 0, -0.0, 2**53, 2**53 + 2, -(2**70), 10**400, -1e300, "front", "3", "", None, True, False)
NESTED: tuple[object, ...] = ([], [3], {}, {"place": 3}, [[4]])


def make() -> str:
    """Return the text of the vectors: lists of entries, and their keys from the lowest to the highest."""
    pick = random.Random(3)
    vectors = []
    for _ in range(6):
        places = [*PLACES, *NESTED, *range(6)]
        pick.shuffle(places)
        entries = [
            Entry(f"k{n}", (pick.randrange(1, 9), n), "a", 0.0, "", {"place": place}, {})
            for n, place in enumerate(places)
        ]
        entries.append(Entry("none", (4, 99), "a", 0.0, "", {}, {}))
        ordered = [entry.key for entry in sorted(entries, key=order)]
        vectors.append({"entries": plain(entries), "order": ordered})
    return "[\n" + ",\n".join(map(json.dumps, vectors)) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(make())
