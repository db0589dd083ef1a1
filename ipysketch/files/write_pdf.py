"""Pages of elements as a PDF: lines and curves stay what they are, and text stays text.

Each character comes from the first font of this machine that has it. One that no font has is shown as a question mark,
and a warning lists it.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path as File
from typing import Any

import numpy as np

from ..errors import SketchError
from ..model.elements import DisplayImage, Element, Fill, Path, TextRun, prepare
from ..model.elements.transform import Affine
from ..model.geometry import Points
from . import fonts
from .images import paintable

try:
    from arabic_reshaper import ArabicReshaper
    from fontTools.ttLib import TTFont
    from fpdf import FPDF
    from fpdf.bidi import BidiParagraph
    from fpdf.drawing import GraphicsContext, PaintBlendComposite, PaintedPath
    from fpdf.enums import BlendMode, PathPaintRule, StrokeCapStyle, StrokeJoinStyle, TextDirection
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
    images = sum(
        isinstance(part, DisplayImage) for page in pages for element in page for part in element.display
    )
    file._resource_catalog.next_xobject_index = images + 1  # noqa: SLF001  # there is no other way
    type_case = TypeCase(file)
    for elements in pages:
        file.add_page()
        prepare(elements)
        for element in elements:
            _draw(file, type_case, element)
    type_case.warn()
    return bytes(file.output())


def _draw(file: FPDF, type_case: TypeCase, element: Element) -> None:
    paths = [part for part in element.display if isinstance(part, Path | Fill)]
    for group in [paths] if element.opacity < 1 and paths else [[path] for path in paths]:
        if len(group) == 1 and _is_simple(group[0]):
            _ink(file, group[0], element)
        else:
            with file.drawing_context() as context:
                context.add_item(_together(group, element.opacity))
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


def _is_simple(part: Path | Fill) -> bool:
    """Return whether a part is one line, or the ink of one stroke: nearly all there is on a board."""
    return part.curved or (isinstance(part, Path) and not part.dash and part.fill is None)


def _ink(file: FPDF, part: Path | Fill, element: Element) -> None:
    """Draw a simple part without a drawing context: many times as fast."""
    style: dict[str, Any] = (
        {"fill_color": part.color, "fill_opacity": element.opacity}
        if isinstance(part, Fill)
        else {
            "draw_color": part.color,
            "line_width": part.width,
            "stroke_opacity": element.opacity,
            "stroke_cap_style": StrokeCapStyle.ROUND,
            "stroke_join_style": StrokeJoinStyle.ROUND,
        }
    )
    if element.multiplies:
        style["blend_mode"] = BlendMode.MULTIPLY
    with file.local_context(**style):
        if isinstance(part, Fill):
            # All contours as one thing: it is nowhere darker where they overlap.
            file._out("".join(_curves(file, contour) for contour in part.contours) + "f")  # noqa: SLF001  # docs/decisions/0014
        elif part.curved and len(part.points) > 1:
            file._out(_curves(file, part.chain) + "S")  # noqa: SLF001
        else:
            points = part.points.tolist()
            file.polyline(points * 2 if len(points) == 1 else points)


def _curves(file: FPDF, chain: Points) -> str:
    """Return the operators of a chain of quadratic curves, as the cubic ones that a PDF has."""
    line = np.column_stack([chain[:, 0] * file.k, (file.h - chain[:, 1]) * file.k])
    starts, controls, ends = line[:-1:2], line[1::2], line[2::2]
    rows = np.concatenate([starts + 2 * controls, ends + 2 * controls, 3 * ends], axis=1) / 3
    numbers = (*line[0].tolist(), *rows.ravel().tolist())
    return ("%.2f %.2f m " + "%.2f %.2f %.2f %.2f %.2f %.2f c " * len(rows)) % numbers


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
