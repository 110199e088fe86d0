"""An end that one thread waits for and another calls."""

import contextlib
import threading


class Ending:
    """Comes once, and stays.

    `threading.Event` guards itself with a lock that Python code takes and gives back: where a signal's handler raises
    in between, the lock is never given back, and whoever touches the event next waits for ever. A bare lock is given
    back in one step.
    """

    def __init__(self) -> None:
        self._ahead = threading.Lock()
        self._ahead.acquire()

    def come(self) -> None:
        """Let it come; where it has come already, nothing happens."""
        with contextlib.suppress(RuntimeError):
            self._ahead.release()

    def within(self, seconds: float) -> bool:
        """Wait for it, at most so long; whether it has come."""
        has_come = self._ahead.acquire(timeout=seconds)
        if has_come:
            self._ahead.release()
        return has_come
