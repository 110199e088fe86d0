"""Work beside the main thread: an end comes once, and all stays sound whatever interrupts it."""

import sys
import threading
import time

import pytest

from avow.background import Ending, in_background, later
from tests.interrupting import interrupted


def test_it_comes_once_and_stays() -> None:
    end = Ending()
    assert not end.within(0.01)
    end.come()
    end.come()
    assert end.within(0)
    assert end.within(0)
    end.come()
    assert end.within(0)


def test_who_waits_is_woken() -> None:
    end, woken = Ending(), []
    waiting = in_background(lambda: woken.append(end.within(30)))
    assert not waiting.within(0.05)
    begun = time.monotonic()
    end.come()
    assert waiting.within(5)
    assert woken == [True]
    assert time.monotonic() - begun < 1


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_in_the_midst_of_it_does_no_harm() -> None:
    def work(end: Ending) -> None:
        for _again in range(10_000):
            end.come()

    for end in interrupted(400, Ending, work):
        end.come()
        assert end.within(1)


def test_work_is_done_in_another_thread() -> None:
    where: list[int] = []
    assert in_background(lambda: where.append(threading.get_ident())).within(5)
    assert len(where) == 1
    assert where != [threading.get_ident()]


def test_work_that_fails_has_ended_too() -> None:
    assert in_background(sys.exit).within(5)


def test_later_is_later() -> None:
    begun, done = time.monotonic(), Ending()
    later(0.2, done.come)
    assert done.within(5)
    assert time.monotonic() - begun >= 0.2


def test_what_is_called_off_is_not_done() -> None:
    done = Ending()
    later(0.1, done.come).come()
    assert not done.within(0.3)


def test_a_moment_too_far_away_does_not_matter() -> None:
    done = Ending()
    later(1e300, done.come).come()
    assert not done.within(0.05)


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_while_work_starts_does_no_harm() -> None:
    def work(ends: list[Ending]) -> None:
        for _again in range(50):
            ends.append(in_background(lambda: None))
            ends.append(later(0, lambda: None))

    made: list[Ending] = []
    for ends in interrupted(400, lambda: made, work):
        assert all(end.within(5) for end in ends[0::2])
        ends.clear()
