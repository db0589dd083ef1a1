"""What pages are told of the ink under others' hands is enough to show it, and each point is told once."""

from __future__ import annotations

from random import Random

import pytest

from ipysketch.client.peers import Peers
from ipysketch.client.wet_ink import Ink
from ipysketch.widget.ink_feed import InkFeed
from ipysketch.widget.page_messages import InkUpdate
from relay.protocol import PeerCancel, PeerLeft, PeerPreview, PeerState

FIELDS: dict[str, object] = {"kind": "stroke", "color": "#123456", "width": 32}


class Page:
    """Shows what it is told."""

    def __init__(self) -> None:
        self.inks: dict[str, tuple[object, list[int]]] = {}
        self.last = -1
        self.numbers = 0

    def hear(self, news: InkUpdate | None) -> bool:
        """As `RemoteStrokes.receive` in remote_ink.js does; False where all ink is needed again."""
        if news is None:
            return True
        following, self.last = news.number == self.last + 1, news.number
        if news.whole:
            self.inks.clear()
        elif not following:
            return False
        for name in news.gone:
            self.inks.pop(name, None)
        for growth in news.grown:
            name, start, points = growth.name, growth.start, growth.points
            if start == 0:
                self.inks[name] = (growth.fields, [])
            if name not in self.inks or len(self.inks[name][1]) != start:
                return False
            self.inks[name][1].extend(points)
            self.numbers += len(points)
        return True

    def shows(self, live: tuple[Ink, ...]) -> bool:
        """Whether it shows just that."""
        return self.inks == {f"{ink.peer}/{ink.key}": (ink.fields, ink.points) for ink in live}


@pytest.mark.parametrize("lost", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(30))
def test_pages_show_what_is_under_hands(seed: int, lost: float) -> None:
    chance, others, growing, pages = Random(seed), Peers(), InkFeed(), [Page()]
    entries: dict[str, object] = {}
    lengths: dict[tuple[str, str], int] = {}
    for _ in range(300):
        peer, key = chance.choice("pq"), chance.choice("abc")
        match chance.randrange(12):
            case 0:
                others.receive(PeerCancel(peer, key))
            case 1:
                others.receive(PeerLeft(peer))
            case 2:
                entries = {key: 1} if not entries else {}
            case 3:
                pages.append(Page())
                growing.forget()
            case 4:
                others.receive(PeerState(peer, peer, {"page": chance.choice(["", "other"])}))
            case 5 | 6:
                lengths[peer, key] = 2
                others.receive(PeerPreview(peer, key, 0, (1, chance.randrange(99)), dict(FIELDS)))
            case _:
                start = lengths.get((peer, key), 0)
                lengths[peer, key] = start + 2
                fields = dict(FIELDS) if start == 0 else None
                others.receive(PeerPreview(peer, key, start, (start, chance.randrange(99)), fields))
        if chance.random() < 0.5:
            live = others.ink(entries)
            news = growing.update(live)
            if news is None:
                continue
            heard = [page for page in pages if chance.random() >= lost]
            fits = [page.hear(news) for page in heard]
            assert all(page.shows(live) for page, fit in zip(heard, fits, strict=True) if fit)
            assert growing.update(live) is None
            if not all(fits):
                assert lost
                growing.forget()
    growing.forget()
    news = growing.update(others.ink(entries))
    assert all(page.hear(news) and page.shows(others.ink(entries)) for page in pages)
    assert pages[0].numbers


def test_each_point_is_told_once() -> None:
    others, growing, page = Peers(), InkFeed(), Page()
    for number in range(100):
        fields = FIELDS if number == 0 else None
        others.receive(PeerPreview("p", "s", 2 * number, (number, number), fields))
        page.hear(growing.update(others.ink({})))
    assert page.numbers == 200


def test_light_is_no_ink() -> None:
    others = Peers()
    others.receive(PeerPreview("p", "s", 0, (1, 1), {"kind": "laser"}))
    growing = InkFeed()
    assert growing.update(()) == InkUpdate(1, True, [], [])
    assert growing.update(others.ink({})) is None


def test_the_number_is_that_of_the_last_update() -> None:
    others, growing = Peers(), InkFeed()
    numbers = [growing.number]
    for point in range(3):
        others.receive(PeerPreview("p", "s", 2 * point, (1, 1), FIELDS if point == 0 else None))
        update = growing.update(others.ink({}))
        assert update is not None
        assert growing.number == update.number
        numbers.append(growing.number)
        assert growing.update(others.ink({})) is None
    assert numbers == [0, 1, 2, 3]
