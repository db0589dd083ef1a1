"""What a page of this kernel needs to accompany its peer at the relay: see "Companions" in ``docs/protocol.md``."""

from __future__ import annotations

from collections.abc import Sequence

from relay.protocol import MAX_NAME

from ..errors import SketchError
from ..local import page_address, short_road
from ..local.links import is_loopback
from ..model.palette import free_color
from .membership import Membership
from .requests import Requests
from .threads import THREADS, beside
from .view import Person, RoadOffer


async def offer(membership: Membership, requests: Requests, guest: int, people: Sequence[Person]) -> RoadOffer:
    """Ask the relay for a ticket, and return what a page needs: one of the user, the first of `people`; with a number,
    one of that `guest`."""
    if short_road.is_off():
        return RoadOffer(why=f"{short_road.SHORT_ROAD} is 0")
    if not membership.connected:
        return RoadOffer(why="the board is not connected")
    if not membership.companions:
        return RoadOffer(why="the relay is of an older version")
    url, public = membership.url, membership.public_url
    if THREADS:
        public = await beside(lambda: page_address.hub_address(url, public)) or public
    # A Jupyter server carries to the relay of its own user alone, which is on loopback.
    carried = THREADS and is_loopback(url)
    server = await beside(lambda: page_address.server_address(url)) if carried else ""
    addresses = short_road.addresses(url, public=public, server=server)
    if not addresses:
        return RoadOffer(why="no address of the relay is known")
    try:
        ticket = await requests.invite()
    except SketchError as refused:
        return RoadOffer(why=str(refused))
    if not guest:
        return RoadOffer(membership.room, ticket, addresses)
    name, color = (
        guest_name(people[0].name, guest),
        free_color(people[0].color, (each.color for each in people)),
    )
    return RoadOffer(membership.room, ticket, addresses, name=name, color=color)


def guest_name(name: str, number: int) -> str:
    """Return what others read of somebody at another tab of the kernel of `name`."""
    return f"{name[: MAX_NAME - 8].rstrip()} ({number})"
