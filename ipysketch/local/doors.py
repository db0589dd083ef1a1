"""Three ways to a relay, in this order: one that was named, the Hub's, this user's own.

A kernel that is told nothing finds the first that is there. What it finds says which it is, and what others have to do
to be in it too where that is not plain.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from ..errors import SketchError
from . import host, hub, relay_process

URL, SERVER_URL, HUB_URL = "IPYSKETCH_URL", "IPYSKETCH_SERVER_URL", hub.URL
"""Variables that name a relay: set by the user or an operator; by our server extension, from the configuration of the
Jupyter server; by a Hub for the servers that it starts."""


@dataclass(frozen=True)
class Door:
    """A way to a relay at the address `url`: see `Target` for `token`, `proof` and `header_only`.

    `which` says in words which relay it is. `note` is what people should know besides, in one sentence: that a relay
    was started. `apart` says that others are probably not in it, and what to do; "" where they can be.
    """

    url: str
    token: str = ""
    proof: bool = False
    which: str = ""
    note: str = ""
    apart: str = ""
    header_only: bool = False


class Named(NamedTuple):
    """The address of a relay that somebody named, and `by` whom or what, in words."""

    url: str
    by: str


def named(url: str | None, environment: Mapping[str, str] = os.environ) -> Named | None:
    """Return the relay that was named: the one at `url`, which a cell gave, or one of the environment; None if none."""
    if url:
        return Named(url, "this cell")
    if environment.get(URL):
        return Named(environment[URL], URL)
    if environment.get(SERVER_URL):
        return Named(environment[SERVER_URL], "the configuration of this Jupyter server")
    return None


def find(named: Named | None, token: str = "", environment: Mapping[str, str] = os.environ) -> Door:
    """Return the way to a relay: to the one that was `named`, if any. It may start this user's own, and so blocks.

    Raises `SketchError` when that cannot be started.
    """
    shared = hub.find(environment)
    if shared is not None and (named is None or named.url == shared.url):
        which = f"this Hub's relay, {shown(shared.url)}"
        return Door(shared.url, shared.token, which=which, header_only=True)
    if named is not None:
        which = f"the relay {shown(named.url)}, named by {named.by}"
        if not token and (own := relay_process.find_at(named.url)) is not None:
            return Door(named.url, own.token, proof=True, which=which)
        return Door(named.url, token, which=which)
    if url := environment.get(HUB_URL):  # Set by a cell, or without the server's token, which it does not get.
        return Door(url, token, which=f"the relay {shown(url)}, named by {HUB_URL}")
    if sys.platform == "emscripten":
        raise SketchError(
            "a kernel that runs in a browser cannot start a relay; name one that allows this page: "
            "%sketch connect wss://…"
        )
    local, started = relay_process.ensure()
    note = f"started a relay of your own at {local.url}; its log is {local.log}" if started else ""
    which = f"your own relay, {local.url}"
    return Door(local.url, local.token, proof=True, which=which, note=note, apart=apart(environment))


def apart(environment: Mapping[str, str] = os.environ) -> str:
    """Return a sentence that says why others are probably not in a relay of one's own, and what to do; "" if they may
    well be."""
    place = host.place(environment)
    if place is None:
        return ""
    if place.name == "JupyterHub":
        return (
            "only your own notebooks are in this drawing: this Hub has no relay for all, so each user gets one of "
            "their own; ask who runs the Hub for it, or let all name one: %sketch connect wss://…"
        )
    where = (
        f"{place.name} gives this notebook a machine of its own"
        if place.hosted
        else f"this kernel runs in {place.name}"
    )
    return (
        f"only notebooks of this machine are in this drawing: {where}; "
        "to draw with others, let all name one relay that they reach: %sketch connect wss://…"
    )


def shown(url: str) -> str:
    """Return an address as it may be shown and saved: without a user, a password, a query or a fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def reasons(
    named: Named | None, environment: Mapping[str, str] = os.environ
) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    """Return of each way what it leads to, and why it is not gone; "" for the one that is."""
    by_hub = environment.get(HUB_URL)
    if environment.get("JUPYTERHUB_API_URL"):
        without = f"this Hub names none to the servers that it starts ({HUB_URL} is not set)"
    else:
        without = "no Hub started this kernel"
    nobody = f"neither a cell nor {URL} nor the configuration of the Jupyter server names one"
    first = "one that is named comes first"
    return (
        ("a relay that is named", "" if named else nobody),
        ("the Hub's relay", first if named else "" if by_hub else without),
        ("your own relay", first if named else "the Hub's comes first" if by_hub else ""),
    )
