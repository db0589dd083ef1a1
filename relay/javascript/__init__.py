"""Our ES modules, joined and made small: what a web page and a notebook's widget are sent."""

from .built import PAGE, WIDGET, compressed, read_module, tag
from .joining import BundleError, Read, bundle
from .tables import table
from .tokens import TokenError

__all__ = [
    "PAGE",
    "WIDGET",
    "BundleError",
    "Read",
    "TokenError",
    "bundle",
    "compressed",
    "read_module",
    "table",
    "tag",
]
