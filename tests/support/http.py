"""A plain request, for what a browser would ask."""

from __future__ import annotations

import http.client
import ssl
from email.message import Message
from typing import NamedTuple

from .waiting import DEADLINE


class Answer(NamedTuple):
    """Status, headers (of any case) and body."""

    status: int
    headers: Message
    body: bytes


def fetch(
    port: int, path: str, method: str = "GET", *, tls: ssl.SSLContext | None = None, **headers: str
) -> Answer:
    """Ask the server at a port of this machine, with no other headers than `headers` ("_" for "-") and Host."""
    connection = (
        http.client.HTTPSConnection("localhost", port, timeout=DEADLINE, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    )
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host="Host" in named, skip_accept_encoding=True)
        for name, value in named.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
