"""How a drawing came to be, as a film in a file."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from tqdm.auto import tqdm

from .errors import SketchError
from .history import Film, Timeline
from .raster import png

FRAMES = 120
"""Pictures of a film, at most."""
STEP = 0.08
"""Seconds that each is shown."""
LAST = 2.0
"""Seconds that the last one is shown."""
WIDTH = 800


def save_film(film: Film, path: str | os.PathLike[str], *, page: str, board: tuple[int, int]) -> None:
    """Write `film` as a .gif or .webp that begins anew after its end; a bar shows how far it is. The same log gives the
    same pixels. Raises `SketchError`."""
    height = WIDTH * board[1] // board[0]
    moments = film.moments()
    timeline = Timeline(film, max(1.0, moments[-1] / (FRAMES * STEP)) if moments else 1.0, STEP)
    seqs = [timeline.seq(step) for step in range(1, timeline.steps + 1)]
    # Moments in which nothing happened are one picture that is shown longer.
    shown = [seq for number, seq in enumerate(seqs) if number == 0 or seq != seqs[number - 1]]
    lasting = [round(1000 * STEP * seqs.count(seq)) for seq in shown]
    lasting[-1] = round(1000 * LAST)
    pictures = [
        Image.open(io.BytesIO(png(film.at(seq, page), WIDTH, height, board))).convert("RGB")
        for seq in tqdm(shown, desc="frames", leave=False)
    ]
    where = Path(path)
    try:
        pictures[0].save(
            where,
            format=where.suffix[1:].upper(),
            save_all=True,
            append_images=pictures[1:],
            duration=lasting,
            loop=0,
        )
    except OSError as error:
        raise SketchError(f"{str(where)!r} cannot be written: {error.strerror or error}") from None
