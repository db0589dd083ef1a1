"""Kernels whose pages have a road of their own, on the hand-flushed network: ink goes by either road, and both change under
the hand.

A person has a kernel, a page, and a queue between the two, which is the long road's first part. Keys begin with the name
of who draws them, so that everybody can tell whose ink should be whose.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ipysketch.client.peers import Peers
from relay.protocol import (
    Accompanied,
    Accompany,
    Cancel,
    Create,
    Done,
    Invite,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Preview,
    RemoteError,
    Ticket,
    Want,
    decode_client,
    decode_server,
    encode,
)
from relay.room.peer import JOINED, Peer

from .network import Client, World

INK = {"kind": "stroke"}
ALLOWED = (Accompanied, PeerState, PeerLeft, PeerPreview, PeerCancel)
"""What a companion may be sent."""


class Wrong(AssertionError):
    """Somebody saw what they must not, or did not see what they must."""


class Person(Client):
    """A kernel, with a page whose hand draws."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.strokes: dict[str, list[int]] = {}
        """All points of what is under the hand, by key."""
        self._told: dict[str, int] = {}
        """How many of them the page has sent by the road that it takes."""
        self._by_kernel: set[str] = set()
        """Keys of ink that went over the kernel."""
        self.comm: deque[Any] = deque()
        """Messages of the page to its kernel."""
        self.page: Page | None = None
        self.wanted = True
        self.here = True
        """Whether the kernel has all of others' ink: see `WantedPreviews`."""
        self._asks = 0
        self.ghosts: list[Peer] = []
        """Companions whose ink waits to be ended."""

    # --- the hand -----------------------------------------------------------------------------------------

    def draw(self) -> None:
        """The hand goes on with a stroke, or begins one."""
        pick = self.world.random
        if not self.strokes or (len(self.strokes) < 2 and pick.random() < 0.2):
            self.strokes[next(self.keys)] = []
        key = pick.choice(list(self.strokes))
        self.strokes[key] += [pick.randrange(9) for _ in range(2 * pick.randrange(1, 4))]

    def lift(self, *, cancel: bool) -> None:
        """A stroke ends; its operation goes over the kernel."""
        if self.strokes:
            key = next(iter(self.strokes))
            points = self.strokes.pop(key)
            self._told.pop(key, None)
            if cancel and self.page is not None and self.page.up is not None:
                self.page.up.append(encode([Cancel(key)]))
            self.comm.append(Cancel(key) if cancel else Create(key, {**INK, "points": points}))

    def tell(self) -> None:
        """The page sends what it has not sent, by the road that it has."""
        for key, points in self.strokes.items():
            start = self._told.get(key, 0)
            if start == len(points):
                continue
            preview = Preview(key, start, tuple(points[start:]), None if start else INK)
            self._told[key] = len(points)
            if self.page is not None and self.page.is_up:
                assert self.page.up is not None
                self.page.up.append(encode([preview]))
            else:
                self.comm.append(preview)
                self._by_kernel.add(key)

    def close_tab(self) -> None:
        """The page goes away under the hand. Its kernel ends the ink that went over it."""
        self.comm += [Cancel(key) for key in self.strokes if key in self._by_kernel]
        self.strokes.clear()
        self._told.clear()
        if self.page is not None:
            self.page.lose()

    def turn(self) -> None:
        """What is live goes another way from now on: all of it is sent anew there."""
        self._told.clear()

    # --- the kernel ---------------------------------------------------------------------------------------

    def hear_page(self) -> bool:
        """One message of the page reaches the kernel."""
        if not self.comm:
            return False
        message = self.comm.popleft()
        if isinstance(message, Create):
            self.do(message)
        elif isinstance(message, bool):
            self.want(message)
        elif self.peer is not None:
            self.up.append(encode([message]))
        return True

    def want(self, wanted: bool) -> None:
        """Ask for others' ink, or leave it to the page."""
        if self.peer is not None and wanted is not self.wanted:
            self.wanted, self.here = wanted, False
            self._asks += 1
            self.up.append(encode([Want(wanted, id=self._asks)]))

    def deliver_up(self) -> bool:
        if not self.up or self.peer is None:
            return False
        [*_, last] = decode_client(self.up[0])
        if not isinstance(last, Want):
            return super().deliver_up()
        self.up.popleft()
        try:
            self.world.room.want(self.peer, last.previews, last.id)
        except RemoteError as refused:
            if refused.code != "companion":
                raise
            self.wanted = self.here = True  # The page's road was lost meanwhile.
        return True

    def deliver_down(self) -> bool:
        if self.down and isinstance(self.down[0], str):
            messages: list[Any] = decode_server(self.down[0])
            done = [message for message in messages if isinstance(message, Done)]
            if done:
                self.down.popleft()
                self.here = self.wanted and done[-1].re == self._asks
                if self.here:
                    see(self, self.others, whole=False)
                return True
        moved = super().deliver_down()
        see(self, self.others, whole=False)
        return moved

    def connect(self) -> None:
        super().connect()
        self.wanted = self.here = True
        self.turn()  # As a page does, when it is told that its kernel was away.

    # --- the page -----------------------------------------------------------------------------------------

    def open_road(self) -> None:
        """The page gets a ticket, and goes in by it."""
        if self.peer is None or self.page is not None:
            return
        self.world.room.invite(self.peer, self.world.clock)
        # That the ticket comes by the kernel is another test's.
        ticket = self.peer.direct.pop()
        assert isinstance(ticket, Ticket)
        assert not isinstance(decode_client(encode([Invite()]))[0], RemoteError)
        self.page = Page(
            self, self.world.room.accompany(Accompany(self.world.room.name, ticket.ticket), self.world.clock)
        )


