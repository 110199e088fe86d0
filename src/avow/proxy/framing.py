"""Finds where a body of HTTP/1.1 ends: bytes cut anywhere in, its payload out (RFC 9112, 6 and 7)."""

import re

LONGEST_LINE = 16 * 1024
LONGEST_TRAILERS = 64 * 1024

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\x00]*)?")


class BadFraming(ValueError):
    """A body whose end cannot be found."""


class FixedLength:
    """A body of `length` bytes."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def over(self) -> bool:
        """Whether the whole body has arrived."""
        return not self._left

    def feed(self, data: bytes, start: int, payload: list[bytes]) -> int:
        """Read `data` from `start` on, add the payload to `payload`, and give the place in `data` after the body's
        bytes."""
        piece = data[start : start + self._left] if start or len(data) > self._left else data
        if piece:
            self._left -= len(piece)
            payload.append(piece)
        return start + len(piece)


class UntilClose:
    """A body that ends with the connection."""

    over = False

    def feed(self, data: bytes, start: int, payload: list[bytes]) -> int:
        """As `FixedLength.feed`; all of `data` is payload."""
        payload.append(data[start:] if start else data)
        return len(data)


_IN_SIZE, _IN_DATA, _IN_DATA_END, _IN_TRAILERS, _OVER = range(5)


class Chunked:
    """A body in chunks, with their extensions, and trailers after it."""

    __slots__ = ("_at", "_left", "_line", "_trailers")

    def __init__(self) -> None:
        self._at = _IN_SIZE
        self._left = 0
        self._line = b""
        self._trailers = 0

    @property
    def over(self) -> bool:
        """Whether the whole body has arrived, with its trailers."""
        return self._at == _OVER

    def feed(self, data: bytes, start: int, payload: list[bytes]) -> int:
        """As `FixedLength.feed`. Raises BadFraming."""
        end = len(data)
        while start < end and self._at != _OVER:
            if self._at == _IN_DATA:
                stop = min(start + self._left, end)
                payload.append(data[start:stop])
                self._left -= stop - start
                start = stop
                if not self._left:
                    self._at = _IN_DATA_END
            else:
                start = self._take_line(data, start)
        return start

    def _take_line(self, data: bytes, start: int) -> int:
        stop = data.find(b"\n", start)
        if stop < 0:
            self._line += data[start:]
            if len(self._line) > LONGEST_LINE:
                raise BadFraming("a line between chunks is too long")
            return len(data)
        line = self._line + data[start:stop] if self._line else data[start:stop]
        self._line = b""
        if line[-1:] != b"\r":
            raise BadFraming("a line between chunks does not end in CRLF")
        self._end_line(line[:-1])
        return stop + 1

    def _end_line(self, line: bytes) -> None:
        if self._at == _IN_SIZE:
            size = _SIZE.fullmatch(line)
            if size is None or len(line) > LONGEST_LINE:
                raise BadFraming("a chunk without its size")
            self._left = int(size[1], 16)
            self._at = _IN_DATA if self._left else _IN_TRAILERS
        elif self._at == _IN_DATA_END:
            if line:
                raise BadFraming("a chunk longer than its size")
            self._at = _IN_SIZE
        elif not line:
            self._at = _OVER
        else:
            self._trailers += len(line)
            if self._trailers > LONGEST_TRAILERS:
                raise BadFraming("trailers that do not end")


Body = FixedLength | UntilClose | Chunked
