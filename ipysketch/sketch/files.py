"""The drawing of a board as a table, pixels and files, and its past."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import arguments
from ..errors import ArgumentError, LeftOutWarning, SketchError
from ..model.archive import LoadReport, items
from ..model.elements import Element
from ..model.history import Film
from .state import HEIGHT, WIDTH, State

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

    from ..widget.replay import Replay

LOOK_WAIT = 60.0
LOAD_WAIT = 60.0
FILM_WAIT = 600.0
"""Seconds for one answer of the relay, or for a file."""


class Files(State):
    """The files and the past of one board."""

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the strokes of the page, one row for each point. It needs pandas.

        Returns:
            A data frame with the columns stroke (its key), author, color, width, seq, point (its number in the stroke),
            x and y (board units), t (seconds since the stroke began) and pressure (0 to 1); NaN where nothing was
            measured.

        Raises:
            SketchError: pandas is not installed.
        """
        from ..files.dataframe import to_dataframe

        return to_dataframe(self.strokes)

    def raster(self, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
        """Return the page as pixels, drawn without a browser, in a process of its own.

        Args:
            width: in pixels.
            height: in pixels.

        Returns:
            Shape (height, width, 3), red, green and blue from 0 to 255; white where there is no ink.

        Raises:
            SketchError: the size is not allowed.
        """
        from ..files.rasterize import raster

        return raster(self.elements, width, height, (WIDTH, HEIGHT))

    def save(self, path: str | os.PathLike[str], *, scale: float = 2.0, desk: bool = False) -> None:
        """Write the drawing to a file.

        Args:
            path: its suffix chooses the format: .json (all pages; can be loaded again), .pdf (all pages), .png, .svg
                or .excalidraw (this page), .gif or .webp (how this page was drawn).
            scale: pixels for each board unit, where the format has pixels.
            desk: whether a .png, .svg or .pdf shows what lies on the desk beside the sheet too; it is larger then.
                .json and .excalidraw always hold that, a film never.

        Raises:
            SketchError: the suffix or the scale is not allowed, or the file cannot be written.
        """
        suffix = Path(path).suffix.lower()
        if suffix in (".gif", ".webp"):
            from ..files.animation import save_film

            save_film(self.film(), path, page=self._shown_page(), board=(WIDTH, HEIGHT))
            return
        from ..files.formats import save

        found, page = self._session.call(
            lambda session: (items(session.sync.entries.values()), session.presence.page)
        )
        save(found, path, board=(WIDTH, HEIGHT), page=page, scale=scale, desk=desk)

    def load(self, path: str | os.PathLike[str]) -> LoadReport:
        """Add what a file holds to the page, as this user's, and its further pages after the others.

        Args:
            path: of a .json, .svg or .excalidraw file.

        Returns:
            A report; printed, it says what was left out or is shown otherwise. A `LeftOutWarning` says so too.

        Raises:
            SketchError: the file cannot be read, or the room has no space for it; nothing has changed then.
        """
        from ..files.formats import load

        report = load(path, board=(WIDTH, HEIGHT))
        report = self._session.call(lambda session: session.operations.add(report), LOAD_WAIT)
        if report.skipped:
            warnings.warn(f"{Path(path).name}: {report}", LeftOutWarning, stacklevel=2)
        return report

    def at(self, when: int | datetime) -> tuple[Element, ...]:
        """Return the page as it was.

        Args:
            when: the number of an entry of the log, up to `seq`, or a time; one without a zone is local.

        Returns:
            The elements, bottom first.

        Raises:
            SketchError: the relay does not keep that part of the log, this user may not read it, or the board is not
                connected.
        """
        moment = arguments.moment(when)
        seq_or_time = moment.timestamp() if isinstance(moment, datetime) else moment
        try:
            return self._session.run(lambda session: session.at(seq_or_time), LOOK_WAIT)
        except TimeoutError:
            raise SketchError("the relay did not send the past in time; try again") from None

    def film(
        self,
        progress: Callable[[float], None] | None = None,
        *,
        told: Callable[[float], None] | None = None,
    ) -> Film:
        """Read the room's log, as far as the relay keeps it.

        Args:
            progress: called on another thread with the part that has arrived, from 0 to 1.
            told: the name of `progress` in 0.1.0.

        Returns:
            The film; its `at` is quick.

        Raises:
            SketchError: this user may not read it, or the board is not connected.
        """
        report = progress or told or (lambda _: None)
        return self._session.run(lambda session: session.film(report), FILM_WAIT)

    def _shown_page(self) -> str:
        return self._session.call(lambda session: session.presence.page)

    def replay(self, speed: float = 4.0) -> Replay:
        """Make a widget that draws this page again; no pause in it is longer than a second.

        Args:
            speed: 0.01 to 1000 times that of the hands.

        Returns:
            The widget.

        Raises:
            SketchError: the speed is not allowed, this user may not read the log, or the board is not connected.
        """
        from ..widget.replay import Replay

        if not 0.01 <= arguments.number(speed, "speed") <= 1000:
            raise ArgumentError("a speed must lie between 0.01 and 1000")
        return Replay(
            self.film(),
            speed=speed,
            page=self._session.call(lambda session: session.presence.page),
            post=self._session.thread.post,
            size=(WIDTH, HEIGHT),
        )
