"""The tools: small state machines that turn a hand's motion into operations and previews.

Rules of this package: pure; points are in board units and come from anywhere (a mouse, a pen, a test); ids are
arguments. Each tool has ``begin / motion / straighten / lift / cancel`` and gives back what is to be sent, in order.
"""

from .cutter import Cutter
from .eraser import Eraser
from .laser import Laser
from .outputs import Cancel, Commit, Moving, Output, Preview
from .pen import LONGEST, Pen
from .selection import Selector
from .shape import Shape

Tool = Pen | Shape | Eraser | Cutter | Selector | Laser

__all__ = [
    "LONGEST",
    "Cancel",
    "Commit",
    "Cutter",
    "Eraser",
    "Laser",
    "Moving",
    "Output",
    "Pen",
    "Preview",
    "Selector",
    "Shape",
    "Tool",
]
