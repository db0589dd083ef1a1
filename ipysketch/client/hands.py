"""What hands do on the views of a board: gestures, wet ink, drags and the choice of a tool.

Coordinates are in board units. `pointer` names one pointer of one view, as "VIEW/POINTER", or the mouse that ipycanvas
reports; strokes of two pointers never mix. With our front end, gestures are in the page: it sends wet ink and
operations. Pointers come from where it cannot load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relay.protocol import Preview

from ..editing.gestures import Gestures
from ..editing.tools import CancelEffect, CommitEffect, Effect, PreviewEffect, SparedEffect
from .drawing import Drawing
from .membership import Membership
from .operations import Operations
from .own_ink import OwnInk
from .own_presence import OwnPresence
from .presenter import Presenter
from .sync import Sync
from .tabs import Tabs, tab_of


class Hands:
    """Sends what comes of the hands at one client, and shows it."""

    def __init__(
        self,
        gestures: Gestures,
        operations: Operations,
        ink: OwnInk,
        presence: OwnPresence,
        *,
        sync: Sync,
        drawing: Drawing,
        membership: Membership,
        tabs: Tabs,
        presenter: Presenter,
    ) -> None:
        self._gestures = gestures
        self._operations = operations
        self._ink = ink
        self._presence = presence
        self._sync = sync
        self._drawing = drawing
        self._membership = membership
        self._tabs = tabs
        self._presenter = presenter

    # --- pointers -----------------------------------------------------------------------------------------

    def pointer_down(
        self,
        pointer: str,
        x: float,
        y: float,
        *,
        tool: str = "",
        style: Mapping[str, Any] | None = None,
        at: float = 0.0,
        pressure: float | None = None,
    ) -> None:
        """Begin a gesture at (x, y), with the chosen tool and style or with others (`style`: fields of `Style`).

        `at` is a time in seconds, on any clock; `pressure` from 0 to 1, None where it is not measured.
        """
        self._apply(self._gestures.begin(pointer, x, y, tool=tool, style=style, at=at, pressure=pressure))

    def pointer_move(
        self, pointer: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> None:
        """Move to (x, y), on the board or above it."""
        self._presence.point_at(x, y)
        self._apply(self._gestures.motion(pointer, x, y, at=at, pressure=pressure))

    def pointer_straighten(self, pointer: str, x: float, y: float, *, at: float = 0.0) -> None:
        """Make the stroke a straight line to (x, y)."""
        self._apply(self._gestures.straighten(pointer, x, y, at=at))

    def pointer_up(self, pointer: str) -> None:
        """End the gesture where the pointer was last."""
        self._apply(self._gestures.end(pointer))

    def pointer_cancel(self, pointer: str = "") -> None:
        """Discard the gesture of `pointer`; "" discards those of all pointers."""
        self._apply(self._gestures.cancel(pointer))

    def resend(self) -> None:
        """Send the ink of all pointers from its beginning: peers have received nothing of it."""
        self._apply(self._gestures.resend())

    def _apply(self, effects: Sequence[Effect]) -> None:
        """Send what a gesture came to, in order."""
        for effect in effects:
            match effect:
                case PreviewEffect(key=key, start=start, points=points, fields=fields):
                    self._ink.send(Preview(key, start, tuple(points), fields))
                case CommitEffect(actions=actions):
                    self._operations.operate(actions)
                case CancelEffect(key=key):
                    self._ink.cancel(key)
                case SparedEffect():
                    self._membership.notice = "Only a moderator may erase what others drew."
        self._presenter.refresh()

    # --- what pages made of their pointers ----------------------------------------------------------------

    def preview(
        self, key: str, start: int, points: Sequence[int], fields: Mapping[str, Any] | None, view: str = ""
    ) -> None:
        """Show others, and other views, ink under a hand in `view`: `points` go in at number `start`, where 0 begins it
        anew."""
        if self._drawing.can_draw:
            self._ink.draw(view, key, start, points, fields)
            self._presenter.refresh()

    def end_preview(self, key: str) -> None:
        """End a preview that becomes no element."""
        self._ink.cancel(key)
        self._presenter.refresh()

    def drag(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Show others elements that are being dragged, in whole numbers as in presence; none when the drag ended."""
        self._presence.drag(offsets)
        if not offsets and not self._sync.pending:
            self._presence.settle()

    def choose(self, view: str = "", **changes: Any) -> None:
        """Take another `tool`, or another style, as chosen in `view`: fields of `Style`."""
        self._tabs.chooser = tab_of(view)
        self._gestures.choose(**changes)
        self._presenter.refresh()

    # --- views --------------------------------------------------------------------------------------------

    def enter_view(self, view: str) -> None:
        """Take account of a view that is there."""
        self._tabs.enter(view)

    def close_view(self, view: str) -> None:
        """End all that is under hands in a view, which closed."""
        self._tabs.leave(view)
        self._ink.close_view(view)
        self._apply(self._gestures.forget(f"{view}/"))
