"""A browser's ``WebSocket`` in place of a connection of `websockets`: the road of a kernel that runs in a browser.

A browser sends no header, answers pings by itself, and does not say why it cannot connect. Only what `Connection` uses
of a connection is here.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close, CloseCode

from .opening import Stop

MAX_WAITING = 1000
"""Frames that may wait to be handled; then the connection ends, and resumes later."""


class BrowserSocket:
    """An open websocket: see `open_browser_socket`. Iterating yields frames, text or bytes, until it is closed."""

    response = None

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self.protocol = SimpleNamespace(close_rcvd=None, close_sent=None)
        self.transport = SimpleNamespace(abort=socket.close)

    def received(self, frame: str | bytes) -> None:
        """Take a frame from the browser."""
        if self._frames.qsize() < MAX_WAITING:
            self._frames.put_nowait(frame)
        else:
            self._socket.close()

    def ended(self, code: int, reason: str) -> None:
        """Take note of the end of the connection."""
        self.close_code, self.close_reason = code, reason
        if code != CloseCode.ABNORMAL_CLOSURE:
            self.protocol.close_rcvd = Close(code, reason)
        self._closed.set()
        self._frames.put_nowait(None)

    async def send(self, frame: bytes, text: bool = True) -> None:
        """Send one frame; raises `ConnectionClosed` when there is no connection."""
        assert text
        if self._closed.is_set():
            raise ConnectionClosedError(self.protocol.close_rcvd, None)
        self._socket.send(frame.decode())

    async def ping(self) -> asyncio.Future[None]:
        """Return nothing in place of the seconds of a round trip."""
        answer: asyncio.Future[None] = self._loop.create_future()
        answer.set_result(None)
        return answer

    async def close(self) -> None:
        """Close the connection, and wait for that."""
        self._socket.close()
        await self._closed.wait()

    def __aiter__(self) -> BrowserSocket:
        return self

    async def __anext__(self) -> str | bytes:
        if (frame := await self._frames.get()) is not None:
            return frame
        if self.close_code == CloseCode.ABNORMAL_CLOSURE:
            raise ConnectionClosedError(None, None)
        raise StopAsyncIteration


async def open_browser_socket(url: str, timeout: float) -> BrowserSocket:
    """Return an open websocket of the browser that this kernel runs in.

    Raises `Stop` where the browser lets nobody connect to `url`, and OSError when it does not connect.
    """
    import js  # type: ignore[import-not-found]  # noqa: PLC0415  # what a browser has
    from pyodide.ffi import create_proxy  # type: ignore[import-not-found]  # noqa: PLC0415

    try:
        socket = js.WebSocket.new(url)
    except Exception as error:  # The browser's own kinds of errors.
        raise Stop(
            f"this browser does not connect to {url} ({error}); a page that came by https needs a relay at wss://"
        ) from None
    socket.binaryType = "arraybuffer"
    made, opened = BrowserSocket(socket), asyncio.Event()

    def on_message(event: Any) -> None:
        data = event.data
        made.received(data if isinstance(data, str) else data.to_bytes())

    def on_close(event: Any) -> None:
        made.ended(event.code, event.reason)
        opened.set()
        for proxy in proxies.values():
            proxy.destroy()

    handlers = {"onopen": lambda _event: opened.set(), "onmessage": on_message, "onclose": on_close}
    proxies = {name: create_proxy(handler) for name, handler in handlers.items()}
    for name, proxy in proxies.items():
        setattr(socket, name, proxy)
    try:
        async with asyncio.timeout(timeout):
            await opened.wait()
    except TimeoutError:
        socket.close()
        raise
    if made.close_code is not None:
        raise OSError(
            0,
            "a browser does not say why; the relay must run, and allow this page (--allow-origin)",
        )
    return made
