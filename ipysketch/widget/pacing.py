"""The views of a board: which can be seen, how sharp they are, and whether they keep up with the frames. Pure.

Views acknowledge the numbered frames, once they are on the screen. Not each frame is numbered, for an acknowledgement
costs the page, the Jupyter server and the kernel more than a frame. A limited number of frames is under way (`PACE`);
then nothing is sent until the next acknowledgement. Where none can come (our front end did not load, or a cell keeps
the kernel from receiving) frames go on slowly for `PATIENCE` seconds after the last message of any page, and then stop.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from relay.protocol import WIDTH

PACE = (12, 6)
"""Frames under way at most, and from one numbered frame to the next."""
CLOSE_PACE = (3, 1)
"""The same for slow views: frames that they have yet to paint are what people see late."""
SLOW = 0.5
"""Seconds of a round trip from which on a view is slow."""
WAITING = 0.06
"""Seconds over the quickest round trip from which on frames queue on their way. Then they leave more rarely: a queued
frame is seen late, and more frames are seen no sooner."""
LAGGING = 2 * WAITING
"""Seconds over the quickest round trip from which on a view is slow, however quick that was."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1 / 50, 1 / 8
"""Seconds between frames then, from the first round trip that shows a queue to the worst of pages."""
SLOWER, FASTER = 1.25, 0.9
"""Factors of the pause for each round trip that shows a queue, and for each that does not: as LEDBAT does."""
CREEP = 0.0002
"""Seconds that the quickest round trip grows with each: the way to a page may have become longer."""
PATIENCE = 30.0
SLOWLY = 0.05
"""Seconds between frames that nobody can acknowledge."""
RARELY = 5.0
"""Seconds between frames when acknowledgements could come and do not: one of them may have been lost."""
WIDEST = 4096
"""Pixels of a paper in width; beyond that pages paint themselves what is seen."""
MAX_VIEWS = 32
"""Views remembered; most of them closed without a message."""
TRIPS = 20
"""Round trips remembered."""
SILENT = 3.0
"""Seconds after which a view that acknowledges nothing no longer holds up the others."""


@dataclass(slots=True)
class _View:
    last_received: float
    ratio: float = 1.0
    pixels: int | None = None
    visible: bool = True
    acknowledged: int = 0

    @property
    def scale(self) -> float:
        """Pixels of the paper per board unit that it deserves."""
        if self.pixels is None:
            return 2 if self.ratio >= 2 else 1
        return min(self.pixels, WIDEST) / WIDTH


