"""Saves what arrived, from a thread of its own, so that a killed process loses no more than the last second."""

import threading
from collections.abc import Callable

from avow.background import Latch, in_background, nudge

SAVE_EVERY_S = 1.0


class Saver:
    """Saves what arrived, from a thread of its own, at least every `every_s` seconds. A signal may come at any
    moment."""

    def __init__(self, save: Callable[[], None], every_s: float = SAVE_EVERY_S) -> None:
        self._save, self._every_s = save, every_s
        self._begun = self._touched = False
        self._end = Latch()
        self._saving = threading.Lock()

    def touch(self) -> None:
        """Something arrived."""
        self._touched = True
        if not self._begun:
            self._begun = True
            in_background(self._run)

    def close(self) -> None:
        """Save no more; waits for a save under way."""
        self._end.set()
        with self._saving:
            pass

    def _run(self) -> None:
        while True:
            self._end.wait(self._every_s * 0.8)
            nudge()  # this thread may have kept the main one from hearing a signal
            with self._saving:
                if self._end.wait(0):
                    return
                if self._touched:
                    self._touched = False
                    self._save()
