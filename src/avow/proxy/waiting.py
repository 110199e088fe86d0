"""Waits for signals that no thread can keep from the main one."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def signals() -> Iterator[Callable[[], None]]:
    """Give what waits until a signal comes that has a handler, or a child process ends. For the main thread.

    The system hands a signal to any thread, above all after the process stood still (Ctrl-Z), and handlers run in the
    main one alone: nothing but the wake-up file ends its waiting then (Python's `signal.set_wakeup_fd`).
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
