"""A Jupyter server extension: kernels' messages reach a page without delay, and pages reach the relay.

TCP holds back a small packet until the one before it was acknowledged, and browsers acknowledge late: a stroke that was
painted in 4 ms came to the screen after 48. This sets one option (TCP_NODELAY) of the sockets between browsers and
kernels, for every kernel of the server. ``c.IpysketchServer.nodelay = False`` in a Jupyter server's configuration turns
it off. ``c.IpysketchServer.relay = "wss://…"`` names the relay of all kernels that are told no other.

``{base_url}ipysketch/`` is the relay of the server's user: its pages and its websocket, behind the server's login. So a
link to a room opens wherever its notebook does. ``c.IpysketchServer.proxy = False`` turns it off, and so does
``IPYSKETCH_SERVER_PROXY=0`` in the environment.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.utils import url_path_join
from traitlets import Bool, Unicode
from traitlets.config import Configurable

from .local.doctor import NODELAY
from .local.doors import SERVER_URL
from .local.page_address import note_page, sweep


class IpysketchServer(Configurable):
    """The configuration of ipysketch in a Jupyter server."""

    nodelay = Bool(True, help="Send the messages of kernels to browsers at once (TCP_NODELAY).").tag(
        config=True
    )
    relay = Unicode(help="The relay of kernels that are told no other, such as wss://draw.example.").tag(
        config=True
    )
    proxy = Bool(True, help="Carry {base_url}ipysketch/ to the relay of this server's user.").tag(config=True)
    proxy_relay = Bool(
        False,
        help="Carry {base_url}ipysketch/ to `relay` also where somebody else runs that. Its pages then have the origin "
        "of this server: only for a relay that you trust as you trust the server.",
    ).tag(config=True)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "ipysketch.server_extension"}]


def _load_jupyter_server_extension(server: Any) -> None:
    configured = IpysketchServer(parent=server)
    if configured.relay:
        # Kernels that start from now on inherit it.
        os.environ[SERVER_URL] = configured.relay
    base = ""
    if configured.proxy and os.environ.get("IPYSKETCH_SERVER_PROXY", "1") != "0":
        base = _carry(server, configured.relay if configured.proxy_relay else "")
    if not (configured.nodelay or base):
        return
    opened = KernelWebsocketHandler.open

    @functools.wraps(opened)
    async def open_noted(self: KernelWebsocketHandler, *arguments: Any, **named: Any) -> None:
        if configured.nodelay:
            self.set_nodelay(True)
        if base:
            note_page(self.kernel_id, self.get_origin() or "", base)
        await opened(self, *arguments, **named)  # type: ignore[no-untyped-call]

    KernelWebsocketHandler.open = open_noted  # type: ignore[method-assign]
    if configured.nodelay:
        # Kernels that start from now on inherit it.
        os.environ[NODELAY] = "1"


def _carry(server: Any, trusted: str) -> str:
    """Have `server` carry requests to the relay; returns the path at which it does."""
    from .server_proxy import PATH, Destination, RelayHandler  # noqa: PLC0415  Not where it is turned off.

    base: str = url_path_join(server.web_app.settings["base_url"], PATH)
    pattern = base.rstrip("/") + "(?:/(.*))?"
    server.web_app.add_handlers(".*$", [(pattern, RelayHandler, {"destination": Destination(trusted)})])
    sweep()
    return base
