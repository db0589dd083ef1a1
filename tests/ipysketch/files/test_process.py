"""The file process: drawing and reading cost this process next to nothing, and nobody's file costs more than its limits.

What is measured is processor time of this process beside the same work done in it, never the clock."""

from __future__ import annotations

import base64
import os
import resource
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from ipysketch import SketchError
from ipysketch.files import formats, jobs, painter, process
from ipysketch.files.formats import from_bytes, read, written
from ipysketch.files.images import LONGEST, dimensions
from ipysketch.files.pictures import picture_fields
from ipysketch.files.process import Job, Limits, Overspent, receive, run
from ipysketch.files.rasterize import font, frames, png, poster, raster, to_svg
from ipysketch.local import modules
from ipysketch.model.elements import Element

from .drawn import element

SIZE, BOARD = (640, 360), (1280, 720)
AT_LEAST = 2
"""How many times the processor time of this process the same work takes in it."""


def strokes(count: int) -> list[Element]:
    steps = [4, 3, -2, 5, 6, -1, 0, 7, -4, 2] * 10
    return [
        element(kind="stroke", points=[80 * (n % 100), 50 * (n % 97), *steps], color="#1b4965", width=24)
        for n in range(count)
    ]


def spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def the_process() -> int:
    """The file process that waits; a job makes sure that there is one."""
    png([], 1, 1, BOARD)
    return process._idle[-1]._child.pid


def svg_file(content: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720">{content}</svg>'.encode()


def png_bomb(side: int) -> bytes:
    """A PNG file of few bytes and many pixels."""
    parts = [
        (b"IHDR", side.to_bytes(4) * 2 + bytes((8, 6, 0, 0, 0))),
        (b"IDAT", zlib.compress(bytes((4 * side + 1) * side), 1)),
        (b"IEND", b""),
    ]
    chunks = [len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4) for name, data in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    "work",
    [
        lambda drawing: png(drawing, *SIZE, BOARD),
        lambda drawing: raster(drawing, *SIZE, BOARD),
        lambda drawing: poster(drawing, [640], 1 << 20, BOARD),
        lambda drawing: written(drawing, ".pdf"),
        to_svg,
    ],
    ids=["png", "raster", "poster", "pdf", "svg"],
)
def test_drawing_is_not_done_here(work: Callable[[list[Element]], object]) -> None:
    drawing = strokes(400)
    work(drawing[:1])  # Here and there, what is imported for it is.
    elsewhere = spent(lambda: work(drawing))
    here = spent(lambda: painter.png(drawing, *SIZE, BOARD, font=font(drawing)))
    assert elsewhere * AT_LEAST < here


def test_reading_is_not_done_here() -> None:
    data = written(strokes(60), ".svg")
    found = [read(data, ".svg")]
    elsewhere = spent(lambda: found.append(read(data, ".svg")))
    here = spent(lambda: found.append(from_bytes(data, ".svg", BOARD)))
    assert elsewhere * AT_LEAST < here
    assert found[0] == found[1] == found[2]


def test_the_process_is_another_one_that_interrupts_do_not_reach() -> None:
    pid = the_process()
    assert pid != os.getpid()
    assert os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    assert the_process() == pid


def test_one_that_was_killed_is_replaced() -> None:
    os.kill(the_process(), signal.SIGKILL)
    assert png([], 1, 1, BOARD)


def test_an_interrupt_ends_the_job_and_its_process() -> None:
    before = the_process()

    def interrupted() -> Iterator[bytes]:
        yield from frames(strokes(3))
        raise KeyboardInterrupt

    job = Job("svg", {"board": BOARD, "shown": BOARD}, Limits(60, 1 << 30))
    with pytest.raises(KeyboardInterrupt):
        run(job, interrupted())
    assert the_process() != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_one_that_dies_at_work_is_said_to_have_needed_too_much() -> None:
    def deadly() -> Iterator[bytes]:
        # All other processes were taken by nobody: the one at work is the latest child.
        os.kill(pid, signal.SIGKILL)
        for _ in range(100):
            yield from frames(strokes(100))

    pid = the_process()
    job = Job("svg", {"board": BOARD, "shown": BOARD}, Limits(60, 1 << 30))
    with pytest.raises(Overspent, match="takes more than 60 seconds of work"):
        run(job, deadly())
    assert png([], 1, 1, BOARD)


def test_a_mistake_in_a_job_is_one_sentence_and_the_process_stays() -> None:
    pid = the_process()
    with pytest.raises(SketchError, match="svg failed: TypeError"):
        run(Job("svg", {"bored": 1}, Limits(60, 1 << 30)), frames(strokes(500)))
    assert the_process() == pid


HOSTILE = {
    "many paths": svg_file('<path d="M1 1L9 9"/>' * 90_000),
    "long path": svg_file('<path d="M1 1L' + "9 9 " * 1_000_000 + '"/>'),
    "arcs": svg_file('<path d="M1 1' + "a9 9 0 1 1 5 5" * 70_000 + '"/>'),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_costs_no_more_than_its_limits(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(formats, "READING", Limits(1, 200 << 20))
    the_process()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = ended.ru_utime + ended.ru_stime
    with pytest.raises(
        SketchError, match=r"takes more than .* to read, so nothing of it was taken: make a smaller"
    ):
        read(data, ".svg")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its start and the jobs before are in it.
    assert ended.ru_utime + ended.ru_stime - before < 20


def test_a_harmless_file_is_read_within_the_same_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "READING", Limits(1, 200 << 20))
    assert len(read(svg_file('<path d="M1 1L9 9" stroke="#000"/>' * 9), ".svg").items) == 9


def test_a_file_that_grows_in_memory_is_refused() -> None:
    data = b'{"ipysketch":1,"elements":[' + b"0," * 10_000_000 + b"0]}"
    with pytest.raises(SketchError, match="takes more than 200 MB of memory to read"):
        read(data, ".json")


def test_elements_that_would_fill_this_process_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(strokes(100), ".json")
    assert len(read(data, ".json").items) == 100
    monkeypatch.setattr(formats, "HEAVIEST", 10_000)
    with pytest.raises(SketchError, match="holds more than 0 MB of elements: save it in parts"):
        from_bytes(data, ".json", BOARD)


def test_a_bomb_of_pixels_is_made_small_elsewhere() -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = png_bomb(6300)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fields = picture_fields(data, (0, 0, 100, None))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - max(most, grown) < 40_000, "KB"
    assert dimensions(base64.b64decode(fields["data"])) == (LONGEST, LONGEST)


SCRIPT = """
import os, sys
from ipysketch import to_array
print("once", flush=True)
assert to_array([], width=16).shape == (9, 16, 3)
child = os.fork()
if child == 0:
    os._exit(0 if to_array([], width=32).shape == (18, 32, 3) else 1)
assert os.waitpid(child, 0)[1] == 0
assert to_array([], width=48).shape == (27, 48, 3)
"""


def test_a_script_is_not_run_again_and_its_fork_has_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "numpy.py").write_text("raise RuntimeError('of the user')")
    command = [sys.executable, "-P", "script.py"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=modules.environment()
    )
    assert (done.returncode, done.stdout) == (0, "once\n"), done.stderr


def test_no_part_of_a_large_result_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def noted(stream: IO[bytes]) -> bytes:
        frame = receive(stream)
        sizes.append(len(frame))
        return frame

    monkeypatch.setattr(process, "receive", noted)
    pixels = raster([], 1000, 1000, BOARD)
    assert sum(sizes) > pixels.nbytes == 3_000_000
    assert max(sizes) <= jobs.PART + 1
