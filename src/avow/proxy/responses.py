"""Splits what comes on one connection into responses: their heads, the payload of their bodies, and their ends."""

import re
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from avow.proxy.framing import Body, Chunked, FixedLength, UntilClose

LIMIT = 64 * 1024
"""The most bytes a response's head may have to be read."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_NOT_READ = frozenset({"set-cookie", "set-cookie2"})


class BadResponse(ValueError):
    """The bytes are not a response of HTTP/1.1, or not one that can be read here."""


class ResponseHead(NamedTuple):
    """A final response begins. `headers` are lower-case, repeated ones joined by commas, without cookies."""

    status: int
    headers: dict[str, str]


class ResponseBody(Enum):
    """An event of a response that is not a piece of its body."""

    OVER = "over"
    INTERIM = "interim"
    """Not of a body: a head such as 100 or 103 came, and another response follows it."""


class ResponseSplitter:
    """Splits the bytes of a connection. `until_close`: the body that is being read ends with the connection. `raw`, if
    it is kept, are all bytes of the response that was last reported, with framing and interim responses."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        self.raw: bytearray | None = bytearray() if keep_raw else None
        self._methods: deque[bytes] = deque()
        self._held = b""
        self._body: Body | None = None

    @property
    def until_close(self) -> bool:
        """See the class."""
        return isinstance(self._body, UntilClose)

    def expect(self, method: bytes) -> None:
        """A request of that method was sent; its response comes after those before it."""
        self._methods.append(method)

    def feed(self, data: bytes) -> Iterator[ResponseHead | bytes | ResponseBody]:
        """What `data` holds, in order: heads, pieces of bodies, ends. Raises BadResponse and BadFraming."""
        offset = 0
        if self._body is None:
            data = self._held + data if self._held else data
            self._held = b""
        while offset < len(data):
            if self._body is not None:
                payload: list[bytes] = []
                begin, offset = offset, self._body.feed(data, offset, payload)
                if self.raw is not None:
                    self.raw += data[begin:offset]
                yield from payload
                if self._body.over:
                    self._body = None
                    yield ResponseBody.OVER
                continue
            end, after = _head_end(data, offset)
            if end < 0:
                self._held = data[offset:]
                if len(self._held) > LIMIT or not _may_begin_response(self._held):
                    raise BadResponse("the response is not HTTP/1.1")
                return
            head = self._head(data[offset:end])
            if self.raw is not None:
                self.raw += data[offset:after]
            offset = after
            if head is None:
                yield ResponseBody.INTERIM
            else:
                yield head
                if self._body is None:
                    yield ResponseBody.OVER

    def _head(self, raw: bytes) -> ResponseHead | None:
        """The head of a final response, after which `_body` is set for it; None for one that another response
        follows."""
        lines = [line.removesuffix(b"\r") for line in raw.split(b"\n")]
        line = _STATUS_LINE.fullmatch(lines[0])
        if line is None:
            raise BadResponse("the response is not HTTP/1.1")
        status = int(line[1])
        if status == 101:
            raise BadResponse("the connection speaks another protocol from here on")
        if status < 200:
            return None
        if not self._methods:
            raise BadResponse("a response without a request")
        headers = _headers(lines[1:])
        self._body = _body(self._methods.popleft(), status, headers)
        return ResponseHead(status, headers)


def _head_end(data: bytes, offset: int) -> tuple[int, int]:
    """Where the head that begins at `offset` ends, and where what follows it begins; below 0 where it goes on."""
    ends = [(at, at + len(mark)) for mark in (b"\n\r\n", b"\n\n") if (at := data.find(mark, offset)) >= 0]
    return min(ends, default=(-1, -1))


def _may_begin_response(held: bytes) -> bool:
    return held[:5] == b"HTTP/"[: len(held)]


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        key, text = name.strip().lower(), value.strip()
        if not colon:
            raise BadResponse("a header of the response cannot be read")
        if key not in _NOT_READ:
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _body(method: bytes, status: int, headers: dict[str, str]) -> Body | None:
    """How the body is framed (RFC 9112, 6.3); None where there is none."""
    if method == b"HEAD" or status in (204, 304):
        return None
    codings = [name.strip().lower() for name in headers.get("transfer-encoding", "").split(",") if name.strip()]
    if codings:
        if codings != ["chunked"]:
            raise BadResponse("the response is framed in an unknown way")
        return Chunked()
    if "content-length" in headers:
        lengths = {length.strip() for length in headers["content-length"].split(",")}
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,18}", length := lengths.pop()):
            raise BadResponse("the response's length cannot be read")
        return FixedLength(int(length)) if int(length) else None
    return UntilClose()
