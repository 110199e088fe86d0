"""What arrived is saved from a thread, at least every second."""

import time

import pytest

from avow.exchange.saver import Saver
from tests.examples import up_to
from tests.interrupting import interrupted
from tests.running import PATIENCE_S

EVERY_S = 0.25


def test_what_arrives_is_saved_in_time_and_not_for_each_piece() -> None:
    took: list[float] = []
    while not took or (took[-1] > EVERY_S and len(took) < 20):  # a machine that is busy may be late now and then
        saved: list[float] = []
        saver = Saver(lambda to=saved: to.append(time.monotonic()), EVERY_S)  # type: ignore[misc]
        begun = time.monotonic()
        for _piece in range(1000):
            saver.touch()
        while not saved and time.monotonic() < begun + PATIENCE_S:
            time.sleep(0.001)
        saver.close()
        assert len(saved) == 1
        took.append(saved[0] - begun)
    assert min(took) <= EVERY_S


def test_nothing_is_saved_where_nothing_arrived_or_after_the_end() -> None:
    saved: list[int] = []
    saver = Saver(lambda: saved.append(1), EVERY_S)
    saver.close()
    saver = Saver(lambda: saved.append(1), EVERY_S)
    saver.touch()
    saver.close()
    before = len(saved)  # where that took long, something was saved in time
    time.sleep(EVERY_S * 1.2)
    assert len(saved) == before


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_while_something_arrives_does_no_harm() -> None:
    def work(saver: Saver) -> None:
        for _piece in range(10_000):
            saver.touch()

    saved: list[int] = []
    for saver in interrupted(up_to(400), lambda: Saver(lambda: saved.append(1), EVERY_S), work):
        saver.close()
    before = len(saved)
    time.sleep(EVERY_S * 1.2)
    assert len(saved) == before
