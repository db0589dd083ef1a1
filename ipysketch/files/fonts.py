"""The fonts of this machine: the sans-serif one, and others for further characters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import ImageFont

USUAL = (
    "Arial.ttf",
    "arial.ttf",
    "LiberationSans-Regular.ttf",
    "Arimo-Regular.ttf",
    "Helvetica.ttc",
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
)
"""Files of sans-serif fonts, the preferred one first."""
OTHERS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "malgun.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "NotoSansMath-Regular.ttf",
    "Symbola.ttf",
    "NotoEmoji-Regular.ttf",
    "seguisym.ttf",
    "seguiemj.ttf",
)
"""Files of fonts with many characters."""


@cache
def sans() -> Path | None:
    """Return the file of the sans-serif font of this machine, if there is one.

    It is the font that Chromium uses: Arial, or its substitute."""
    if (asked := shutil.which("fc-match")) is not None:
        try:
            answer = subprocess.run(
                [asked, "-f", "%{file}", "Arial"], capture_output=True, text=True, timeout=20, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return _first(USUAL)
        found = Path(answer.stdout)
        if found.suffix.lower() in (".ttf", ".otf", ".ttc") and found.is_file():
            return found
    return _first(USUAL)


@cache
def family(font: Path) -> str:
    """Return the name of a font's family."""
    name, _style = ImageFont.truetype(font).getname()
    return name or font.stem


def others() -> Iterator[Path]:
    """Yield further fonts, for characters that the sans-serif one does not have."""
    files = _files()
    yield from (files[name] for name in OTHERS if name in files)


def _first(names: tuple[str, ...]) -> Path | None:
    files = _files()
    return next((files[name] for name in names if name in files), None)


@cache
def _files() -> dict[str, Path]:
    """Return the font files of this machine by their names."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for place, _, names in os.walk(folder):
            found.update((name, Path(place, name)) for name in names)
    return found


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home), "Microsoft", "Windows", "Fonts")
        return [Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts"), local]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    return [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    ]
