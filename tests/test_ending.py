"""An end comes once, and stays sound whatever interrupts it."""

import threading
import time

import pytest

from avow.ending import Ending
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
    waiting = threading.Thread(target=lambda: woken.append(end.within(30)), daemon=True)
    waiting.start()
    time.sleep(0.05)
    begun = time.monotonic()
    end.come()
    waiting.join(5)
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
