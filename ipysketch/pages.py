"""The pages that show a board: which can be seen, how sharp they are, and whether they keep up. Pure.

A page reports itself, and acknowledges the frames that are told to it, once they are on the screen: not each, for that
costs the page, the Jupyter server and the kernel more than the frame. So many are under way at most (`PACE`), and then
nothing is sent until the next acknowledgement. Where acknowledgements cannot come (no front-end part
of ours, or a kernel so busy with a cell that it does not hear them) frames go on slowly for `PATIENCE` seconds
after the last word of any page, and then stop.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

PACE = (12, 6)
"""Frames under way at most, and from one that is told to the next."""
CLOSE_PACE = (3, 1)
"""The same for pages that are slow: what they have yet to paint is what people see late."""
SLOW = 0.5
"""Seconds to a page and back from which on it is slow."""
WAITING = 0.06
"""Seconds that a round trip takes longer than the quickest, from which on frames wait for each other on their way: then
they leave more rarely, for what waits is seen late and no sooner for being many."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1 / 50, 1 / 8
"""Seconds between frames then, from the first round trip that shows it to the worst of pages."""
SLOWER, FASTER = 1.25, 0.9
"""What becomes of the pause with each round trip that shows it, and with each that does not."""
CREEP = 0.0002
"""Seconds by which the quickest round trip is thought to grow with each: the way to a page may have become longer."""
PATIENCE = 30.0
SLOWLY = 0.05
"""Seconds between frames that nobody can acknowledge."""
RARELY = 5.0
"""Seconds between frames when acknowledgements could come and do not: one of them may have been lost."""
MOST = 32
"""Pages remembered; most of them closed without a word."""
TRIPS = 20
"""Round trips remembered."""
SILENT = 3.0
"""Seconds after which a page that acknowledges nothing no longer holds up the others."""


@dataclass(slots=True)
class _Page:
    heard: float
    ratio: float = 1.0
    visible: bool = True
    acked: int = 0


class Pages:
    """What is known of the pages; `now` is loop time in seconds."""

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}
        self._heard: float | None = None
        self._beside = False
        self._frame = 0
        self._last_sent = 0.0
        self._pause = 0.0
        self._quickest = float("inf")
        self._told = 0
        self._left: OrderedDict[int, float] = OrderedDict()
        self._trips: deque[float] = deque(maxlen=TRIPS)

    def heard(self, now: float, beside: bool) -> None:
        """Some page said something; `beside` if it came on another thread than the one that runs cells."""
        self._heard, self._beside = now, beside

    def view(self, view: str, ratio: object, visible: object, now: float) -> bool:
        """A page says how it is; whether it is new. When it comes back to sight, what it missed before does not
        count."""
        new = view not in self._pages
        page = self._pages.setdefault(view, _Page(now, acked=self._frame))
        if len(self._pages) > MOST:
            del self._pages[min(self._pages, key=lambda name: self._pages[name].heard)]
        page.heard = now
        if isinstance(ratio, int | float) and 0 < ratio < 100:
            page.ratio = float(ratio)
        if visible is True and not page.visible:
            page.acked = self._frame
        page.visible = visible is True
        return new

    def gone(self, view: str) -> None:
        """A page closed."""
        self._pages.pop(view, None)

    def ack(self, view: str, frame: object, now: float) -> None:
        """A page has `frame` on its screen."""
        page = self._pages.get(view)
        if page is not None and type(frame) is int:
            page.heard = now
            if frame > page.acked and frame in self._left:
                self._took(now - self._left[frame])
            page.acked = max(page.acked, min(frame, self._frame))

    def _took(self, trip: float) -> None:
        self._trips.append(trip)
        self._quickest = min(trip, self._quickest + CREEP)
        if trip - self._quickest > WAITING:
            self._pause = min(max(self._pause * SLOWER, SHORTEST_PAUSE), LONGEST_PAUSE)
        else:
            self._pause = self._pause * FASTER if self._pause > SHORTEST_PAUSE else 0.0

    @property
    def in_sight(self) -> int:
        """How many pages can be seen."""
        return sum(page.visible for page in self._pages.values())

    @property
    def trips(self) -> Sequence[float]:
        """Seconds from a frame's leaving until a page had painted it and said so, lately."""
        return tuple(self._trips)

    @property
    def beside(self) -> bool | None:
        """Whether the last word of a page came on another thread than the one that runs cells; None without any."""
        return None if self._heard is None else self._beside

    def on_screen(self, frame: int) -> bool:
        """Whether some page has `frame` on its screen."""
        return any(page.acked >= frame for page in self._pages.values())

    def is_alone(self, view: str) -> bool:
        """Whether no other page than `view` is in sight."""
        return view in self._pages and not any(
            page.visible for name, page in self._pages.items() if name != view
        )

    def scale(self) -> int:
        """Pixels per board unit that the sharpest page deserves: 1 or 2."""
        return 2 if any(page.ratio >= 2 for page in self._pages.values()) else 1

    def sent(self, now: float) -> None:
        """Another frame leaves."""
        self._frame += 1
        self._last_sent = now

    @property
    def _pace(self) -> tuple[int, int]:
        return CLOSE_PACE if self._trips and self._trips[-1] > SLOW else PACE

    def tell(self, now: float, *, anyway: bool = False) -> int | None:
        """The number of the frame that left last, when the pages are to acknowledge it; None when that can wait."""
        ahead, stride = self._pace
        late = any(page.visible and self._frame - page.acked >= ahead for page in self._pages.values())
        if not anyway and not late and self._frame - self._told < stride:
            return None
        self._told = self._frame
        self._left[self._frame] = now
        if len(self._left) > TRIPS:
            self._left.popitem(last=False)
        return self._frame

    def wait(self, now: float) -> float | None:
        """Seconds until the next frame may be sent, 0 for now; None: not before a page says something."""
        if self._heard is None:
            return None
        if self._pages:
            seen = [page for page in self._pages.values() if page.visible]
            if not seen:
                return None
            # Who has acknowledged all that was told is waited for by nobody: the next frame is told, see `tell`.
            ahead, _ = self._pace
            behind = [page for page in seen if page.acked < self._told and self._frame - page.acked >= ahead]
            if len(behind) < len(seen):
                # The others wait for one that is behind, until its silence says that it closed without a word.
                return max(
                    [0.0, self._last_sent + self._pause - now, *(page.heard + SILENT - now for page in behind)]
                )
        if now - self._heard > PATIENCE:
            return None
        pause = RARELY if self._pages and self._beside else SLOWLY
        return max(0.0, self._last_sent + pause - now)
