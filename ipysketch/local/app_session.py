"""Whom of the people at an app server a call serves: a session of Panel, Bokeh, Shiny, Solara, Streamlit or Voila.

Most of them serve several people from one process, so a board that belongs to the process would be everybody's. Voila
has a kernel for each page, which outlives it. Nothing is imported: what is not loaded serves nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

_RANDOM = secrets.token_hex(16)
"""With this, nobody who knows the id of a session knows its secret."""


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, eq=False)
class AppSession:
    """One person's session at an app server; two of one `key` are the same session.

    `here` says whether a page of it is connected now, from any thread; None where only the board's own views know.
    `at_end` has a function called when the session
    ends, once, where the server says so. `user` is the name by which the server knows the person, "" where it does not.
    `sent` must be called after something was sent to the page, from any thread.
    """

    key: str
    here: Callable[[], bool] | None
    at_end: Callable[[Callable[[], None]], object]
    user: str = ""
    sent: Callable[[], None] = _nothing

    @property
    def secret(self) -> str:
        """What makes the strokes of this session its own: see `identity.author_secret`."""
        return hashlib.sha256(f"{_RANDOM} {self.key}".encode()).hexdigest()

    @property
    def name(self) -> str:
        """A name for its person, as others see it: the server's, else a guest's."""
        return self.user or f"guest {int(self.secret[:8], 16) % 900 + 100}"


def current() -> AppSession | None:
    """Return the session that the caller serves; None in a notebook, in a script, and outside of sessions."""
    if "VOILA_REQUEST_URL" in os.environ:
        return AppSession("voila", here=None, at_end=lambda _function: None)
    for module, find in _SERVERS:
        if (loaded := sys.modules.get(module)) is not None:
            # An app server whose inside has changed must not break a board: it is as if it were none.
            with contextlib.suppress(AttributeError, LookupError, RuntimeError):
                if (found := find(loaded)) is not None:
                    return found
    return None


def _shiny(module: Any) -> AppSession | None:
    session = module.get_current_session()
    if session is None or session.is_stub_session():
        return None
    root = session.root_scope()
    # Its end is told when the page's connection ends.
    return AppSession(
        f"shiny {root.id}", here=lambda: True, at_end=root.on_ended, user=root.user or "", sent=_shiny_flush()
    )


def _shiny_flush() -> Callable[[], None]:
    """Return a function that has Shiny send what waits for its next flush: by itself, that is at the next input."""
    from shiny import reactive  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  # it is loaded

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # In a thread of the app's own: Shiny sends at the next input.
        return _nothing
    waiting = False

    async def flush() -> None:
        nonlocal waiting
        waiting = False
        async with reactive.lock():
            await reactive.flush()

    def sent() -> None:
        nonlocal waiting
        if not waiting and not loop.is_closed():
            waiting = True
            asyncio.run_coroutine_threadsafe(flush(), loop)

    return sent


def _solara(module: Any) -> AppSession | None:
    if not module.has_current_context():
        return None
    context = module.get_current_context()
    if context.id == "dummy":  # The app is loaded in it, and nobody is there.
        return None

    def here() -> bool:
        return any(status.value == "connected" for status in tuple(context.page_status.values()))

    return AppSession(f"solara {context.id}", here=here, at_end=context.on_close)


def _bokeh(module: Any) -> AppSession | None:
    document = module.curdoc()
    panel = sys.modules.get("panel.io.state")
    if panel is not None:
        document = panel.state.curdoc or document
    context = document.session_context
    if context is None:
        return None

    def here() -> bool:
        session = context.session
        return session is not None and session.connection_count > 0

    def at_end(function: Callable[[], None]) -> None:
        def ended(session_context: object) -> None:  # noqa: ARG001  # Bokeh looks at the name
            function()

        document.on_session_destroyed(ended)

    user = (panel.state.user or "") if panel is not None else ""
    return AppSession(
        f"bokeh {context.id}",
        here=here,
        at_end=at_end,
        user=user if isinstance(user, str) else "",
    )


def _streamlit(module: Any) -> AppSession | None:
    context = module.scriptrunner.get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    session, runtime = context.session_id, module.get_instance()

    def here() -> bool:
        return bool(runtime.is_active_session(session))

    # It tells nobody of its end.
    return AppSession(f"streamlit {session}", here=here, at_end=lambda _function: None)


_SERVERS: Iterable[tuple[str, Callable[[Any], AppSession | None]]] = (
    ("shiny.session", _shiny),
    ("solara.server.kernel_context", _solara),
    ("bokeh.io.doc", _bokeh),
    ("streamlit.runtime", _streamlit),
)
