"""numpy, imported at its first use: it is most of what a first cell would wait for, and a kernel in a browser may not
have it. Where it is missing, what needs it raises `SketchError`; messages, the log and the names of people do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import missing_library

__all__ = ["np"]


class _Later:
    """Stands for numpy; each name is looked up there once."""

    def __getattr__(self, name: str) -> Any:
        try:
            import numpy  # noqa: PLC0415  # the point of this module
        except ModuleNotFoundError:
            raise missing_library("numpy") from None
        value = getattr(numpy, name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import numpy as np
else:
    np = _Later()
