"""Ink as pixels: PDFium paints a page that has nothing but lines and areas, many times as fast as an SVG with them.

See docs/decisions/0047-pdfium-paints-pictures-of-many-elements.md. Its quirks are met here: it paints no line narrower
than a pixel, fits upright rectangles to pixels, and cuts off what is very far away or has very many pixels of edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from ..model.elements import Fill, Path
from ..model.geometry import Points, Rect
from . import pdf_content
from .seen import Seen, ways_of

FAR = 40_000.0
"""Pixels from the picture: PDFium moves what is 50,000 away."""
EDGE = 500_000.0
"""Pixels of line of one element: PDFium keeps four million cells of it."""
FEW = 100
"""Points of a line with which it cannot be that long in a picture."""
FINE = 16
"""Parts of a pixel in which places are written, at least."""
TOGETHER = 200
"""Elements whose operators are written together."""
HAIR = 100
"""Steps of the width of a line that is narrower than a pixel."""

Pixels = NDArray[np.uint8]


def paints(elements: Sequence[Seen], scale: float) -> list[bool]:
    """Return whether each of `elements` can be painted with `scale` pixels to a board unit: it has ink alone, neither
    too far away nor too long."""
    ways = [[way for part in element.display for way in ways_of(part)] for element in elements]
    owner = np.repeat(np.arange(len(elements)), [len(own) for own in ways])
    lines = [way for own in ways for way in own]
    found = np.array(
        [all(isinstance(part, Path | Fill) for part in each.display) for each in elements], dtype=bool
    )
    if lines:
        counts = np.array([len(line) for line in lines])
        points = np.concatenate(lines)
        heads = np.cumsum(counts) - counts
        edges = np.zeros(len(lines))
        for axis in (0, 1):
            values = np.ascontiguousarray(points[:, axis])
            least, most = np.minimum.reduceat(values, heads), np.maximum.reduceat(values, heads)
            found[owner[np.maximum(-least, most) * scale > FAR]] = False
            steps = np.abs(np.diff(values, append=values[-1:]))
            steps[heads + counts - 1] = 0
            # Of few lines only what is in the picture counts.
            edges += np.where(counts < FEW, 0, np.add.reduceat(steps, heads))
        found[np.bincount(owner, edges, len(elements)) * scale > EDGE] = False
    answer: list[bool] = found.tolist()
    return answer


def page(elements: Sequence[Seen], scale: float, at: tuple[float, float], size: tuple[int, int]) -> bytes:
    """Return a PDF of one page, `size` pixels large, with `elements`. The upper left corner of the board is `at` pixels
    from that of the page."""
    wide, high = size
    grid = 2 ** max(0, math.ceil(math.log2(FINE * scale)))
    made = _Page(scale, grid)
    made.begin(f"{scale / grid:.9g} 0 0 {-scale / grid:.9g} {at[0]:.9g} {high - at[1]:.9g} cm ")
    waiting = iter(elements)
    while some := list(islice(waiting, TOGETHER)):
        made.add(some)
    return made.document(wide, high)


def paint(canvas: Pixels, data: bytes) -> None:
    """Paint the page of a PDF on `canvas`, of shape (height, width, 4): red, green, blue, and nothing. It does not hold
    Python's lock; only one thread may do it at a time."""
    high, wide = canvas.shape[:2]
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    try:
        loaded = pdfium.FPDF_LoadPage(document, 0)
        bitmap = pdfium.FPDFBitmap_CreateEx(
            wide, high, pdfium.FPDFBitmap_BGRx, canvas.ctypes.data, canvas.strides[0]
        )
        pdfium.FPDF_RenderPageBitmap(bitmap, loaded, 0, 0, wide, high, 0, pdfium.FPDF_REVERSE_BYTE_ORDER)
        pdfium.FPDFBitmap_Destroy(bitmap)
        pdfium.FPDF_ClosePage(loaded)
    finally:
        pdfium.FPDF_CloseDocument(document)


def mark(canvas: Pixels, data: bytes) -> None:
    """Darken `canvas` by the page of a PDF. PDFium itself knows nothing of what was there before the page."""
    light = np.full(canvas.shape, 255, dtype=np.uint8)
    paint(light, data)
    canvas[..., :3] = (canvas[..., :3] * light[..., :3].astype(np.uint16) + 127) // 255


