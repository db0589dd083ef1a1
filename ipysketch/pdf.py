"""Pages of elements as a PDF: lines stay lines, and text stays text.

Type comes from the fonts of this machine, a character from the first font that knows it; what none knows is shown as a
question mark, and said.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path as File

from . import fonts
from .elements import Element, Path, Picture, TextRun
from .errors import SketchError
from .pictures import paintable

try:
    from fontTools.ttLib import TTFont
    from fpdf import FPDF
    from fpdf.bidi import BidiParagraph
    from fpdf.drawing import GraphicsContext, PaintBlendComposite, PaintedPath
    from fpdf.enums import BlendMode, PathPaintRule, StrokeCapStyle, StrokeJoinStyle, TextDirection
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

LATIN = "helvetica"
"""The font that every reader of PDF has: characters of western Europe."""


def pdf(pages: Sequence[Sequence[Element]], board: tuple[float, float]) -> bytes:
    """A PDF with a page for each of `pages`, a point to a board unit; `board` is its width and height.

    Raises `SketchError` where the library that writes it is not installed."""
    if not AVAILABLE:
        raise SketchError("a PDF needs one more library: pip install 'ipysketch-live[files]'")
    file = FPDF(unit="pt", format=board)
    file.set_auto_page_break(False)
    file.set_margin(0)
    file.c_margin = 0
    # The library numbers groups and images apart, but names them alike: groups come after all images.
    images = sum(isinstance(part, Picture) for page in pages for element in page for part in element.display)
    file._resource_catalog.next_xobject_index = images + 1
    type_case = TypeCase(file)
    for elements in pages:
        file.add_page()
        for element in elements:
            _draw(file, type_case, element)
    type_case.complain()
    return bytes(file.output())


def _draw(file: FPDF, type_case: TypeCase, element: Element) -> None:
    paths = [part for part in element.display if isinstance(part, Path)]
    for group in [paths] if element.opacity < 1 and paths else [[path] for path in paths]:
        if len(group) == 1 and not group[0].dash and group[0].fill is None:
            _stroke(file, group[0], element.opacity)
        else:
            with file.drawing_context() as context:
                context.add_item(_together(group, element.opacity))
    for part in element.display:
        if isinstance(part, TextRun):
            with file.local_context(fill_opacity=element.opacity, text_color=part.color):
                type_case.set(part)
        elif isinstance(part, Picture) and (data := paintable(part)) is not None:
            box = part.box
            with file.local_context(fill_opacity=element.opacity):
                file.image(io.BytesIO(data), box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)


def _stroke(file: FPDF, path: Path, opacity: float) -> None:
    """Draw a line alone: nearly all there is on a board, and many times as fast as an item of a drawing."""
    points = path.points.tolist()
    with file.local_context(
        draw_color=path.color,
        line_width=path.width,
        stroke_opacity=opacity,
        stroke_cap_style=StrokeCapStyle.ROUND,
        stroke_join_style=StrokeJoinStyle.ROUND,
    ):
        file.polyline(points * 2 if len(points) == 1 else points)


def _together(paths: Sequence[Path], opacity: float) -> GraphicsContext:
    """`paths` as one thing of `opacity`."""
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


def _painted(path: Path) -> Iterator[PaintedPath]:
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
    """The fonts of one file, loaded when a character asks for them."""

    def __init__(self, file: FPDF) -> None:
        self._file = file
        self._fonts: dict[str, frozenset[int]] = {}
        self._waiting = _candidates()
        self._unknown: dict[str, None] = {}

    def set(self, run: TextRun) -> None:
        """Print one line of text."""
        text = BidiParagraph(text=run.text, base_direction=TextDirection.LTR).get_reordered_string()
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
        x = run.x
        for (font, piece), width in zip(pieces, widths, strict=True):
            self._file.set_font(font, size=run.size)
            self._file.text(x, run.y, piece)
            x += width * squeeze
        self._file.set_stretching(100)

    def complain(self) -> None:
        """Say which characters no font knew."""
        if self._unknown:
            shown = " ".join(list(self._unknown)[:10])
            warnings.warn(
                f"no font here knows {len(self._unknown)} of the characters ({shown}): the PDF shows ? for them",
                stacklevel=3,
            )

    def _font(self, letter: str) -> tuple[str, bool]:
        """The name of the font for a character, and whether it knows it."""
        for name, known in self._fonts.items():
            if ord(letter) in known:
                return name, True
        for name, known in self._load():
            if ord(letter) in known:
                return name, True
        self._unknown[letter] = None
        return next(iter(self._fonts)), False

    def _load(self) -> Iterator[tuple[str, frozenset[int]]]:
        """The next fonts."""
        for path in self._waiting:
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
    """Fonts in the order in which they are asked; None for the one that every reader has."""
    found = fonts.sans()
    yield found
    if found is not None:
        yield None
    yield from (path for path in fonts.others() if path != found)
