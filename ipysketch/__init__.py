"""People drawing together inside notebooks: ``%load_ext ipysketch``, then ``%sketch connect``.

Importing this starts nothing and loads nothing heavy: each name is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from relay import __version__

from .errors import LeftOutWarning, SketchError, missing_library

if TYPE_CHECKING:
    from .board import Sketch, boards, connect
    from .files.rasterize import to_array, to_svg

__all__ = ["LeftOutWarning", "Sketch", "SketchError", "__version__", "boards", "connect", "to_array", "to_svg"]

_MODULES = {
    "Sketch": "board",
    "boards": "board",
    "connect": "board",
    "to_array": "files.rasterize",
    "to_svg": "files.rasterize",
}
"""Where each name is that is imported at its first use."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(_load(_MODULES[name]), name)
    raise AttributeError(f"module 'ipysketch' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Register ``%sketch`` and ``%%sketch``; IPython calls this for ``%load_ext ipysketch``."""
    magics = _load("magics")
    _load("widget.board")  # Now, while nobody waits for a drawing.
    magics.register(shell)
    _allow_again(shell)


def _allow_again(shell: Any) -> None:
    """Have IPython forget that this extension is loaded, once this cell has run, or before the first one does.

    A cell that loads it and connects is run again and again; IPython would complain each time, above the board.
    """
    moments = "pre_run_cell", "post_run_cell"

    def forget(*_: object) -> None:
        for moment in moments:
            shell.events.unregister(moment, forget)
        shell.extension_manager.loaded.discard(__name__)

    for moment in moments:
        shell.events.register(moment, forget)


def _load(module: str) -> Any:
    """Import a module of this package; raise `SketchError` where only the relay's libraries are installed."""
    try:
        return import_module(f".{module}", __name__)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in ("", "ipysketch", "relay"):
            raise
        raise missing_library(library) from error
