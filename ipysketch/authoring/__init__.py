"""Drawing from code: the elements that people draw by hand, with handles that change them, one or several at a time.

Every method checks its arguments first. It raises a `SketchError`, which is a `ValueError` or a `TypeError` too, before
anything is drawn. Coordinates and lengths are board units. A colour is ``#rrggbb`` or a name of CSS, such as "red".
docs/reference/elements.md says what the elements are.
"""

from .operations import Handle
from .surface import DrawingSurface

__all__ = ["DrawingSurface", "Handle"]
