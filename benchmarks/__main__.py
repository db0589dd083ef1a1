"""``python -m benchmarks [ROW ...]``: measure rows of the table, keep them, and draw table and plots anew."""

from __future__ import annotations

import argparse
import os

from . import report, results
from .rows import Effort, rows


def main() -> int:
    known = rows()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(known)} (default: all)")
    parser.add_argument("--date", default="", help="of the run, kept with its figures")
    parser.add_argument(
        "--seconds", type=float, default=Effort.seconds, help="of each run (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="runs (default: %(default)s)")
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    parser.add_argument("--report", action="store_true", help="measure nothing; table and plots only")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in [] if options.report else options.rows or known:
        print(f"{name}:", flush=True)
        result = known[name](Effort(options.seconds, options.rounds))
        result.date, result.load = options.date, round(os.getloadavg()[0], 2)
        verdict = "reached" if result.reached else "falls short"
        print(f"  {result.figure}\n  beside {result.reference}; {verdict}: {result.target}", flush=True)
        if not options.dry:
            results.save(result)
    if not options.dry:
        report.write(results.load(), list(known))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
