"""What arrived is saved from a thread, at least every second."""

import time

import pytest

from avow.exchange.saver import SAVE_EVERY_S, Saver
from tests.interrupting import interrupted


def test_what_arrives_is_saved_within_a_second_and_not_for_each_piece() -> None:
    saved: list[float] = []
    saver = Saver(lambda: saved.append(time.monotonic()))
    begun = time.monotonic()
    for _piece in range(1000):
        saver.touch()
    while not saved and time.monotonic() < begun + 5:
        time.sleep(0.01)
    assert len(saved) == 1
    assert saved[0] - begun <= SAVE_EVERY_S
    saver.close()


def test_nothing_is_saved_where_nothing_arrived_or_after_the_end() -> None:
    saved: list[int] = []
    saver = Saver(lambda: saved.append(1))
    saver.close()
    saver = Saver(lambda: saved.append(1))
    saver.touch()
    saver.close()
    time.sleep(SAVE_EVERY_S * 1.2)
    assert saved == []


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_while_something_arrives_does_no_harm() -> None:
    def work(saver: Saver) -> None:
        for _piece in range(10_000):
            saver.touch()

    saved: list[int] = []
    for saver in interrupted(400, lambda: Saver(lambda: saved.append(1)), work):
        saver.close()
    time.sleep(SAVE_EVERY_S * 1.2)
    assert saved == []
