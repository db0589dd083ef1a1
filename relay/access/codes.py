"""Short codes of words, for people who cannot scan a link: each opens what its link opens, for minutes. Pure.

A code is no secret that stands up by itself: it has 32 bits. What protects it is that it is there for ten minutes, that
wrong guesses are counted, for each address and for all together, and that few codes are there at a time.
`docs/security.md` says what that comes to, and a test computes it.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..protocol import RemoteError
from .code_words import WORDS

LENGTH = 4
"""Words of a code."""
SECONDS = 600.0
"""For how long a code is there."""
MAX_CODES, MAX_IN_ROOM, MAX_OF_ONE = 256, 32, 4
"""Codes at a time: of a relay, of a room, and of one author in it. Of their own, the oldest gives way."""
AT_ONCE, EVERY = 10, 6.0
"""Wrong guesses that one address has at once, and the seconds after which it has another one."""
AT_ONCE_OF_ALL, EVERY_OF_ALL = 60, 1.0
"""The same for all addresses together."""
TELLING = 4
"""Letters by which a word is known: what follows may be spelled in another way."""

_KNOWN = {word[:TELLING]: word for word in WORDS}


class Opened(NamedTuple):
    """What a code opens: a room, with the token of the link that it stands for; "" where that has none."""

    room: str
    token: str


class TooManyGuesses(Exception):
    """There were too many wrong guesses, of this address or of all."""


@dataclass(frozen=True)
class _Code:
    opened: Opened
    owner: str
    until: float


class Codes:
    """The codes of one relay. `choose` picks one of several words, unguessably."""

    def __init__(self, choose: Callable[[Sequence[str]], str]) -> None:
        self._choose = choose
        self._codes: dict[str, _Code] = {}
        self._guessed: dict[str, float] = {}
        """When each address has all its guesses again. No more than all together have."""
        self._all_guessed = 0.0

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def counted(self) -> int:
        """The number of addresses of which guesses are counted."""
        return len(self._guessed)

    def make(self, room: str, token: str, author: str, now: float) -> str:
        """Return a code for a link to `room`, which `author` shares at `now`; the times are of one clock, in seconds.

        Raises `RemoteError` when there are too many.
        """
        self._forget_old(now)
        own = [words for words, code in self._codes.items() if (code.opened.room, code.owner) == (room, author)]
        for words in own[: max(0, len(own) - MAX_OF_ONE + 1)]:
            del self._codes[words]
        in_room = Counter(code.opened.room for code in self._codes.values())[room]
        if len(self._codes) >= MAX_CODES or in_room >= MAX_IN_ROOM:
            where = "this relay" if len(self._codes) >= MAX_CODES else "this room"
            raise RemoteError(
                "busy", f"{where} has all the codes it may have; send the link, or wait some minutes"
            )
        words = self._new()
        self._codes[words] = _Code(Opened(room, token), author, now + SECONDS)
        return words

    def _new(self) -> str:
        while (words := " ".join(self._choose(WORDS) for _ in range(LENGTH))) in self._codes:
            pass
        return words

    def find(self, words: str, now: float) -> Opened | None:
        """Return what the code `words`, as `spelled` has it, opens at `now`; None if it is none, or not any more."""
        code = self._codes.get(words)
        return code.opened if code is not None and now < code.until else None

    def guess(self, address: str, now: float) -> None:
        """Count a guess from `address`. Raises `TooManyGuesses`, and then it is not counted."""
        whose = _network(address)
        mine, everybodys = self._guessed.get(whose, 0.0), self._all_guessed
        if _is_over(mine, now, AT_ONCE, EVERY) or _is_over(everybodys, now, AT_ONCE_OF_ALL, EVERY_OF_ALL):
            raise TooManyGuesses
        self._guessed = {each: until for each, until in self._guessed.items() if until > now}
        self._guessed[whose] = max(mine, now) + EVERY
        self._all_guessed = max(everybodys, now) + EVERY_OF_ALL

    def may_guess(self, address: str, now: float) -> bool:
        """Count a guess as `guess` does, and return whether it was counted."""
        try:
            self.guess(address, now)
        except TooManyGuesses:
            return False
        return True

    def was_right(self, address: str) -> None:
        """Take back the last guess from `address`: it was right."""
        whose = _network(address)
        if whose in self._guessed:
            self._guessed[whose] -= EVERY
        self._all_guessed -= EVERY_OF_ALL

    def _forget_old(self, now: float) -> None:
        self._codes = {words: code for words, code in self._codes.items() if now < code.until}


def spelled(text: str) -> str | None:
    """Return the code that somebody typed, as the relay writes it; None when it cannot be one. Case, what stands
    between words, and what follows the first letters of a word do not matter."""
    typed = re.findall(r"[a-z]+", text[:200].lower())
    words = [_KNOWN.get(word[:TELLING], "") for word in typed]
    return " ".join(words) if len(words) == LENGTH and all(words) else None


def bits() -> float:
    """Return how many bits a code has."""
    return LENGTH * math.log2(len(WORDS))


def _is_over(until: float, now: float, at_once: int, every: float) -> bool:
    """Whether one more guess would be more than `at_once` and one each `every` seconds allow."""
    return until - now > (at_once - 1) * every


def _network(address: str) -> str:
    """Return the addresses that one person may have: of IPv6, 64 bits of them are anybody's."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address
