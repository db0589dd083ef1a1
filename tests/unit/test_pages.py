from __future__ import annotations

import pytest

from ipysketch.pages import (
    CLOSE_PACE,
    LONGEST_PAUSE,
    MOST,
    PACE,
    PATIENCE,
    RARELY,
    SHORTEST_PAUSE,
    SILENT,
    SLOW,
    SLOWER,
    SLOWLY,
    WAITING,
    Pages,
)

AHEAD, STRIDE = PACE


def pages(*views: str, beside: bool = True) -> Pages:
    made = Pages()
    made.heard(0.0, beside)
    for view in views:
        made.view(view, 1.0, True, 0.0)
    return made


def show(made: Pages, now: float) -> int | None:
    """Another frame leaves; its number if the pages are to acknowledge it."""
    made.sent(now)
    return made.tell(now)


def test_nothing_is_sent_before_any_page_spoke() -> None:
    assert Pages().wait(0.0) is None


def test_so_many_frames_ahead_and_no_more() -> None:
    made = pages("a")
    for _ in range(AHEAD):
        assert made.wait(0.0) == 0.0
        show(made, 0.0)
    assert made.wait(0.0) == RARELY
    made.ack("a", AHEAD, 0.1)
    assert made.wait(0.1) == 0.0


def test_pages_acknowledge_some_frames_and_never_run_out_of_them() -> None:
    made = pages("a")
    told: list[int] = []
    for now in range(1, 60):
        assert made.wait(float(now)) == 0.0
        made.sent(float(now))
        if (number := made.tell(float(now))) is not None:
            told.append(number)
            made.ack("a", number, float(now))
    assert told == list(range(STRIDE, 60, STRIDE))


def test_a_frame_is_told_when_it_must_be_and_when_acknowledgements_are_late() -> None:
    made = pages("a")
    made.sent(0.0)
    assert made.tell(0.0) is None
    assert made.tell(0.0, anyway=True) == 1
    told = []
    for _ in range(AHEAD + 2):
        made.sent(0.0)
        told.append(made.tell(0.0))
    assert told[-3:] == [AHEAD + 1, AHEAD + 2, AHEAD + 3], "what was told may have been lost"


def test_a_slow_page_has_less_before_it() -> None:
    made = pages("a")
    for _ in range(STRIDE):
        made.sent(0.0)
    assert made.tell(0.0) == STRIDE
    made.ack("a", STRIDE, SLOW + 0.1)
    ahead, _ = CLOSE_PACE
    for number in range(ahead):
        assert made.wait(1.0 + number) == 0.0
        made.sent(1.0 + number)
        assert made.tell(1.0 + number) == STRIDE + 1 + number
    assert made.wait(float(ahead)) == RARELY
    made.ack("a", STRIDE + ahead, ahead + 0.1)
    for number in range(AHEAD):
        assert made.wait(5.0 + number) == 0.0, "it is quick again"
        show(made, 5.0 + number)


def test_frames_come_more_rarely_while_they_wait_for_each_other() -> None:
    made = pages("a")

    def trip(begun: float, took: float) -> float | None:
        made.sent(begun)
        number = made.tell(begun, anyway=True)
        made.ack("a", number, begun + took)
        return made.wait(begun + took)

    def pause(now: float) -> float | None:
        made.sent(now)
        return made.wait(now)

    assert trip(1.0, 0.03) == 0.0
    assert trip(2.0, 0.03 + 2 * WAITING) == 0.0, "it took longer than the time between frames"
    assert pause(3.0) == pytest.approx(SHORTEST_PAUSE)
    assert made.wait(3.1) == 0.0
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
        told = made.tell(float(number), anyway=True)
        made.ack("a", told, number + 0.3 + 0.1 * WAITING * (number % 7))
        assert made.wait(number + 0.5) == 0.0


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
            made.ack("a", frame, at)
        if step == 60:
            free = now  # It was quick until now: 20 milliseconds there and back.
        if made.wait(now) == 0.0:
            free = max(free, now) + (takes if step > 60 else 0.0)
            waits.append(free - now)
            if (frame := show(made, now)) is not None:
                acks.append((free + 0.02, frame))
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
            made.ack("a", frame, left + takes)
        if made.wait(now) == 0.0 and (frame := show(made, now) or 0):
            told.append((now, frame))
    assert len(made.trips) > 5
    assert made.trips == pytest.approx([takes] * len(made.trips))


