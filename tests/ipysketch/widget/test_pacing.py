from __future__ import annotations

import pytest

from ipysketch.widget.pacing import (
    CLOSE_PACE,
    LAGGING,
    LONGEST_PAUSE,
    MAX_VIEWS,
    PACE,
    PATIENCE,
    RARELY,
    SHORTEST_PAUSE,
    SILENT,
    SLOW,
    SLOWER,
    SLOWLY,
    WAITING,
    WIDEST,
    ViewPacer,
)

AHEAD, STRIDE = PACE


def pages(*views: str, off_main: bool = True) -> ViewPacer:
    made = ViewPacer()
    made.received(0.0, off_main)
    for view in views:
        made.report(view, 1.0, True, 0.0)
    return made


def quick(*views: str, off_main: bool = True) -> tuple[ViewPacer, int]:
    """Pages that have shown that they are quick, and how many frames that took."""
    made = pages(*views, off_main=off_main)
    for number in range(1, AHEAD + 1):
        made.sent(0.0)
        assert made.to_acknowledge(0.0, anyway=True) == number
        for view in views:
            made.acknowledge(view, number, 0.0)
    return made, AHEAD


def show(made: ViewPacer, now: float) -> int | None:
    """Another frame leaves; its number if the pages are to acknowledge it."""
    made.sent(now)
    return made.to_acknowledge(now)


def test_nothing_is_sent_before_any_page_spoke() -> None:
    assert ViewPacer().delay(0.0) is None


def test_a_page_may_be_slow_until_it_has_shown_that_it_is_not() -> None:
    made = pages("a")
    ahead, _ = CLOSE_PACE
    for more in range(AHEAD - ahead + 3):
        made.sent(0.0)
        assert made.to_acknowledge(0.0, anyway=True)
        sent = 1
        while made.delay(0.0) == 0.0:
            sent += 1
            show(made, 0.0)
        assert sent == min(AHEAD, ahead + more)
        made.sent(0.0)
        last = made.to_acknowledge(0.0, anyway=True)
        assert last is not None
        made.acknowledge("a", last, 0.01)
    made.sent(1.0)
    last = made.to_acknowledge(1.0, anyway=True)
    assert last is not None
    made.acknowledge("a", last, 1.01 + 2 * LAGGING)
    for number in range(ahead):
        assert made.delay(2.0 + number) == 0.0
        show(made, 2.0 + number)
    assert made.delay(2.0 + ahead) != 0.0, "it was quick, and is not any more"


def test_so_many_frames_ahead_and_no_more() -> None:
    made, before = quick("a")
    for _ in range(AHEAD):
        assert made.delay(0.0) == 0.0
        show(made, 0.0)
    assert made.delay(0.0) == RARELY
    made.acknowledge("a", before + AHEAD, 0.1)
    assert made.delay(0.1) == 0.0


def test_pages_acknowledge_some_frames_and_never_run_out_of_them() -> None:
    made, before = quick("a")
    told: list[int] = []
    for now in range(1, 60):
        assert made.delay(float(now)) == 0.0
        made.sent(float(now))
        if (number := made.to_acknowledge(float(now))) is not None:
            told.append(number)
            made.acknowledge("a", number, float(now))
    assert told == [before + number for number in range(STRIDE, 60, STRIDE)]


def test_a_frame_is_told_when_it_must_be_and_when_acknowledgements_are_late() -> None:
    made, before = quick("a")
    made.sent(0.0)
    assert made.to_acknowledge(0.0) is None
    assert made.to_acknowledge(0.0, anyway=True) == before + 1
    told = []
    for _ in range(AHEAD + 2):
        made.sent(0.0)
        told.append(made.to_acknowledge(0.0))
    assert told[-3:] == [before + AHEAD + 1, before + AHEAD + 2, before + AHEAD + 3], (
        "what was told may have been lost"
    )


def test_a_slow_page_has_less_before_it() -> None:
    made, before = quick("a")
    for _ in range(STRIDE):
        made.sent(0.0)
    assert made.to_acknowledge(0.0) == before + STRIDE
    made.acknowledge("a", before + STRIDE, SLOW + 0.1)
    ahead, _ = CLOSE_PACE
    for number in range(ahead):
        assert made.delay(1.0 + number) == 0.0
        made.sent(1.0 + number)
        assert made.to_acknowledge(1.0 + number) == before + STRIDE + 1 + number
    assert made.delay(float(ahead)) == RARELY
    made.acknowledge("a", before + STRIDE + ahead, ahead + 0.1 - 1.0)
    for number in range(ahead + 1):
        assert made.delay(5.0 + number) == 0.0, "it is quick again"
        show(made, 5.0 + number)


