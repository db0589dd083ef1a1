"""The kinds of things on a board, one small file each. Pure.

A kind knows how it is encoded as fields, decodes any fields without raising, and says its bounds, whether a
point hits it, and of which primitives it is made; everything that paints reads only the primitives.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import stroke
from .display import Path
from .stroke import Stroke

Element = Stroke

_KINDS = {"stroke": stroke.decode}

__all__ = ["Element", "Path", "Stroke", "decode"]


def decode(key: str, fields: Mapping[str, object], author: str = "", seq: int = 0) -> Element | None:
    """The element that `fields` describe, or None when they describe none; never raises.

    The same fields give the same answer on every replica.
    """
    kind = fields.get("kind")
    decoder = _KINDS.get(kind) if isinstance(kind, str) else None
    return decoder(key, fields, author, seq) if decoder is not None else None
