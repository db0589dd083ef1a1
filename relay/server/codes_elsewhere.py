"""The word codes of the other relays of one store. Each has those that were made at it, in its memory alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..access.codes import Opened
from ..cluster.asking import NotThereError, OtherDeploymentError, ask_of_codes
from ..cluster.membership import Membership
from ..cluster.signs import Question
from ..records import Member


class CodesElsewhere:
    """Asks the others of `membership`, as `CodeFellows`, by the store's clock `now`. Of all that live, the one whose
    name comes first counts guesses for all."""

    def __init__(self, membership: Membership, now: Callable[[], float]) -> None:
        self._membership = membership
        self._now = now

    async def find_code(self, words: str) -> Opened | None:
        """Return what a code of one of the others opens; None when it is none of theirs."""
        answers = await asyncio.gather(*(self._ask(each, "code", words) for each in self._membership.others))
        return next((Opened(*map(str, found)) for found in answers if isinstance(found, list)), None)

    async def count_guess(self, address: str) -> bool | None:
        """Have the relay that counts guesses count one from `address`; returns whether it may be. None when this is
        that relay, or it does not answer."""
        return await self._ask_counter("guess", address)

    async def guess_was_right(self, address: str) -> bool | None:
        """Have that relay take back the last guess from `address`; None as in `count_guess`."""
        return await self._ask_counter("right-guess", address)

    async def _ask_counter(self, command: str, address: str) -> bool | None:
        counter = min((self._membership.member, *self._membership.others), key=lambda member: member.id)
        if counter is self._membership.member:
            return None
        counted = await self._ask(counter, command, address)
        return counted if isinstance(counted, bool) else None

    async def _ask(self, member: Member, command: str, subject: str) -> Any:
        question = Question(member.incarnation, self._now(), command, subject)
        try:
            return await ask_of_codes(member.address, self._membership.secret, question)
        except (NotThereError, OtherDeploymentError, OSError, TimeoutError, ValueError):
            return None