def test_frames_come_more_rarely_while_they_wait_for_each_other() -> None:
    made = pages("a")

    def trip(begun: float, took: float) -> float | None:
        made.sent(begun)
        number = made.to_acknowledge(begun, anyway=True)
        assert number is not None
        made.acknowledge("a", number, begun + took)
        return made.delay(begun + took)

    def pause(now: float) -> float | None:
        made.sent(now)
        return made.delay(now)

    assert trip(1.0, 0.03) == 0.0
    assert trip(2.0, 0.03 + 2 * WAITING) == 0.0, "it took longer than the time between frames"
    assert pause(3.0) == pytest.approx(SHORTEST_PAUSE)
    assert made.delay(3.1) == 0.0
    trip(4.0, 0.03 + 2 * WAITING)
    assert pause(5.0) == pytest.approx(SHORTEST_PAUSE * SLOWER)
    for number in range(20):
        trip(6.0 + number, 0.03 + 2 * WAITING)
    assert pause(30.0) == pytest.approx(LONGEST_PAUSE)
    for number in range(30):
        trip(31.0 + number, 0.03)
    assert pause(70.0) == 0.0, "that is over"


def test_a_page_far_away_is_not_a_busy_one() -> None:
    made = pages("a")
    for number in range(600):
        made.sent(float(number))
        told = made.to_acknowledge(float(number), anyway=True)
        assert told is not None
        made.acknowledge("a", told, number + 0.3 + 0.1 * WAITING * (number % 7))
        assert made.delay(number + 0.5) == 0.0


