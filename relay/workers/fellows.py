"""What a worker knows of the others: which has a room, and how they are. It asks them by their operators' sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from ..access.codes import Opened
from ..observability.metrics import NAMESPACE, merge
from ..operations.admin_socket import MAX_LINE, socket_path
from ..server.unix_sockets import short_name
from ..store.shards import shard_of, shard_paths

ANSWER = 2.0
"""Seconds that another worker may take to answer."""
COUNTER = 0
"""The worker that counts wrong guesses of codes for all."""


class DatabaseFellows:
    """The workers of `database`, of which this one is the one with this `number`, from 0."""

    def __init__(self, database: Path, count: int, number: int) -> None:
        self._files = shard_paths(database, count)
        self._number = number
        self.inner = inner_path(self._files[number])

    def elsewhere(self, room: str) -> Path | None:
        """Return the inner socket of the worker that has `room`; None when that is this one."""
        owner = shard_of(room, len(self._files))
        return None if owner == self._number else inner_path(self._files[owner])

    async def figures(self, own: str) -> str:
        """Return the metrics of all workers that answer, with this one's `own`, and how many those are."""
        texts = [text for text in await self._ask_all("figures") if isinstance(text, str)]
        head = f"# HELP {NAMESPACE}_workers Workers that answered.\n# TYPE {NAMESPACE}_workers gauge\n"
        return f"{head}{NAMESPACE}_workers {1 + len(texts)}\n{merge([own, *texts])}"

    async def problem(self) -> str:
        """Return what keeps one of the others' stores from being written, or ""."""
        answers = await self._ask_all("health")
        if None in answers:
            return "a worker does not answer; it is started anew"
        return next((problem for problem in answers if problem), "")

    async def find_code(self, words: str) -> Opened | None:
        """Return what a code of one of the others opens; None when it is none of theirs."""
        answers = await self._ask_all("code", subject=words)
        return next((Opened(*map(str, found)) for found in answers if isinstance(found, list)), None)

    async def count_guess(self, address: str) -> bool | None:
        """Have the worker that counts guesses for all count one from `address`; returns whether it may be. None when
        this is that worker, or it does not answer."""
        return await self._ask_counter("guess", address)

    async def guess_was_right(self, address: str) -> bool | None:
        """Have that worker take back the last guess from `address`; None as in `count_guess`."""
        return await self._ask_counter("right-guess", address)

    async def _ask_counter(self, command: str, address: str) -> bool | None:
        if self._number == COUNTER:
            return None
        counted = await _ask(socket_path(self._files[COUNTER]), {"command": command, "subject": address})
        return counted if isinstance(counted, bool) else None

    async def _ask_all(self, command: str, **more: str) -> list[Any]:
        """Return the answer of each of the others, None of one that gives none."""
        others = [file for number, file in enumerate(self._files) if number != self._number]
        return list(
            await asyncio.gather(*(_ask(socket_path(file), {"command": command, **more}) for file in others))
        )


def inner_path(file: Path) -> Path:
    """Return the socket at which the worker with this file takes connections from the others."""
    return file.with_name(file.name + ".inner")


async def _ask(path: Path, request: dict[str, str]) -> Any:
    try:
        async with asyncio.timeout(ANSWER):
            with short_name(path) as name:
                reader, writer = await asyncio.open_unix_connection(name, limit=MAX_LINE)
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                return json.loads(await reader.readline()).get("done")
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return None
