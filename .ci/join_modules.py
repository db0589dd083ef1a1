"""Join the JavaScript modules of this source tree once, so that its kernels and relays need not, each for itself.

An installed package brings them joined. They are found by what they are made of, so old ones are never used.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from relay.javascript import built  # noqa: E402

place = ROOT / built.MADE
place.mkdir(exist_ok=True)
entries = {f"{built.tag(entry)}.js.gz": entry for entry in (built.PAGE, built.WIDGET)}
for old in place.iterdir():
    if old.name not in entries:
        old.unlink(missing_ok=True)
for name, entry in entries.items():
    if not (place / name).exists():
        part = place / f"{name}.{os.getpid()}"
        part.write_bytes(built.compressed(entry))
        part.replace(place / name)
