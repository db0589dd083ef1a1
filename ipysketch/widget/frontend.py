"""The part of the widget that ipycanvas does not have: pen, tools, people, cursors, a page's reports.

This widget only listens: a page sends on the canvas's own comm (`input_model` is its id), on which the kernel sends
nothing after opening it. So all input arrives in order, and on a route that stays free while a cell runs.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from relay.javascript import WIDGET, compressed, read_module, table

from .page_messages import VERSION, ControlState, FrameState, encode

_WORDS = "relay/web/surface/words/"
LANGUAGES = ("de", "fr", "es", "ja", "ar")
"""Those whose words are not in the module."""
_STYLES = ("relay/web/surface/surface.css", "ipysketch/widget/static/board.css")


def _traits() -> dict[str, Any]:
    """Return a synchronised trait for each field of the states."""
    defaults = {**encode(ControlState()), **encode(FrameState())}
    return {name: traitlets.Any(default).tag(sync=True) for name, default in defaults.items()}


class Frontend(anywidget.AnyWidget):
    """Our part of the front end. Its own element lies over the canvas, for the pen and what is above the ink; the
    islands of the surface lie over both.

    Its state is `ControlState` and `FrameState` of `page_messages`, and the fields below.
    """

    _esm = read_module("ipysketch/widget/static/unpack.js")
    _css = "".join(map(read_module, _STYLES))

    code = traitlets.Bytes(compressed(WIDGET)).tag(sync=True)
    """The joined module, by gzip, which `_esm` unpacks: a kernel's messages are not compressed on their way."""
    words = traitlets.Any({}).tag(sync=True)
    """What the surface says, by languages that a view asked for, as tables of texts. English is in the module."""
    version = traitlets.Int(VERSION).tag(sync=True)
    input_model = traitlets.Unicode("").tag(sync=True)
    """The id of the canvas, on whose comm the page sends."""
    frame = traitlets.Int(0).tag(sync=True)
    """The number of the last frame that a page is to acknowledge once it is on the screen."""
    locals().update(_traits())

    def update(self, state: ControlState | FrameState) -> None:
        """Set the fields of `state`; what is equal is not sent again."""
        for name, value in encode(state).items():
            setattr(self, name, value)

    def speak(self, language: str) -> None:
        """Have the words of `language`, "de" for example; one that we do not speak changes nothing."""
        if language in LANGUAGES and language not in self.words:
            self.words = {**self.words, language: table(read_module(f"{_WORDS}{language}.js"))}
