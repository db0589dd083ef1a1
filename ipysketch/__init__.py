"""People drawing together inside notebooks: ``%load_ext ipysketch``, then ``%sketch connect``.

Importing this starts nothing and loads nothing heavy; names are looked up at their first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .board import Sketch, boards, connect
    from .errors import SketchError

__version__ = "0.1.0"
__all__ = ["Sketch", "SketchError", "__version__", "boards", "connect"]


def __getattr__(name: str) -> Any:
    if name == "SketchError":
        from .errors import SketchError

        return SketchError
    if name in ("Sketch", "boards", "connect"):
        from . import board

        return getattr(board, name)
    raise AttributeError(f"module 'ipysketch' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext ipysketch`` calls."""
    from . import widget  # noqa: F401  # Now, while nobody waits for a drawing.
    from .magics import register

    register(shell)
