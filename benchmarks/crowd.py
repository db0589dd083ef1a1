"""``python -m benchmarks.crowd SERVER PORT ROOM PEOPLE SECONDS``: people drawing beside what is measured elsewhere.

Each draws 60 points a second; on our relay they lift the pen after 50 of them, and the stroke is committed.
Says ``drawing`` when they do.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from .dialects import Ours
from .load import Crowd
from .rows.drawing import STROKE
from .samples import DIALECTS


def main() -> None:
    server, port, room, people, seconds = sys.argv[1:]
    # The room may have the strokes of a crowd that drew there before.
    make = partial(Ours, STROKE, f"-{os.getpid()}") if server == "ours" else DIALECTS[server]
    with Crowd(make, int(port), [room] * int(people)) as crowd:
        crowd.calm()
        print("drawing", flush=True)
        crowd.draw(float(seconds), settle=0)


if __name__ == "__main__":
    main()
