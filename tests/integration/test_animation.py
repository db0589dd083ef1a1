"""The past of a room as a film."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ipysketch import Sketch, SketchError
from ipysketch.model import history as past
from ipysketch.model.history import Timeline

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE


@pytest.fixture
def drawn(relay: RelayProcess) -> Sketch:
    board = Sketch(name="Ada").connect(relay.url, "film")
    for n in range(60):
        handle = board.rect(n, 0, 10, 10)
        if n % 7 == 3:
            handle.move(0, 50)
        if n % 10 == 9:
            board.undo()
        if n == 30:
            board.clear()
    assert board.flush(DEADLINE)
    return board


def test_a_film_shows_every_moment_as_it_was_in_any_order(
    drawn: Sketch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "CACHED_EVERY", 8)
    monkeypatch.setattr("ipysketch.client.past.AT_A_TIME", 25)  # Several stretches make one film.
    heard: list[float] = []
    film = drawn.film(heard.append)
    assert heard[-1] == 1.0
    assert len(heard) > 2
    assert (film.first, film.last) == (0, drawn.seq)
    order = [*range(0, film.last + 1, 5)] * 2
    random.Random(4).shuffle(order)
    for seq in order:
        shown = [(element.key, element.bounds) for element in film.at(seq)]
        assert shown == [(element.key, element.bounds) for element in drawn.at(seq)], seq
    assert len(film.at(film.last)) == len(drawn.elements)
    drawn.disconnect()


def test_a_timeline_goes_from_nothing_to_all_and_never_back(drawn: Sketch) -> None:
    film = drawn.film()
    timeline = Timeline(film, 4.0, 0.01)
    seqs = [timeline.seq(step) for step in range(timeline.steps + 1)]
    assert seqs[0] == 0
    assert seqs[-1] == film.last
    assert seqs == sorted(seqs)
    assert film.moments(0.0) == [0.0] * film.last
    drawn.disconnect()


def test_there_is_no_film_of_nothing_nor_without_a_relay(relay: RelayProcess) -> None:
    board = Sketch(name="Ada")
    with pytest.raises(SketchError, match=r"nothing has been drawn|not connected"):
        board.film()
    board.connect(relay.url, "empty film")
    with pytest.raises(SketchError, match="nothing has been drawn"):
        board.replay()
    board.disconnect()
    with pytest.raises(SketchError, match="speed"):
        board.replay(0)


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_a_film_goes_into_a_file_and_the_same_log_gives_the_same_pixels(
    drawn: Sketch, tmp_path: Path, suffix: str
) -> None:
    files = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    for file in files:
        drawn.save(file)
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as film:
        frames = getattr(film, "n_frames", 1)
        assert 2 <= frames <= 121
        film.seek(0)
        first = np.array(film.convert("L"))
        film.seek(frames - 1)
        last = np.array(film.convert("L"))
    assert (first != last).any()
    assert last.shape == (450, 800)
    drawn.disconnect()
