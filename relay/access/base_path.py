"""The path at which a relay is reached, where a proxy puts it below one: ``/draw/``. Pure.

A proxy may pass the path on as it came, or take the prefix away; the relay answers both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
RESERVED = frozenset({"r", "canvas", "client", "model", "page", "healthz", "metrics"})
"""First parts of paths of the relay's own."""


@dataclass(frozen=True)
class BasePath:
    """The path of a relay, from a slash to a slash; "/" for a relay that has an address for itself."""

    path: str = "/"

    def below(self, target: str) -> str:
        """Return `target`, the path and query of a request, as it is below this path: with the prefix or without it,
        it is the same. "" is the prefix without its last slash."""
        if self.path == "/":
            return target
        path, mark, query = target.partition("?")
        prefix, parts = self.path.split("/")[:-1], path.split("/")
        if list(map(_plain, parts[: len(prefix)])) != list(map(_plain, prefix)):
            return target
        rest = parts[len(prefix) :]
        return ("/" + "/".join(rest) if rest else "") + mark + query

    def is_socket(self, target: str) -> bool:
        """Return whether a websocket may be opened at `target`. A relay without a prefix takes every path, as it always
        did: addresses that were written down stay good, also behind a proxy that keeps one."""
        return self.path == "/" or self.below(target).partition("?")[0] in ("", "/")


ROOT = BasePath()


def base_path(text: str) -> BasePath:
    """Return the path that `text` names, with or without its slashes; raises ValueError with a sentence."""
    parts = [part for part in text.split("/") if part]
    if not all(_SEGMENT.fullmatch(part) and set(_plain(part)) != {"."} for part in parts):
        raise ValueError(f"--base-url is a path such as /draw/, not {text!r}")
    if parts and parts[0] in RESERVED:
        raise ValueError(f"--base-url cannot begin with /{parts[0]}/, where the relay has pages of its own")
    return BasePath("/" + "".join(part + "/" for part in parts))


def _plain(part: str) -> str:
    return unquote(part, errors="replace")
