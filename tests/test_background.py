"""Work beside the main thread: an end comes once, and all stays sound whatever interrupts it."""

import re
import signal
import sys
import threading
import time

import pytest

from avow.background import Latch, TookTooLong, in_background, later, within
from tests.examples import up_to
from tests.interrupting import interrupted


def test_it_comes_once_and_stays() -> None:
    end = Latch()
    assert not end.wait(0.01)
    end.set()
    end.set()
    assert end.wait(0)
    assert end.wait(0)
    end.set()
    assert end.wait(0)


def test_who_waits_is_woken() -> None:
    end, woken = Latch(), []
    waiting = in_background(lambda: woken.append(end.wait(30)))
    assert not waiting.wait(0.05)
    begun = time.monotonic()
    end.set()
    assert waiting.wait(60)
    assert woken == [True]
    assert time.monotonic() - begun < 20


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_in_the_midst_of_it_does_no_harm() -> None:
    def work(end: Latch) -> None:
        for _again in range(10_000):
            end.set()

    for end in interrupted(up_to(400), Latch, work):
        end.set()
        assert end.wait(1)


def test_work_is_done_in_another_thread() -> None:
    where: list[int] = []
    assert in_background(lambda: where.append(threading.get_ident())).wait(5)
    assert len(where) == 1
    assert where != [threading.get_ident()]


def test_work_that_fails_has_ended_too() -> None:
    assert in_background(sys.exit).wait(5)


def test_later_is_later() -> None:
    begun, done = time.monotonic(), Latch()
    later(0.2, done.set)
    assert done.wait(5)
    assert time.monotonic() - begun >= 0.2


def test_what_is_called_off_is_not_done() -> None:
    done = Latch()
    later(0.1, done.set).set()
    assert not done.wait(0.3)


def test_a_moment_too_far_away_does_not_matter() -> None:
    done = Latch()
    later(1e300, done.set).set()
    assert not done.wait(0.05)


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_while_work_starts_does_no_harm() -> None:
    def work(ends: list[Latch]) -> None:
        for _again in range(50):
            ends.append(in_background(lambda: None))
            ends.append(later(0, lambda: None))

    made: list[Latch] = []
    for ends in interrupted(up_to(400), lambda: made, work):
        assert all(end.wait(5) for end in ends[0::2])
        ends.clear()


def test_what_takes_too_long_is_ended_in_mid_match() -> None:
    before = (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[1])
    begun = time.monotonic()
    with pytest.raises(TookTooLong):
        within(0.05, lambda: re.match(r"(a+)+$", "a" * 60 + "b"))
    assert time.monotonic() - begun < 20  # it would take years
    assert within(60, lambda: 7) == 7
    assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[1]) == before


def test_beside_the_main_thread_nothing_is_limited() -> None:
    got: list[int] = []
    assert in_background(lambda: got.append(within(0.001, lambda: 7))).wait(5)
    assert got == [7]
