"""The address under which the page of a kernel reaches its Jupyter server, and with it the relay: noted by our server
extension when a page opens, read by the kernel when it makes a link.

Only the page's own request tells it: behind proxies a server knows neither its name nor its port.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from . import hub
from .doors import named
from .relay_process import LocalRelay, find, find_at, runtime_dir

KEPT = 7 * 24 * 3600.0
"""Seconds after which the note of a kernel is taken for one of a kernel that is gone."""
_KERNEL = re.compile(r"[0-9A-Za-z-]{1,64}")


def _folder() -> Path:
    return runtime_dir() / "pages"


def note_page(kernel: str, origin: str, path: str) -> None:
    """Note that a page of `origin` shows the kernel with the id `kernel`, and that the relay is at `path` there."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or not _KERNEL.fullmatch(kernel):
        return
    with contextlib.suppress(OSError):  # It is for links alone; they have another address then.
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = folder / f"{kernel}.aside"
        aside.write_text(json.dumps({"address": f"{parts.scheme}://{parts.netloc}{path}"}))
        aside.replace(folder / f"{kernel}.json")


def page_address(connection_file: str) -> str:
    """Return the address, ending in a slash, at which the page of a kernel reaches the relay; "" when no page is known.

    The kernel is that of the connection file."""
    kernel = Path(connection_file).stem.removeprefix("kernel-")
    if not _KERNEL.fullmatch(kernel):
        return ""
    try:
        address = json.loads((_folder() / f"{kernel}.json").read_text())["address"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return address if isinstance(address, str) and address.startswith(("http://", "https://")) else ""


def server_address(relay: str) -> str:
    """Return the address at which this kernel's Jupyter server carries requests to the relay at `relay`.

    It is "" when the server carries none, or to another relay.
    """
    own = carried_relay()
    return own_page() if own is not None and urlsplit(own.url).port == urlsplit(relay).port else ""


def hub_address(relay: str, public: str) -> str:
    """Return the address at which browsers have the relay at `relay` when it is the one of this kernel's Hub, else "".

    `public` is where the relay says that people reach it: with `subdomain_host` only the relay knows that. Otherwise it
    is below the Hub's address, which is that of this kernel's page where the Hub does not say its own; without a page,
    a path alone.
    """
    shared = hub.find()
    if shared is None or shared.url != relay:
        return ""
    return public or urljoin(own_page(), hub.page_address(shared))


def own_page() -> str:
    """Return the address at which this kernel's page reaches the relay, as `page_address` does; "" in a script."""
    if "ipykernel" not in sys.modules:
        return ""
    from ipykernel.connect import get_connection_file  # noqa: PLC0415  It was imported where there is a kernel.

    try:
        return page_address(get_connection_file())
    except RuntimeError:
        return ""  # A program that has the library, and is no kernel.


def carried_relay() -> LocalRelay | None:
    """Return the relay of this user to which their Jupyter server carries requests; it has proved to be it."""
    relay = named(None)
    return find_at(relay.url) if relay else find()


def sweep() -> None:
    """Remove the notes of kernels that are gone."""
    with contextlib.suppress(OSError):
        for note in _folder().iterdir():
            if time.time() - note.stat().st_mtime > KEPT:
                note.unlink(missing_ok=True)
