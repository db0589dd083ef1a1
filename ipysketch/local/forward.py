"""``python -m ipysketch.local.forward PORT``: this user's own relay at another port of loopback.

For programs that start what they show and choose its port, as jupyter-server-proxy does. The relay is started if none
runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from .modules import command
from .relay_process import ensure

CHUNK = 64 << 10


def jupyter_server_proxy_entry() -> dict[str, Any]:
    """Return the entry for jupyter-server-proxy: `{base_url}ipysketch-relay/`, and a tile in the launcher, which opens
    what our own server extension has where that is not turned off."""
    own = os.environ.get("IPYSKETCH_SERVER_PROXY", "1") != "0"
    return {
        "command": [*command("ipysketch.local.forward"), "{port}"],
        "timeout": 30,
        "launcher_entry": {
            "title": "Draw together",
            "path_info": "ipysketch/" if own else "ipysketch-relay/",
        },
    }


async def forward(port: int) -> None:
    """Carry what comes to a port of loopback to the relay, until cancelled."""
    local, _ = await asyncio.to_thread(ensure)
    relay = urlsplit(local.url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(relay.hostname, relay.port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=CHUNK)
    async with server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write what is read, as fast as it is taken, and end when it ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(forward(int(sys.argv[1])))