@pytest.mark.parametrize("takes", [0.025, 0.04, 0.08])
def test_frames_do_not_queue_before_a_page_that_cannot_show_all(takes: float) -> None:
    """A page that takes so long for each frame; what is sent waits for those before it."""
    made = pages("a")
    free = 1.0  # When the page is done with what has been sent.
    acks: list[tuple[float, int]] = []
    waits: list[float] = []
    for step in range(60 * 60):
        now = 1 + step / 60
        while acks and acks[0][0] <= now:
            at, frame = acks.pop(0)
            made.acknowledge("a", frame, at)
        if step == 60:
            free = now  # It was quick until now: 20 milliseconds there and back.
        if made.delay(now) == 0.0:
            free = max(free, now) + (takes if step > 60 else 0.0)
            waits.append(free - now)
            if (shown := show(made, now)) is not None:
                acks.append((free + 0.02, shown))
    late = sorted(waits[len(waits) // 3 :])
    assert late[len(late) // 2] < takes + WAITING
    assert late[round(0.95 * len(late))] < takes + 3 * WAITING
    assert len(waits) * takes > 0.6 * 59, "and the page does not wait for frames much"


@pytest.mark.parametrize("takes", [0.05, 0.15, 0.3])
def test_the_trips_of_a_page_that_is_slow_are_known(takes: float) -> None:
    """Also when it acknowledges a frame after the next one was told to it."""
    made = pages("a")
    told: list[tuple[float, int]] = []
    for number in range(240):
        now = 1 + number / 60
        while told and told[0][0] + takes <= now:
            left, frame = told.pop(0)
            made.acknowledge("a", frame, left + takes)
        if made.delay(now) == 0.0 and (frame := show(made, now) or 0):
            told.append((now, frame))
    assert len(made.trips) > 5
    assert made.trips == pytest.approx([takes] * len(made.trips))


def test_a_page_that_turns_out_slow_is_not_waited_for_when_it_has_said_all_it_will() -> None:
    made, before = quick("a")
    for _ in range(STRIDE + 4):
        show(made, 1.0)
    made.acknowledge("a", before + STRIDE, 1.0 + SLOW + 0.1)
    assert made.delay(1.7) == 0.0, "nobody was told of the last four frames"
    assert show(made, 1.7) == before + STRIDE + 5, "of this one they are"


def test_a_page_out_of_sight_does_not_have_each_frame_told() -> None:
    made, _ = quick("a", "hidden")
    made.report("hidden", 1.0, False, 0.0)
    told = 0
    for number in range(60):
        if (frame := show(made, number / 60)) is not None:
            told += 1
            made.acknowledge("a", frame, number / 60)
    assert told == 60 // STRIDE


def test_an_acknowledgement_of_a_frame_never_sent_counts_only_as_the_last() -> None:
    made = pages("a")
    made.acknowledge("a", 1_000, 0.0)
    made.acknowledge("stranger", 5, 0.0)
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.delay(0.0) != 0.0


def test_a_lost_acknowledgement_delays_and_does_not_stop() -> None:
    made = pages("a")
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.delay(RARELY) == 0.0


def test_a_kernel_too_busy_to_hear_goes_on_slowly_and_then_stops() -> None:
    made = pages("a", off_main=False)
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.delay(0.0) == SLOWLY
    assert made.delay(SLOWLY) == 0.0
    assert made.delay(PATIENCE + 0.1) is None
    made.received(PATIENCE + 1, False)
    assert made.delay(PATIENCE + 1) == 0.0


def test_nobody_looking_gets_nothing() -> None:
    made = pages("a")
    made.report("a", 1.0, False, 1.0)
    assert made.delay(1.0) is None
    for _ in range(5):
        show(made, 1.0)
    made.report("a", 1.0, True, 2.0)
    assert made.delay(2.0) == 0.0, "what a hidden page missed does not hold it up when it is back"


def test_a_page_that_closed_without_a_word_holds_the_other_up_only_a_while() -> None:
    made = pages("a", "closed")
    for _ in range(AHEAD):
        show(made, 0.0)
    made.acknowledge("a", AHEAD, 0.1)
    assert made.delay(0.1) == SILENT - 0.1
    # Also when the living one had nothing to acknowledge for a long time.
    for now in (SILENT, 10.0, 1_000.0):
        assert made.delay(now) == 0.0


def test_a_page_that_says_it_closes_is_forgotten() -> None:
    made = pages("a", "b")
    for _ in range(AHEAD):
        show(made, 0.0)
    made.acknowledge("a", AHEAD, 0.1)
    made.close("b")
    made.close("b")
    assert made.delay(0.1) == 0.0


def test_without_our_part_in_the_page_frames_go_slowly_for_a_while() -> None:
    made = ViewPacer()
    made.received(0.0, False)
    show(made, 0.0)
    assert made.delay(0.0) == SLOWLY
    assert made.delay(PATIENCE + 1) is None


def test_the_sharpest_page_decides_how_sharp() -> None:
    made = pages("a")
    assert made.scale() == 1
    made.report("b", 2.5, True, 0.0)
    assert made.scale() == 2
    made.report("a", None, True, 0.0)
    made.close("b")
    assert made.scale() == 1


def test_a_paper_has_the_pixels_that_are_shown() -> None:
    made = pages("a")
    made.report("a", 2.0, True, 0.0, 494)
    assert made.scale() * 1280 == pytest.approx(494)
    made.report("b", 2.0, True, 0.0, 2036)
    assert made.scale() * 1280 == pytest.approx(2036)
    made.report("b", 2.0, True, 0.0, 99_999)
    assert made.scale() * 1280 == WIDEST
    made.close("b")
    assert made.scale() * 1280 == pytest.approx(494)


def test_pages_without_number_are_not_remembered() -> None:
    made = ViewPacer()
    for number in range(MAX_VIEWS + 10):
        made.report(str(number), 2.0 if number < 5 else 1.0, True, float(number))
    assert made.scale() == 1, "the oldest were forgotten"


def test_what_is_known_of_the_pages() -> None:
    made = ViewPacer()
    assert (made.off_main, made.in_sight, list(made.trips)) == (None, 0, [])
    made.received(0.0, True)
    made.report("a", 1.0, True, 0.0)
    made.report("b", 1.0, False, 0.0)
    assert (made.off_main, made.in_sight) == (True, 1)
    assert made.is_alone("a")
    assert not made.is_alone("b")
    frames = [number for now in range(1, 9) if (number := show(made, float(now))) is not None]
    made.acknowledge("a", frames[0], 9.5)
    made.received(9.5, False)
    assert made.off_main is False
    assert list(made.trips) == [9.5 - frames[0]]
    assert made.on_screen(frames[0])
    assert not made.on_screen(frames[-1] + 1)


def test_the_silence_of_a_board_is_that_of_its_least_silent_page() -> None:
    pacer = ViewPacer()
    assert pacer.silence(0.0) == float("inf")
    pacer.report("one", 1.0, True, 100.0)
    assert pacer.silence(109.0) == 9.0
    pacer.report("other", 1.0, False, 101.0)
    assert pacer.silence(109.0) == 8.0
    pacer.acknowledge("one", 0, 108.0)
    assert pacer.silence(109.0) == 1.0
    for view in ("one", "other"):
        pacer.close(view)
    assert pacer.silence(401.0) == float("inf")
