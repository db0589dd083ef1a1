"""Codes of words on a real relay: they open what their link opens, for few guesses, and are nowhere to be read."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

import ipysketch
from relay.access.authentication import Authenticator
from relay.access.code_words import WORDS
from relay.access.codes import AT_ONCE, AT_ONCE_OF_ALL, MAX_OF_ONE
from relay.access.origins import OriginPolicy
from relay.access.tokens import Tokens, read_secret
from relay.protocol import Code, Error, Join, Share, Welcome
from relay.room.costs import CODE, Budget
from relay.room.permissions import Role
from relay.server import code_page
from relay.store import MemoryStore

from ..support.http import Answer, fetch
from ..support.processes import RelayProcess
from ..support.raw_client import RawClient, relay_on, wire
from ..support.waiting import DEADLINE, wait_until

TOKENS = Tokens(b"s" * 64)
OWNER = "the secret of who runs it"
PUBLIC = "https://draw.school.example/"


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


def mint(role: Role, room: str = "algebra", seconds: float = 3600.0) -> str:
    return TOKENS.mint(room=room, role=role, name="", seconds=seconds, now=time.time())[0]


def closed(**more: Any) -> Any:
    """A relay that asks for tokens."""
    return relay_on(MemoryStore(), authenticator=Authenticator(OWNER, tokens=TOKENS), **more)


async def ask(client: RawClient, token: str = "") -> Any:
    await client.say(Share(token, id=1))
    return await client.hear((Code, Error), lambda said: said.re == 1)


async def welcome(client: RawClient, token: str = "", room: str = "algebra") -> Welcome:
    await client.say(Join(room, token=token))
    said = await client.hear((Welcome, Error))
    assert isinstance(said, Welcome), said
    return said


async def type_in(port: int, words: str, **headers: Any) -> Answer:
    return await asyncio.to_thread(lambda: fetch(port, f"/code?words={quote(words)}", **headers))


def other_than(words: str) -> str:
    """Words that are no code, as far as chance goes."""
    pick = random.Random(words)
    return " ".join(pick.choice([word for word in WORDS if word not in words]) for _ in range(4))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.MODERATOR])
def test_a_code_opens_what_its_link_opens_role_included(role: Role) -> None:
    async def story() -> None:
        async with closed() as relay, wire(relay.port) as ada:
            assert (await welcome(ada, OWNER)).codes
            token = mint(role)
            code = await ask(ada, token)
            answer = await type_in(relay.port, code.words.upper().replace(" ", ", "))
            assert (answer.status, answer.headers["Location"]) == (303, f"r/algebra#token={token}")
            assert answer.headers["Cache-Control"] == "no-store"
            assert code.seconds == 600
            async with wire(relay.port) as phone:
                given = unquote(answer.headers["Location"].partition("=")[2])
                assert (await welcome(phone, given)).role == role.word

    go(story())


def test_where_no_token_is_asked_for_a_code_is_the_rooms_name() -> None:
    async def story() -> None:
        everybody = Authenticator(everybody=Role.EDITOR)
        async with relay_on(MemoryStore(), authenticator=everybody) as relay, wire(relay.port) as ada:
            await welcome(ada, room="7 b")
            assert (await ask(ada, mint(Role.EDITOR))).code == "no-tokens"
            answer = await type_in(relay.port, (await ask(ada)).words)
            assert (answer.status, answer.headers["Location"]) == (303, "r/7%20b")

    go(story())


def test_a_code_is_made_for_tokens_of_this_room_alone() -> None:
    async def story() -> None:
        async with closed() as relay, wire(relay.port) as ada:
            await welcome(ada, OWNER)
            void, grant = TOKENS.mint(room="algebra", role=Role.EDITOR, name="", seconds=60, now=time.time())
            await relay.revoke(grant.id, time.time() + 60)
            refused = {
                "no token": "token",
                OWNER: "token",  # It would give away all rooms.
                mint(Role.OWNER, "physics"): "token",
                mint(Role.EDITOR)[:-2]: "token",
                TOKENS.mint(room="algebra", role=Role.EDITOR, name="", seconds=60, now=0.0)[0]: "token-expired",
                void: "token-revoked",
            }
            for token, why in refused.items():
                assert (await ask(ada, token)).code == why, token

    go(story())


def test_a_token_that_is_taken_back_is_opened_by_no_code() -> None:
    async def story() -> None:
        async with closed() as relay, wire(relay.port) as ada:
            await welcome(ada, OWNER)
            token, grant = TOKENS.mint(room="algebra", role=Role.EDITOR, name="", seconds=60, now=time.time())
            words = (await ask(ada, token)).words
            assert (await type_in(relay.port, words)).status == 303
            await relay.revoke(grant.id, time.time() + 60)
            answer = await type_in(relay.port, words)
            assert (answer.status, code_page.NO_CODE in answer.body.decode()) == (404, True)

    go(story())


def test_an_address_that_guesses_has_few_tries_and_the_others_have_theirs() -> None:
    async def story() -> None:
        origins = OriginPolicy(hops=1)
        async with closed(origins=origins) as relay, wire(relay.port) as ada:
            await welcome(ada, OWNER)
            words = (await ask(ada, mint(Role.EDITOR))).words
            wrong, thief, honest = other_than(words), "203.0.113.7", "203.0.113.8"
            for _ in range(3):  # What is no code is no guess.
                answer = await type_in(relay.port, "rivver lake", X_Forwarded_For=thief)
                assert (answer.status, code_page.NOT_SPELLED in answer.body.decode()) == (400, True)
            statuses = [
                (await type_in(relay.port, wrong, X_Forwarded_For=thief)).status for _ in range(AT_ONCE + 1)
            ]
            assert statuses == [404] * AT_ONCE + [429]
            late = await type_in(relay.port, words, X_Forwarded_For=thief)
            assert (late.status, code_page.WAIT in late.body.decode()) == (429, True), "also for the right ones"
            for _ in range(AT_ONCE + 1):
                right = await type_in(relay.port, words, X_Forwarded_For=honest)
                assert right.status == 303, "right ones are not counted"

    go(story())


def test_many_addresses_have_few_tries_together() -> None:
    async def story() -> None:
        async with closed(origins=OriginPolicy(hops=1)) as relay, wire(relay.port) as ada:
            await welcome(ada, OWNER)
            wrong = other_than((await ask(ada, mint(Role.EDITOR))).words)
            for number in itertools.count():
                answer = await type_in(relay.port, wrong, X_Forwarded_For=f"203.0.113.{number}")
                if answer.status == 429:
                    break
            assert AT_ONCE_OF_ALL <= number < 3 * AT_ONCE_OF_ALL

    go(story())


def test_a_page_of_another_site_uses_up_nobodys_guesses() -> None:
    async def story() -> None:
        async with closed() as relay, wire(relay.port) as ada:
            await welcome(ada, OWNER)
            words = (await ask(ada, mint(Role.EDITOR))).words
            for site in ("cross-site", "same-site"):
                for typed in (words, *[other_than(words)] * (AT_ONCE + 1)):
                    answer = await type_in(relay.port, typed, Sec_Fetch_Site=site)
                    assert (answer.status, answer.headers["Location"]) == (403, None)
            for site in ("same-origin", "none"):
                assert (await type_in(relay.port, words, Sec_Fetch_Site=site)).status == 303

    go(story())


def test_the_answer_repeats_nothing_of_what_was_typed_and_is_a_page_with_the_field() -> None:
    async def story() -> None:
        async with closed() as relay:
            for typed in ("<b>river</b> castle tiger lemon", "<script>alert(1)</script>", "zzzz"):
                answer = await type_in(relay.port, typed)
                page = answer.body.decode()
                assert "<b>" not in page
                assert "zzzz" not in page
                assert 'role="alert"' in page
                assert 'name="words"' in page
                assert answer.headers["Content-Type"].startswith("text/html")
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert (await asyncio.to_thread(fetch, relay.port, "/code?words=x", "POST")).status >= 400
            head = await asyncio.to_thread(fetch, relay.port, "/code?words=x", "HEAD")
            assert (head.status, head.body) == (404, b""), "looking ahead is no guess"

    go(story())


def test_who_asks_for_many_gets_few_and_pays_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    spend = Budget.spend

    def counted(budget: Budget, cost: float, now: float) -> None:
        spent.append(cost)
        spend(budget, cost, now)

    monkeypatch.setattr(Budget, "spend", counted)

    async def story() -> None:
        everybody = Authenticator(everybody=Role.VIEWER)
        async with relay_on(MemoryStore(), authenticator=everybody) as relay, wire(relay.port) as ada:
            await welcome(ada)
            codes = [(await ask(ada)).words for _ in range(MAX_OF_ONE + 1)]
            assert spent.count(CODE) == len(codes)
            statuses = [(await type_in(relay.port, words)).status for words in codes]
            assert statuses == [404] + [303] * MAX_OF_ONE

    go(story())


def test_neither_words_nor_tokens_are_in_the_log(tmp_path: Path) -> None:
    relay = RelayProcess(tmp_path, None, "--require-token", "--log-level", "debug")
    try:
        tokens = Tokens(read_secret(Path(relay.database + ".secret")))
        token = tokens.mint(room="algebra", role=Role.OWNER, name="", seconds=60, now=time.time())[0]

        async def story() -> tuple[str, str]:
            async with wire(relay.port) as ada:
                await welcome(ada, token)
                words = (await ask(ada, token)).words
                assert (await type_in(relay.port, words)).status == 303
                assert (await type_in(relay.port, other_than(words))).status == 404
                return words, other_than(words)

        typed = asyncio.run(asyncio.wait_for(story(), DEADLINE))
        wait_until(lambda: any("code refused" in line for line in relay.log), "it is in the log")
        log = "\n".join(relay.log)
        assert "code made" in log
        assert "code opened" in log
        for secret in (token, token.rpartition(".")[2], *typed, *(quote(words) for words in typed)):
            assert secret not in log
    finally:
        relay.stop()


def test_a_boards_link_has_a_code_and_says_where_it_is_typed() -> None:
    async def story() -> None:
        async with relay_on(MemoryStore(), origins=OriginPolicy(public_url=PUBLIC)) as relay:
            url = f"ws://127.0.0.1:{relay.port}"
            board = await asyncio.to_thread(ipysketch.Sketch(name="Ada").connect, url, "algebra")
            link = await asyncio.to_thread(board.share)
            assert (await type_in(relay.port, link.code)).headers["Location"] == "r/algebra"
            assert f"{PUBLIC} and types, within 10 minutes: {link.code}" in repr(link)
            assert f'<strong style="font-size: 1.3em">{link.code}</strong>' in link._repr_html_()
            assert str(link) == link.url
            # A link is of use without one.
            monkeypatch = pytest.MonkeyPatch()
            monkeypatch.setattr("relay.access.codes.MAX_IN_ROOM", 0)
            without = await asyncio.to_thread(board.share)
            monkeypatch.undo()
            assert (without.code, without.way) == ("", "")
            assert "It has no code: this room has all the codes it may have" in without.note
            await asyncio.to_thread(board.disconnect)

    go(story())


def test_a_relay_of_the_version_before_is_asked_for_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its welcome does not say that it has any."""

    def earlier(*values: Any, codes: bool, **named: Any) -> Welcome:
        assert codes
        return Welcome(*values, **named)

    monkeypatch.setattr("relay.room.room.Welcome", earlier)
    asked: list[object] = []

    async def share(_: object, token: str) -> None:
        asked.append(token)

    monkeypatch.setattr("ipysketch.client.requests.Requests.share", share)

    async def story() -> None:
        async with relay_on(MemoryStore(), origins=OriginPolicy(public_url=PUBLIC)) as relay:
            url = f"ws://127.0.0.1:{relay.port}"
            board = await asyncio.to_thread(ipysketch.Sketch(name="Ada").connect, url, "algebra")
            link = await asyncio.to_thread(board.share)
            assert (link.code, asked) == ("", [])
            assert link.url == f"{PUBLIC}r/algebra"
            await asyncio.to_thread(board.disconnect)

    go(story())
