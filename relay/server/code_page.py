"""What the start page answers to somebody who types a code: the room that it opens, or why it opens none."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from urllib.parse import parse_qs, quote

from ..access.authentication import Authenticator
from ..access.codes import LENGTH, Codes, Opened, spelled
from ..observability.event_log import event
from ..observability.metrics import Metrics
from ..protocol import RemoteError
from .fellows import CodeFellows
from .static_files import StaticResponse, start_page

PATH = "/code"
FIELD = "words"
NOT_SPELLED = (
    f"A code is {LENGTH} words, and one of these is none of the words of codes: look at how it is spelled."
)
NO_CODE = "These words open no room, or not any more: ask for new ones, or for the link."
WAIT = "Too many wrong codes came from your network, or to this relay. Wait a minute, or ask for the link."
FOREIGN = "Type the words of your code here."


class CodePage:
    """Opens the `codes` of a relay, and those of its `fellows`. A token that the `authenticator` no longer takes opens
    nothing."""

    def __init__(
        self,
        codes: Codes,
        authenticator: Authenticator,
        fellows: CodeFellows | None,
        metrics: Metrics,
        log: logging.Logger,
    ) -> None:
        self._codes = codes
        self._authenticator = authenticator
        self._fellows = fellows
        self._metrics = metrics
        self._log = log

    async def answer(
        self, query: str, address: str, *, foreign: bool, frame_ancestors: Sequence[str]
    ) -> StaticResponse:
        """Return the way to the room that the code in `query` opens for somebody at `address`, or the start page with a
        sentence. `foreign`: a page of another site asks, which may not use up this person's guesses."""
        if foreign:
            return start_page(FOREIGN, 403, frame_ancestors)
        words = spelled(parse_qs(query).get(FIELD, [""])[0])
        if words is None:
            return start_page(NOT_SPELLED, 400, frame_ancestors)
        if not await self._may_guess(address):
            self._refused(address, 429)
            return start_page(WAIT, 429, frame_ancestors)
        opened = self._codes.find(words, asyncio.get_running_loop().time())
        if opened is None and self._fellows is not None:
            opened = await self._fellows.find_code(words)
        if opened is None or not self._is_good(opened):
            self._refused(address, 404)
            return start_page(NO_CODE, 404, frame_ancestors)
        # Whoever counted it.
        if self._fellows is None or await self._fellows.guess_was_right(address) is None:
            self._codes.was_right(address)
        event(self._log, logging.INFO, "code opened", source=address, address=address, room=opened.room)
        # In the fragment, as in the link: browsers send that to nobody.
        fragment = f"#token={quote(opened.token, safe='')}" if opened.token else ""
        location = f"r/{quote(opened.room, safe='')}{fragment}"
        return StaticResponse(303, b"", (("Location", location), ("Cache-Control", "no-store")))

    def of_a_fellow(self, command: str, subject: str) -> Opened | bool | None:
        """Return what one of the fellows asks for: by "code" what the words of one open, None when they are no code
        that was made here; by "guess" whether an address may guess, which counts; by "right-guess" True, when its last
        guess no longer counts. None for a command of a later version."""
        match command:
            case "code":
                return self._codes.find(subject, asyncio.get_running_loop().time())
            case "guess":
                return self._codes.may_guess(subject, asyncio.get_running_loop().time())
            case "right-guess":
                self._codes.was_right(subject)
                return True
        return None

    async def _may_guess(self, address: str) -> bool:
        """Count a guess, once for all, and return whether it may be. While the one that counts is away, each counts by
        itself."""
        may = await self._fellows.count_guess(address) if self._fellows is not None else None
        return self._codes.may_guess(address, asyncio.get_running_loop().time()) if may is None else may

    def _is_good(self, opened: Opened) -> bool:
        if not opened.token:
            return True
        try:
            self._authenticator.read(opened.room, opened.token, time.time())
        except RemoteError:
            return False
        return True

    def _refused(self, address: str, status: int) -> None:
        self._metrics.refusals.labels(f"code-{status}").inc()
        event(self._log, logging.INFO, "code refused", source=address, address=address, code=status)
