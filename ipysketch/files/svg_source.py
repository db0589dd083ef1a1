"""A drawing inside of its own SVG file, so that reading the file gives back strokes and not their outlines. Pure.

The drawing, as a .json file has it, stands compressed in the file's metadata, with a digest of all the rest of the
file. Where another program has changed that rest, its shapes count and the metadata do not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib

NAMESPACE = "https://ipysketch-live.readthedocs.io"
LARGEST = 8_000_000
"""Characters of a drawing in a file, at most: other programs refuse texts of 10 MB."""
LARGEST_UNPACKED = 64 << 20
"""Bytes that the characters may become."""

_SOURCE = re.compile(
    rb'<metadata><drawing xmlns="%b" digest="([0-9a-f]{64})">([A-Za-z0-9+/=]*)</drawing></metadata>\n'
    % re.escape(NAMESPACE.encode())
)
_HEAD = 4096
"""Bytes of a file in which the metadata begin."""


def with_source(svg: bytes, source: bytes) -> bytes:
    """Return an SVG file that holds `source`; without it where that would be too large.

    `svg` is a file whose first line is its first tag."""
    packed = base64.b64encode(zlib.compress(source))
    if len(packed) > LARGEST or len(source) > LARGEST_UNPACKED:
        return svg
    head, rest = svg.split(b"\n", 1)
    digest = hashlib.sha256(head + b"\n" + rest).hexdigest().encode()
    opening = b'<metadata><drawing xmlns="%b" digest="%b">' % (NAMESPACE.encode(), digest)
    return b"".join([head, b"\n", opening, packed, b"</drawing></metadata>\n", rest])


def source_of(svg: bytes) -> bytes | None:
    """Return what `with_source` put into a file; None where there is nothing, or the file was changed since."""
    start = svg.find(b"<metadata>", 0, _HEAD)
    found = _SOURCE.match(svg, start) if start >= 0 else None
    if found is None:
        return None
    digest = hashlib.sha256(svg[:start])
    digest.update(memoryview(svg)[found.end() :])
    if digest.hexdigest().encode() != found[1]:
        return None
    unpacking = zlib.decompressobj()
    try:
        source = unpacking.decompress(base64.b64decode(found[2]), LARGEST_UNPACKED)
    except (zlib.error, binascii.Error):
        return None
    return source if unpacking.eof else None
