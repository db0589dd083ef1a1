"""A method for each kind of element that code can draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import arguments
from ..errors import ArgumentError, ArgumentTypeError
from ..model.connector import followed
from ..model.elements.anchor import ENDS, PARTS
from ..model.elements.area import EVEN_ODD
from ..model.elements.fields import EIGHTHS
from ..model.elements.line import MAX_CORNERS
from ..model.elements.stroke import encoded_times
from ..model.numpy_later import np
from .fields import box_eighths, flat_points, style_fields, whole_eighths, word_fields
from .operations import Handle, Operations

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class DrawingSurface(Operations):
    """The methods by which code draws on a board. They may be called on any thread."""

    # --- elements -----------------------------------------------------------------------------------------

    def stroke(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        opacity: float | None = None,
        t: ArrayLike | None = None,
        pressure: ArrayLike | None = None,
    ) -> Handle:
        """Draw a smooth stroke.

        Args:
            points: shape (n, 2) with 1 to 20,000 rows, in board units.
            color: ``#rrggbb``; the colour of the pen if None.
            width: 0.125 to 200 board units.
            opacity: 0.01 to 1; opaque if None.
            t: when each point was drawn, shape (n,), in seconds, never less than the one before.
            pressure: of the pen at each point, shape (n,), 0 to 1. It makes 0.4 to 1.6 of the width.

        Returns:
            A handle of the stroke.

        Raises:
            SketchError: an argument is not one of these.
        """
        array = arguments.points(points)
        fields = self._styled("stroke", color, width, opacity=opacity)
        fields["points"] = flat_points(array)
        if t is not None:
            times = arguments.times(t, len(array))
            fields["times"] = encoded_times(times - times[0])
        if pressure is not None:
            fields["pressure"] = np.rint(255 * arguments.pressure(pressure, len(array))).astype(int).tolist()
        return self._create(fields)

    def highlight(self, points: ArrayLike, *, color: str | None = None, width: float = 16.0) -> Handle:
        """Draw a broad, translucent stroke.

        Args:
            points: shape (n, 2) with 1 to 20,000 rows, in board units.
            color: ``#rrggbb``; the colour of the pen if None.
            width: 0.125 to 200 board units.

        Returns:
            A handle of the stroke.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("highlighter", color, width)
        return self._create({**fields, "points": flat_points(arguments.points(points))})

    def line(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw straight lines from each point to the next.

        Args:
            points: the corners, shape (n, 2) with 2 to 1,000 rows, in board units.
            color: ``#rrggbb``; the colour of the pen if None.
            width: 0.125 to 200 board units.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the line.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("line", color, width, dash=dash, opacity=opacity)
        return self._create(
            {**fields, "points": flat_points(arguments.points(points, least=2, most=MAX_CORNERS))}
        )

    def arrow(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw straight lines from each point to the next, with a head at the last one.

        Args:
            points: the corners, shape (n, 2) with 2 to 1,000 rows, in board units.
            color: ``#rrggbb``; the colour of the pen if None.
            width: 0.125 to 200 board units.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the arrow.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("arrow", color, width, dash=dash, opacity=opacity)
        return self._create(
            {**fields, "points": flat_points(arguments.points(points, least=2, most=MAX_CORNERS))}
        )

    def connector(
        self,
        start: Handle,
        end: Handle,
        *,
        arrow: bool = True,
        color: str | None = None,
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw an arrow or a line from one element to another, which stays bound to both: it follows when they move.

        Args:
            start: a rectangle, an ellipse, a text or an image.
            end: another one, on the same page.
            arrow: whether it has a head at its end.
            color: ``#rrggbb``; the colour of the pen if None.
            width: 0.125 to 200 board units.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the arrow.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("arrow" if arrow else "line", color, width, dash=dash, opacity=opacity)
        points: list[float] = []
        given: tuple[object, object] = (start, end)
        for name, handle in zip(ENDS, given, strict=True):
            outline = getattr(handle.element, "outline", None) if isinstance(handle, Handle) else None
            if outline is None or not isinstance(handle, Handle):
                raise ArgumentTypeError(
                    "a connector goes from the handle of a rectangle, ellipse, text or image to that of another"
                )
            fields[name] = [handle.key, PARTS // 2, PARTS // 2]
            points += [(outline.box.x0 + outline.box.x1) / 2, (outline.box.y0 + outline.box.y1) / 2]
        if start == end:
            raise ArgumentError("a connector goes from one element to another, not to itself")
        fields["points"] = flat_points(np.array(points).reshape(-1, 2))
        return self._create(dict(followed(fields, self._element)))

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        color: str | None = None,
        width: float = 4.0,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
        text: str = "",
        size: float | str = 24.0,
        text_color: str = "",
    ) -> Handle:
        """Draw a rectangle.

        Args:
            x: the left side, in board units.
            y: the upper side, in board units.
            w: the width of the box, 0 or more, in board units.
            h: the height of the box, 0 or more, in board units.
            color: of the line, ``#rrggbb``; the colour of the pen if None.
            width: of the line, 0.125 to 200 board units.
            fill: the colour inside, ``#rrggbb``; "" for none.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.
            text: what stands in the middle of it, at most 10,000 characters; lines end where they meet its sides.
            size: the height of the type, 0.125 to 1,000 board units, or "S", "M", "L" or "XL"; less to fit.
            text_color: ``#rrggbb``; the colour of the line if "".

        Returns:
            A handle of the rectangle.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("rectangle", color, width, fill=fill, dash=dash, opacity=opacity)
        words = word_fields(text, size, text_color)
        return self._create({**fields, "box": box_eighths(x, y, w, h), **words})

    def ellipse(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        color: str | None = None,
        width: float = 4.0,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
        text: str = "",
        size: float | str = 24.0,
        text_color: str = "",
    ) -> Handle:
        """Draw the ellipse that fills a box.

        Args:
            x: the left side, in board units.
            y: the upper side, in board units.
            w: the width of the box, 0 or more, in board units.
            h: the height of the box, 0 or more, in board units.
            color: of the line, ``#rrggbb``; the colour of the pen if None.
            width: of the line, 0.125 to 200 board units.
            fill: the colour inside, ``#rrggbb``; "" for none.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.
            text: what stands in the middle of it, at most 10,000 characters; lines end where they meet its sides.
            size: the height of the type, 0.125 to 1,000 board units, or "S", "M", "L" or "XL"; less to fit.
            text_color: ``#rrggbb``; the colour of the line if "".

        Returns:
            A handle of the ellipse.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields = self._styled("ellipse", color, width, fill=fill, dash=dash, opacity=opacity)
        words = word_fields(text, size, text_color)
        return self._create({**fields, "box": box_eighths(x, y, w, h), **words})

    def area(
        self,
        *contours: ArrayLike,
        fill: str | None = None,
        rule: str = "nonzero",
        color: str = "",
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Fill what closed contours enclose.

        Args:
            contours: each of shape (n, 2), in board units, closed from its last point to its first; 20,000 points in
                all. A contour inside another one makes a hole with the rule "evenodd", or where it is turned the other
                way.
            fill: the colour inside, ``#rrggbb``; the colour of the pen if None, "" for none.
            rule: what is inside: "nonzero", where the contours go around a point, or "evenodd", where a ray from it
                crosses them an odd number of times.
            color: of the line around it, ``#rrggbb``; "" for no line.
            width: of that line, 0.125 to 200 board units.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the area.

        Raises:
            SketchError: an argument is not one of these, or there is nothing to see.
        """
        if not contours or not (color or fill is None or fill):
            raise ArgumentError("an area needs at least one contour, and a fill or a color")
        style = style_fields(
            color or None,
            width if color else None,
            self._pen_color() if fill is None else fill,
            dash,
            opacity,
        )
        fields = {"kind": "area", **{name: value for name, value in style.items() if value is not None}}
        if arguments.rule(rule) == EVEN_ODD:
            fields["rule"] = EVEN_ODD
        return self._create({**fields, "contours": [flat_points(arguments.points(one)) for one in contours]})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float | str = 24.0,
        width: float | None = None,
        color: str | None = None,
        opacity: float | None = None,
    ) -> Handle:
        r"""Write a text.

        Args:
            x: the left end of its lines, in board units.
            y: the upper side of its first line, in board units.
            text: 1 to 10,000 characters, lines parted by ``\n``.
            size: the height of the type, 0.125 to 1,000 board units, or "S", "M", "L" or "XL".
            width: how wide its lines may be, 0.125 to 125,000 board units; if None, they end only where `text` has
                ends of lines.
            color: ``#rrggbb``; the colour of the pen if None.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the text.

        Raises:
            SketchError: an argument is not one of these.
        """
        fields: dict[str, Any] = {
            "kind": "text",
            **style_fields(color or self._pen_color(), None, None, None, opacity),
        }
        [(left, top)] = arguments.points([(x, y)]).tolist()
        fields |= {
            "at": whole_eighths([left, top]),
            "text": arguments.text(text),
            "size": round(arguments.size(size) * EIGHTHS),
            **({} if width is None else {"wrap": round(arguments.wrap(width) * EIGHTHS)}),
        }
        return self._create(fields)

    def image(
        self,
        source: object,
        x: float = 0.0,
        y: float = 0.0,
        w: float | None = None,
        h: float | None = None,
        *,
        opacity: float | None = None,
    ) -> Handle:
        """Put an image on the board.

        Args:
            source: a PNG or JPEG file as bytes or a path; an array of shape (height, width), (height, width, 3) or
                (height, width, 4), of whole numbers from 0 to 255 or fractions from 0 to 1; an image of Pillow; a
                figure of matplotlib. A large one is made smaller.
            x: the left side, in board units.
            y: the upper side, in board units.
            w: the width in board units; if None, it follows from `h` and the proportions.
            h: the height in board units; if None, it follows from `w` and the proportions. Without both, a pixel is a
                board unit, and a larger image as large as a board.
            opacity: 0.01 to 1; opaque if None.

        Returns:
            A handle of the image.

        Raises:
            SketchError: an argument is not one of these, or the file cannot be read.
        """
        from ..files.pictures import picture_fields

        fields = picture_fields(source, (x, y, w, h))
        return self._create({**fields, **style_fields(None, None, None, None, opacity)})

    def plot(
        self, figure: object, x: float = 0.0, y: float = 0.0, w: float | None = 640.0, h: float | None = None
    ) -> Handle:
        """Put a figure of matplotlib on the board.

        Args:
            figure: anything with a method ``savefig``.
            x: the left side, in board units.
            y: the upper side, in board units.
            w: the width in board units; if None, it follows from `h` and the proportions.
            h: the height in board units; if None, it follows from `w` and the proportions.

        Returns:
            A handle of the image.

        Raises:
            SketchError: `figure` is no figure, or the box is not allowed.
        """
        if not hasattr(figure, "savefig"):
            raise ArgumentTypeError("plot takes a figure of matplotlib; for other images there is board.image")
        return self.image(figure, x, y, w, h)

    def _styled(
        self,
        kind: str,
        color: str | None,
        width: float,
        *,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
    ) -> dict[str, Any]:
        fields = style_fields(color or self._pen_color(), width, fill, dash, opacity)
        return {"kind": kind, **{name: value for name, value in fields.items() if value is not None}}
