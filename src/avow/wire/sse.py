"""Server-sent events: from chunks of bytes, cut anywhere, to the data of whole events.

Follows "event stream interpretation" in the WHATWG's HTML standard as far as the Messages API uses it: lines end with
LF, CRLF or CR and nothing else (U+2028 is text), the `data:` lines of one event are joined by LF, comments and other
fields are ignored, and an event without its closing blank line does not count.
"""

import re
from collections.abc import Iterator

from avow.errors import Failure, NotAnAnswer
from avow.exit_codes import ExitCode

LIMIT = 16 * 1024 * 1024
"""The most bytes one event may have."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
BOM = b"\xef\xbb\xbf"


class EventDecoder:
    """Takes the chunks of a stream and gives the `data` of each whole event, as bytes. One event may have at most
    `limit` bytes."""

    __slots__ = ("_after_cr", "_data", "_held", "_limit", "_line", "_line_size", "_size", "_started")

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held = b""  # what may be the beginning of a byte order mark
        self._started = False
        self._after_cr = False
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of every event that `chunk` completes.

        Raises NotAnAnswer for an event that is larger than the limit.
        """
        for line in self._lines(chunk):
            if not line:
                if self._data:
                    data, self._data, self._size = self._data, [], 0
                    yield data[0] if len(data) == 1 else b"\n".join(data)
            elif line.startswith(b"data:"):
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                self._take(value)
            elif line == b"data":
                self._take(b"")

    def unended(self) -> bytes:
        """The data of the event that is not closed yet; empty where there is none."""
        line = b"".join(self._line)
        last = [line[6:] if line.startswith(b"data: ") else line[5:]] if line.startswith(b"data:") else []
        return b"\n".join([*self._data, *last])

    def _take(self, value: bytes) -> None:
        self._size += len(value) + 1  # one for the line's end: empty lines are not free
        self._check(self._size)
        self._data.append(value)

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes. A CR ends its line at once; an LF right after it, also in the next chunk,
        is part of that line end."""
        if not self._started:
            chunk = self._held + chunk
            if len(chunk) < len(BOM) and BOM.startswith(chunk):
                self._held = chunk
                return []
            self._held, self._started = b"", True
            chunk = chunk.removeprefix(BOM)
        if not chunk:
            return []
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        *lines, rest = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        if lines:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line, self._line_size = [], 0
        if rest:
            self._line.append(rest)
            self._line_size += len(rest)
            self._check(self._line_size)
        return lines

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise NotAnAnswer(
                Failure("not_an_answer", None, f"an event of the stream is larger than {self._limit / 2**20:g} MiB"),
                ExitCode.UNAVAILABLE,
            )
