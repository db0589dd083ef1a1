"""How much of a suite of SVG files a board shows: ``python -m tests.compatibility.svg_suite FOLDER…``.

Each folder is searched for `NAME.svg` with a reference picture beside it, `NAME.png` or `NAME-ref.png`, as the suites of
resvg and librsvg (which has that of W3C SVG 1.1) have them. A file is imported, drawn, and compared by pixels:

    same    it looks like the reference
    near    less than `NEAR` of the pixels look otherwise
    told    it looks otherwise, and the report of the import says what was left out, or why it was refused
    silent  it looks otherwise, and nothing says so
    broken  the reader raised something that is no `SketchError`

Nothing of a suite is part of this repository.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ipysketch.errors import SketchError
from ipysketch.files.rasterize import raster
from ipysketch.files.read_svg import from_svg

SAME, NEAR = 0.004, 0.02
"""Shares of pixels that look otherwise, also beside where they are, up to which a picture is the same, or near."""
BOARD = 1280.0
"""Board units along the longer side."""
APART = 64
"""Levels of a colour from which on two pixels look otherwise."""
LARGEST = 600
"""Pixels along the longer side at which pictures are compared."""

Pixels = NDArray[np.int16]


def verdict(file: Path, reference: Path) -> tuple[str, str]:
    """Return what became of a file, and what there is to say of it."""
    with Image.open(reference) as picture:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
    wanted = paper.convert("RGB")
    wanted.thumbnail((LARGEST, LARGEST))
    width, height = wanted.size
    board = (BOARD * width / max(width, height), BOARD * height / max(width, height))
    try:
        report = from_svg(file.read_bytes(), board)
        elements = [shown for item in report.items if (shown := item.element) is not None]
        pixels = raster(elements, width, height, board)
    except SketchError as error:
        return "told", str(error)
    except Exception as error:
        return "broken", repr(error)
    apart = different(pixels.astype(np.int16), np.asarray(wanted, dtype=np.int16))
    said = ", ".join(f"{count} × {name}" for name, count in sorted(report.skipped.items()))
    if apart <= SAME:
        return "same", said
    if apart <= NEAR:
        return "near", f"{apart:.3f} {said}"
    return ("told" if said else "silent"), f"{apart:.3f} {said}"


def different(one: Pixels, other: Pixels) -> float:
    """Return the share of pixels of each that are nowhere near the same place in the other."""
    return max(_missing(one, other), _missing(other, one))


def _missing(one: Pixels, other: Pixels) -> float:
    height, width, _ = one.shape
    around = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    least = np.full((height, width), 255, dtype=np.int16)
    for y in range(3):
        for x in range(3):
            apart = np.abs(around[y : y + height, x : x + width] - one).max(axis=2)
            np.minimum(least, apart, out=least)
    return float((least > APART).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--only", default="", help="files whose path has this in it")
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for folder in options.folder:
        for file in sorted(folder.rglob("*.svg")):
            beside = [file.with_suffix(".png"), file.with_name(f"{file.stem}-ref.png")]
            reference = next((one for one in beside if one.is_file()), None)
            name = str(file.relative_to(folder))
            if reference is None or options.only not in name:
                continue
            found, said = verdict(file, reference)
            counts[name.partition("/")[0] if "/" in name else name.partition("-")[0]][found] += 1
            print(f"{found:7} {name}  {said}", flush=True)
    for group, verdicts in counts.items():
        print(f"{group:20} {', '.join(f'{count} {word}' for word, count in verdicts.most_common())}")
    print(f"{'all':20} {sum(counts.values(), Counter())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
