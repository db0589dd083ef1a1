"""A Jupyter server extension: what a kernel sends to a page leaves at once.

TCP holds back a small packet until the one before it was acknowledged, and browsers acknowledge late: a stroke that was
painted in 4 ms came to the screen after 48. This sets one option of the sockets between pages and kernels, for every
kernel of the server, and does nothing else. ``c.IpysketchServer.nodelay = False`` in a Jupyter server's configuration
turns it off.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets import Bool
from traitlets.config import Configurable

from .doctor import NODELAY


class IpysketchServer(Configurable):
    """What ipysketch does in a Jupyter server."""

    nodelay = Bool(True, help="Send what kernels say to pages at once (TCP_NODELAY).").tag(config=True)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "ipysketch.server_extension"}]


def _load_jupyter_server_extension(server: Any) -> None:
    if not IpysketchServer(parent=server).nodelay:
        return
    opened = KernelWebsocketHandler.open

    @functools.wraps(opened)
    async def at_once(self: KernelWebsocketHandler, *arguments: Any, **named: Any) -> None:
        self.set_nodelay(True)
        await opened(self, *arguments, **named)  # type: ignore[no-untyped-call]

    KernelWebsocketHandler.open = at_once  # type: ignore[method-assign]
    # Kernels that start from now on can tell.
    os.environ[NODELAY] = "1"
