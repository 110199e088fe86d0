"""Saves what arrived, from a thread of its own, so that a killed process loses no more than the last second."""

import contextlib
import threading
from collections.abc import Callable

from avow.ending import Ending

SAVE_EVERY_S = 1.0


class Saver:
    """Saves what arrived, from a thread of its own, at most every second. A signal may come at any moment."""

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._touched = False
        self._end = Ending()
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Something arrived."""
        self._touched = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Save no more; waits for a save under way."""
        self._end.come()
        if self._thread is not None:
            # Where a signal came while the thread was starting there is nothing to wait for: it finds itself closed.
            with contextlib.suppress(RuntimeError):
                self._thread.join()

    def _run(self) -> None:
        while not self._end.within(SAVE_EVERY_S * 0.8):
            if self._touched:
                self._touched = False
                self._save()
