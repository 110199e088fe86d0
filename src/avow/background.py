"""Work beside the main thread that is started, waited for and cancelled, even if a signal arrives in between.

What `threading` itself offers for this (`Thread.start`, `Event`, `Timer`) takes locks in Python code. A signal's
handler that raises in there leaves the lock taken, and whoever comes next waits for ever; or what it raises is lost to
another error, of a lock that is not held. Here each step is one of the interpreter's own, which no handler interrupts.
"""

import _thread
import contextlib
import signal
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

NUDGE: signal.Signals | None = getattr(signal, "SIGURG", None)
"""Without a handler this signal does nothing at all; None where the system has no such thing (Windows)."""


class Latch:
    """A flag that is set once, and can be waited for."""

    def __init__(self) -> None:
        self._ahead = threading.Lock()
        self._ahead.acquire()

    def set(self) -> None:
        """Let it come; where it has come already, nothing happens."""
        with contextlib.suppress(RuntimeError):
            self._ahead.release()

    def wait(self, seconds: float) -> bool:
        """Wait for it, for at most this time; whether it has come."""
        has_come = self._ahead.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))
        if has_come:
            self._ahead.release()
        return has_come


def in_background(work: Callable[[], object]) -> Latch:
    """Do `work` in a thread of its own, which does not keep the process alive. Gives a latch for its end."""
    end = Latch()

    def run() -> None:
        try:
            work()
        finally:
            end.set()

    _thread.start_new_thread(run, ())
    return end


def later(seconds: float, work: Callable[[], object]) -> Latch:
    """Do `work` in a thread of its own, this many seconds from now. Setting the latch that is given cancels it before
    then."""
    call_off = Latch()

    def run() -> None:
        if not call_off.wait(seconds):
            work()

    _thread.start_new_thread(run, ())
    return call_off


class TookTooLong(BaseException):
    """Work did not end within its time (no Exception: nothing may swallow it)."""


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Do `work` in this thread and give its result. Raises TookTooLong where it takes longer than this many seconds.

    An alarm of the system's ends it, also in mid-match of a regular expression, which holds the interpreter. Where
    there is none (Windows), and beside the main thread, it takes as long as it takes.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return work()
    is_over = False

    def stop(_number: int, _frame: object) -> None:
        if not is_over:
            raise TookTooLong

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: what is raised within an import's own callbacks is lost.
    timer = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 0.05)
    try:
        return work()
    finally:
        is_over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def nudge() -> None:
    """Make the main thread check for a signal, where it installed a handler for `NUDGE`.

    A thread that wants the interpreter can hold the main thread up right before it waits for bytes. A signal that
    comes then is only noted: its handler would run when the bytes come, or never.
    """
    if NUDGE is not None:
        signal.pthread_kill(threading.main_thread().ident or 0, NUDGE)
