"""Checks of everything that a board depends on, with advice: ``%sketch doctor``."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

NODELAY = "IPYSKETCH_NODELAY"
"""Set by our server extension in the environment of a Jupyter server; its kernels inherit it."""
PACKAGES = (
    *("ipysketch-live", "websockets", "ipycanvas", "ipywidgets", "anywidget", "ipykernel"),
    *("jupyter_server", "jupyterlab", "notebook"),
)
FAR_RELAY, FAR_PAGE = 0.15, 0.15
"""Round trips, in seconds, above which people notice the delay."""


class Finding(NamedTuple):
    """The result of one check: whether it is well, a sentence, and what to do if it is not."""

    well: bool
    what: str
    advice: str = ""

    def __str__(self) -> str:
        mark = "ok " if self.well else "!! "
        return mark + self.what + (f"\n   {self.advice}" if self.advice and not self.well else "")


class PageHealth(NamedTuple):
    """Measurements of the views of a board: see `Health`."""

    in_sight: int
    trips: Sequence[float]
    beside: bool | None
    roads: Sequence[tuple[str, str]] = ()


class Health(NamedTuple):
    """Measurements of one board. Round trips in seconds: `relay` from the kernel to the relay and back, `pages` from
    the kernel to a painted frame and back; `beside` says whether a page's last message came on another thread than
    the one that runs cells, None without any. `roads` are of each view in sight the address to which its live ink goes
    past the kernel, or "", and why."""

    room: str
    status: str
    connected: bool
    relay: Sequence[float]
    in_sight: int
    pages: Sequence[float]
    beside: bool | None
    roads: Sequence[tuple[str, str]] = ()


def examine(health: Health, *, kernel: bool) -> Iterator[Finding]:
    """Yield the findings about a board; `kernel` says whether this is a Jupyter kernel, where views can show it."""
    yield Finding(
        health.connected,
        f"room {health.room}: {health.status}",
        "ask who runs the relay, or run %sketch connect again; what you draw meanwhile is kept and sent later",
    )
    if health.relay:
        trip = _median(health.relay)
        yield Finding(
            trip < FAR_RELAY,
            f"from the kernel to the relay and back: {_ms(health.relay)}",
            "the relay is far or busy; one nearer to the kernel helps",
        )
    if not kernel:
        return
    if health.pages:
        trip = _median(health.pages)
        yield Finding(
            trip < FAR_PAGE,
            f"from the kernel to a painted frame and back: {_ms(health.pages)}, pages in sight: {health.in_sight}",
            "the way to the browser is long, or it is busy: a wired network or fewer open pages help",
        )
    else:
        yield Finding(
            True, "no page in sight has answered yet: bring the board into sight, draw something and ask again"
        )
    for url, why in health.roads:
        yield road(url, why)
    if health.beside is not None:
        yield Finding(
            health.beside,
            f"subshells are {'' if health.beside else 'not '}in use"
            + (": drawing reaches the kernel while a cell runs" if health.beside else ""),
            "while a cell runs your ink is shown but goes out only when it ends; JupyterLab 4.4 or newer with "
            "ipykernel 7 does better",
        )
    yield nodelay(dict(os.environ))


def road(url: str, why: str) -> Finding:
    """Return by which way the live ink of a page goes, as a finding: past the kernel to `url`, or not, for `why`."""
    if url:
        return Finding(True, f"live ink goes between this page and {url}, past the kernel")
    return Finding(True, f"live ink goes over the kernel: {why or 'the page has no way to the relay'}")


def route(relay: str) -> Finding:
    """Return which relay a board goes through, and whether others can be in it, as a finding: see `Sketch.relay`."""
    which, _, apart = relay.partition("; ")
    return Finding(not apart, f"through {which}", apart)


def routes(reasons: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield lines that say which relay a bare ``%sketch connect`` takes, and why not others: see `doors.reasons`."""
    yield "a bare %sketch connect takes the first of these that there is:"
    for number, (way, why_not) in enumerate(reasons, 1):
        yield f"   {number}. {way}: {why_not or 'this one'}"


def nodelay(environment: dict[str, str]) -> Finding:
    """Return whether the Jupyter server that started this kernel has our extension, as a finding."""
    return Finding(
        environment.get(NODELAY) == "1",
        "the Jupyter server sends kernels' messages at once"
        if environment.get(NODELAY) == "1"
        else "the Jupyter server holds small packets back, up to 40 ms each",
        "install ipysketch where the Jupyter server runs and restart it; "
        "`jupyter server extension list` shows ipysketch.server_extension",
    )


def versions() -> str:
    """Return the versions of what is installed here, in one line."""
    parts = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


def _median(trips: Sequence[float]) -> float:
    import statistics

    return statistics.median(trips)


def _ms(trips: Sequence[float]) -> str:
    low, middle, high = (1000 * value for value in (min(trips), _median(trips), max(trips)))
    return f"{middle:.1f} ms ({low:.1f} to {high:.1f})"
