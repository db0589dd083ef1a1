"""Accepts connections, so that idle ones which only hold a descriptor cannot shut out others.

A connection is counted here until its request has been answered. Their number is limited: when one more arrives, the
oldest connection of the address with the most is closed. So whoever sends a request gets an answer, and websockets have
limits of their own (see `http`). When the system has no descriptor left after all, a spare one is used to accept the
connection and close it; otherwise the event loop would try again and again, and log each attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import resource
import socket
import sys
import time
from typing import Any

from prometheus_client import Counter

from ..limits import Limits
from ..observability.event_log import event

BACKLOG = 32
"""Connections accepted in one pass of the event loop. Their requests are answered a few passes later, before the limit
is reached, even when everybody reconnects at once."""
LOG_INTERVAL = 10.0
"""Seconds between two lines about connections that were turned away."""
_EXHAUSTED = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])


def descriptors() -> int:
    """Return how many descriptors this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def raise_descriptors(limits: Limits) -> None:
    """Allow this process as many descriptors as `limits` need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.descriptors if hard == resource.RLIM_INFINITY else min(hard, limits.descriptors)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # Some systems have a limit besides the one they name.
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Accepted(socket.socket):
    """A connection; its `gate` is told when it is closed."""

    gate: Gate
    address: str = ""

    def close(self) -> None:
        if self.fileno() >= 0:
            self.gate.forget(self)
        super().close()


class _Listener(socket.socket):
    """A socket that listens; what it accepts is counted by its `gate`."""

    gate: Gate

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            bare, address = super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self.gate.turn_away(self)
            raise BlockingIOError from None  # Nothing more in this pass.
        accepted = Accepted(bare.family, bare.type, bare.proto, fileno=bare.detach())
        accepted.gate, accepted.address = self.gate, str(address[0])
        self.gate.let_in(accepted)
        return accepted, address


class Gate:
    """The connections of one relay whose requests have not been answered yet; at most `limit`."""

    def __init__(self, limit: int, log: logging.Logger, turned_away: Counter) -> None:
        self._limit = limit
        self._log = log
        self._turned_away = turned_away
        self._unsaid = 0
        self._said_at = 0.0
        self._by_address: dict[str, dict[Accepted, None]] = {}
        self._by_descriptor: dict[int, Accepted] = {}
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def __len__(self) -> int:
        return len(self._by_descriptor)

    async def listen(self, host: str, port: int) -> list[socket.socket]:
        """Return sockets that listen at all addresses of `host`, on one port; raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listeners: list[socket.socket] = []
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                listener = _Listener(family, kind, protocol)
                listeners.append(listener)
                listener.gate = self
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind((address[0], port, *address[2:]))
                port = port or listener.getsockname()[1]
        except BaseException:
            for opened in listeners:
                opened.close()
            raise
        return listeners

    def close(self) -> None:
        """Close the spare descriptor."""
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    def answered(self, descriptor: int) -> None:
        """Stop counting a connection: it has become a websocket."""
        if (accepted := self._by_descriptor.get(descriptor)) is not None:
            self.forget(accepted)

    # --- called by the sockets ----------------------------------------------------------------------------

    def let_in(self, accepted: Accepted) -> None:
        """Count a new connection, and close another one when there are too many."""
        self._by_descriptor[accepted.fileno()] = accepted
        self._by_address.setdefault(accepted.address, {})[accepted] = None
        if len(self._by_descriptor) > self._limit:
            most = max(self._by_address.values(), key=len)
            oldest = next(iter(most))
            self.forget(oldest)
            with contextlib.suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # The event loop sees its end, and closes it.
            self.say(oldest.address, "too many connections wait for an answer")

    def forget(self, accepted: Accepted) -> None:
        """Stop counting a connection."""
        if self._by_descriptor.pop(accepted.fileno(), None) is None:
            return
        waiting = self._by_address[accepted.address]
        del waiting[accepted]
        if not waiting:
            del self._by_address[accepted.address]

    def turn_away(self, listener: socket.socket) -> None:
        """Accept the next connection of `listener` with the spare descriptor, and close it."""
        self.close()
        try:
            bare, address = socket.socket.accept(listener)
            bare.close()
        except OSError:
            address = ("?",)
        finally:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY)
        self.say(str(address[0]), "no descriptor is left")

    def say(self, address: str, reason: str) -> None:
        """Log that a connection was turned away, with those since the last line."""
        self._turned_away.inc()
        self._unsaid += 1
        if (now := time.monotonic()) - self._said_at >= LOG_INTERVAL:
            event(
                self._log,
                logging.WARNING,
                "turned away",
                address=address,
                reason=reason,
                connections=self._unsaid,
            )
            self._unsaid, self._said_at = 0, now
