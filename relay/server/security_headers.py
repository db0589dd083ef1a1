"""The headers that every answer of a relay has: a page, a figure, a refusal, and what the library answers by itself."""

from __future__ import annotations

from websockets.http11 import Response

from .. import __version__

RELAY = "X-Ipysketch-Relay"
"""Says that a relay answers, and not the proxy in front of it: most proxies replace ``Server``."""

SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    (RELAY, __version__),
)


def secure(response: Response) -> None:
    """Add the headers that `response` does not have already."""
    for name, value in SECURITY:
        if name not in response.headers:
            response.headers[name] = value
