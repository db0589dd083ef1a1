"""By which ways the live ink of a board's views goes: past the kernel, or over it. Pure."""

from __future__ import annotations

from collections.abc import Collection

from .pacing import MAX_VIEWS
from .page_messages import RoadReport


class Roads:
    """What views reported of their ways to the relay."""

    def __init__(self) -> None:
        self._reports: dict[str, RoadReport] = {}

    def report(self, report: RoadReport) -> bool:
        """Note by which way the live ink of a view goes from now on; returns whether it has lost a way of its own."""
        before = self._reports.pop(report.view, None)
        self._reports[report.view] = report
        if len(self._reports) > MAX_VIEWS:
            del self._reports[next(iter(self._reports))]
        return before is not None and before.url != "" and not report.url

    def close(self, view: str) -> None:
        """Forget a view that closed."""
        self._reports.pop(view, None)

    def cover(self, views: Collection[str]) -> bool:
        """Return whether each of `views` has its live ink from the relay itself; there must be one."""
        return bool(views) and all(view in self._reports and self._reports[view].url for view in views)

    def of(self, views: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the address to which each of `views` has a way of its own, or "", and why."""
        silent = RoadReport("", why="it has not said yet")
        reports = (self._reports.get(view, silent) for view in views)
        return tuple((report.url, report.why) for report in reports)