class ViewPacer:
    """When the next frame may leave, by what views report; `now` is loop time in seconds."""

    def __init__(self) -> None:
        self._views: dict[str, _View] = {}
        self._last_received: float | None = None
        self._off_main = False
        self._frame = 0
        self._ahead, _ = CLOSE_PACE
        # One more with each quick round trip: all of `PACE` at once would be seconds late on a page that is slow.
        self._last_sent = 0.0
        self._pause = 0.0
        self._quickest = float("inf")
        self._last_numbered = 0
        self._sent_at: OrderedDict[int, float] = OrderedDict()
        """When each numbered frame left."""
        self._trips: deque[float] = deque(maxlen=TRIPS)

    def received(self, now: float, off_main: bool) -> None:
        """Note a message of any page; `off_main` if it came on another thread than the one that runs cells."""
        self._last_received, self._off_main = now, off_main

    def report(
        self, name: str, ratio: float | None, visible: bool, now: float, pixels: int | None = None
    ) -> bool:
        """Note how a view is, and return whether it is new. Frames that it missed while hidden do not count."""
        new = name not in self._views
        view = self._views.setdefault(name, _View(now, acknowledged=self._frame))
        if len(self._views) > MAX_VIEWS:
            del self._views[min(self._views, key=lambda other: self._views[other].last_received)]
        view.last_received = now
        if ratio is not None:
            view.ratio = ratio
        if pixels is not None:
            view.pixels = pixels
        if visible and not view.visible:
            view.acknowledged = self._frame
        view.visible = visible
        return new

    def close(self, name: str) -> None:
        """Forget a view."""
        self._views.pop(name, None)

    def acknowledge(self, name: str, frame: int, now: float) -> None:
        """Note that a view has `frame` on its screen."""
        view = self._views.get(name)
        if view is not None:
            view.last_received = now
            if frame > view.acknowledged and frame in self._sent_at:
                self._add_trip(now - self._sent_at[frame])
            view.acknowledged = max(view.acknowledged, min(frame, self._frame))

    def _add_trip(self, trip: float) -> None:
        self._trips.append(trip)
        self._quickest = min(trip, self._quickest + CREEP)
        if trip > SLOW or trip - self._quickest > LAGGING:
            self._ahead, _ = CLOSE_PACE
        else:
            self._ahead = min(self._ahead + 1, PACE[0])
        if trip - self._quickest > WAITING:
            self._pause = min(max(self._pause * SLOWER, SHORTEST_PAUSE), LONGEST_PAUSE)
        else:
            self._pause = self._pause * FASTER if self._pause > SHORTEST_PAUSE else 0.0

    def silence(self, now: float) -> float:
        """Return the seconds since a view sent something; infinite where there is none."""
        return min((now - view.last_received for view in self._views.values()), default=float("inf"))

    @property
    def in_sight(self) -> int:
        """The number of views that can be seen."""
        return sum(view.visible for view in self._views.values())

    @property
    def views(self) -> int:
        """The number of views that there are."""
        return len(self._views)

    @property
    def visible(self) -> tuple[str, ...]:
        """The views that can be seen."""
        return tuple(name for name, view in self._views.items() if view.visible)

    @property
    def trips(self) -> Sequence[float]:
        """The last round trips: seconds from a frame's leaving until its acknowledgement was received."""
        return tuple(self._trips)

    @property
    def off_main(self) -> bool | None:
        """Whether the last message came on another thread than the one that runs cells; None before the first."""
        return None if self._last_received is None else self._off_main

    def on_screen(self, frame: int) -> bool:
        """Return whether some view has `frame` on its screen."""
        return any(view.acknowledged >= frame for view in self._views.values())

    def is_alone(self, name: str) -> bool:
        """Return whether no other view than `name` is in sight."""
        return name in self._views and not any(
            view.visible for other, view in self._views.items() if other != name
        )

    def scale(self) -> float:
        """Return the pixels per board unit that the sharpest view deserves: as many as it shows, up to `WIDEST`."""
        return max((view.scale for view in self._views.values()), default=1.0)

    def sent(self, now: float) -> None:
        """Count a frame that leaves."""
        self._frame += 1
        self._last_sent = now

    @property
    def _pace(self) -> tuple[int, int]:
        return self._ahead, max(1, self._ahead // 2)

    def to_acknowledge(self, now: float, *, anyway: bool = False) -> int | None:
        """Return the number of the last frame if views are to acknowledge it; None when that can wait."""
        ahead, stride = self._pace
        late = any(view.visible and self._frame - view.acknowledged >= ahead for view in self._views.values())
        if not anyway and not late and self._frame - self._last_numbered < stride:
            return None
        self._last_numbered = self._frame
        self._sent_at[self._frame] = now
        if len(self._sent_at) > TRIPS:
            self._sent_at.popitem(last=False)
        return self._frame

    def delay(self, now: float) -> float | None:
        """Return the seconds until the next frame may leave, 0 for now; None for not before a page sends something."""
        if self._last_received is None:
            return None
        if self._views:
            seen = [view for view in self._views.values() if view.visible]
            if not seen:
                return None
            # A view that has acknowledged all numbered frames is not behind: the next one is numbered for it.
            ahead, _ = self._pace
            behind = [
                view
                for view in seen
                if view.acknowledged < self._last_numbered and self._frame - view.acknowledged >= ahead
            ]
            if len(behind) < len(seen):
                # The others wait for a view that is behind, until its silence says that it closed without a message.
                silences = (view.last_received + SILENT - now for view in behind)
                return max([0.0, self._last_sent + self._pause - now, *silences])
        if now - self._last_received > PATIENCE:
            return None
        pause = RARELY if self._views and self._off_main else SLOWLY
        return max(0.0, self._last_sent + pause - now)
