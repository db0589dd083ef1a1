"""The table and the plots of the performance page, from what `results` keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import plots

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "performance.md"
BEGIN, END = "<!-- table: python -m benchmarks --report -->", "<!-- end of table -->"


def write(kept: dict[str, Any], order: Sequence[str]) -> None:
    """Replace the table of the page, and draw the plots that there are figures for."""
    plots.draw(kept["rows"])
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(kept, order)}{END}{after}")


def table(kept: dict[str, Any], order: Sequence[str]) -> str:
    """Return the rows that were measured, in Markdown."""
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
