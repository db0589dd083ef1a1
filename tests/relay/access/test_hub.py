"""What a relay asks a Hub, how often, and what it makes of answers that are late, wrong or missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from relay.access.courses import HubUser
from relay.access.hub import MAX_WAITING, PAUSE, Hub, HubService, HubUnavailable

from ...support.fake_hub import ACCESS, FakeHub

USER = "/hub/api/user"


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    running = FakeHub()
    yield running
    running.close()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


def ask(fake: FakeHub, story: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        hub = Hub(fake.service, recheck=60, now=CLOCK, log=logging.getLogger("test"))
        try:
            await story(hub)
        finally:
            hub.close()

    asyncio.run(run())


def test_a_token_is_somebody_with_the_groups_that_the_hub_says_now(fake: FakeHub) -> None:
    ada, prof = fake.add("ada", "algebra-students"), fake.add("prof", admin=True)

    async def story(hub: Hub) -> None:
        assert await hub.user(ada) == HubUser("ada", frozenset(["algebra-students"]))
        assert await hub.user(prof) == HubUser("prof", frozenset(), True)
        assert await hub.groups() == {"algebra-students"}

    ask(fake, story)


def test_who_may_not_use_the_relay_is_nobody(fake: FakeHub) -> None:
    for name in ("ada", "grace", "mary", "emmy"):
        fake.add(name)
    fake.tokens["token-ada"]["scopes"] = ["access:servers!server=ada/", "access:services!service=other"]
    fake.tokens["token-grace"]["kind"] = "service"
    fake.tokens["token-mary"]["scopes"] = "access:services"
    fake.tokens["token-emmy"]["scopes"] = ["access:services"]

    async def story(hub: Hub) -> None:
        for token in ("token-ada", "token-grace", "token-mary", "unknown", "", "é\n"):
            assert await hub.user(token) is None, token
        assert await hub.user("token-emmy") == HubUser("emmy")

    ask(fake, story)


def test_the_hub_is_asked_once_however_many_come(fake: FakeHub) -> None:
    ada = fake.add("ada")

    async def story(hub: Hub) -> None:
        fake.open.clear()
        asking = [asyncio.create_task(hub.user(ada)) for _ in range(40)]
        while not fake.asked[USER]:
            await asyncio.sleep(0.001)
        fake.open.set()  # Until now the loop went on: nothing waits on it.
        assert set(await asyncio.gather(*asking)) == {HubUser("ada")}
        CLOCK.now += 44
        await hub.user(ada)
        assert fake.asked[USER] == 1
        CLOCK.now += 2
        await hub.user(ada)
        assert fake.asked[USER] == 2
        del fake.tokens[ada]
        CLOCK.now += 46
        assert await hub.user(ada) is None
        assert fake.asked[USER] == 3

    ask(fake, story)


def test_one_that_is_away_is_believed_what_it_said_and_asked_again_later(fake: FakeHub) -> None:
    ada, grace = fake.add("ada", "algebra-students"), fake.add("grace")

    async def story(hub: Hub) -> None:
        said = await hub.user(ada), await hub.groups()
        for status in (500, 503, 429):
            fake.status = status
            CLOCK.now += 46
            assert (await hub.user(ada), await hub.groups()) == said
            asked = fake.asked.total()
            for token in (grace, ada):
                if token == grace:
                    with pytest.raises(HubUnavailable, match="does not answer; try again"):
                        await hub.user(token)
                else:
                    assert await hub.user(token) == said[0]
            assert fake.asked.total() == asked  # Nobody waits for it a second time.
        fake.status = 0
        CLOCK.now += PAUSE
        assert await hub.user(grace) == HubUser("grace")

    ask(fake, story)


def test_an_answer_that_is_nonsense_is_said_in_words_and_ends_nothing(fake: FakeHub) -> None:
    ada = fake.add("ada")

    async def story(hub: Hub) -> None:
        nonsense: tuple[Any, ...] = ({"kind": "user", "scopes": [ACCESS]}, [], "x")
        for fake.tokens[ada] in nonsense:
            with pytest.raises(HubUnavailable, match="cannot be understood"):
                await hub.user(ada)
        fake.tokens[ada] = {"kind": 1}
        assert await hub.user(ada) is None
        fake.add("ada")
        assert await hub.user(ada) == HubUser("ada")

    ask(fake, story)


@pytest.mark.parametrize("secret", ["line\nbreak", "blank "])
def test_a_service_token_that_cannot_be_sent_is_in_no_log(
    fake: FakeHub, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    ada = fake.add("ada")
    service = HubService.of({**fake.environment(), "JUPYTERHUB_API_TOKEN": secret})

    async def story() -> None:
        hub = Hub(service, recheck=60, now=CLOCK, log=logging.getLogger("test"))
        with pytest.raises(HubUnavailable):
            await hub.user(ada)
        hub.close()

    asyncio.run(story())
    assert "the Hub does not" in caplog.text
    assert secret.strip() not in caplog.text
    assert repr(secret.strip())[1:-1] not in caplog.text


def test_only_so_many_wait_for_the_hub_at_a_time(fake: FakeHub) -> None:
    async def story(hub: Hub) -> None:
        fake.open.clear()
        asking: list[asyncio.Task[Any]] = [
            asyncio.create_task(hub.user(f"unknown{n}")) for n in range(MAX_WAITING)
        ]
        asking += [asyncio.create_task(hub.token_for("x", "y")) for _ in range(3)]
        asking += [asyncio.create_task(hub.may_read_metrics("x")) for _ in range(3)]
        await asyncio.sleep(0)
        refused = [task for task in asking if task.done()]
        while len(refused) < 6:
            await asyncio.sleep(0.001)
            refused = [task for task in asking if task.done()]
        assert all("too many log in" in str(task.exception()) for task in refused)
        fake.open.set()
        await asyncio.gather(*asking, return_exceptions=True)

    ask(fake, story)


def test_missing_scopes_of_the_service_are_said_in_words(fake: FakeHub) -> None:
    ada = fake.add("ada")
    del fake.users["ada"]["groups"]

    async def story(hub: Hub) -> None:
        with pytest.raises(HubUnavailable, match="gives the service sketch the scopes read:users:groups"):
            await hub.user(ada)
        del fake.users["ada"]
        with pytest.raises(HubUnavailable, match="read:users:name and read:users:groups"):
            await hub.user(ada)

    ask(fake, story)


def test_a_service_is_what_the_hub_says_in_the_environment() -> None:
    environment = {
        "JUPYTERHUB_API_URL": "http://hub:8081/base/hub/api/",
        "JUPYTERHUB_API_TOKEN": "t",
        "JUPYTERHUB_BASE_URL": "/base/",
        "JUPYTERHUB_SERVICE_NAME": "draw",
    }
    service = HubService.of(environment)
    assert (service.prefix, service.client_id) == ("/base/services/draw/", "service-draw")
    assert service.login == "/base/hub/api/oauth2/authorize"
    assert service.callback == "/base/services/draw/oauth_callback"
    assert service.scopes == {"access:services", "access:services!service=draw"}
    assert service.listens_on("0.0.0.0", 8765) == ("0.0.0.0", 8765)
    managed = HubService.of({**environment, "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:9999"})
    assert managed.listens_on("0.0.0.0", 8765) == ("127.0.0.1", 9999)
    assert HubService.of({**environment, "JUPYTERHUB_HOST": "https://hub.example"}).login.startswith(
        "https://hub.ex"
    )


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "--hub needs JUPYTERHUB_API_URL and JUPYTERHUB_API_TOKEN in the environment"),
        ({"JUPYTERHUB_API_URL": "http://hub"}, "--hub needs JUPYTERHUB_API_TOKEN in"),
        (
            {"JUPYTERHUB_API_URL": "u", "JUPYTERHUB_API_TOKEN": "t", "JUPYTERHUB_SSL_CERTFILE": "f"},
            "internal_ssl",
        ),
    ],
)
def test_an_environment_without_a_hub_is_said_in_words(environment: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        HubService.of(environment)
    assert words in str(caught.value)


def test_the_scope_of_a_relay_is_its_own(fake: FakeHub) -> None:
    assert ACCESS in fake.service.scopes
