"""Whether the upstream agreed to change to another protocol: the one thing that the relay must read of a response."""

import re

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_LIMIT = 64 * 1024


class UpgradeWatch:
    """Reads the heads of the responses to a request with `Upgrade`, until one of them decides."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bool | None:
        """Read bytes of the upstream: True for 101, False for another answer, None while neither has arrived."""
        begin = max(len(self._held) - 3, 0)
        self._held += data
        while (end := self._held.find(b"\r\n\r\n", begin)) >= 0:
            status = _STATUS.match(self._held)
            if status is None or not status[1].startswith(b"1"):
                return False
            if status[1] == b"101":
                return True
            self._held, begin = self._held[end + 4 :], 0
        return False if len(self._held) > _LIMIT else None
