"""The tools on ipycanvas' own events: small state machines that turn a pointer's motion into operations and previews.

Rules of this package: pure; points are in board units and come from anywhere (a mouse, a pen, a test); ids are
arguments. Each tool has ``press / drag / straighten / lift / discard / resend``, which return effects in the order in
which they are to be sent.
"""

from .effects import CancelEffect, CommitEffect, Effect, Effects, PreviewEffect, SparedEffect
from .eraser import Eraser, Hits
from .pen import LONGEST, Pen

Tool = Pen | Eraser

__all__ = [
    "LONGEST",
    "CancelEffect",
    "CommitEffect",
    "Effect",
    "Effects",
    "Eraser",
    "Hits",
    "Pen",
    "PreviewEffect",
    "SparedEffect",
    "Tool",
]
