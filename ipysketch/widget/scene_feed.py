"""The entries of the page that is shown, as the updates that views have not received yet. Pure.

A view edits what it sees without asking the kernel first, so it has the entries themselves. They are sent once a view
asks, in parts: a large drawing holds up neither the comm nor this thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

import msgspec

from relay.protocol import Entry, order

from ..client.view import SceneChanges
from .page_messages import SceneEntry, SceneUpdate

MAX_ENTRIES = 500
MAX_BYTES = 128 << 10
"""Of one update, except that it has at least one entry."""
MAX_VIEWS = 32

Source = Callable[[int], SceneChanges]
"""Returns the entries, and what may have changed since a version; -1 for anything."""


class SceneFeed:
    """What has been sent of the scene. All views of a board receive the same updates."""

    def __init__(self) -> None:
        self._wanted = False
        self._whole = False
        self._number = 0
        self._page: str | None = None
        self._version = -1
        self._waiting: dict[str, None] = {}
        """The keys whose entries are to be sent, in that order."""
        self._sent: dict[str, Entry] = {}
        self._applied: dict[str, int] = {}
        self._told: dict[str, int] = {}

    def restart(self) -> None:
        """Send the scene from its beginning: a view asks for it."""
        self._wanted = self._whole = True

    def applied(self, view: str, number: int) -> None:
        """Note that operation `number` of a view was handled; updates say so when they have its effect."""
        self._applied.pop(view, None)
        self._applied[view] = number
        if len(self._applied) > MAX_VIEWS:
            del self._applied[next(iter(self._applied))]

    def close(self, view: str) -> None:
        """Forget a view that closed."""
        self._applied.pop(view, None)

    def update(self, source: Source) -> SceneUpdate | None:
        """Return the next update; None when views have everything, or none asked."""
        if not self._wanted:
            return None
        changes = source(self._version)
        if changes.page != self._page or changes.touched is None or self._whole:
            self._whole = True
            self._sent.clear()
            self._page = changes.page
            here = [entry for entry in changes.entries.values() if entry.page == changes.page]
            self._waiting = dict.fromkeys(entry.key for entry in sorted(here, key=order))
        elif changes.version != self._version:
            self._waiting.update(dict.fromkeys(changes.touched))
        self._version = changes.version
        entries, gone = self._next_part(changes.entries, changes.page)
        more = bool(self._waiting)
        applied = self._told if more else dict(self._applied)
        if not (entries or gone or self._whole or applied != self._told):
            return None
        self._number += 1
        whole, self._whole, self._told = self._whole, False, applied
        return SceneUpdate(self._number, whole, more, changes.page, entries, gone, applied)

    def _next_part(self, entries: Mapping[str, Entry], page: str) -> tuple[list[SceneEntry], list[str]]:
        part: list[SceneEntry] = []
        gone: list[str] = []
        size = 0
        for key in list(islice(self._waiting, MAX_ENTRIES)):
            entry = entries.get(key)
            if entry is None or entry.page != page:
                # Of one that came and went in between, a page may have seen the ink.
                if self._sent.pop(key, None) is not None or entry is None:
                    gone.append(key)
            elif self._sent.get(key) is not entry:
                size += len(_encoder.encode(entry.fields))
                if part and size > MAX_BYTES:
                    break
                self._sent[key] = entry
                part.append(SceneEntry(key, entry.author, *entry.first, entry.fields))
            del self._waiting[key]
        return part, gone


_encoder = msgspec.json.Encoder()
