"""Asks another relay, at the address where it takes connections of relays, how it is."""

from __future__ import annotations

import asyncio
import secrets
from urllib.parse import urlsplit

from .signs import Answer, read_answer

PATH = "/relay"
"""Where a relay answers others, with the challenge as the query."""
PATIENCE = 1.0
"""Seconds that an answer may take."""
MOST = 4096


class NotThereError(Exception):
    """Nothing listens at the address: the relay is gone."""


class OtherDeploymentError(Exception):
    """What answers is no relay that knows the secret."""


async def ask(address: str, secret: bytes) -> Answer:
    """Return the answer of the relay at `address`, such as ``ws://10.0.0.3:8766``. Raises `NotThereError` when nothing
    listens there, `OtherDeploymentError`, and OSError or TimeoutError when nothing is heard."""
    where = urlsplit(address)
    challenge = secrets.token_hex(16)
    async with asyncio.timeout(PATIENCE):
        try:
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
        except ConnectionRefusedError:
            raise NotThereError(f"nothing listens at {address}") from None
        try:
            writer.write(
                f"GET {PATH}?{challenge} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode()
            )
            text = (await reader.read(MOST)).decode(errors="replace")
        finally:
            writer.close()
    answer = read_answer(secret, text.rpartition("\r\n\r\n")[2], challenge)
    if answer is None:
        raise OtherDeploymentError(f"what answers at {address} is no relay with this secret")
    return answer
