"""Colours of CSS, as people and other programs write them. Pure."""

from __future__ import annotations

from functools import lru_cache

Color = tuple[str, float]
"""#rrggbb, and an opacity from 0 to 1."""


@lru_cache(maxsize=1024)
def parsed(text: str) -> Color | None:
    """Return the colour that `text` names in CSS, or None; not ``currentColor``, which depends on where it stands."""
    from tinycss2 import color4

    try:
        color = color4.parse_color(text)
        if color is None or isinstance(color, str):
            return None
        *parts, alpha = color.to("srgb")
    # Some spaces of colour cannot be converted; no text may stop an import.
    except Exception:
        return None
    red, green, blue = (round(255 * min(1.0, max(0.0, part or 0.0))) for part in parts)
    return f"#{red:02x}{green:02x}{blue:02x}", min(1.0, max(0.0, float(alpha)))
