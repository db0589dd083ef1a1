"""The relay as a server: makes its parts, listens, and stops; and what an operator asks of it.

Its connections are those of `OpenConnections`. A request for anything but a websocket is `HttpEndpoint`'s.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket as sockets
import ssl
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from websockets.asyncio.server import Server, ServerConnection

from ..access.authentication import Authenticator
from ..access.codes import Codes, Opened
from ..access.origins import OriginPolicy
from ..access.tokens import Grant
from ..cluster.membership import Membership
from ..limits import Limits, waiting_within
from ..observability.event_log import LineQuota, event
from ..observability.metrics import Metrics
from ..protocol import CLOSE_REVOKED, Join
from ..records import LogRange, RoomInfo, Store, StoreError
from ..room.permissions import Role
from ..store.worker import StoreThread
from .accepting import Gate, descriptors
from .admission import RESTARTING, Admission
from .clock import StoreClock
from .code_page import CodePage
from .codes_elsewhere import CodesElsewhere
from .crossing import Crossings
from .dispatch import Shared
from .draining import Draining, hand_over_within
from .fast_connection import FastConnection, PlainConnection, connection_class
from .fellows import Fellows
from .handed import HandedListener
from .hosting import Host
from .http import DRAINING, STOPPING, HttpEndpoint, header
from .hub_door import HubDoor
from .listening import listen
from .open_connections import OpenConnections
from .plugins import Plugin, Plugins
from .requests import Requests
from .rooms import Rooms
from .unix_sockets import bind
from .watch import Watch

HAND_OVER = 20.0
"""Seconds for which a relay that stops hands its rooms over one by one; the rest is given up at once."""


class Relay:
    """A relay on `host`:`port` (0: any free port) with the rooms of `store`, which `stop` closes.

    `authenticator` grants roles to joins; without one, in a process of one's own, everybody is a moderator. `origins`
    has the names of the relay and the pages that may use it, `encryption` is its certificate; named events go through
    `plugins`, see `relay.server.plugins`. `finished` is set after `idle_exit` seconds without a connection. As one of
    several workers it does not listen: connections to that port are `handed` to it, and its `fellows` have other rooms.
    With a `door`, a JupyterHub says who may come in, and the authenticator is not asked. With a `membership` it is one
    of several relays of its store, all of which have its `secrets`, by what they are for.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        authenticator: Authenticator | None = None,
        origins: OriginPolicy | None = None,
        limits: Limits | None = None,
        encryption: ssl.SSLContext | None = None,
        plugins: Sequence[Plugin] = (),
        idle_exit: float | None = None,
        door: HubDoor | None = None,
        log: logging.Logger | None = None,
        handed: HandedListener | None = None,
        fellows: Fellows | None = None,
        membership: Membership | None = None,
        secrets: Mapping[str, bytes] | None = None,
    ) -> None:
        self.finished = asyncio.Event()
        self.port = port
        self.metrics = Metrics()
        self.store_thread = StoreThread(store)
        self._store = store
        self._log = log or logging.getLogger("relay")
        self.clock = StoreClock(self.store_thread, self._log)
        self._host = host
        self._authenticator = authenticator or Authenticator(everybody=Role.MODERATOR)
        given = limits or Limits()
        self._limits = given.within(descriptors())
        self._encryption = encryption
        self._idle_exit = idle_exit
        self._handed = handed
        self._fellows = fellows
        self.problem_at_end = ""
        """Why `finished` was set, when that was no wish of anybody."""
        self._membership = membership
        self._secrets = dict(secrets or {})
        self._crossings = (
            None
            if membership is None
            else Crossings(
                membership,
                self._log,
                self.clock.now,
                self._limits.join_seconds,
                is_open=self._is_open,
            )
        )
        self._door = door
        self._codes = Codes(random.SystemRandom().choice)
        code_fellows = fellows if membership is None else CodesElsewhere(membership, self.clock.now)
        self._code_page = CodePage(self._codes, self._authenticator, code_fellows, self.metrics, self._log)
        self._quota = LineQuota(self._log)
        if self._limits is not given:
            event(
                self._log,
                logging.WARNING,
                "few descriptors",
                descriptors=descriptors(),
                max_connections=self._limits.max_connections,
                max_connections_per_address=self._limits.max_connections_per_address,
            )
        self._plugins = Plugins(plugins, seconds=self._limits.plugin_seconds, log=self._log)
        self._http = HttpEndpoint(
            origins or OriginPolicy(),
            self._limits,
            self._authenticator,
            self.metrics,
            self._log,
            probe=self._probe,
            unready=self._unready,
            figures=self._all_figures,
            door=door,
            crossings=self._crossings,
            codes=self._code_page,
        )
        self._idle: asyncio.TimerHandle | None = None
        self._stopping = False
        self.metrics.watch(
            "peers",
            "Peers in all rooms.",
            lambda: sum(not each.is_companion for each in self._connections.peers),
        )
        self.metrics.watch(
            "companions",
            "Pages beside their kernels.",
            lambda: sum(each.is_companion for each in self._connections.peers),
        )
        self.metrics.watch("connections", "Open connections.", lambda: len(self._connections.sockets))
        self.metrics.watch("addresses", "Addresses with open connections.", lambda: len(self._http))
        self.metrics.watch(
            "tunnels", "Connections passed on to other workers or relays.", lambda: self._connections.tunnels
        )
        self.metrics.watch("rooms", "Rooms in memory.", lambda: len(self._rooms))
        self.metrics.watch(
            "memory_bytes", "What rooms and peers have in memory.", lambda: self._rooms.memory.held
        )
        self.metrics.watch("queued_operations", "Operations waiting for the store.", lambda: self._rooms.queued)

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self._loop = asyncio.get_running_loop()
        self._rooms = Rooms(self.store_thread, self._log, self._limits, self.metrics, self.clock)
        if self._membership is not None:
            self._draining = Draining(self._membership, self._rooms, self.finished.set)
            self._rooms.is_closed_to = lambda: self._unready() != ""
        self._authenticator.revoked.update(await self.store_thread.ask(self._store.revoked, time.time()))
        if (kind := connection_class()) is not FastConnection:
            self._log.warning(
                "this release of websockets has not been tested with the relay: all works, but takes more time"
            )
        self._gate = Gate(waiting_within(descriptors()), self._log, self.metrics.turned_away)
        shared = Shared(
            self._rooms,
            Requests(self._rooms, self._authenticator, self._codes, self._log),
            self._plugins,
            self._limits,
            self.metrics,
            self._log,
        )
        admission = Admission(
            shared,
            self.store_thread,
            self._admit,
            self._fellows,
            self._crossings,
            is_inner=self._http.is_inner,
            is_stopping=lambda: self._stopping,
        )
        self._connections = OpenConnections(
            admission, self._gate, self._http, self.metrics, self._log, changed=self._watch_idleness
        )
        self._servers: list[Server] = []
        self._inner_servers: list[Server] = []
        """Where other relays come."""
        try:
            await self._begin_to_listen(kind)
        except BaseException:
            for server in (*self._servers, *self._inner_servers):
                server.close()
            self._gate.close()
            await self._close_rooms()
            raise
        self._log.addFilter(self._quota)
        watch = Watch(
            self._connections.peers, self._connections.sockets, self._rooms, self._http, self.metrics, self._log
        )
        self._watchers = [
            asyncio.create_task(watch.connections(self._quota)),
            asyncio.create_task(watch.store(self.store_thread, self.clock)),
        ]
        if self._door is not None:
            self._watchers.append(asyncio.create_task(self._door.watch(self._connections.peers)))
        self._plugins.start()
        self._watch_idleness()

    async def _enter(self, membership: Membership) -> None:
        """Become one of the relays of the store, before anybody can come here."""
        host = Host(self, self.store_thread, self._rooms, self._connections.peers)
        host.watch(self.metrics, membership)
        await self.clock.compare()
        await membership.enter(host, self._secrets)

    def end(self, why: str) -> None:
        """Stop, for a reason of the relay's own."""
        self.problem_at_end = why
        self.finished.set()

    async def _begin_to_listen(self, kind: type[PlainConnection]) -> None:
        if self._fellows is not None:
            self._servers.append(await self._listen(bind(self._fellows.inner), kind, None))
        if self._crossings is not None and self._membership is not None:
            for listener in await self._crossings.listeners(self._gate):
                self._inner_servers.append(await self._listen(listener, kind, None))
            await self._enter(self._membership)
        if self._handed is not None:
            self._handed.gate, self._handed.ended = self._gate, self._front_ended
            self._servers.append(await self._listen(self._handed, kind, self._encryption))
            return
        for listener in await self._gate.listen(self._host, self.port):
            self._servers.append(await self._listen(listener, kind, self._encryption))
        self.port = self._servers[-1].sockets[0].getsockname()[1]

    def _front_ended(self) -> None:
        assert self._handed is not None
        self._loop.remove_reader(self._handed.fileno())
        self.finished.set()

    async def _listen(
        self, listener: sockets.socket, kind: type[PlainConnection], encryption: ssl.SSLContext | None
    ) -> Server:
        return await listen(
            listener,
            self._connections.serve,
            kind=kind,
            encryption=encryption,
            limits=self._limits,
            http=self._http,
            log=self._log,
        )

    async def stop(self) -> None:
        """Stop accepting, commit what is queued, send everybody a goodbye, and close; within 5 seconds.

        One of several relays hands its rooms over before, which takes as long as `HAND_OVER` says.
        """
        self._stopping = True
        self._watch_idleness()
        for server in self._servers:
            server.close(close_connections=False)
        self._gate.close()
        if self._fellows is not None:
            self._fellows.inner.unlink(missing_ok=True)
        if self._membership is None:
            await self._rooms.settle(2.0)
        else:
            # The other relays reach this one until it has no rooms: who is not reached is taken for dead.
            await self._draining.close()
            await hand_over_within(self._rooms, self._membership, HAND_OVER)
            await self._membership.leave()
            for server in self._inner_servers:
                server.close(close_connections=False)
        self._rooms.goodbye(RESTARTING, 1.0 if self._membership is None else 0.0)
        await self._connections.close()
        for watcher in self._watchers:
            watcher.cancel()
        self._plugins.close()
        if self._door is not None:
            self._door.close()
        await self._close_rooms()
        self._quota.tell(now=True)
        self._log.removeFilter(self._quota)
        self._log.info("stopped")

    async def _close_rooms(self) -> None:
        if self._membership is not None:
            await self._membership.close()
        await self._rooms.close()
        await self.store_thread.close()

    def _is_open(self, room: str) -> bool:
        return self._rooms.is_open(room)  # They are there once the relay listens.

    def _unready(self) -> str:
        """Return why connections may not come, or ""."""
        if self._stopping:
            return STOPPING
        return DRAINING if self._membership is not None and self._membership.gives_away else ""

    def _watch_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._idle_exit is not None and not self._connections.sockets and not self._stopping:
            self._idle = self._loop.call_later(self._idle_exit, self.finished.set)

    # --- for operators ------------------------------------------------------------------------------------

    async def rooms(self) -> list[tuple[RoomInfo, int]]:
        """Return all rooms, each with the number of its peers."""
        peers = Counter(each.room_name for each in self._connections.peers if not each.is_companion)
        return [(info, peers[info.name]) for info in await self.store_thread.ask(self._store.rooms)]

    async def delete(self, room: str) -> None:
        """Delete a room and end its connections. Raises `StoreError`."""
        await self._rooms.delete(room)

    async def restore(self, room: str, past: LogRange) -> None:
        """Make a new room of an exported one. Raises `StoreError`."""
        await self._rooms.restore(room, past)

    async def revoke(self, token: str, until: float) -> int:
        """Make a token void, by its id, and end its connections; returns how many."""
        await self.store_thread.ask(self._store.revoke, token, until)
        return self.end_token(token)

    async def drain(self, wanted: bool) -> int:
        """Give all rooms to other relays and end when none is left, or go on; returns how many rooms this one holds.

        Raises `StoreError` when there is nobody to take them.
        """
        if self._membership is None:
            raise StoreError(
                "this relay is the only one of its database, so nobody could take its rooms; stop it"
            )
        await self._draining.want(wanted)
        return len(self._rooms)

    def end_token(self, token: str) -> int:
        """End the connections with a token that is void; returns how many."""
        self._authenticator.revoked.add(token)
        holders = [connection for connection in self._connections.peers if connection.grant.id == token]
        for connection in holders:
            connection.dismiss(CLOSE_REVOKED, "the token was taken back; ask who runs the relay for another")
        event(self._log, logging.WARNING, "revoked", token=token, peers=len(holders))
        return len(holders)

    def of_a_fellow(self, command: str, subject: str) -> Opened | bool | None:
        """See `CodePage.of_a_fellow`."""
        return self._code_page.of_a_fellow(command, subject)

    async def figures(self) -> str:
        """Return this process's metrics, in Prometheus' text format."""
        return self.metrics.text().decode()

    async def problem(self) -> str:
        """Return what keeps the store from being written, or ""."""
        try:
            await self.store_thread.ask(self._store.probe)
        except StoreError as error:
            return str(error)
        return ""

    # --- what connections ask -----------------------------------------------------------------------------

    async def _probe(self) -> str:
        problem = await self.problem()
        if not problem and self._fellows is not None:
            problem = await self._fellows.problem()
        if not problem and self._membership is not None and not self._membership.is_heard:
            problem = "the store does not hear this relay; people draw on, and wait for their verdicts"
        return problem

    async def _all_figures(self) -> str:
        own = await self.figures()
        return own if self._fellows is None else await self._fellows.figures(own)

    async def _admit(self, socket: ServerConnection, join: Join) -> Grant:
        assert socket.request is not None  # It was there before the handshake was answered.
        if self._door is not None:
            return await self._door.admit(socket.request, join)
        challenge = header(socket.request, "X-Ipysketch-Challenge")
        bearer = header(socket.request, "Authorization")
        return self._authenticator.admit(join.room, join.token, bearer, challenge, time.time())
