"""Finds time for work that can wait: not while the first byte of an answer may come."""

import time

AWAITED_S = 0.05
"""How long it may, after a request."""

REST_S = 0.002
"""How long nothing is begun after it: a client that asks again at once has done so by then."""

PATIENCE_S = 0.25
"""The longest that anything waits for quiet."""


class QuietTime:
    """The relay calls `asked` and `answered`; others wait until their work would delay no first byte."""

    def __init__(self, awaited_s: float = AWAITED_S) -> None:
        self._awaited_s = awaited_s
        self._from = 0.0

    def asked(self) -> None:
        """A request was passed on."""
        self._from = time.monotonic() + self._awaited_s

    def answered(self) -> None:
        """The first byte of an answer was passed on, or none will come."""
        self._from = time.monotonic() + REST_S

    def left_s(self, since: float) -> float:
        """How many seconds work that arrived at this moment of `time.monotonic` should still wait; 0 or less: none."""
        return min(self._from, since + PATIENCE_S) - time.monotonic()

    def wait(self, since: float) -> None:
        """Return when there is time for the work. For other threads."""
        while (left := self.left_s(since)) > 0:
            time.sleep(left)
