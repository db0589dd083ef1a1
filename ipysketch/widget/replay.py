"""A widget that plays a drawing again, with a button and a slider.

The slider's changes come on a thread of Jupyter's; painting belongs to the loop thread, as for the board.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import Box, HBox, IntSlider, Label, Layout, Play, VBox, jslink

from ..model.history import Film, Timeline
from .renderer import Renderer

STEP = 0.05
"""Seconds between two frames."""


class Replay(VBox):
    """Plays `film`, `speed` times as fast as it was drawn. `post` hands a callable to the loop thread."""

    def __init__(
        self,
        film: Film,
        *,
        speed: float,
        page: str,
        post: Callable[[Callable[[], None]], None],
        size: tuple[int, int],
    ) -> None:
        self._film, self._page, self._post = film, page, post
        self._timeline = Timeline(film, speed, STEP)
        self._renderer = Renderer(*size)
        last = self._timeline.steps
        self._slider = IntSlider(
            last, 0, last, readout=False, description="Time", layout=Layout(flex="1 1 auto", width="auto")
        )
        play = Play(
            interval=round(1000 * STEP), min=0, max=last, value=last, show_repeat=False, description="Play"
        )
        jslink((play, "value"), (self._slider, "value"))
        self._label = Label()
        desk = Box([self._renderer.canvas], _dom_classes=("ipysketch-desk",))
        bar = HBox([play, self._slider, self._label], layout=Layout(width="100%", align_items="center"))
        super().__init__([desk, bar], _dom_classes=("ipysketch-board", "ipysketch-replay"))
        self._slider.observe(self._changed, "value")
        self._renderer.canvas.on_client_ready(lambda: self._post(self._repaint))
        self._post(self._show)

    def _changed(self, _change: Any) -> None:
        self._post(self._show)

    @property
    def seq(self) -> int:
        """The `seq` that is shown."""
        return self._timeline.seq(self._slider.value)

    def _show(self) -> None:
        seq = self.seq
        self._renderer.paint(self._film.at(seq, self._page))
        self._renderer.flush()
        self._label.value = f"operation {seq - self._film.first} of {self._film.last - self._film.first}"

    def _repaint(self) -> None:
        self._show()
        self._renderer.repaint()
        self._renderer.flush()
