"""One run of one server under the load generator, and the figures of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .dialects import Dialect, Ours, Plain, SocketIO
from .load import EVERY_FRAME, Beat, Crowd, Run
from .servers import Server, apart

TITLES = {
    "ours": "ipysketch",
    "ws": "ws",
    "socketio": "Socket.IO",
    "plain": "websockets",
    "python_socketio": "python-socketio",
    "ywebsocket": "y-websocket",
    "sink": "no server",
}
DIALECTS: dict[str, Callable[[], Dialect]] = {
    "ours": Ours,
    "ws": Plain,
    "plain": Plain,
    "sink": Plain,
    "socketio": SocketIO,
    "python_socketio": SocketIO,
}


@dataclass(frozen=True)
class Sample:
    """`cpu`: seconds of CPU of the server while people drew. `waited`: seconds for which it could have run and the
    machine did something else."""

    run: Run
    cpu: float
    waited: float

    @property
    def share(self) -> float:
        """How much of a core the server used."""
        return self.cpu / self.run.seconds

    @property
    def micros(self) -> float:
        """CPU per delivered point, in µs."""
        return 1e6 * self.cpu / self.run.delivered if self.run.delivered else float("nan")

    def figures(self) -> dict[str, float]:
        """What is kept of it."""
        run = self.run
        return {
            "cpu_us_per_point": round(self.micros, 3),
            "server_core_share": round(self.share, 3),
            "server_waited_share": round(self.waited / run.seconds, 3),
            "delivered_per_second": round(run.delivered / run.seconds),
            "frames_per_second": round(run.frames / run.seconds),
            "bytes_per_point": round(run.bytes / run.delivered, 1) if run.delivered else 0.0,
            "p50_ms": round(1e3 * run.latency(50), 2),
            "p99_ms": round(1e3 * run.latency(99), 2),
            "missing": run.missing,
            "again": run.again,
            "generator_core_share": round(run.busy, 3),
            "generator_late_p99_ms": round(1e3 * run.late, 2),
        }


def drive(
    name: str,
    rooms: Sequence[str],
    seconds: float,
    beat: Beat = EVERY_FRAME,
    *,
    make: Callable[[], Dialect] | None = None,
    warm: float = 1.0,
    settle: float = 10.0,
    quiet: bool = False,
    own: bool = False,
    arguments: Sequence[str] = (),
) -> Sample:
    """Start the server `name`, connect, warm up, and let everybody draw for so long. `own`: see `Crowd.draw`."""
    cpu = waited = 0.0

    def begun() -> None:
        nonlocal cpu, waited
        cpu, waited = -server.cpu(), -server.waited()

    def ended() -> None:
        nonlocal cpu, waited
        cpu, waited = cpu + server.cpu(), waited + server.waited()

    with (
        apart(),
        Server(name, *arguments) as server,
        Crowd(make or DIALECTS[name], server.port, rooms) as crowd,
    ):
        crowd.draw(warm, beat, quiet=quiet, own=own)
        run = crowd.draw(seconds, beat, settle=settle, begun=begun, ended=ended, quiet=quiet, own=own)
    return Sample(run, cpu, waited)
