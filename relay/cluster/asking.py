"""Asks another relay, at the address where it takes connections of relays: how it is, and about word codes."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from .signs import QUESTION, Answer, Question, read_answer, read_reply, sign_question

PATH = "/relay"
"""Where a relay answers others, with the challenge as the query."""
PATIENCE = 1.0
"""Seconds that an answer may take."""
MOST = 4096
"""Bytes of an answer that are read."""


class NotThereError(Exception):
    """Nothing listens at the address: the relay is gone."""


class OtherDeploymentError(Exception):
    """What answers is no relay that knows the secret."""


async def ask(address: str, secret: bytes) -> Answer:
    """Return the answer of the relay at `address`, such as ``ws://10.0.0.3:8766``. Raises `NotThereError` when nothing
    listens there, `OtherDeploymentError`, and OSError or TimeoutError when nothing is heard."""
    challenge = secrets.token_hex(16)
    answer = read_answer(secret, await _fetch(address, challenge), challenge)
    if answer is None:
        raise OtherDeploymentError(f"what answers at {address} is no relay with this secret")
    return answer


async def ask_of_codes(address: str, secret: bytes, question: Question) -> Any:
    """Return what the relay at `address` replies to `question`, as JSON has it. Raises as `ask` does."""
    challenge = secrets.token_hex(16)
    header = f"{QUESTION}: {sign_question(secret, question, challenge)}\r\n"
    reply = read_reply(secret, await _fetch(address, challenge, header), challenge)
    if reply is None:
        raise OtherDeploymentError(f"what answers at {address} does not reply as a relay with this secret")
    return json.loads(reply)


async def _fetch(address: str, challenge: str, header: str = "") -> str:
    """Return the body of an answer to `challenge`; raises as `ask` does. `header` is a line, or ""."""
    where = urlsplit(address)
    async with asyncio.timeout(PATIENCE):
        try:
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
        except ConnectionRefusedError:
            raise NotThereError(f"nothing listens at {address}") from None
        try:
            writer.write(
                f"GET {PATH}?{challenge} HTTP/1.1\r\nHost: {where.netloc}\r\n{header}"
                "Connection: close\r\n\r\n".encode()
            )
            text = await reader.readexactly(MOST)
        except asyncio.IncompleteReadError as whole:
            text = whole.partial
        finally:
            writer.close()
    return text.decode(errors="replace").rpartition("\r\n\r\n")[2]
