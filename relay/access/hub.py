"""What a JupyterHub says: who a token is of, and in which groups they are.

It is asked through its REST API, in threads of this module: nothing waits for it on the relay's loop. What it said is
believed for a while; as long as it does not answer, what it said last.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from .courses import HubUser

TIMEOUT = 5.0
"""Seconds that the Hub has for an answer."""
THREADS = 4
"""Requests that the Hub gets at a time."""
MAX_WAITING = 256
"""Tokens that may wait for their turn; more are told to come again."""
MAX_KNOWN = 10_000
"""Tokens whose owners are remembered."""
BELIEVED = 0.75
"""The part of the time after which people are looked at again, for which an answer of the Hub is believed."""
MAX_ANSWER = 1 << 20
"""Bytes that are read of an answer."""
PAUSE = 5.0
"""Seconds for which a Hub that did not answer is not asked again: nobody waits for it once more."""
AWAY = "the Hub does not answer; try again in a moment"

_TOKEN = re.compile(r"[!-~]{1,512}")
"""What a token may be, so that nobody makes a request that cannot be sent, and the Hub seem to be away."""

T = TypeVar("T")


class HubUnavailable(Exception):
    """The Hub does not answer now, or not as it should; the text is a sentence for people."""


@dataclass(frozen=True)
class HubService:
    """This relay as a service of a Hub, by the environment that a Hub gives its services.

    `prefix` is the path of the relay in front of people, `url` where it listens, "" for any; `login` the address of the
    Hub's login, `callback` where that leads back to. Who has one of the `scopes` may use the relay.
    """

    name: str
    prefix: str
    url: str
    api_url: str
    api_token: str
    client_id: str
    login: str
    callback: str
    scopes: frozenset[str]
    public_url: str = ""
    """Where people reach the service, as far as the Hub knows: with `subdomain_host`, at a name of its own."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> HubService:
        """Return the service that `environment` describes; raises ValueError with a sentence."""
        missing = [name for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN") if not environment.get(name)]
        if missing:
            raise ValueError(
                f"--hub needs {' and '.join(missing)} in the environment: a Hub sets them for a service that it "
                "starts; for one that runs by itself set them, see docs/how-to/jupyterhub.md"
            )
        if environment.get("JUPYTERHUB_SSL_CERTFILE"):
            raise ValueError("--hub does not work with the Hub's internal_ssl yet; run the relay without it")
        base = environment.get("JUPYTERHUB_BASE_URL") or "/"
        name = environment.get("JUPYTERHUB_SERVICE_NAME") or "sketch"
        prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX") or f"{base.rstrip('/')}/services/{name}/"
        prefix = prefix.rstrip("/") + "/"
        host = environment.get("JUPYTERHUB_HOST", "").rstrip("/")
        return cls(
            name,
            prefix,
            environment.get("JUPYTERHUB_SERVICE_URL", ""),
            environment["JUPYTERHUB_API_URL"].rstrip("/"),
            environment["JUPYTERHUB_API_TOKEN"].strip(),
            environment.get("JUPYTERHUB_CLIENT_ID") or f"service-{name}",
            f"{host}{base.rstrip('/')}/hub/api/oauth2/authorize",
            environment.get("JUPYTERHUB_OAUTH_CALLBACK_URL") or f"{prefix}oauth_callback",
            frozenset({"access:services", f"access:services!service={name}"}),
            environment.get("JUPYTERHUB_PUBLIC_URL", ""),
        )

    def listens_on(self, host: str, port: int) -> tuple[str, int]:
        """Return where to listen: where the Hub's proxy looks for the service, else at `host` and `port`."""
        parts = urlsplit(self.url)
        return parts.hostname or host, parts.port or port


class Hub:
    """The Hub of `service`. People are looked at again within `recheck` seconds, on the clock `now`."""

    def __init__(
        self, service: HubService, *, recheck: float, now: Callable[[], float], log: logging.Logger
    ) -> None:
        self._service = service
        self._believed = BELIEVED * recheck
        self._now = now
        self._log = log
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hub")
        self._known: OrderedDict[str, tuple[float, HubUser]] = OrderedDict()
        self._unscoped: set[str] = set()
        self._asked: dict[str, asyncio.Task[Any]] = {}
        self._groups: tuple[float, frozenset[str]] | None = None
        self._away = ""
        self._asks_again = 0.0

    async def user(self, token: str) -> HubUser | None:
        """Return whom the Hub says a token is of; None unless they may use this relay. Raises `HubUnavailable` when it
        cannot be asked and has never said."""
        if not _TOKEN.fullmatch(token):
            return None
        key = _key(token)
        known = self._known.get(key)
        if known is not None and self._now() - known[0] < self._believed:
            return known[1]
        try:
            user = await self._once(key, lambda: self._ask_user(token))
        except HubUnavailable:
            if known is None:
                raise
            return known[1]
        if user is None:
            self._known.pop(key, None)
            return None
        self._known[key] = self._now(), user
        self._known.move_to_end(key)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return user

    def lacks_scope(self, token: str) -> bool:
        """Return whether the Hub said, when `user` last asked, that it knows whom a token is of, and that they may not
        use this relay."""
        return _key(token) in self._unscoped

    async def groups(self) -> Collection[str]:
        """Return the names of all groups of the Hub. Raises `HubUnavailable`."""
        if self._groups is not None and self._now() - self._groups[0] < self._believed:
            return self._groups[1]
        try:
            groups = await self._once("groups", self._ask_groups)
        except HubUnavailable:
            if self._groups is None:
                raise
            return self._groups[1]
        self._groups = self._now(), groups
        return groups

    async def may_read_metrics(self, token: str) -> bool:
        """Return whether the Hub lets the owner of a token read metrics. Raises `HubUnavailable`."""
        if not _TOKEN.fullmatch(token):
            return False
        model = await self._once(f"metrics {token}", lambda: self._request("/user", token))
        return model is not None and "read:metrics" in _texts(model, "scopes")

    async def token_for(self, code: str, verifier: str) -> str | None:
        """Return the token that a login's `code` stands for; None when the Hub does not take it. Raises
        `HubUnavailable`."""
        service = self._service
        form = {
            "client_id": service.client_id,
            "client_secret": service.api_token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": service.callback,
            "code_verifier": verifier,
        }
        model = await self._once(
            f"code {code}", lambda: self._request("/oauth2/token", "", urlencode(form).encode())
        )
        token = model.get("access_token") if isinstance(model, dict) else None
        return token if isinstance(token, str) and token else None

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- asking ---------------------------------------------------------------------------------------------

    async def _once(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer to a question that is asked once, however many wait for it."""
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= MAX_WAITING:
                raise HubUnavailable("too many log in at once; try again in a moment")
            task = self._asked[key] = asyncio.ensure_future(ask())
            task.add_done_callback(lambda task: self._answered(key, task))
        try:
            answer: T = await asyncio.shield(task)
        except (KeyError, TypeError, AttributeError):
            raise HubUnavailable("the Hub's answer cannot be understood; ask who runs it") from None
        return answer

    def _answered(self, key: str, task: asyncio.Task[Any]) -> None:
        del self._asked[key]
        if not task.cancelled():
            task.exception()  # Those who wait for it get it; there may be none of them left.

    async def _ask_user(self, token: str) -> HubUser | None:
        model = await self._request("/user", token)
        self._unscoped.discard(_key(token))
        if model is None or model.get("kind") != "user":
            return None
        if not self._service.scopes & _texts(model, "scopes"):
            if len(self._unscoped) < MAX_KNOWN:
                self._unscoped.add(_key(token))
            return None
        name = str(model["name"])
        # The token need not have a scope for groups, and a service may ask for those of everybody.
        model = await self._request(f"/users/{quote(name, safe='')}", self._service.api_token)
        if model is None:
            raise HubUnavailable(self._mistake("read:users:name and read:users:groups"))
        if "groups" not in model:
            raise HubUnavailable(self._mistake("read:users:groups"))
        return HubUser(name, frozenset(_texts(model, "groups")), bool(model.get("admin")))

    async def _ask_groups(self) -> frozenset[str]:
        model = await self._request("/groups", self._service.api_token)
        if model is None:
            raise HubUnavailable(self._mistake("list:groups"))
        return frozenset(str(group["name"]) for group in model)

    def _mistake(self, scopes: str) -> str:
        sentence = (
            f"the Hub does not let this relay see who is in which group; who runs it gives the service "
            f"{self._service.name} the scopes {scopes}"
        )
        self._log.error(sentence)
        return sentence

    async def _request(self, path: str, token: str, body: bytes | None = None) -> Any:
        """Return what the Hub answers; None when it does not let `token` ask. Raises `HubUnavailable`."""
        if self._away and self._now() < self._asks_again:
            raise HubUnavailable(AWAY)
        loop = asyncio.get_running_loop()
        try:
            model = await loop.run_in_executor(self._threads, self._send, path, token, body)
        except (OSError, HTTPException, ValueError, RuntimeError) as error:
            # Other texts of errors may repeat a header, in which a token is.
            reason = str(getattr(error, "reason", "") or getattr(error, "strerror", "") or type(error).__name__)
            if not self._away:
                self._log.warning("the Hub does not answer: %s", reason)
            self._away, self._asks_again = reason, self._now() + PAUSE
            raise HubUnavailable(AWAY) from None
        if self._away:
            self._away = ""
            self._log.warning("the Hub answers again")
        return model

    def _send(self, path: str, token: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"token {token}"} if token else {}
        request = urllib.request.Request(self._service.api_url + path, body, headers)
        # The Hub is beside us: no proxy of the environment stands between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read(MAX_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (400, 401, 403, 404):
                    return None
            raise


def _key(token: str) -> str:
    """Return by what a token is known here, from which nobody learns it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _texts(model: Mapping[str, Any], name: str) -> set[str]:
    values = model.get(name)
    return {value for value in values if isinstance(value, str)} if isinstance(values, list) else set()
