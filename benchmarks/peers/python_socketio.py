"""A broadcast with python-socketio on aiohttp, as its documentation shows it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import socketio
from aiohttp import web

server = socketio.AsyncServer(async_mode="aiohttp", http_compression=False)
rooms: dict[str, str] = {}


@server.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    rooms[sid] = parse_qs(environ["QUERY_STRING"])["room"][0]
    await server.enter_room(sid, rooms[sid])


@server.event
async def draw(sid: str, data: Any) -> None:
    await server.emit("draw", data, room=rooms[sid], skip_sid=sid)


async def main() -> None:
    application = web.Application()
    server.attach(application)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"port {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
