"""A signal whose handler raises, at a moment one cannot foresee."""

import gc
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


class Stop(BaseException):
    """What the handler raises."""


def _stop(_number: int, _frame: object) -> None:
    raise Stop


def interrupted(times: int, make: Callable[[], _T], work: Callable[[_T], object]) -> Iterator[_T]:
    """What `make` gave, after its `work` was interrupted within the first 300 µs; so many times. What a handler raises
    while Python calls back a weak reference is lost, so here and there one is not interrupted."""
    before = signal.signal(signal.SIGALRM, _stop)
    gc.disable()  # what is raised while it runs is lost too
    stopped = 0
    try:
        for _time in range(times):
            made = make()
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.0003))
                work(made)
                time.sleep(0.05)
            except Stop:
                stopped += 1
            yield made
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)
    assert stopped > times / 2
