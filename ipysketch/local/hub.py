"""The way to the relay of a JupyterHub: its address, and the token by which the Hub knows this kernel's server.

The Hub names both in the environment of the servers that it starts. The token goes to the address that the Hub named,
and to no other: a variable that a cell has set since is not the Hub's word.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

URL, TOKEN = "IPYSKETCH_HUB_URL", "JUPYTERHUB_API_TOKEN"


@dataclass(frozen=True)
class HubRelay:
    """The relay of a Hub, and the token to show there in a header."""

    url: str
    token: str = field(repr=False)


def page_address(relay: HubRelay, environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the Hub's relay as browsers have it; a path alone where the Hub does not say its own."""
    public = urlsplit(environment.get("JUPYTERHUB_PUBLIC_HUB_URL") or environment.get("JUPYTERHUB_HOST") or "")
    return urlunsplit((public.scheme, public.netloc, urlsplit(relay.url).path, "", ""))


def find(environment: Mapping[str, str] = os.environ) -> HubRelay | None:
    """Return the relay that this kernel's Hub names in `environment`.

    None when there is no Hub, when it names none, or when a cell has named another since.
    """
    url, token = environment.get(URL, ""), environment.get(TOKEN, "")
    if not (url and token):
        return None
    began = _at_start() if environment is os.environ else environment
    return HubRelay(url, token) if began.get(URL) == url and began.get(TOKEN) == token else None


@cache
def _at_start() -> Mapping[str, str]:
    """Return the environment that this process was started with; as it is now where the system does not keep it.

    It is read once: what a process calls itself later may be written over it.
    """
    try:
        content = Path("/proc/self/environ").read_bytes()
    except OSError:
        return dict(os.environ)
    pairs = (os.fsdecode(item).partition("=") for item in content.split(b"\0"))
    return {name: value for name, _, value in pairs}
