"""What the file process does: ``python -m ipysketch.files.jobs``. ``process.py`` is the other side of its pipes.

It imports nothing of the user's and reads only the files that a job names. It ends when its input ends, and after a
time without a job.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from ..errors import ArgumentError, SketchError
from ..model.archive import Item, LoadReport
from ..model.elements import Element, decode
from . import animation, formats, images, painter, write_svg
from .process import (
    DONE,
    FAILED,
    OVERSPENT,
    PIECE,
    READY,
    REFUSED,
    WARNING,
    Job,
    Limits,
    packed,
    receive,
    send,
    too_large,
)
from .write_excalidraw import to_excalidraw

REST = 300.0
"""Seconds without a job after which the process ends."""
GROWTH = 64 << 20
"""Bytes of growth since its start after which the process ends with its job: leftovers of one job would be missing for
the next."""
PART = 256 << 10
"""Bytes of a result that are sent at once."""

Frames = Iterator[bytes]
Answer = Iterator[bytes]


def png(frames: Frames, *, font: str | None, width: int, height: int, board: tuple[float, float]) -> Answer:
    """Paint a picture as a PNG file."""
    yield from _parts(painter.png(_elements(frames), width, height, board, font=font))


def pixels(frames: Frames, *, font: str | None, width: int, height: int, board: tuple[float, float]) -> Answer:
    """Paint a picture as red, green and blue."""
    yield from _parts(painter.rgb(_elements(frames), width, height, board, font=font))


def poster(
    frames: Frames, *, font: str | None, widths: list[int], most: int, board: tuple[float, float]
) -> Answer:
    """Paint a PNG file, as wide as the first of `widths` at which it has at most `most` bytes; else yield nothing."""
    large = None
    for width in widths:
        size = (width, round(width * board[1] / board[0]))
        if large is None:
            large = painter.picture(_elements(frames), *size, board, font=font)
        data = painter.encoded(large if large.size == size else large.resize(size, reducing_gap=2.0))
        if len(data) <= most:
            yield data
            return


def film(
    frames: Frames, *, font: str | None, suffix: str, lasting: list[int], board: tuple[int, int]
) -> Answer:
    """Paint an animation. A frame has new elements, and the numbers of all elements that are in the next picture."""
    painted = animation.pictures(map(msgspec.msgpack.decode, frames), board, font)
    yield from _parts(animation.encoded(painted, suffix, lasting))


def svg(frames: Frames, *, board: tuple[float, float], shown: tuple[float, float]) -> Answer:
    """Write a page as SVG."""
    yield from _parts(write_svg.svg(_elements(frames), board, shown).encode())


def svg_file(
    frames: Frames, *, board: tuple[float, float], pixels: tuple[float, float], corner: tuple[float, float]
) -> Answer:
    """Write a page as an SVG file that holds its elements; frames have the key of each with its fields."""
    items = [Item(fields, key) for fields, key in _values(frames)]
    yield from _parts(formats.svg_file(items, board, pixels, corner))


def pdf(frames: Frames, *, pages: int, board: tuple[float, float]) -> Answer:
    """Write pages as PDF; frames have the number of its page with the fields of each element."""
    from . import write_pdf  # noqa: PLC0415  # half of what starting would take

    found: list[list[Element]] = [[] for _ in range(pages)]
    for page, fields in _values(frames):
        if (element := decode("", fields)) is not None:
            found[page].append(element)
    yield from _parts(write_pdf.pdf(found, board))


def excalidraw(frames: Frames) -> Answer:
    """Write a page as a drawing of Excalidraw; frames have the key of each element with its fields."""
    yield from _parts(to_excalidraw(Item(fields, key) for fields, key in _values(frames)))


def load(_frames: Frames, *, path: str, board: tuple[float, float]) -> Answer:
    """Read a file."""
    return _report(formats.from_file(Path(path), board))


def read(frames: Frames, *, suffix: str, board: tuple[float, float]) -> Answer:
    """Read the bytes of a file."""
    return _report(formats.from_bytes(b"".join(frames), suffix, board))


def picture(frames: Frames, *, mode: str, size: tuple[int, int]) -> Answer:
    """Make an image file that fits an element, from the bytes of an image file or, with a `mode`, from pixels."""
    data = b"".join(frames)
    yield msgspec.msgpack.encode(images.fitted(images.from_pixels(mode, size, data) if mode else data))


JOBS: dict[str, Callable[..., Answer]] = {
    each.__name__: each
    for each in (png, pixels, poster, film, svg, svg_file, pdf, excalidraw, load, read, picture)
}


def main() -> None:
    """Do jobs until there are no more."""
    # Libraries that print must not write between the frames.
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:
        for number in (0, 1):
            os.dup2(nothing.fileno(), number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    base = _size()
    with contextlib.suppress(EOFError, OSError):
        while select.select([requests], [], [], REST)[0]:
            job = msgspec.msgpack.decode(receive(requests), type=Job)
            # What earlier jobs left is not charged to this one.
            _limit(job.limits, _size())
            _tell(answers, READY)
            _do(job, requests, answers)
            if _size() > base + GROWTH:
                break


def _do(job: Job, requests: IO[bytes], answers: IO[bytes]) -> None:
    frames = iter(lambda: receive(requests), b"")
    end, sentence = DONE, ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            for piece in JOBS[job.name](frames, **job.arguments):
                _tell(answers, PIECE, piece)
        except SketchError as error:
            end, sentence = REFUSED if isinstance(error, ArgumentError) else FAILED, str(error)
        except MemoryError:
            end, sentence = OVERSPENT, too_large(job.limits)
        # A mistake of ours or of a library; more details would not help the user.
        except Exception as error:
            end, sentence = FAILED, f"{job.name} failed: {type(error).__name__}: {error}"
    for _ in frames:
        pass  # Frames that the job did not read.
    for warning in told:
        if warning.category is UserWarning:
            _tell(answers, WARNING, str(warning.message).encode())
    _tell(answers, end, sentence.encode(errors="replace"))


def _tell(answers: IO[bytes], kind: int, content: bytes = b"") -> None:
    send(answers, bytes((kind,)) + content)
    answers.flush()


def _values(frames: Frames) -> Iterator[Any]:
    for frame in frames:
        yield from msgspec.msgpack.decode(frame)


def _elements(frames: Frames) -> list[Element]:
    found = (decode("", fields) for fields in _values(frames))
    return [element for element in found if element is not None]


def _parts(data: bytes) -> Answer:
    """Yield a result in parts: to take one of many megabytes at once would hold up the threads of the kernel."""
    return (data[start : start + PART] for start in range(0, len(data), PART))


def _report(report: LoadReport) -> Answer:
    yield msgspec.msgpack.encode((len(report.items), report.skipped))
    yield from packed(msgspec.msgpack.encode(tuple(item)) for item in report.items)


def _limit(limits: Limits, now: int) -> None:
    """Set the limits of the operating system for one job."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + limits.seconds)
    # Where the size of the process is not known, only its time is limited.
    if now:
        _lower(resource.RLIMIT_AS, now + limits.memory)


def _lower(what: int, to: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (to if hard == resource.RLIM_INFINITY else min(to, hard), hard))


def _size() -> int:
    """Return the bytes of address space that this process uses; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
