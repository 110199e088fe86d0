"""How long the API may stay silent."""

import time

from avow.values import NamedTuple

FIRST_S = 600.0
BETWEEN_S = 120.0
"""How long the API may stay silent before an answer begins, and in the midst of one, where no setting says so."""


class Patience(NamedTuple):
    """How long the API may stay silent, in seconds: before the first byte, and between bytes; `deadline` is the
    moment (of `time.monotonic`) at which the whole exchange must be over."""

    first_s: float = FIRST_S
    between_s: float = BETWEEN_S
    deadline: float | None = None

    def left(self) -> float | None:
        """Seconds until the deadline, at least a little."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.001)

    def passed(self) -> bool:
        """Whether the deadline is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def within(self, seconds: float) -> float:
        """`seconds`, or what is left before the deadline."""
        left = self.left()
        return seconds if left is None else min(seconds, left)
