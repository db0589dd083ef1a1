"""The table and the plots for people, from what `results` keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import plots

ROOT = Path(__file__).parents[1]
PAGE, README = ROOT / "docs" / "performance.md", ROOT / "README.md"
BEGIN, END = "<!-- table: python -m benchmarks --report -->", "<!-- end of table -->"


def write(kept: dict[str, Any], order: Sequence[str]) -> None:
    """Put the tables in their places, the short one in the README, and draw the plots that there are figures for."""
    plots.draw(kept["rows"])
    for page, made in ((PAGE, table(kept, order)), (README, short_table(kept, order))):
        before, _, rest = page.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{BEGIN}\n{made}{END}{after}")


def short_table(kept: dict[str, Any], order: Sequence[str]) -> str:
    """What was compared, who with, and what came of it; in Markdown."""
    lines = ["| | others in the same run | ipysketch |", "|---|---|---|"]
    for name in order:
        if name != "generator" and (row := kept["rows"].get(name)) is not None:
            mark = "" if row["reached"] else " *"
            lines.append(f"| {row['what']} | {row['reference']} | {row['figure']}{mark} |")
    if any(not row["reached"] for row in kept["rows"].values()):
        lines += [
            "",
            "\\* falls short of what was to be reached; the page says what that is, and what is in the way.",
        ]
    return "\n".join(lines) + "\n"


def table(kept: dict[str, Any], order: Sequence[str]) -> str:
    """The rows that were measured, in Markdown."""
    lines = [
        "| row | what | others in the same run | ipysketch | to reach | |",
        "|---|---|---|---|---|---|",
    ]
    for name in order:
        if (row := kept["rows"].get(name)) is None:
            continue
        verdict = "reached" if row["reached"] else f"**falls short**: {row['short'] or 'see below'}"
        cells = [f"`{name}`", row["what"], row["reference"], f"**{row['figure']}**", row["target"], verdict]
        lines.append(f"| {' | '.join(cells)} |")
    of = kept["machine"]
    dates = sorted({row["date"] for row in kept["rows"].values() if row["date"]})
    versions = ", ".join(
        f"{name} {of[name]}"
        for name in of
        if name not in ("cpu", "cores", "memory_gib", "system", "python", "node")
    )
    where = (
        f"{of.get('cpu')}, {of.get('cores')} cores, {of.get('memory_gib')} GiB; {of.get('system')}, "
        f"Python {of.get('python')}, Node {of.get('node')}; {versions}. {', '.join(dates)}"
    )
    return "\n".join(lines) + f"\n\n{where}\n"
