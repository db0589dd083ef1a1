"""``python -m benchmarks [ROW ...]``: measure rows of the table, keep them, and draw table and plots anew.

Without any, all rows are measured, and those of what is seen once more on a machine that is busy; with ``--busy`` only
that.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import nullcontext

from . import report, results
from .busy import COUNT, spinning
from .results import Result
from .rows import SEEN, Effort, Row, rows

BUSY = "-busy"
"""What the name of a row ends in that was measured on a busy machine."""


def main() -> int:
    known = rows()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(known)} (default: all)")
    parser.add_argument("--date", default="", help="of the run, kept with its figures")
    parser.add_argument(
        "--seconds", type=float, default=Effort.seconds, help="of each run (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="runs (default: %(default)s)")
    parser.add_argument("--busy", action="store_true", help="only rows of what is seen, on a busy machine")
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    parser.add_argument("--report", action="store_true", help="measure nothing; table and plots only")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if unseen := options.busy and set(options.rows) - set(SEEN):
        parser.error(f"{', '.join(sorted(unseen))} has no busy mode; {', '.join(SEEN)} have")
    for name, busy in [] if options.report else plan(options.rows, list(known), busy=options.busy):
        print(f"{name}{BUSY if busy else ''}:", flush=True)
        result = measure(known[name], Effort(options.seconds, options.rounds, busy))
        result.date, result.load = options.date, round(os.getloadavg()[0], 2)
        verdict = "reached" if result.reached else "falls short"
        print(f"  {result.figure}\n  beside {result.reference}; {verdict}: {result.target}", flush=True)
        if not options.dry:
            results.save(result)
    if not options.dry:
        report.write(results.load(), [each for name in known for each in (name, name + BUSY)])
    return 0


def plan(asked: Sequence[str], known: Sequence[str], *, busy: bool) -> list[tuple[str, bool]]:
    """Return the rows to measure, and of each whether the machine is to be busy."""
    if busy:
        return [(name, True) for name in asked or SEEN]
    quiet = [(name, False) for name in asked or known]
    return quiet if asked else quiet + [(name, True) for name in SEEN]


def measure(row: Row, effort: Effort) -> Result:
    """Return what a row came to, on a machine that is kept busy if that is asked."""
    with spinning() if effort.busy else nullcontext():
        result = row(effort)
    if effort.busy:
        result.row += BUSY
        result.what += f"; {COUNT} spinning processes keep the machine busy"
    return result


if __name__ == "__main__":
    raise SystemExit(main())
