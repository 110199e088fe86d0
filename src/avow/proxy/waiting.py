"""Waits for signals; the system may deliver a signal to any thread, and only the main one runs its handler."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def signals() -> Iterator[Callable[[], None]]:
    """Gives a function that waits until a signal with a handler comes, or a child process ends. For the main thread.

    The system delivers a signal to any thread, above all after the process was stopped (Ctrl-Z), and handlers run in
    the main thread alone: nothing but the wake-up file ends its wait then (Python's `signal.set_wakeup_fd`).
    """
    if not hasattr(signal, "SIGCHLD"):  # Windows, where Ctrl-C ends any sleep of the main thread
        yield lambda: time.sleep(3600)
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    fd_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    before = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def wait() -> None:
        select.select([reading], [], [])
        os.read(reading, 4096)

    try:
        yield wait
    finally:
        signal.signal(signal.SIGCHLD, before)
        signal.set_wakeup_fd(fd_before)
        os.close(reading)
        os.close(writing)
