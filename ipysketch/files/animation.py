"""The history of a drawing as an animation in a file. The file process draws it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..errors import SketchError
from ..model.elements import Element, decode
from ..model.history import Film, Timeline
from . import painter
from .process import Job, Limits
from .rasterize import font, frames, whole

FRAMES = 120
"""Frames of an animation, at most."""
STEP = 0.08
"""Seconds for which each frame is shown."""
LAST = 2.0
"""Seconds for which the last frame is shown."""
WIDTH = 800
FILM = Limits(300, 1 << 30)
"""What an animation may take."""


def save_film(film: Film, path: str | os.PathLike[str], *, page: str, board: tuple[int, int]) -> None:
    """Write `film` as a .gif or .webp that repeats, and show a progress bar. The same log gives the same pixels.

    Raises `SketchError` when the file cannot be written."""
    moments = film.moments()
    timeline = Timeline(film, max(1.0, moments[-1] / (FRAMES * STEP)) if moments else 1.0, STEP)
    seqs = [timeline.seq(step) for step in range(1, timeline.steps + 1)]
    # Steps without a commit are one frame that is shown longer.
    shown = [seq for number, seq in enumerate(seqs) if number == 0 or seq != seqs[number - 1]]
    lasting = [round(1000 * STEP * seqs.count(seq)) for seq in shown]
    lasting[-1] = round(1000 * LAST)
    where = Path(path)
    arguments = {
        "font": font(film.at(film.last, page)),
        "suffix": where.suffix[1:],
        "lasting": lasting,
        "board": board,
    }
    with tqdm(shown, desc="frames", leave=False) as bar:
        data = whole(Job("film", arguments, FILM), _frames(film.at(seq, page) for seq in bar))
    try:
        where.write_bytes(data)
    except OSError as error:
        raise SketchError(f"{str(where)!r} cannot be written: {error.strerror or error}") from None


def _frames(moments: Iterable[Sequence[Element]]) -> Iterator[bytes]:
    """Yield lists of elements that are new, and after them the numbers of all those that are shown at a moment."""
    numbers: dict[int, int] = {}
    kept: list[Element] = []  # What is gone from memory could have another's identity.
    for elements in moments:
        new = [element for element in elements if id(element) not in numbers]
        for element in new:
            numbers[id(element)] = len(kept)
            kept.append(element)
        yield from frames(new)
        yield msgspec.msgpack.encode(np.array([numbers[id(each)] for each in elements], dtype="<u4").tobytes())


def pictures(
    frames: Iterable[list[Any] | bytes], board: tuple[int, int], font: str | None
) -> Iterator[Image.Image]:
    """Draw a picture for each moment; what was only added to is not drawn again."""
    height = WIDTH * board[1] // board[0]
    known: list[Element | None] = []
    shown = np.empty(0, dtype="<u4")
    paper: Image.Image | None = None
    for frame in frames:
        if isinstance(frame, list):
            known += [decode("", fields) for fields in frame]
            continue
        numbers = np.frombuffer(frame, dtype="<u4")
        more = np.array_equal(numbers[: len(shown)], shown)
        drawn = [known[number] for number in (numbers[len(shown) :] if more else numbers)]
        elements = [element for element in drawn if element is not None]
        if more and any(element.multiplies for element in elements):
            # They need what is below.
            more, elements = False, [element for number in numbers if (element := known[number]) is not None]
        paper = painter.picture(elements, WIDTH, height, board, font=font, below=paper if more else None)
        shown = numbers
        yield paper


def encoded(pictures: Iterable[Image.Image], suffix: str, lasting: Sequence[int]) -> bytes:
    """Return an animation that repeats."""
    first, *others = pictures
    stream = io.BytesIO()
    first.save(
        stream,
        format=suffix.upper(),
        save_all=True,
        append_images=others,
        duration=list(lasting),
        loop=0,
    )
    return stream.getvalue()
