"""The joined modules as they are sent, compressed once: made when a wheel is, or here."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from threading import Lock

from .joining import bundle

SOURCES = ("relay/javascript", "relay/web")
"""The folders that a joined module depends on, beside that of its entry."""
MADE = "relay/javascript/made"
"""Where a wheel has them, by their tags."""
PAGE, WIDGET = "relay/web/page/page.js", "ipysketch/widget/static/index.js"
_SUFFIXES = (".js", ".py")
_making = Lock()


def read_module(path: str) -> str:
    """Return the text of one of our files: "PACKAGE/…/NAME.js"."""
    return _place(path).read_text(encoding="utf-8")


@cache
def tag(entry: str) -> str:
    """Return what tells the joined module of `entry` from those of other sources."""
    found = hashlib.sha256(entry.encode())
    for folder in dict.fromkeys((*SOURCES, entry.rpartition("/")[0])):
        if (place := _place(folder)).is_dir():
            for name, file in sorted(_files(place, folder)):
                found.update(f"\n{name}\n".encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:20]


@cache
def _made(entry: str) -> bytes:
    stored = _place(f"{MADE}/{tag(entry)}.js.gz")
    if stored.is_file():
        return stored.read_bytes()
    # A web page's module asks for its own address.
    return gzip.compress(bundle(entry, read_module, meta=entry == PAGE).encode(), mtime=0)


def compressed(entry: str) -> bytes:
    """Return the joined module of `entry`, by gzip. Where no wheel has brought it this takes a second, once.

    Raises:
        BundleError: the modules cannot be joined.
    """
    with _making:
        return _made(entry)


def _place(path: str) -> Traversable:
    package, _, rest = path.partition("/")
    return files(package).joinpath(rest)


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        name = f"{prefix}/{item.name}"
        if item.is_dir():
            yield from _files(item, name)
        elif item.name.endswith(_SUFFIXES):
            yield name, item
