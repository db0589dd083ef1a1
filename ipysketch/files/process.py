"""The file process: a second Python that paints pictures and reads files, so that no thread of this one waits for it.

The libraries that paint and read hold Python's lock for seconds, and a stranger's file may need any time and any
memory. The process is started when it is first needed and does one job after another. Each job has limits of CPU time
and memory. A job that exceeds them, or is interrupted, ends the process; the next job starts a new one.

Frames go through two pipes. A frame is four bytes with its length, and its content. A job is a frame that describes it,
then frames with its input, then an empty frame. ``jobs.py`` is the other side.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import msgspec

from ..errors import ArgumentError, SketchError
from ..local import modules

AT_ONCE = 2
"""Jobs at a time; further ones wait."""
MOST = 64 << 10
"""Approximate bytes of a frame."""
PATIENCE = 20
"""How many times its CPU time a job may take by the clock: the machine may be busy."""
DYING = 10.0
"""The most seconds that a process takes to end once its pipes are closed."""

READY, PIECE, WARNING, REFUSED, FAILED, OVERSPENT, DONE = b"rpwafod"
"""The first byte of each frame that comes back."""


class Limits(msgspec.Struct, frozen=True):
    """What a job may use: seconds of CPU time, and bytes of memory in addition to those of the idle process."""

    seconds: int
    memory: int


class Job(msgspec.Struct, frozen=True):
    """The first frame of a job: the name of a function of ``jobs.py``, its arguments, and its limits."""

    name: str
    arguments: dict[str, Any]
    limits: Limits


class Overspent(SketchError):
    """A job needed more than its limits."""


def run(
    job: Job,
    frames: Iterable[bytes] = (),
    take: Callable[[bytes], object] = lambda _: None,
) -> None:
    """Have the file process do a job with `frames`, and call `take` with each piece of the result.

    Waiting does not hold Python's lock. An interrupt ends the process. Raises `SketchError` with the message of the
    job's error, and `Overspent` when it exceeded its limits.
    """
    with _free_places:
        process = _ready(job)
        try:
            process.work(job.limits, frames, take)
        finally:
            if process.done:
                _idle.append(process)
            else:
                process.end()


def whole(job: Job, frames: Iterable[bytes] = ()) -> bytes:
    """Return the whole result of a job."""
    pieces: list[bytes] = []
    run(job, frames, pieces.append)
    return b"".join(pieces)


class _Process:
    """One file process."""

    def __init__(self) -> None:
        try:
            self._child = subprocess.Popen(
                modules.command("ipysketch.files.jobs"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # An interrupt of the cell is sent to the kernel's whole group of processes.
                start_new_session=True,
                # The threads of linear algebra libraries would use address space, which is limited.
                env=modules.environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1"),
            )
        except (OSError, TypeError) as error:
            raise SketchError(f"Python cannot be started once more to draw or read a file: {error}") from None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._in: IO[bytes] = self._child.stdin
        self._out: IO[bytes] = self._child.stdout
        self.done = False
        """Whether the last job has ended, with a result or an error."""

    def begin(self, job: Job) -> bool:
        """Announce a job; return whether the process is ready for it."""
        self.done = False
        try:
            send(self._in, msgspec.msgpack.encode(job))
            self._in.flush()
            return receive(self._out)[0] == READY
        except (OSError, EOFError):
            return False

    def work(self, limits: Limits, frames: Iterable[bytes], take: Callable[[bytes], object]) -> None:
        """Do the job that began."""
        late = threading.Timer(limits.seconds * PATIENCE, self._child.kill)
        late.daemon = True
        late.start()
        try:
            for frame in frames:
                send(self._in, frame)
            send(self._in, b"")
            self._in.flush()
            while not self.done:
                self._answered(receive(self._out), take)
        except (OSError, EOFError):
            raise Overspent(self._why(limits)) from None
        finally:
            late.cancel()

    def _answered(self, frame: bytes, take: Callable[[bytes], object]) -> None:
        kind, content = frame[0], frame[1:]
        if kind == PIECE:
            take(content)
        elif kind == WARNING:
            warnings.warn(content.decode(), stacklevel=5)
        else:
            self.done = True
            if kind != DONE:
                errors = {OVERSPENT: Overspent, REFUSED: ArgumentError}
                raise errors.get(kind, SketchError)(content.decode())

    def end(self) -> None:
        """Kill the process."""
        self._child.kill()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()
        self._child.wait()

    def forget(self) -> None:
        """Close the pipes in a fork: the process belongs to the parent."""
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                os.close(pipe.fileno())
        self._child.returncode = 0  # It is not a child of this process.

    def _why(self, limits: Limits) -> str:
        """Return why the process ended during a job, as a predicate: the caller puts the subject before it."""
        try:
            ended = self._child.wait(DYING)
        except subprocess.TimeoutExpired:
            ended = -signal.SIGKILL  # As it will be.
        return overtime(limits) if ended in (-signal.SIGXCPU, -signal.SIGKILL) else too_large(limits)


def overtime(limits: Limits) -> str:
    """Return the predicate for a job that takes too long."""
    return f"takes more than {limits.seconds} seconds of work"


def too_large(limits: Limits) -> str:
    """Return the predicate for a job that takes too much memory."""
    return f"takes more than {limits.memory >> 20} MB of memory"


def send(stream: IO[bytes], frame: bytes) -> None:
    """Write a frame."""
    stream.write(len(frame).to_bytes(4))
    stream.write(frame)


def receive(stream: IO[bytes]) -> bytes:
    """Return the next frame; raise EOFError when there is none."""
    head = stream.read(4)
    if len(head) < 4:
        raise EOFError
    frame = stream.read(length := int.from_bytes(head))
    if len(frame) < length:
        raise EOFError
    return frame


def packed(values: Iterable[bytes]) -> Iterator[bytes]:
    """Yield frames, each a list of encoded values, small enough that decoding one delays nobody."""
    batch: list[msgspec.Raw] = []
    size = 0
    for value in values:
        batch.append(msgspec.Raw(value))
        size += len(value)
        if size >= MOST:
            yield msgspec.msgpack.encode(batch)
            batch, size = [], 0
    if batch:
        yield msgspec.msgpack.encode(batch)


_free_places = threading.BoundedSemaphore(AT_ONCE)
_idle: list[_Process] = []


def _ready(job: Job) -> _Process:
    """Return a process that has begun `job`: an idle one, or a new one."""
    while True:
        try:
            process, new = _idle.pop(), False
        except IndexError:
            process, new = _Process(), True
        try:
            if process.begin(job):
                return process
        except BaseException:
            process.end()
            raise
        # A process that was idle for long has ended.
        process.end()
        if new:
            raise SketchError(
                "Python was started once more to draw or read a file, but did not answer; is ipysketch installed well?"
            )


def end_idle() -> None:
    """End the processes that wait for a job."""
    while _idle:
        _idle.pop().end()


def _forget_all() -> None:
    global _free_places  # noqa: PLW0603  # a fork may have happened while jobs were under way
    _free_places = threading.BoundedSemaphore(AT_ONCE)
    while _idle:
        _idle.pop().forget()


atexit.register(end_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
