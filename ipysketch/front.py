"""The front-end part: a bar above the canvas, and an overlay on it. The only module that knows anywidget."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Bar(anywidget.AnyWidget):
    """Tools, people, and the connection in words. Its page sends what was chosen."""

    _esm = _HERE / "front.js"
    _css = _HERE / "front.css"
    part = traitlets.Unicode("bar").tag(sync=True)
    state = traitlets.Dict().tag(sync=True)


class Overlay(anywidget.AnyWidget):
    """Others' cursors over the canvas. Its page sends pixel ratio, visibility, acknowledged frames and keys."""

    _esm = _HERE / "front.js"
    _css = _HERE / "front.css"
    part = traitlets.Unicode("overlay").tag(sync=True)
    cursors: traitlets.List[object] = traitlets.List().tag(sync=True)
    """Each is (name, color, x, y), x and y as fractions of the board."""
