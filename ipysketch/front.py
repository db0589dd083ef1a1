"""The part of the widget that ipycanvas does not have: toolbar, people, status, cursors, a page's reports.

Both widgets only listen: whatever a page says, it says on the canvas's own comm (`input_model` is its id), on
which the kernel sends nothing after opening it. So all that hands do arrives in order, and on a route that
stays free while a cell runs.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)


def _inlined(source: str) -> str:
    """A module's text whose imports are objects that are there already."""
    return _IMPORT.sub(r"const \1 = $\2;", source)


def _module(name: str) -> str:
    """A module, one of ours or one that the relay's page uses too, as an object of what it exports: a widget's module
    cannot import."""
    mine = _HERE / f"{name}.js"
    source = (mine if mine.exists() else files("relay").joinpath("web", f"{name}.js")).read_text()
    exports = ", ".join(_EXPORT.findall(source))
    return f"const ${name} = (() => {{\n{_EXPORT.sub('', _inlined(source))}\nreturn {{ {exports} }};\n}})();"


class _Part(anywidget.AnyWidget):
    _esm = "\n".join(
        [
            *map(_module, ("ink", "elements", "painter", "others", "wet", "live", "pen", "typist", "palette")),
            _inlined((_HERE / "front.js").read_text()),
        ]
    )
    _css = _HERE / "front.css"

    part = traitlets.Unicode("").tag(sync=True)
    input_model = traitlets.Unicode("").tag(sync=True)


class Bar(_Part):
    """Tools, people and the status line. `ink` holds the fields of `ipysketch.hands.Style`, `people`
    ``{"name", "color", "me", "peer", "page"}``, `pages` their keys and names; `chosen` is how many elements are;
    `progress` how much of a drawing that is being loaded is here, from 0 to 1, or None."""

    part = traitlets.Unicode("bar").tag(sync=True)
    tool = traitlets.Unicode("pen").tag(sync=True)
    ink: Any = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    can_draw = traitlets.Bool(True).tag(sync=True)
    can_clear = traitlets.Bool(True).tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)
    people: Any = traitlets.List().tag(sync=True)
    pages: Any = traitlets.List().tag(sync=True)
    page = traitlets.Unicode("").tag(sync=True)
    following = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    connected = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(None, allow_none=True).tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)


class Overlay(_Part):
    """The pen and the cursors, over the canvas. `cursors` holds ``[x, y, name, color]`` with x and y as parts of the
    board's size, 0 to 1; `frame` counts what was painted, and the page acknowledges it once it is on the screen;
    `finished` are hands whose ink is dry: it is in that frame, or came to nothing. `others` says that somebody else
    is here to see my cursor. `frames` holds ``[x, y, width, height, kind]`` around what is chosen ("chosen") and of the
    box that chooses ("band"), in parts of the board; `lasers` ``[name, color, count, x, y, …]``, the last places of
    trails of `count` places; `view_box` what the peer that is followed sees, in board units; `written` the text that
    is chosen alone, ``{"key", "x", "y", "text", "color", "size"}``, x and y in parts of the board. The rest as in
    `Bar`."""

    part = traitlets.Unicode("overlay").tag(sync=True)
    cursors: Any = traitlets.List().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    finished: Any = traitlets.List().tag(sync=True)
    others = traitlets.Bool(False).tag(sync=True)
    tool = traitlets.Unicode("pen").tag(sync=True)
    ink: Any = traitlets.Dict().tag(sync=True)
    frames: Any = traitlets.List().tag(sync=True)
    lasers: Any = traitlets.List().tag(sync=True)
    following = traitlets.Unicode("").tag(sync=True)
    written: Any = traitlets.Dict().tag(sync=True)
    view_box: Any = traitlets.List(None, allow_none=True).tag(sync=True)
    can_draw = traitlets.Bool(True).tag(sync=True)
