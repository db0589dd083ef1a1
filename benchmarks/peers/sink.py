"""No server at all, to see what the load generator itself can do: it reads what comes and throws it away.

The first argument is how many bytes of ready frames each connection is given, as fast as it takes them; the
second is the size of one frame's text. The text is that of the plain servers.
"""

from __future__ import annotations

import selectors
import socket
import sys

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def frames(size: int) -> bytes:
    """About 64 KiB of frames, all of the same text."""
    text = b'{"key":"0","start":0,"points":[' + b"0," * (size // 2) + b"0]}"
    head = bytes((0x81, len(text))) if len(text) < 126 else bytes((0x81, 126)) + len(text).to_bytes(2, "big")
    return (head + text) * max(1, (64 << 10) // (len(text) + len(head)))


def main() -> None:
    flood, size = int(sys.argv[1]), int(sys.argv[2])
    block = memoryview(frames(size))
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"port {listener.getsockname()[1]}", flush=True)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    left: dict[socket.socket, tuple[int, memoryview]] = {}
    while True:
        for key, events in selector.select():
            if key.fileobj is listener:
                accepted, _ = listener.accept()
                accepted.recv(65536)
                accepted.sendall(ANSWER)
                accepted.setblocking(False)
                left[accepted] = (flood, block)
                more = selectors.EVENT_WRITE if flood else 0
                selector.register(accepted, selectors.EVENT_READ | more)
                continue
            peer = key.fileobj
            assert isinstance(peer, socket.socket)
            if events & selectors.EVENT_READ:
                try:
                    over = not peer.recv(1 << 18)
                except ConnectionError:
                    over = True
                if over:
                    selector.unregister(peer)
                    peer.close()
                    continue
            if events & selectors.EVENT_WRITE:
                budget, rest = left[peer]
                sent = peer.send(rest)
                budget -= sent
                rest = rest[sent:] or block
                left[peer] = (budget, rest)
                if budget <= 0 and rest is block:
                    selector.modify(peer, selectors.EVENT_READ)


if __name__ == "__main__":
    main()