class _Page:
    """A page that is written: its content, and the states and groups that it names."""

    def __init__(self, scale: float, grid: int) -> None:
        self._scale, self._grid = scale, grid
        self._content: list[bytes] = []
        self._states: dict[bytes, bytes] = {}
        self._groups: list[bytes] = []
        self._space = b""

    def begin(self, space: str) -> None:
        """Enter the space of the board's grid."""
        self._space = space.encode()
        self._content.append(b"q " + self._space)

    def add(self, elements: Sequence[Seen]) -> None:
        """Write elements."""
        parts = [
            _whole(part) for element in elements for part in element.display if isinstance(part, Path | Fill)
        ]
        texts = iter(zip(parts, pdf_content.operators(parts, self._grid), strict=True))
        for element in elements:
            own = list(islice(texts, len(element.display)))
            several = len(own) > 1 or any(isinstance(part, Path) and part.fill for part, _ in own)
            pieces = [self._thin(part, text, 1.0 if several else element.opacity) for part, text in own]
            if element.opacity == 1 and not element.multiplies:
                self._content += pieces
                continue
            state = self._state(element.opacity, element.multiplies)
            if several:
                # All of it as one translucent thing.
                self._groups.append(self._group([part for part, _ in own], b"".join(pieces)))
                pieces = [b"/X%d Do " % (len(self._groups) - 1)]
            self._content.append(b"q %s %sQ " % (state, b"".join(pieces)))

    def _thin(self, part: Path | Fill, text: bytes, opacity: float) -> bytes:
        """Return the operators of a part of `opacity`; a line narrower than a pixel is as pale as it is narrow."""
        if isinstance(part, Fill) or part.width * self._scale >= 1 - 0.5 / HAIR:
            return text
        pale = max(1, round(HAIR * part.width * self._scale))
        return b"q %s %sQ " % (self._state(opacity * pale / HAIR, line=True), text)

    def _state(self, opacity: float, multiplies: bool = False, *, line: bool = False) -> bytes:
        """Return the operator that sets how what follows, or a line of it, is mixed with what is below."""
        area = "" if line else f"/ca {opacity:.4g}"
        content = f"<<{area}/CA {opacity:.4g}{'/BM/Multiply' if multiplies else ''}>>".encode()
        name = self._states.setdefault(content, b"/G%d" % len(self._states))
        return name + b" gs"

    def _group(self, parts: Sequence[Path | Fill], text: bytes) -> bytes:
        box = Rect.around(np.concatenate([way for part in parts for way in ways_of(part)]))
        box = box.inflate(
            max((part.width for part in parts if isinstance(part, Path)), default=0) + 2 / self._scale
        )
        corners = " ".join(f"{self._grid * side:.0f}" for side in (box.x0, box.y0, box.x1, box.y1))
        head = f"/Type/XObject/Subtype/Form/BBox[{corners}]/Group<</S/Transparency>>"
        return _stream(head + "/Resources 5 0 R", text)

    def document(self, wide: int, high: int) -> bytes:
        """Return a PDF with the page, `wide` × `high` points large."""
        names = b"".join(b"/X%d %d 0 R" % (number, number + 6) for number in range(len(self._groups)))
        states = b"".join(name + content for content, name in self._states.items())
        objects = [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources 5 0 R>>" % (wide, high),
            _stream("", b"".join([*self._content, b"Q"])),
            b"<</ExtGState<<%s>>/XObject<<%s>>>>" % (states, names),
            *self._groups,
        ]
        pieces, places, size = [b"%PDF-1.4\n"], [], 9
        for number, content in enumerate(objects, 1):
            places.append(size)
            pieces.append(b"%d 0 obj%s\nendobj\n" % (number, content))
            size += len(pieces[-1])
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        pieces.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, table))
        pieces.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, size))
        return b"".join(pieces)


def _stream(head: str, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (head.encode(), len(content), content)


def _whole(part: Path | Fill) -> Path | Fill:
    """Return a part that is no upright rectangle to PDFium: a point more makes it another polygon."""
    if isinstance(part, Path):
        few = part.fill is not None and len(part.points) < 6
        return part._replace(points=_longer(part.points)) if few else part
    if any(len(contour) < 6 for contour in part.contours):
        return part._replace(contours=tuple(_longer(one) if len(one) < 6 else one for one in part.contours))
    return part


def _longer(way: Points) -> Points:
    parts = np.linspace(0, 1, 6)[:, None]
    return np.concatenate([way[:1] + parts[:-1] * (way[1:2] - way[:1]), way[1:]]) if len(way) > 1 else way
