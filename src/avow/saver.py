"""Saves what arrived, from a thread of its own, so that a killed process loses no more than the last second."""

import threading
import time
from collections.abc import Callable

SAVE_EVERY_S = 1.0


class Saver:
    """Saves what arrived, from a thread of its own: at once at first, then at most every second."""

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._touched = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Something arrived."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._touched.set()

    def close(self) -> None:
        """Save no more; waits for a save under way."""
        self._closed = True
        if self._thread is not None:
            self._touched.set()
            self._thread.join()

    def _run(self) -> None:
        saved = time.monotonic()
        while not self._closed:
            self._touched.wait()
            self._touched.clear()
            while not self._closed and (left := saved + SAVE_EVERY_S * 0.8 - time.monotonic()) > 0:
                self._touched.wait(left)
                self._touched.clear()
            if not self._closed:
                self._save()
                saved = time.monotonic()