class Page:
    """A companion, with two queues of frames."""

    def __init__(self, person: Person, companion: Peer) -> None:
        self.person = person
        self.companion = companion
        self.others = Peers()
        self.others.me = companion.id
        self.up: deque[bytes] | None = deque()
        self.down: deque[str] = deque()
        self.is_up = False

    def lose(self) -> None:
        """The road is lost, with what was on its way."""
        person = self.person
        person.world.room.leave(self.companion)
        if self.companion.orphans:
            person.ghosts.append(self.companion)
        self.up, person.page = None, None
        if self.is_up:
            person.comm.append(True)
            person.turn()

    def deliver_up(self) -> bool:
        """One frame reaches the relay."""
        if not self.up:
            return False
        for message in decode_client(self.up.popleft()):
            assert not isinstance(message, RemoteError), message
            self.person.world.room.receive(self.companion, message)
        return True

    def pull(self) -> bool:
        """The relay puts one frame on its way."""
        room, kernel = self.person.world.room, self.person.peer
        if self.companion.gone:
            if self.up is not None:
                self.lose()
            return False
        if kernel is None or kernel.life is not JOINED or self.companion.id != kernel.id:
            raise Wrong("a companion without its peer")
        frame = room.delivery.collect(self.companion)
        if frame is not None:
            if not isinstance(frame, str):
                raise Wrong("a companion is sent a part of a snapshot")
            self.down.append(frame)
        return frame is not None

    def deliver_down(self) -> bool:
        """One frame reaches the page."""
        if not self.down:
            return False
        for message in decode_server(self.down.popleft()):
            if not isinstance(message, ALLOWED):
                raise Wrong(f"a companion is sent {message}")
            if isinstance(message, Accompanied):
                continue
            self.others.receive(message)
            if isinstance(message, PeerState) and not self.is_up:
                self.is_up = True
                self.person.turn()
                self.person.comm.append(False)
        see(self.person, self.others, whole=False)
        return True


def see(viewer: Person, others: Peers, *, whole: bool) -> None:
    """Compare what somebody sees with what is under the hands: its beginning, or, with `whole`, all of it, and no more."""
    people = [client for client in viewer.world.clients if isinstance(client, Person) and client is not viewer]
    found = {(ink.peer, ink.key): list(ink.points) for ink in others.ink({})}
    for (peer, key), points in found.items():
        name = others.peers[peer].state.get("name") if peer in others.peers else None
        if name is not None and not key.startswith(str(name)):
            raise Wrong(f"{key} is shown as the ink of {name}")
        if key.startswith(viewer.name) and not whole:
            continue  # Of the connection before this one, which waits for verdicts.
        drawer = next((each for each in people if key.startswith(each.name)), None)
        if drawer is None:
            raise Wrong(f"{key} is shown to who drew it")
        truth = drawer.strokes.get(key)
        if whole and truth is None:
            raise Wrong(f"{key} is shown and nobody draws it")
        if truth is not None and truth[: len(points)] != points:
            raise Wrong(f"{key} is shown as {points}, and is {truth}")
    if not whole:
        return
    for drawer in people:
        for key, points in drawer.strokes.items():
            shown = [ink for (peer, each), ink in found.items() if each == key]
            if points and shown != [points]:
                raise Wrong(f"{key} is {points}, and what is shown is {shown}")


def settle_roads(world: World, blocked: str) -> None:
    """Move everything until nothing moves, and end what nobody went on with. Pages get a road, but those of people who are
    `blocked`."""
    people = [client for client in world.clients if isinstance(client, Person)]
    for _ in range(1_000):
        world.drain()
        if any([_move(person, blocked) for person in people]):
            continue
        ghosts = [ghost for person in people for ghost in person.ghosts]
        if not ghosts:
            return
        for person in people:
            person.ghosts.clear()
        for ghost in ghosts:
            world.room.end_orphans(ghost)
    raise Wrong("the network does not come to rest")


def _move(person: Person, blocked: str) -> bool:
    """Move all between a page, its kernel and the relay; returns whether anything has moved."""
    before = person.page
    if before is None and person.name not in blocked:
        person.open_road()
    person.tell()
    moved = False
    while person.hear_page():
        moved = True
    page = person.page
    for move in (page.deliver_up, page.pull, page.deliver_down) if page is not None else ():
        while move():
            moved = True
    return moved or person.page is not before
