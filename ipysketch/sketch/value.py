"""What of a board can be set as well as read: the tool, the colour, and the page as plain data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from relay.protocol import Entry, RemoteError

from .. import arguments
from ..client.operations import new_key
from ..client.session import Session
from ..editing.style import TOOLS
from ..errors import ArgumentError, ArgumentTypeError
from ..model.plain import from_plain, to_plain
from .state import State

VALUE_WAIT = 60.0
"""Seconds for a page of many elements."""


class Value(State):
    """The state of one board as values that may be assigned."""

    @property
    def tool(self) -> str:
        """The tool that was chosen last, here or on the board: such as "pen" or "eraser"."""
        return self._session.call(lambda session: session.gestures.tool)

    @tool.setter
    def tool(self, tool: str) -> None:
        if not isinstance(tool, str):
            raise ArgumentTypeError(f"a tool must be text, not {tool!r:.40}")
        if tool not in TOOLS:
            close = difflib.get_close_matches(tool, TOOLS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(TOOLS)}"
            raise ArgumentError(f"no tool is called {tool!r:.40}; {hint}")
        self._session.call(lambda session: session.hands.choose(tool=tool))

    @property
    def color(self) -> str:
        """The colour of new ink, #rrggbb, as chosen last, here or on the board. `rename` sets that of the cursor."""
        return self._session.call(lambda session: session.gestures.style.color)

    @color.setter
    def color(self, color: str) -> None:
        checked = arguments.color(color)
        self._session.call(lambda session: session.hands.choose(color=checked))

    @property
    def value(self) -> list[dict[str, Any]]:
        """The page as plain data, a list of elements, bottom first.

        Each is a dict with its `key`, its `author` and its `fields`, which the reference of elements lists. It is made
        when it is read, and is a copy. Setting it makes the page so, as one operation, which `undo` takes
        back: elements that are on the page by their key stay, and get the fields that differ; others are new, and this
        user's; those that are left out are deleted.
        """
        return to_plain(self._page_entries()[1])

    @value.setter
    def value(self, value: Sequence[Mapping[str, Any]]) -> None:
        page, entries = self._page_entries()
        actions = from_plain(value, entries, page, new_key)
        try:
            if actions:
                self._session.call(lambda session: session.operations.submit(actions), VALUE_WAIT)
        except RemoteError as bad:
            raise ArgumentError(f"the value cannot be drawn: {bad.reason}", bad.code) from None

    def _page_entries(self) -> tuple[str, list[Entry]]:
        def read(session: Session) -> tuple[str, list[Entry]]:
            page = session.presence.page
            return page, [entry for entry in session.sync.entries.values() if entry.page == page]

        return self._session.call(read, VALUE_WAIT)