def test_a_page_that_turns_out_slow_is_not_waited_for_when_it_has_said_all_it_will() -> None:
    made = pages("a")
    for _ in range(STRIDE + 4):
        show(made, 1.0)
    made.ack("a", STRIDE, 1.0 + SLOW + 0.1)
    assert made.wait(1.7) == 0.0, "nobody was told of the last four frames"
    assert show(made, 1.7) == STRIDE + 5, "of this one they are"


def test_a_page_out_of_sight_does_not_have_each_frame_told() -> None:
    made = pages("a", "hidden")
    made.view("hidden", 1.0, False, 0.0)
    told = 0
    for number in range(60):
        if (frame := show(made, number / 60)) is not None:
            told += 1
            made.ack("a", frame, number / 60)
    assert told == 60 // STRIDE


def test_an_acknowledgement_of_a_frame_never_sent_counts_only_as_the_last() -> None:
    made = pages("a")
    made.ack("a", 1_000, 0.0)
    made.ack("a", True, 0.0)
    made.ack("a", "7", 0.0)
    made.ack("stranger", 5, 0.0)
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.wait(0.0) != 0.0


def test_a_lost_acknowledgement_delays_and_does_not_stop() -> None:
    made = pages("a")
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.wait(RARELY) == 0.0


def test_a_kernel_too_busy_to_hear_goes_on_slowly_and_then_stops() -> None:
    made = pages("a", beside=False)
    for _ in range(AHEAD):
        show(made, 0.0)
    assert made.wait(0.0) == SLOWLY
    assert made.wait(SLOWLY) == 0.0
    assert made.wait(PATIENCE + 0.1) is None
    made.heard(PATIENCE + 1, False)
    assert made.wait(PATIENCE + 1) == 0.0


def test_nobody_looking_gets_nothing() -> None:
    made = pages("a")
    made.view("a", 1.0, False, 1.0)
    assert made.wait(1.0) is None
    for _ in range(5):
        show(made, 1.0)
    made.view("a", 1.0, True, 2.0)
    assert made.wait(2.0) == 0.0, "what a hidden page missed does not hold it up when it is back"


def test_a_page_that_closed_without_a_word_holds_the_other_up_only_a_while() -> None:
    made = pages("a", "closed")
    for _ in range(AHEAD):
        show(made, 0.0)
    made.ack("a", AHEAD, 0.1)
    assert made.wait(0.1) == SILENT - 0.1
    # Also when the living one had nothing to acknowledge for a long time.
    for now in (SILENT, 10.0, 1_000.0):
        assert made.wait(now) == 0.0


def test_a_page_that_says_it_closes_is_forgotten() -> None:
    made = pages("a", "b")
    for _ in range(AHEAD):
        show(made, 0.0)
    made.ack("a", AHEAD, 0.1)
    made.gone("b")
    made.gone("b")
    assert made.wait(0.1) == 0.0


def test_without_our_part_in_the_page_frames_go_slowly_for_a_while() -> None:
    made = Pages()
    made.heard(0.0, False)
    show(made, 0.0)
    assert made.wait(0.0) == SLOWLY
    assert made.wait(PATIENCE + 1) is None


def test_the_sharpest_page_decides_how_sharp() -> None:
    made = pages("a")
    assert made.scale() == 1
    made.view("b", 2.5, True, 0.0)
    assert made.scale() == 2
    for nonsense in (None, "2", -1, 0, 1e9, [3]):
        made.view("a", nonsense, True, 0.0)
    made.gone("b")
    assert made.scale() == 1


def test_pages_without_number_are_not_remembered() -> None:
    made = Pages()
    for number in range(MOST + 10):
        made.view(str(number), 2.0 if number < 5 else 1.0, True, float(number))
    assert made.scale() == 1, "the oldest were forgotten"
