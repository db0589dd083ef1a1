"""Pages of elements as a PDF: lines stay lines, curves are as good as any printer's dot, and text stays text.

Each character comes from the first font of this machine that has it. One that no font has is shown as a question mark,
and a warning lists it.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import groupby, islice
from pathlib import Path as File
from typing import Any

from ..errors import SketchError
from ..model.elements import DisplayImage, Element, Fill, Path, TextRun
from ..model.elements.transform import Affine
from . import fonts
from .images import paintable
from .pdf_content import operators
from .seen import Seen, seen

try:
    from arabic_reshaper import ArabicReshaper
    from fontTools.ttLib import TTFont
    from fpdf import FPDF
    from fpdf.bidi import BidiParagraph
    from fpdf.drawing import GraphicsContext, PaintBlendComposite, PaintedPath
    from fpdf.enums import BlendMode, PathPaintRule, StrokeCapStyle, StrokeJoinStyle, TextDirection
    from fpdf.syntax import PDFContentStream
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
UNJOINED = re.compile(
    "[\u0700-\u074f\u07c0-\u07ff\u0840-\u085f\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1aaf\u1b00-\u1c4f]"
)
"""Characters of scripts that join or reorder their letters, which is not done here: Syriac, Indic and others."""
LATIN = "helvetica"
"""The font that every PDF reader has, with the characters of western Europe."""
DOT = 0.1
"""Points by which a line may differ from the exact curve: a dot at 720 to an inch."""
GRID = 20
"""Parts of a point in which it is written."""
LEVEL = 1
"""How hard zlib tries."""
TOGETHER = 200
"""Elements whose operators are written together."""


def pdf(pages: Sequence[Sequence[Element]], board: tuple[float, float]) -> bytes:
    """Return a PDF with a page for each of `pages`, a point to a board unit; `board` is its width and height.

    Raises `SketchError` where the library that writes it is not installed."""
    if not AVAILABLE:
        raise SketchError("a PDF needs one more library: pip install 'ipysketch-live[files]'")
    file = FPDF(unit="pt", format=board)
    file.set_auto_page_break(False)
    file.set_margin(0)
    file.c_margin = 0
    # The library numbers groups and images apart, but names them alike, so the groups begin after all images: see
    # docs/decisions/0014-private-parts-of-libraries.md.
    shown = [seen(elements, board, DOT) for elements in pages]
    images = sum(
        isinstance(part, DisplayImage) for page in shown for element in page for part in element.display
    )
    file._resource_catalog.next_xobject_index = images + 1  # noqa: SLF001  # there is no other way
    # Numbers become hardly smaller by the usual level, which takes three times as long.
    PDFContentStream._COMPRESSION_LEVEL = LEVEL  # noqa: SLF001  # docs/decisions/0014
    type_case = TypeCase(file)
    for page in shown:
        file.add_page()
        for plain, elements in groupby(page, key=_is_plain):
            if plain:
                _plain(file, elements)
                continue
            for element in elements:
                _draw(file, type_case, element)
    type_case.warn()
    return bytes(file.output())


def _is_plain(element: Seen) -> bool:
    """Return whether an element is nothing but ink that covers."""
    covers = element.opacity == 1 and not element.multiplies
    return covers and all(isinstance(part, Path | Fill) for part in element.display)


def _plain(file: FPDF, elements: Iterable[Seen]) -> None:
    """Draw plain elements."""
    waiting = iter(elements)
    while some := list(islice(waiting, TOGETHER)):
        _out(file, [part for each in some for part in each.display if isinstance(part, Path | Fill)])


def _draw(file: FPDF, type_case: TypeCase, element: Seen) -> None:
    paths = [part for part in element.display if isinstance(part, Path | Fill)]
    if element.opacity < 1 and (len(paths) > 1 or any(_is_two(part) for part in paths)):
        with file.drawing_context() as context:
            context.add_item(_together(paths, element.opacity))
    elif paths:
        _ink(file, paths, element)
    for part in element.display:
        if isinstance(part, TextRun):
            with (
                file.local_context(fill_opacity=element.opacity, text_color=part.color),
                _put(file, part.affine),
            ):
                type_case.set(part)
        elif isinstance(part, DisplayImage) and (data := paintable(part)) is not None:
            box = part.box
            with file.local_context(fill_opacity=element.opacity), _put(file, part.affine):
                file.image(io.BytesIO(data), box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)


@contextmanager
def _put(file: FPDF, affine: Affine | None) -> Iterator[None]:
    """Put what is drawn where `affine` has it; PDF counts upwards from the lower edge."""
    if affine is not None:
        a, b, c, d, e, f = affine
        high = file.h
        numbers = (a, -b, -c, d, e + c * high, high - f - d * high)
        file._out(" ".join(f"{part:.6f}" for part in numbers) + " cm")  # noqa: SLF001  # docs/decisions/0014
    yield


def _is_two(part: Path | Fill) -> bool:
    """Return whether a part is an inside and a line around it."""
    return isinstance(part, Path) and part.fill is not None


def _ink(file: FPDF, parts: Sequence[Path | Fill], element: Seen) -> None:
    """Draw parts without a drawing context: many times as fast."""
    style: dict[str, Any] = {}
    if element.opacity < 1:
        style.update(fill_opacity=element.opacity, stroke_opacity=element.opacity)
    if element.multiplies:
        style["blend_mode"] = BlendMode.MULTIPLY
    with file.local_context(**style) if style else nullcontext():
        _out(file, parts)


def _out(file: FPDF, parts: Sequence[Path | Fill]) -> None:
    # Downwards from the upper edge.
    space = f"q {1 / GRID} 0 0 {-1 / GRID} 0 {file.h:.2f} cm ".encode()
    file._out(b"".join([space, *operators(parts, GRID), b"Q"]))  # noqa: SLF001  # docs/decisions/0014


def _together(paths: Sequence[Path | Fill], opacity: float) -> GraphicsContext:
    """Return `paths` as one thing of `opacity`."""
    group = GraphicsContext()
    parts = [part for path in paths for part in _painted(path)]
    if opacity < 1:
        group.style.fill_opacity = group.style.stroke_opacity = opacity
    if opacity < 1 and len(parts) > 1:
        # A composite is the library's way to a transparency group, where each part is opaque.
        lower = GraphicsContext()
        for part in parts:
            part.style.fill_opacity = part.style.stroke_opacity = 1
        for part in parts[:-1]:
            lower.add_item(part)
        group.add_item(PaintBlendComposite(lower, parts[-1], BlendMode.NORMAL))
    else:
        for part in parts:
            group.add_item(part)
    return group


def _painted(path: Path | Fill) -> Iterator[PaintedPath]:
    if isinstance(path, Fill):
        inside = PaintedPath()
        for contour in path.contours:
            first, *others = contour.tolist()
            inside.move_to(*first)
            for point in others:
                inside.line_to(*point)
            inside.close()
        inside.style.paint_rule = PathPaintRule.FILL_EVENODD if path.even_odd else PathPaintRule.FILL_NONZERO
        inside.style.fill_color = path.color
        yield inside
        return
    if path.fill is not None:
        inside = _way(path)
        inside.style.paint_rule = PathPaintRule.FILL_NONZERO
        inside.style.fill_color = path.fill
        yield inside
    line = _way(path)
    line.style.paint_rule = PathPaintRule.STROKE
    line.style.stroke_color = path.color
    line.style.stroke_width = path.width
    line.style.stroke_cap_style = StrokeCapStyle.ROUND
    line.style.stroke_join_style = StrokeJoinStyle.ROUND
    if path.dash:
        line.style.stroke_dash_pattern = list(path.dash)
    yield line


def _way(path: Path) -> PaintedPath:
    first, *others = path.points.tolist()
    way = PaintedPath(*first)
    way.style.auto_close = False
    for point in others or [first]:
        way.line_to(*point)
    return way


class TypeCase:
    """The fonts of one file, each loaded when a character needs it."""

    def __init__(self, file: FPDF) -> None:
        self._file = file
        self._fonts: dict[str, frozenset[int]] = {}
        self._unloaded = _candidates()
        self._unknown: dict[str, None] = {}
        self._unjoined: dict[str, None] = {}
        self._reshaper = ArabicReshaper({"delete_harakat": False, "delete_tatweel": False})

    def set(self, run: TextRun) -> None:
        """Print one line of text."""
        self._unjoined.update(dict.fromkeys(UNJOINED.findall(run.text)))
        text = BidiParagraph(
            text=self.joined(run.text), base_direction=TextDirection.LTR
        ).get_reordered_string()
        pieces = [
            (font, "".join(letter if known else "?" for _, known, letter in group))
            for font, group in groupby(
                ((*self._font(letter), letter) for letter in text), key=lambda chosen: chosen[0]
            )
        ]
        widths = []
        for font, piece in pieces:
            self._file.set_font(font, size=run.size)
            widths.append(self._file.get_string_width(piece))
        wide = sum(widths)
        squeeze = min(1.0, run.width / wide) if wide else 1.0
        self._file.set_stretching(100 * squeeze)
        x = run.x - wide * squeeze / 2 if run.middle else run.x
        for (font, piece), width in zip(pieces, widths, strict=True):
            self._file.set_font(font, size=run.size)
            self._file.text(x, run.y, piece)
            x += width * squeeze
        self._file.set_stretching(100)

    def warn(self) -> None:
        """Warn of the characters that no font has, and of those that are not joined as they should be."""
        for letters, words in (
            (self._unknown, "no font here knows {} of the characters ({}): the PDF shows ? for them"),
            (
                self._unjoined,
                "a PDF cannot join or reorder {} of the characters ({}): save a PNG or SVG to show them",
            ),
        ):
            if letters:
                warnings.warn(words.format(len(letters), " ".join(list(letters)[:10])), stacklevel=3)

    def joined(self, text: str) -> str:
        """Return `text` with the letters of Arabic in the forms that join, where fonts have those."""
        if not ARABIC.search(text):
            return text
        joined = str(self._reshaper.reshape(text))
        if all(self._has(letter) for letter in joined):
            return joined
        self._unjoined.update(dict.fromkeys(ARABIC.findall(text)))
        return text

    def _has(self, letter: str) -> bool:
        """Return whether a font has a character."""
        known = [known for known in self._fonts.values() if ord(letter) in known]
        return bool(known) or any(ord(letter) in more for _, more in self._load())

    def _font(self, letter: str) -> tuple[str, bool]:
        """Return the name of the font for a character, and whether the font has it."""
        for name, known in self._fonts.items():
            if ord(letter) in known:
                return name, True
        for name, known in self._load():
            if ord(letter) in known:
                return name, True
        self._unknown[letter] = None
        return next(iter(self._fonts)), False

    def _load(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Load the next fonts, one at a time; yield their names and characters."""
        for path in self._unloaded:
            name = f"type{len(self._fonts)}"
            if path is None:
                name, known = LATIN, frozenset(range(32, 127)) | frozenset(range(160, 256))
            else:
                try:
                    with TTFont(path, fontNumber=0, lazy=True) as font:
                        known = frozenset(font.getBestCmap() or ())
                    self._file.add_font(name, fname=path)
                # Fonts of a machine may be of any age and make.
                except Exception:
                    continue
            self._fonts[name] = known
            yield name, known


def _candidates() -> Iterable[File | None]:
    """Yield fonts, the preferred one first; None stands for `LATIN`."""
    sans = fonts.sans()
    yield sans
    if sans is not None:
        yield None
    yield from (path for path in fonts.others() if path != sans)
