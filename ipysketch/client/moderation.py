"""What a moderator asks at a view of a board; a refusal of the relay is shown there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from ..errors import SketchError
from .membership import Membership
from .own_presence import OwnPresence
from .presenter import Presenter
from .requests import Requests


class Moderation:
    """Asks without waiting."""

    def __init__(
        self, requests: Requests, presence: OwnPresence, membership: Membership, presenter: Presenter
    ) -> None:
        self._requests = requests
        self._presence = presence
        self._membership = membership
        self._presenter = presenter
        self._asking: set[asyncio.Task[None]] = set()

    def ask(
        self,
        *,
        locked: bool | None = None,
        pens: Sequence[str] = (),
        lead: bool | None = None,
        remove: str = "",
    ) -> None:
        """Let only moderators draw, or everybody; have everybody follow this client, or not; end a peer's connection.

        What is left out stays as it is.
        """
        if lead is not None:
            self._presence.lead(lead)
            self._presenter.refresh()
        if locked is not None:
            self._begin(self._requests.lock(locked, pens))
        if remove:
            self._begin(self._requests.remove(remove))

    def _begin(self, request: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._show_refusal(request))
        self._asking.add(task)  # asyncio alone does not keep a task.
        task.add_done_callback(self._asking.discard)

    async def _show_refusal(self, request: Coroutine[Any, Any, None]) -> None:
        try:
            await request
        except SketchError as refused:
            self._membership.notice = str(refused)
            self._presenter.refresh()
