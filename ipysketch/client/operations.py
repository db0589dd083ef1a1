"""What people and code do to the drawing, as operations: seen at once, and sent when a room is joined."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from relay.protocol import Action, Clear, Create, Delete, Patch, RemoteError

from ..errors import SketchError
from ..model.archive import PAGES, LoadReport, creations, size_of
from .drawing import Drawing
from .membership import Membership
from .outbox import Outbox
from .own_ink import OwnInk
from .page_turner import PageTurner
from .sync import Sync
from .tabs import Tabs, tab_of


def new_key() -> str:
    """Return a key that no other element has."""
    return secrets.token_hex(8)


class Operations:
    """The operations of one client. `view` is where it was done; "" for what code does."""

    def __init__(
        self,
        sync: Sync,
        drawing: Drawing,
        outbox: Outbox,
        *,
        ink: OwnInk,
        pages: PageTurner,
        membership: Membership,
        tabs: Tabs,
    ) -> None:
        self._sync = sync
        self._drawing = drawing
        self._outbox = outbox
        self._ink = ink
        self._pages = pages
        self._membership = membership
        self._tabs = tabs

    def submit(self, actions: Sequence[Action], view: str = "") -> int:
        """Do `actions` as one operation, at once here and as soon as possible everywhere; return its number.

        Raises `RemoteError`, and does nothing, when an action alone is larger than the relay takes.
        """
        op = self._sync.submit(actions, tab_of(view), self._tabs.others(view))
        for action in actions:
            if isinstance(action, Create):
                self._ink.end(action.key)
        self._send()
        return op

    def operate(self, actions: Sequence[Action], view: str = "") -> None:
        """Do `actions` as `submit` does; what cannot be sent is told as a notice, and its ink ends."""
        try:
            self.submit(actions, view)
        except RemoteError as error:
            self._membership.notice = f"That was not drawn: {error.reason}."
            for action in actions:
                if isinstance(action, Create):
                    self._ink.cancel(action.key)
            self._pages.changed()

    def undo(self, view: str = "") -> bool:
        """Revert the last own operation that is not undone, none of other tabs'; False when there is none."""
        done = self._sync.undo(self._tabs.others(view))
        self._send()
        return done

    def redo(self, view: str = "") -> bool:
        """Revert the last own undo; False when there is none."""
        done = self._sync.redo(self._tabs.others(view))
        self._send()
        return done

    def _send(self) -> None:
        self._outbox.send_pending()
        self._pages.changed()

    def clear(self) -> None:
        """Delete everything on the page."""
        if self._drawing.elements():
            self.submit([Clear(self._drawing.page)])

    # --- pages and files ----------------------------------------------------------------------------------

    def add_page(self, name: str) -> str:
        """Add a page at the end; return its key."""
        key = new_key()
        self.submit([Create(key, {"kind": "page", "name": name}, PAGES)])
        return key

    def rename_page(self, key: str, name: str) -> None:
        """Give a page another name."""
        self.submit([Patch(key, {"name": name})])

    def remove_page(self, key: str) -> None:
        """Delete a page with its elements, as one operation; the first page is only cleared."""
        self.submit([Clear(key), Delete((key,))] if key else [Clear()])

    def add(self, report: LoadReport) -> LoadReport:
        """Add what a file holds to the page, and its further pages after ours, as one thing to undo.

        Returns what was added, without what cannot be. Raises `SketchError`, and adds nothing, when the room cannot
        hold it.
        """
        largest = self._sync.limits.largest
        report, creates = creations(report, new_key, self._drawing.page, largest=largest)
        self._check_room_for(creates)
        if creates:
            self.submit(creates)
        return report

    def _check_room_for(self, creates: Sequence[Create[Any]]) -> None:
        most, size = self._membership.max_elements, self._membership.max_drawing
        entries = self._sync.entries
        if most and (count := len(entries) + len(creates)) > most:
            raise SketchError(f"the drawing would have {count} elements, and this room takes {most}; load less")
        if size and (total := size_of([*entries.values(), *creates])) > size:
            raise SketchError(
                f"the drawing would have {total} bytes and more, and this room takes {size}; load less"
            )
